#include "reports/judge_expectations.h"

#include <utility>

namespace drey::reports {

using sim::FactGroup;

ExpectationJudge::ExpectationJudge(std::vector<Expectation> expectations, const Metrics& metrics)
    : metrics_(metrics) {
  for (Expectation& expectation : expectations) {
    any_temporal_ |= temporal(expectation.kind);
    standings_.push_back({.expectation = std::move(expectation), .evaluation = {}});
  }
}

bool ExpectationJudge::temporal(ExpectationKind kind) {
  switch (kind) {
    case ExpectationKind::always:
    case ExpectationKind::eventually:
    case ExpectationKind::never:
      return true;
    case ExpectationKind::check:
    case ExpectationKind::sometimes:
      break;
  }
  return false;
}

// Without expectations on instants this sees nothing and costs nothing.
uint64_t ExpectationJudge::interests() const {
  if (!any_temporal_) return 0;
  return sim::interest(FactGroup::control) | sim::interest(FactGroup::task) |
         sim::interest(FactGroup::checkpoint) | sim::interest(FactGroup::external) |
         sim::interest(FactGroup::fault) | sim::interest(FactGroup::data);
}

void ExpectationJudge::on(const sim::Fact& fact, sim::FactNumber) { look(fact.at); }
void ExpectationJudge::on_batch(const sim::BatchFact& batch, sim::FactNumber) {
  look(batch.head.at);
}

void ExpectationJudge::look(sim::Time at) {
  for (Standing& standing : standings_)
    if (!standing.decided && temporal(standing.expectation.kind)) look(standing, at);
}

std::optional<sim::Time> ExpectationJudge::deadline(const Expectation& expectation) const {
  const sim::Duration within = expectation.within.value_or(sim::kForever);
  if (expectation.after.empty()) return sim::Time{} + within;
  const auto landed = metrics_.landed_at(expectation.after);
  if (!landed) return std::nullopt;
  return *landed + within;
}

void ExpectationJudge::look(Standing& standing, sim::Time at) {
  const Expectation& expectation = standing.expectation;
  const bool eventually = expectation.kind == ExpectationKind::eventually;
  if (!expectation.after.empty() && !metrics_.landed_at(expectation.after)) return;
  if (eventually && at > *deadline(expectation)) {
    standing.decided = true;
    return;
  }
  Evaluation evaluation = evaluate(expectation.comparison, metrics_);
  if (evaluation.verdict == Verdict::no_value) return;
  const bool is_true = evaluation.verdict == Verdict::held;
  standing.seen = true;
  standing.evaluation = std::move(evaluation);
  standing.at = at;
  if (eventually) {
    standing.held = is_true;
    standing.decided = is_true;
  } else {
    standing.held = is_true == (expectation.kind == ExpectationKind::always);
    standing.decided = !standing.held;
  }
}

ExpectationResult ExpectationJudge::conclude(Standing& standing, sim::Time end) {
  using Outcome = ExpectationResult::Outcome;
  const Expectation& expectation = standing.expectation;
  const bool at_instants = temporal(expectation.kind);
  if (at_instants && !standing.decided) look(standing, end);
  if (!at_instants) {
    standing.evaluation = evaluate(expectation.comparison, metrics_);
    standing.seen = standing.evaluation.verdict != Verdict::no_value;
    standing.held = standing.evaluation.verdict == Verdict::held;
    standing.at = end;
  }
  ExpectationResult result{.id = expectation.id,
                           .text = expectation.text,
                           .left = standing.evaluation.left,
                           .right = standing.evaluation.right,
                           .because = expectation.because,
                           .at = standing.seen && at_instants ? standing.at : end};
  // Something that never had a value did not come true either, once its fault has landed.
  const bool never_came = expectation.kind == ExpectationKind::eventually && !standing.held &&
                          deadline(expectation).has_value();
  const bool tolerated =
      expectation.severity != Severity::fail || expectation.kind == ExpectationKind::sometimes;
  if (standing.held)
    result.outcome = Outcome::held;
  else if (!standing.seen && !never_came)
    result.outcome = Outcome::no_value;
  else
    result.outcome = tolerated ? Outcome::warned : Outcome::violated;
  if (!standing.seen) {
    const Evaluation last = evaluate(expectation.comparison, metrics_);
    result.left = last.left;
    result.right = last.right;
  }
  return result;
}

void ExpectationJudge::finish(sim::Time end, RunResult& result) {
  for (Standing& standing : standings_) result.add(conclude(standing, end));
}

}  // namespace drey::reports
