#include "reports/write_junit.h"

#include <fmt/core.h>

#include <string_view>

#include "reports/fact_text.h"

namespace drey::reports {
namespace {

// XML 1.0 forbids control characters even as references.
std::string escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\n':
        out += "&#10;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
    }
  }
  return out;
}

struct Suite {
  std::string name;  // class of its cases
  std::string cases;
  int tests = 0;
  int failures = 0;
  int skipped = 0;

  SourceLine where = {};  // of the case that comes next

  void add(std::string_view id, std::string_view inner) {
    ++tests;
    cases += fmt::format("    <testcase classname=\"{}\" name=\"{}\"", escape(name), escape(id));
    if (where.line > 0)
      cases += fmt::format(" file=\"{}\" line=\"{}\"", escape(where.file), where.line);
    cases += inner.empty() ? "/>\n" : fmt::format(">\n{}    </testcase>\n", inner);
  }
  void fail(std::string_view id, std::string_view message, std::string_view text) {
    ++failures;
    add(id,
        fmt::format("      <failure message=\"{}\">{}</failure>\n", escape(message), escape(text)));
  }
  void skip(std::string_view id, std::string_view message) {
    ++skipped;
    add(id, fmt::format("      <skipped message=\"{}\"/>\n", escape(message)));
  }
};

void add_oracle(Suite& suite, const RunResult& result, const OracleResult& oracle) {
  switch (oracle.judgement) {
    case Judgement::held:
      suite.add(oracle.name, {});
      return;
    case Judgement::not_checked:
      suite.skip(oracle.name, "not checked: " + oracle.excuse);
      return;
    case Judgement::vacuous:
      suite.fail(oracle.name, "vacuous: nothing was compared", oracle.claim);
      return;
    case Judgement::violated:
      break;
  }
  std::string first = "violated";
  std::string text;
  for (const Violation& violation : result.violations) {
    if (violation.oracle != oracle.name) continue;
    if (text.empty()) first = violation.what;
    text +=
        fmt::format("{} s {}\n  {}\n", time_text(violation.at), violation.what, violation.event);
    for (const std::string& line : violation.history) text += fmt::format("    {}\n", line);
  }
  suite.fail(oracle.name, first, text + result.reproduce + "\n");
}

void add_expectation(Suite& suite, const RunResult& result, const ExpectationResult& expectation) {
  const std::string id = fmt::format("expect {}: {}", expectation.id, expectation.text);
  const std::string observed =
      fmt::format("observed {} against {}", expectation.left, expectation.right);
  switch (expectation.outcome) {
    case ExpectationResult::Outcome::held:
      suite.add(id, {});
      return;
    case ExpectationResult::Outcome::violated:
      suite.fail(id, observed, expectation.because + "\n" + result.reproduce + "\n");
      return;
    case ExpectationResult::Outcome::warned:
      suite.add(id, fmt::format("      <system-out>{}</system-out>\n", escape(observed)));
      return;
    case ExpectationResult::Outcome::no_value:
      suite.skip(id, "no value: " + observed);
      return;
  }
}

}  // namespace

std::string to_junit_suite(const RunResult& result) {
  Suite suite{.name = result.scenario, .cases = {}};
  // An oracle is always on: it has no line, but the scenario that broke it has a file.
  suite.where = {result.scenario, 1};
  for (const OracleResult& oracle : result.oracles) add_oracle(suite, result, oracle);
  for (const FaultResult& fault : result.faults) {
    const std::string id = fmt::format("fault {} landed", fault.id);
    suite.where = fault.where;
    if (fault.landed > 0)
      suite.add(id, {});
    else if (fault.optional)
      suite.skip(id, "optional, did not land");
    else
      suite.fail(id, "the fault never landed", result.reproduce);
  }
  for (const ExpectationResult& expectation : result.expectations) {
    suite.where = expectation.where;
    add_expectation(suite, result, expectation);
  }
  suite.where = {};
  if (!result.limit.empty()) suite.fail("within limits", result.limit, result.reproduce);
  if (result.verdict == RunVerdict::nondeterministic)
    suite.fail("deterministic", "two runs of the seed differ", result.reproduce);
  return fmt::format(
      "  <testsuite name=\"{} seed {}\" tests=\"{}\" failures=\"{}\" skipped=\"{}\" errors=\"0\" "
      "time=\"{}\">\n{}  </testsuite>\n",
      escape(result.scenario), result.seed, suite.tests, suite.failures, suite.skipped,
      time_text(result.end), suite.cases);
}

std::string junit_document(std::span<const std::string> suites) {
  std::string document = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  for (const std::string& suite : suites) document += suite;
  return document + "</testsuites>\n";
}

}  // namespace drey::reports
