#include <fmt/core.h>

#include <algorithm>

#include "model/fact_names.h"
#include "reports/expectation.h"
#include "reports/metric_names.h"
#include "reports/suggest.h"
#include "reports/token_cursor.h"

namespace drey::reports {
namespace {

constexpr int kDeepest = 32;

bool is_state_word(std::string_view word) {
  const auto has = [&](const auto& names) {
    return std::find(names.begin(), names.end(), word) != names.end();
  };
  return has(model::kExecutionStateNames) || has(model::kJobStateNames);
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == at) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

class Parser : TokenCursor {
 public:
  Parser(const ExpectationNames& names, std::vector<Token> tokens, TextProblem& problem)
      : TokenCursor(std::move(tokens), problem), names_(names) {}

  std::optional<Comparison> run() {
    Comparison comparison;
    if (!sum(comparison.left, 0)) return std::nullopt;
    if (!comparator("an expectation", comparison.comparator)) return std::nullopt;
    const size_t right_offset = now().offset;
    if (!sum(comparison.right, 0)) return std::nullopt;
    if (now().kind != Token::Kind::end) {
      fail(now(), fmt::format("unexpected \"{}\" after the comparison", now().text), {});
      return std::nullopt;
    }
    if (!sides_fit(comparison, right_offset)) return std::nullopt;
    return comparison;
  }

  std::optional<Expression> run_sum() {
    Expression expression;
    if (!sum(expression, 0)) return std::nullopt;
    if (now().kind == Token::Kind::end) return expression;
    fail(now(), fmt::format("unexpected \"{}\" after the expression", now().text), {});
    return std::nullopt;
  }

 private:
  bool sum(Expression& out, int depth) {
    if (!product(out, depth)) return false;
    while (is_symbol("+") || is_symbol("-")) {
      const Token sign = now();
      advance();
      Expression right;
      if (!product(right, depth)) return false;
      if (out.dimension != right.dimension || out.dimension == Dimension::word)
        return fail(sign,
                    fmt::format("cannot {} a {} and a {}", sign.text == "+" ? "add" : "subtract",
                                dimension_name(out.dimension), dimension_name(right.dimension)),
                    {});
      out = combine(sign.text == "+" ? Expression::Kind::add : Expression::Kind::subtract, out,
                    std::move(right), out.dimension);
    }
    return true;
  }

  bool product(Expression& out, int depth) {
    if (!factor(out, depth)) return false;
    while (is_symbol("*") || is_symbol("/")) {
      const Token sign = now();
      advance();
      Expression right;
      if (!factor(right, depth)) return false;
      const auto dimension = product_dimension(sign.text == "*", out.dimension, right.dimension);
      if (!dimension)
        return fail(sign,
                    fmt::format("cannot {} a {} by a {}", sign.text == "*" ? "multiply" : "divide",
                                dimension_name(out.dimension), dimension_name(right.dimension)),
                    {});
      out = combine(sign.text == "*" ? Expression::Kind::multiply : Expression::Kind::divide, out,
                    std::move(right), *dimension);
    }
    return true;
  }

  static std::optional<Dimension> product_dimension(bool times, Dimension a, Dimension b) {
    if (a == Dimension::word || b == Dimension::word) return std::nullopt;
    if (b == Dimension::count) return a;
    if (times) return a == Dimension::count ? std::optional(b) : std::nullopt;
    return a == b ? std::optional(Dimension::count) : std::nullopt;
  }

  static Expression combine(Expression::Kind kind, Expression left, Expression right,
                            Dimension dimension) {
    Expression out;
    out.kind = kind;
    out.dimension = dimension;
    out.operands.push_back(std::move(left));
    out.operands.push_back(std::move(right));
    return out;
  }

  bool factor(Expression& out, int depth) {
    if (depth > kDeepest) return fail(now(), "nested too deeply", {});
    const Token token = now();
    if (is_symbol("-")) {
      advance();
      Expression inner;
      if (!factor(inner, depth + 1)) return false;
      out.kind = Expression::Kind::negate;
      out.dimension = inner.dimension;
      out.operands.push_back(std::move(inner));
      return true;
    }
    if (is_symbol("(")) {
      advance();
      if (!sum(out, depth + 1)) return false;
      if (!is_symbol(")")) return fail(now(), "expected \")\"", {});
      advance();
      return true;
    }
    if (token.kind == Token::Kind::quantity) {
      advance();
      out.kind = Expression::Kind::quantity;
      out.value = token.value;
      out.dimension = token.dimension;
      return true;
    }
    if (token.kind == Token::Kind::path) {
      advance();
      return is_symbol("(") ? function(token, out) : named(token, out);
    }
    if (token.kind == Token::Kind::end) return fail(token, "the expectation ends too early", {});
    return fail(token, fmt::format("expected a metric or a quantity, not \"{}\"", token.text), {});
  }

