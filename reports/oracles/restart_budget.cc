#include "reports/oracles/restart_budget.h"

#include <fmt/core.h>

#include <algorithm>

#include "model/graph/execution_state.h"
#include "model/savepoint_facts.h"
#include "model/trace_events.h"
#include "reports/fact_text.h"

namespace drey::reports {

using model::ControlFact;
using model::ExecutionState;
using model::JobStatus;

namespace {

constexpr int64_t kMillionths = 1'000'000;
constexpr int64_t kNsPerMs = 1'000'000;
// Beyond this the power only matters as "larger than every back-off".
constexpr int64_t kHuge = INT64_MAX / 4;

int64_t scaled(int64_t value, int64_t millionths) {
  __extension__ using Wide = __int128;
  return static_cast<int64_t>(std::min<Wide>(Wide{value} * millionths / kMillionths, kHuge));
}

bool restarts_in(uint64_t status) {
  return status == static_cast<uint64_t>(JobStatus::running) ||
         status == static_cast<uint64_t>(JobStatus::restarting);
}

std::string ms_text(int64_t ns) { return fmt::format("{} ms", ns / kNsPerMs); }

}  // namespace

void RestartBudget::violate(const sim::Fact& fact, std::string what) {
  evidence_.violate(fact.at, fact_text(fact, view_->names()), std::move(what));
}

void RestartBudget::on(const sim::Fact& fact, sim::FactNumber) {
  if (!view_->of_job(fact)) return;
  JobMaster& master = masters_[fact.entity.index];
  if (fact.kind == fact_kind(ControlFact::failover_begun)) {
    begun(master, fact);
  } else if (fact.kind == fact_kind(ControlFact::restart_refused)) {
    refused(master, fact);
  } else if (fact.kind == fact_kind(ControlFact::failover_end)) {
    ended(master, fact);
  } else if (fact.kind == fact_kind(ControlFact::failure)) {
    // That of a stop that has gone wrong is answered by the end of the job.
    const bool of_stop = master.must_fail.has_value() && master.must_fail->at == fact.at;
    if (!of_stop) settle(master);
    if (restarts_in(master.status) && !of_stop) master.unanswered = fact;
  } else if (fact.kind == fact_kind(ControlFact::execution_state)) {
    execution_changed(master, fact);
  } else if (fact.kind == fact_kind(model::SavepointFact::stands)) {
    stands(master);
  } else if (fact.kind == fact_kind(ControlFact::job_status)) {
    if (fact.b == static_cast<uint64_t>(JobStatus::created)) master = {};
    master.status = fact.a;
    if (!restarts_in(fact.a)) master.refused.reset();
    if (!restarts_in(fact.a)) master.must_fail.reset();
  }
  if (master.unanswered.has_value() && fact.at > master.unanswered->at) settle(master);
  if (master.refused.has_value() && fact.at > master.refused->at) settle(master);
  if (master.must_fail.has_value() && fact.at > master.must_fail->at) settle(master);
}

void RestartBudget::stands(JobMaster& master) {
  evidence_.examined();
  master.ended_badly = false;
  master.open.clear();
  for (const auto& [subtask, state] : master.states) {
    const bool ended = is_terminal(static_cast<ExecutionState>(state));
    const bool finished = state == static_cast<uint64_t>(ExecutionState::finished);
    if (!ended) master.open.insert(subtask);
    if (ended && !finished) master.ended_badly = true;
  }
}

void RestartBudget::execution_changed(JobMaster& master, const sim::Fact& fact) {
  const std::optional<model::SubtaskIndex> subtask = view_->subtask(fact.subject);
  if (!subtask.has_value()) return;
  master.states[*subtask] = fact.b;
  const auto state = static_cast<ExecutionState>(fact.b);
  if (!is_terminal(state) || master.open.erase(*subtask) == 0) return;
  if (state != ExecutionState::finished) master.ended_badly = true;
  if (master.open.empty() && master.ended_badly && restarts_in(master.status))
    master.must_fail = fact;
}

// A failure, a refusal or the end of a stop whose consequence is due, and that has none.
void RestartBudget::settle(JobMaster& master) {
  if (master.unanswered.has_value())
    violate(*master.unanswered, "the failure led neither to a restart nor to the end of the job");
  if (master.refused.has_value())
    violate(*master.refused, "the restart was refused, but the job did not fail");
  if (master.must_fail.has_value())
    violate(*master.must_fail,
            "the savepoint of the stop is complete and not all tasks have finished, but the job "
            "did not fail");
  master.unanswered.reset();
  master.refused.reset();
  master.must_fail.reset();
}

// trunc(initial * multiplier^n), a fraction of a millisecond too low at most.
int64_t RestartBudget::exponential_ms(int64_t n) const {
  int64_t value = setup_.initial_backoff.ns / kNsPerMs * kMillionths;  // in millionths of a ms
  for (int64_t i = 0; i < n && value < kHuge / 2; ++i)
    value = scaled(value, setup_.multiplier_millionths);
  return value / kMillionths;
}

RestartBudget::Verdict RestartBudget::notify_exponential(JobMaster& master, int64_t now_ms,
                                                         std::optional<int64_t> announced_ns) {
  Verdict verdict;
  if (master.next_ms.has_value() && now_ms <= *master.next_ms) {
    verdict.merged = true;
    verdict.least_ns = verdict.most_ns = (*master.next_ms - now_ms) * kNsPerMs;
    verdict.may_restart = master.attempts <= setup_.attempts_before_reset;
    return verdict;
  }
  if (!master.next_ms.has_value() ||
      now_ms - *master.next_ms >= setup_.reset_threshold.ns / kNsPerMs)
    master.attempts = 0;
  const int64_t centre = exponential_ms(master.attempts);
  const int64_t jitter = scaled(centre, setup_.jitter_millionths);
  const int64_t least = setup_.initial_backoff.ns / kNsPerMs;
  const int64_t most = setup_.max_backoff.ns / kNsPerMs;
  const auto clamp = [&](int64_t ms) { return std::max(least, std::min(ms, most)); };
  // One millisecond for what the truncation of this power may differ by.
  verdict.least_ns = clamp(centre - jitter - 1) * kNsPerMs;
  verdict.most_ns = clamp(centre + jitter + 1) * kNsPerMs;
  const int64_t taken =
      announced_ns.has_value() ? *announced_ns / kNsPerMs : verdict.most_ns / kNsPerMs;
  master.next_ms = now_ms + taken;
  ++master.attempts;
  verdict.may_restart = master.attempts <= setup_.attempts_before_reset;
  return verdict;
}

RestartBudget::Verdict RestartBudget::notify(JobMaster& master, sim::Time now,
                                             std::optional<int64_t> announced_ns) {
  const int64_t now_ms = sim::to_millis(now);
  Verdict verdict{.least_ns = setup_.delay.ns, .most_ns = setup_.delay.ns};
  switch (setup_.kind) {
    case RestartBudgetSetup::Kind::none:
      verdict.may_restart = false;
      return verdict;
    case RestartBudgetSetup::Kind::fixed_delay:
      verdict.may_restart = ++master.failures <= setup_.attempts;
      return verdict;
    case RestartBudgetSetup::Kind::failure_rate: {
      std::deque<int64_t>& times = master.times_ms;
      if (static_cast<int64_t>(times.size()) > setup_.max_failures) times.pop_front();
      times.push_back(now_ms);
      verdict.may_restart = static_cast<int64_t>(times.size()) <= setup_.max_failures ||
                            now_ms - times.front() > setup_.interval.ns / kNsPerMs;
      return verdict;
    }
    case RestartBudgetSetup::Kind::exponential_delay:
      return notify_exponential(master, now_ms, announced_ns);
  }
  return verdict;
}

void RestartBudget::begun(JobMaster& master, const sim::Fact& fact) {
  evidence_.examined();
  master.unanswered.reset();
  const auto backoff = static_cast<int64_t>(fact.c);
  const Verdict verdict = notify(master, fact.at, backoff);
  if (!restarts_in(master.status))
    violate(fact,
            fmt::format("a failover begins while the job is {}", job_status_name(master.status)));
  if (!verdict.may_restart)
    violate(fact, fmt::format("the strategy allows no further restart after {}", master.restarts));
  if (backoff < verdict.least_ns || backoff > verdict.most_ns)
    violate(fact,
            fmt::format("the back-off is {}, the strategy asks for {} to {}", ms_text(backoff),
                        ms_text(verdict.least_ns), ms_text(verdict.most_ns)));
  if (fact.a != master.last_failover + 1)
    violate(fact, fmt::format("failover {} follows failover {}", fact.a, master.last_failover));
  master.last_failover = fact.a;
  if (!verdict.merged) ++master.restarts;
  master.due[fact.a] = fact.at + sim::Duration{backoff};
}

void RestartBudget::refused(JobMaster& master, const sim::Fact& fact) {
  evidence_.examined();
  master.unanswered.reset();
  const Verdict verdict = notify(master, fact.at, std::nullopt);
  if (verdict.may_restart)
    violate(fact, fmt::format("the restart was refused, the strategy allows it ({} so far)",
                              master.restarts));
  if (fact.a != master.restarts)
    violate(fact, fmt::format("{} restarts were counted, {} have begun", fact.a, master.restarts));
  if (restarts_in(master.status)) master.refused = fact;
}

void RestartBudget::ended(JobMaster& master, const sim::Fact& fact) {
  const auto found = master.due.find(fact.a);
  if (found == master.due.end()) {
    violate(fact, fmt::format("failover {} ends, but is not pending", fact.a));
    return;
  }
  evidence_.examined();
  if (fact.at < found->second)
    violate(fact, fmt::format("failover {} ends {} before its back-off is over", fact.a,
                              ms_text((found->second - fact.at).ns)));
  master.due.erase(found);
}

Finding RestartBudget::finish(sim::Time end) {
  for (auto& [path, master] : masters_) {
    if (master.unanswered.has_value() && master.unanswered->at == end) master.unanswered.reset();
    if (master.refused.has_value() && master.refused->at == end) master.refused.reset();
    if (master.must_fail.has_value() && master.must_fail->at == end) master.must_fail.reset();
    settle(master);
  }
  if (evidence_.count() == 0) evidence_.excuse("nothing failed");
  return evidence_.finding(name());
}

}  // namespace drey::reports
