#include "scenarios/condition.h"

#include <fmt/core.h>

#include <algorithm>
#include <span>

#include "model/fact_names.h"
#include "reports/suggest.h"
#include "reports/token_cursor.h"

namespace drey::scenarios {
namespace {

using reports::Comparator;
using reports::TextProblem;
using reports::Token;
using Subject = ConditionTerm::Subject;

enum class Value : uint8_t {
  phase,
  job_state,
  task_state,
  process_state,
  fault_state,
  subtask,
  number
};

struct Known {
  std::string_view scope;  // "vertex" and "process" stand for the ids of the scenario
  std::string_view name;
  Subject subject;
  Value value;
};

constexpr Known kKnown[] = {
    {"checkpoint", "phase", Subject::checkpoint_phase, Value::phase},
    {"checkpoint", "id", Subject::checkpoint_id, Value::number},
    {"checkpoint", "subtask", Subject::checkpoint_subtask, Value::subtask},
    {"checkpoint", "completed", Subject::checkpoint_completed, Value::number},
    {"checkpoint", "failed", Subject::checkpoint_failed, Value::number},
    {"checkpoint", "restored", Subject::checkpoint_restored, Value::number},
    {"job", "state", Subject::job_state, Value::job_state},
    {"job", "restarts", Subject::job_restarts, Value::number},
    {"job", "failures", Subject::job_failures, Value::number},
    {"leader", "changes", Subject::leader_changes, Value::number},
    {"broker", "commits", Subject::broker_commits, Value::number},
    {"vertex", "state", Subject::vertex_state, Value::task_state},
    {"vertex", "attempt", Subject::vertex_attempt, Value::number},
    {"vertex", "records_in", Subject::vertex_records_in, Value::number},
    {"vertex", "records_out", Subject::vertex_records_out, Value::number},
    {"process", "state", Subject::process_state, Value::process_state},
};

std::vector<std::string> strings(std::span<const std::string_view> names) {
  std::vector<std::string> out;
  for (const std::string_view name : names) out.emplace_back(name);
  return out;
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

class Parser : reports::TokenCursor {
 public:
  Parser(const ConditionNames& names, std::vector<Token> tokens, TextProblem& problem)
      : TokenCursor(std::move(tokens), problem), names_(names) {}

  std::optional<Condition> run() {
    Condition condition;
    for (;;) {
      ConditionTerm term;
      if (!parse_term(term)) return std::nullopt;
      condition.terms.push_back(std::move(term));
      if (now().kind == Token::Kind::end) break;
      if (now().text != "and") {
        fail(now(), fmt::format("expected \"and\" or the end before \"{}\"", now().text), {});
        return std::nullopt;
      }
      advance();
    }
    return needs_phase(condition) ? std::optional(std::move(condition)) : std::nullopt;
  }

 private:
  // checkpoint.id and .subtask speak of the fact that a phase term matched.
  bool needs_phase(const Condition& condition) {
    const auto has = [&](Subject subject) {
      return std::any_of(condition.terms.begin(), condition.terms.end(),
                         [&](const ConditionTerm& term) { return term.subject == subject; });
    };
    if (has(Subject::checkpoint_phase)) return true;
    if (!has(Subject::checkpoint_id) && !has(Subject::checkpoint_subtask)) return true;
    return fail(first(), "checkpoint.id and checkpoint.subtask need a term on checkpoint.phase",
                {});
  }

  bool parse_term(ConditionTerm& term) {
    if (now().kind == Token::Kind::end) return fail(now(), "the condition ends too early", {});
    if (now().kind != Token::Kind::path)
      return fail(now(), fmt::format("expected e.g. checkpoint.phase, not \"{}\"", now().text), {});
    const Token path = now();
    advance();
    Value value = Value::number;
    if (!subject(path, term, value)) return false;
    if (!comparator("a condition", term.comparator)) return false;
    const bool ordered =
        term.comparator != Comparator::equal && term.comparator != Comparator::not_equal;
    if (ordered && value != Value::number)
      return fail(before(), "states and phases have no order; use == or !=", {});
    if (value == Value::number) return number(term);
    return word(term, value);
  }

  bool subject(const Token& path, ConditionTerm& term, Value& value) {
    const size_t dot = path.text.rfind('.');
    std::string scope = path.text.substr(0, dot);
    const std::string name = dot == std::string::npos ? "" : path.text.substr(dot + 1);
    if (scope == "fault") return fault(path, name, term, value);
    if (const size_t slash = scope.find('/'); slash != std::string::npos) {
      term.subtask = reports::parse_integer(scope.substr(slash + 1)).value_or(0);
      scope.resize(slash);
    }
    std::string kind = scope;
    if (contains(names_.vertices, scope)) kind = "vertex";
    if (contains(names_.processes, scope)) kind = "process";
    std::vector<std::string> legal;
    for (const Known& known : kKnown) {
      if (known.scope != kind) continue;
      legal.emplace_back(known.name);
      if (known.name != name) continue;
      term.subject = known.subject;
      if (kind == "vertex" || kind == "process") term.name = scope;
      value = known.value;
      return true;
    }
    return unknown(path, scope, name, legal);
  }

  bool unknown(const Token& path, const std::string& scope, const std::string& name,
               const std::vector<std::string>& legal) {
    if (!legal.empty())
      return fail(path,
                  fmt::format("\"{}\" has no \"{}\"; known: {}", scope, name,
                              reports::name_list(legal, 12)),
                  name.empty() ? "" : reports::nearest_name(name, legal));
    std::vector<std::string> scopes = names_.vertices;
    scopes.insert(scopes.end(), names_.processes.begin(), names_.processes.end());
    for (const std::string_view fixed : {"checkpoint", "job", "leader", "broker", "fault"})
      scopes.emplace_back(fixed);
    Token narrow = path;
    narrow.text = scope;
    return fail(
        narrow,
        fmt::format("condition names \"{}\"; known: {}", scope, reports::name_list(scopes, 14)),
        reports::nearest_name(scope, scopes));
  }

  bool fault(const Token& path, const std::string& id, ConditionTerm& term, Value& value) {
    if (!contains(names_.faults, id))
      return fail(path,
                  fmt::format("condition names fault \"{}\"; known: {}", id,
                              reports::name_list(names_.faults, 12)),
                  reports::nearest_name(id, names_.faults));
    term.subject = Subject::fault_state;
    term.name = id;
    value = Value::fault_state;
    return true;
  }

  bool number(ConditionTerm& term) {
    const Token token = now();
    const bool whole = token.kind == Token::Kind::quantity &&
                       token.dimension == reports::Dimension::count && token.value.denominator == 1;
    if (!whole) return fail(token, "expected a whole number", {});
    term.number = token.value.numerator;
    advance();
    return true;
  }

  bool word(ConditionTerm& term, Value value) {
    const Token token = now();
    if (token.kind != Token::Kind::path) return fail(token, "expected a word", {});
    advance();
    if (value == Value::subtask) {
      const size_t slash = token.text.find('/');
      term.word = token.text.substr(0, slash);
      if (slash != std::string::npos)
        term.subtask = reports::parse_integer(token.text.substr(slash + 1)).value_or(0);
      if (contains(names_.vertices, term.word)) return true;
      return fail(token,
                  fmt::format("condition names vertex \"{}\"; known: {}", term.word,
                              reports::name_list(names_.vertices, 12)),
                  reports::nearest_name(term.word, names_.vertices));
    }
    const std::vector<std::string> legal = words(value);
    if (!contains(legal, token.text))
      return fail(
          token,
          fmt::format("unknown word \"{}\"; known: {}", token.text, reports::name_list(legal, 20)),
          reports::nearest_name(token.text, legal));
    term.word = token.text;
    return true;
  }

  static std::vector<std::string> words(Value value) {
    switch (value) {
      case Value::phase:
        return strings(model::kCheckpointPhaseNames);
      case Value::job_state:
        return strings(model::kJobStateNames);
      case Value::task_state:
        return strings(model::kExecutionStateNames);
      case Value::process_state:
        return strings(model::kProcessStateNames);
      case Value::fault_state:
        return strings(model::kFaultStateNames);
      case Value::subtask:
      case Value::number:
        break;
    }
    return {};
  }

  const ConditionNames& names_;
};

}  // namespace

std::optional<Condition> parse_condition(std::string_view text, const ConditionNames& names,
                                         TextProblem& problem) {
  std::vector<Token> tokens;
  if (!reports::tokenize(text, tokens, problem)) return std::nullopt;
  return Parser(names, std::move(tokens), problem).run();
}

}  // namespace drey::scenarios