  bool function(const Token& name, Expression& out) {
    std::vector<std::string> legal;
    const FunctionName* found = nullptr;
    for (const FunctionName& candidate : function_names()) {
      legal.emplace_back(candidate.name);
      if (candidate.name == name.text) found = &candidate;
    }
    if (found == nullptr)
      return fail(name,
                  fmt::format("unknown function \"{}\"; known: {}", name.text, name_list(legal, 8)),
                  nearest_name(name.text, legal));
    advance();
    const Token argument = now();
    if (argument.kind != Token::Kind::path)
      return fail(argument, "expected a name in brackets", {});
    advance();
    if (!is_symbol(")")) return fail(now(), "expected \")\"", {});
    advance();
    const bool vertex = found->argument == FunctionName::Argument::vertex;
    const std::vector<std::string>& known = vertex ? names_.vertices : names_.faults;
    if (std::find(known.begin(), known.end(), argument.text) == known.end())
      return fail(argument,
                  fmt::format("expectation names {} \"{}\"; known: {}", vertex ? "vertex" : "fault",
                              argument.text, known.empty() ? "none" : name_list(known, 12)),
                  nearest_name(argument.text, known));
    out.kind = Expression::Kind::function;
    out.dimension = found->dimension;
    out.word = name.text;
    out.scope = argument.text;
    return true;
  }

  bool named(const Token& token, Expression& out) {
    const std::vector<std::string> parts = split(token.text, '.');
    if (parts.size() == 1 && is_state_word(parts[0])) {
      out.kind = Expression::Kind::word;
      out.dimension = Dimension::word;
      out.word = parts[0];
      return true;
    }
    const bool shouted =
        token.text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == std::string::npos;
    if (parts.size() == 1 && shouted && !known_vertex(parts[0])) {
      std::vector<std::string> states;
      for (const std::string_view name : model::kJobStateNames) states.emplace_back(name);
      for (const std::string_view name : model::kExecutionStateNames) states.emplace_back(name);
      return fail(token, fmt::format("unknown state \"{}\"", token.text),
                  nearest_name(token.text, states));
    }
    out.kind = Expression::Kind::metric;
    if (!scope(token, parts[0], out)) return false;
    if (parts.size() < 2)
      return fail(token,
                  fmt::format("\"{}\" needs a metric, e.g. \"{}.{}\"", token.text, token.text,
                              example_metric(out.scope)),
                  {});
    if (parts.size() > 3)
      return fail(token, fmt::format("\"{}\" has too many parts", token.text), {});
    return metric(token, parts, out);
  }

  bool known_vertex(const std::string& id) const {
    return std::find(names_.vertices.begin(), names_.vertices.end(), id) != names_.vertices.end();
  }

  static std::string_view example_metric(const std::string& scope) {
    for (const MetricName& name : metric_names())
      if (name.scope == scope) return name.name;
    return "state";
  }

  bool scope(const Token& token, const std::string& name, Expression& out) {
    std::vector<std::string> scopes;
    for (const MetricName& metric : metric_names())
      if (metric.scope != "vertex" && (scopes.empty() || scopes.back() != metric.scope))
        scopes.emplace_back(metric.scope);
    const std::vector<std::string> pieces = split(name, '/');
    if (known_vertex(pieces[0])) {
      out.scope = "vertex";
      out.vertex = pieces[0];
      if (pieces.size() > 1) out.subtask = parse_integer(pieces[1]).value_or(-1);
      return true;
    }
    if (std::find(scopes.begin(), scopes.end(), name) != scopes.end()) {
      out.scope = name;
      return true;
    }
    Token narrow = token;
    narrow.text = name;
    std::vector<std::string> all = names_.vertices;
    all.insert(all.end(), scopes.begin(), scopes.end());
    return fail(narrow,
                fmt::format("expectation names vertex \"{}\"; known: {}", pieces[0],
                            name_list(names_.vertices, 12)),
                nearest_name(pieces[0], all));
  }

