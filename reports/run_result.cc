#include "reports/run_result.h"

#include <fmt/core.h>

#include <algorithm>

namespace drey::reports {

std::string_view name_of(RunVerdict verdict) {
  switch (verdict) {
    case RunVerdict::pass:
      return "pass";
    case RunVerdict::vacuous:
      return "vacuous";
    case RunVerdict::limit:
      return "limit";
    case RunVerdict::fail:
      return "fail";
    case RunVerdict::nondeterministic:
      return "nondeterministic";
  }
  return "";
}

int exit_code_of(RunVerdict verdict) {
  switch (verdict) {
    case RunVerdict::pass:
      return 0;
    case RunVerdict::vacuous:
    case RunVerdict::limit:
      return 4;
    case RunVerdict::fail:
      return 1;
    case RunVerdict::nondeterministic:
      return 5;
  }
  return 3;
}

std::string_view name_of(ExpectationResult::Outcome outcome) {
  switch (outcome) {
    case ExpectationResult::Outcome::held:
      return "held";
    case ExpectationResult::Outcome::violated:
      return "violated";
    case ExpectationResult::Outcome::warned:
      return "warned";
    case ExpectationResult::Outcome::no_value:
      return "no_value";
  }
  return "";
}

void RunResult::add(const Oracle& oracle, const Finding& finding) {
  oracles.push_back({.name = std::string(oracle.name()),
                     .claim = std::string(oracle.claim()),
                     .judgement = finding.judgement,
                     .examined = finding.examined,
                     .excuse = finding.excuse});
  violations.insert(violations.end(), finding.violations.begin(), finding.violations.end());
  if (!finding.excuse.empty())
    not_checked.push_back(fmt::format("{}: {}", oracle.name(), finding.excuse));
}

void RunResult::add(ExpectationResult expectation) {
  const std::string observed = fmt::format("{} (observed {} against {})", expectation.text,
                                           expectation.left, expectation.right);
  if (expectation.outcome == ExpectationResult::Outcome::violated)
    violations.push_back({.oracle = "expectation:" + expectation.id,
                          .at = expectation.at.ns > 0 ? expectation.at : end,
                          .event = expectation.at.ns > 0 && expectation.at < end
                                       ? "the first instant at which it failed"
                                       : "the end of the run",
                          .what = observed,
                          .history = {}});
  if (expectation.outcome == ExpectationResult::Outcome::no_value)
    not_checked.push_back(fmt::format("expectation {}: no value: {}", expectation.id, observed));
  expectations.push_back(std::move(expectation));
}

void RunResult::conclude() {
  std::stable_sort(violations.begin(), violations.end(),
                   [](const Violation& a, const Violation& b) { return a.at < b.at; });
  bool vacuous = false;
  for (const OracleResult& oracle : oracles) vacuous |= oracle.judgement == Judgement::vacuous;
  for (const FaultResult& fault : faults) vacuous |= fault.landed == 0 && !fault.optional;
  for (const ExpectationResult& expectation : expectations)
    vacuous |= expectation.outcome == ExpectationResult::Outcome::no_value;
  const bool violated = std::any_of(oracles.begin(), oracles.end(), [](const OracleResult& o) {
    return o.judgement == Judgement::violated;
  });
  if (violated || !violations.empty())
    verdict = RunVerdict::fail;
  else if (!limit.empty())
    verdict = RunVerdict::limit;
  else
    verdict = vacuous ? RunVerdict::vacuous : RunVerdict::pass;
}

}  // namespace drey::reports