  bool metric(const Token& token, const std::vector<std::string>& parts, Expression& out) {
    std::vector<std::string> legal;
    const MetricName* found = nullptr;
    for (const MetricName& candidate : metric_names()) {
      if (candidate.scope != out.scope) continue;
      legal.emplace_back(candidate.name);
      if (candidate.name == parts[1]) found = &candidate;
    }
    Token narrow = token;
    narrow.offset += parts[0].size() + 1;
    narrow.text = parts[1];
    if (found == nullptr)
      return fail(narrow,
                  fmt::format("unknown metric \"{}\" of {}; known: {}", parts[1],
                              out.scope == "vertex" ? "a vertex" : "\"" + out.scope + "\"",
                              name_list(legal, 14)),
                  nearest_name(parts[1], legal));
    out.metric = parts[1];
    out.dimension = found->dimension;
    if (found->shape == MetricShape::series) return aggregate(narrow, parts, out);
    if (parts.size() == 3)
      return fail(narrow, fmt::format("\"{}\" is one value and takes no aggregate", parts[1]), {});
    return true;
  }

  bool aggregate(const Token& token, const std::vector<std::string>& parts, Expression& out) {
    std::vector<std::string> legal;
    for (const std::string_view name : kAggregateNames) legal.emplace_back(name);
    if (parts.size() < 3)
      return fail(token,
                  fmt::format("\"{}\" is a series; say which value: .{}", parts[1],
                              "min .max .mean .sum .count .last .p50 .p95 .p99"),
                  token.text + ".max");
    Token narrow = token;
    narrow.offset += parts[1].size() + 1;
    narrow.text = parts[2];
    if (std::find(legal.begin(), legal.end(), parts[2]) == legal.end())
      return fail(narrow,
                  fmt::format("unknown aggregate \"{}\"; known: {}", parts[2], name_list(legal, 9)),
                  nearest_name(parts[2], legal));
    out.aggregate = parts[2];
    if (parts[2] == "count") out.dimension = Dimension::count;
    return true;
  }

  bool sides_fit(const Comparison& comparison, size_t right_offset) {
    const Dimension left = comparison.left.dimension;
    const Dimension right = comparison.right.dimension;
    Token at;
    at.offset = right_offset;
    at.text = std::string(1, ' ');
    if (left != right) {
      std::string hint;
      if (left == Dimension::duration && right == Dimension::count)
        hint = " (durations need a unit, e.g. \"60 s\")";
      if (left == Dimension::bytes && right == Dimension::count)
        hint = " (sizes need a unit, e.g. \"200 mb\")";
      return fail(at,
                  fmt::format("cannot compare a {} with a {}{}", dimension_name(left),
                              dimension_name(right), hint),
                  {});
    }
    const bool ordered = comparison.comparator != Comparator::equal &&
                         comparison.comparator != Comparator::not_equal;
    if (left == Dimension::word && ordered)
      return fail(at, "states have no order; use == or !=", {});
    return states_fit(comparison, at);
  }

  // job.state takes a JobStatus, a vertex an ExecutionState.
  bool states_fit(const Comparison& comparison, Token at) {
    const Expression& metric =
        comparison.left.kind == Expression::Kind::metric ? comparison.left : comparison.right;
    const Expression& word = &metric == &comparison.left ? comparison.right : comparison.left;
    if (word.kind != Expression::Kind::word || metric.kind != Expression::Kind::metric) return true;
    std::vector<std::string> legal;
    if (metric.scope == "job") {
      for (const std::string_view name : model::kJobStateNames) legal.emplace_back(name);
    } else {
      for (const std::string_view name : model::kExecutionStateNames) legal.emplace_back(name);
    }
    if (std::find(legal.begin(), legal.end(), word.word) != legal.end()) return true;
    at.text = word.word;
    return fail(at,
                fmt::format("\"{}\" is no state of {}; known: {}", word.word,
                            metric.scope == "job" ? "a job" : "a vertex", name_list(legal, 12)),
                nearest_name(word.word, legal));
  }

  const ExpectationNames& names_;
};

}  // namespace

std::optional<Comparison> parse_comparison(std::string_view text, const ExpectationNames& names,
                                           TextProblem& problem) {
  std::vector<Token> tokens;
  if (!tokenize(text, tokens, problem)) return std::nullopt;
  return Parser(names, std::move(tokens), problem).run();
}

std::optional<Expression> parse_expression(std::string_view text, const ExpectationNames& names,
                                           TextProblem& problem) {
  std::vector<Token> tokens;
  if (!tokenize(text, tokens, problem)) return std::nullopt;
  return Parser(names, std::move(tokens), problem).run_sum();
}

}  // namespace drey::reports
