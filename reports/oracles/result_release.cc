#include "reports/oracles/result_release.h"

#include <fmt/core.h>

#include <algorithm>

#include "model/graph/execution_state.h"
#include "model/result_facts.h"
#include "model/trace_events.h"
#include "reports/fact_text.h"
#include "sim/machines.h"

namespace drey::reports {

using model::ControlFact;
using model::ExecutionState;
using model::JobStatus;
using model::PartitionIndex;
using model::ResultFact;
using model::SubtaskIndex;

namespace {

// Cause::Kind of failover_begun: what a reader says that met a plain I/O error.
constexpr uint64_t kRemoteTransport = 4, kInternal = 15;
bool is_plain_error(uint64_t cause) { return cause == kRemoteTransport || cause == kInternal; }

}  // namespace

bool ResultRelease::wants(uint16_t kind) const {
  return sim::fact_group(kind) != sim::FactGroup::data || kind == fact_kind(ResultFact::written) ||
         kind == fact_kind(ResultFact::dropped) || kind == fact_kind(ResultFact::unreadable);
}

void ResultRelease::on(const sim::Fact& fact, sim::FactNumber) {
  switch (sim::fact_group(fact.kind)) {
    case sim::FactGroup::machine:
      on_process(fact);
      return;
    case sim::FactGroup::control:
      on_control(fact);
      return;
    default:
      break;
  }
  if (fact.kind == fact_kind(ResultFact::written)) {
    if (!view_->of_job(fact)) return;
    evidence_.examined();
    kept_[{fact.a, fact.b}] = {fact, std::string(process_of(view_->names()(fact.entity)))};
  } else if (fact.kind == fact_kind(ResultFact::dropped)) {
    if (view_->of_job(fact)) dropped(fact);
  } else if (fact.kind == fact_kind(ResultFact::unreadable)) {
    if (view_->of_job(fact)) unreadable_.try_emplace(fact.a, Unreadable{fact, std::nullopt});
  }
}

void ResultRelease::on_process(const sim::Fact& fact) {
  const bool stopped = fact.kind == fact_kind(sim::MachineFact::process_stopped);
  if (!stopped && fact.kind != fact_kind(sim::MachineFact::process_frozen)) return;
  trouble_ = fact.at;
  if (!stopped) return;
  const std::string_view process = view_->names()(fact.entity);
  for (auto at = kept_.begin(); at != kept_.end();)
    at = at->second.process == process ? kept_.erase(at) : std::next(at);
}

void ResultRelease::on_control(const sim::Fact& fact) {
  if (fact.kind == fact_kind(ControlFact::disconnected)) {
    lost_each_other(fact);
    return;
  }
  if (fact.kind == fact_kind(ControlFact::registered)) {
    if (view_->names()(fact.entity).ends_with("/" + view_->job()))
      strangers_.erase(std::string(process_of(view_->names()(fact.subject))));
    return;
  }
  if (!view_->of_job(fact)) return;
  const std::optional<SubtaskIndex> subtask = view_->subtask(fact.subject);
  if (fact.kind == fact_kind(ControlFact::job_status)) {
    status_ = fact.a;
    over_ = model::is_globally_terminal(static_cast<JobStatus>(fact.a));
    if (fact.b != static_cast<uint64_t>(JobStatus::created)) return;
    release_ = nullptr;
    restarted_.clear();
    unreadable_.clear();
  } else if (fact.kind == fact_kind(ControlFact::execution_state)) {
    if (subtask.has_value()) on_execution(fact.b, *subtask);
  } else if (fact.kind == fact_kind(ControlFact::failover_begun)) {
    if (subtask.has_value()) on_failover(fact, *subtask);
  } else if (fact.kind == fact_kind(ControlFact::restart_task)) {
    if (!subtask.has_value()) return;
    uint64_t& newest = restarted_[*subtask];
    newest = std::max(newest, fact.c);
    view_->topology().for_each_produced_partition(
        *subtask, [&](PartitionIndex partition) { unreadable_.erase(partition); });
  } else if (fact.kind == fact_kind(ControlFact::failover_end)) {
    judge_failover(fact.a);
  }
}

void ResultRelease::on_execution(uint64_t state, SubtaskIndex subtask) {
  if (release_ == nullptr) {
    const model::ExecutionTopology& topology = view_->topology();
    if (!ReleaseRule::concerns(topology.job())) return;
    if (!regions_.has_value()) regions_.emplace(topology);
    release_ = std::make_unique<ReleaseRule>(topology, *regions_);
  }
  release_->follow(subtask, static_cast<ExecutionState>(state));
}

// Either of the two says so.
void ResultRelease::lost_each_other(const sim::Fact& fact) {
  const std::string_view entity = view_->names()(fact.entity);
  const std::string_view subject = view_->names()(fact.subject);
  if (subject == view_->job())
    strangers_.emplace(process_of(entity));
  else if (entity.ends_with("/" + view_->job()))
    strangers_.emplace(process_of(subject));
}

void ResultRelease::on_failover(const sim::Fact& fact, SubtaskIndex failed) {
  if (unreadable_.empty() || !is_plain_error(fact.b & 0xff)) return;
  const model::ExecutionTopology& topology = view_->topology();
  topology.for_each_consumed_group(failed, [&](model::GroupIndex group) {
    const model::IndexRange range = topology.group(group).partitions;
    for (auto& [partition, unreadable] : unreadable_)
      if (partition >= range.first && partition <= range.last) unreadable.failover = fact.a;
  });
}

// A plain error may have another cause where a process was in trouble about that time.
void ResultRelease::judge_failover(uint64_t failover) {
  constexpr sim::Duration kAbout = sim::seconds(10);
  for (auto at = unreadable_.begin(); at != unreadable_.end();) {
    if (at->second.failover != failover) {
      ++at;
      continue;
    }
    const sim::Fact& found = at->second.found;
    if (!trouble_.has_value() || *trouble_ + kAbout < found.at)
      evidence_.violate(
          found.at, fact_text(found, view_->names()),
          fmt::format("a reader failed for it, but failover {} does not make it anew: "
                      "{} is left as it is",
                      failover, view_->names()(found.subject)));
    at = unreadable_.erase(at);
  }
}

void ResultRelease::dropped(const sim::Fact& fact) {
  const auto kept = kept_.find({fact.a, fact.b});
  if (kept == kept_.end()) return;  // what a failed task had begun to write was never complete
  evidence_.examined();
  if (!may_be_dropped(fact, kept->second))
    evidence_.violate(
        fact.at, fact_text(fact, view_->names()),
        fmt::format("{} drops partition {} of attempt {} of {}, which has readers to "
                    "come",
                    kept->second.process, fact.a, fact.b, view_->names()(fact.subject)));
  kept_.erase(kept);
}

bool ResultRelease::may_be_dropped(const sim::Fact& dropped, const Kept& kept) const {
  if (status_ != static_cast<uint64_t>(JobStatus::running)) return true;
  if (strangers_.count(kept.process) != 0) return true;
  const auto partition = static_cast<PartitionIndex>(dropped.a);
  if (partition >= view_->topology().partitions()) return false;
  const auto restarted = restarted_.find(view_->topology().producer_of(partition));
  if (restarted != restarted_.end() && dropped.b <= restarted->second) return true;
  return releases_results_ && release_ != nullptr && release_->released(partition);
}

Finding ResultRelease::finish(sim::Time end) {
  if (!over_) {
    evidence_.excuse("the job did not come to its end");
    if (evidence_.count() == 0) return evidence_.finding(name());
    kept_.clear();
  }
  for (const auto& [key, kept] : kept_)
    evidence_.violate(
        end, fact_text(kept.written, view_->names()),
        fmt::format("{} still keeps partition {} of attempt {} of {}: {} bytes", kept.process,
                    key.first, key.second, view_->names()(kept.written.subject), kept.written.c));
  if (evidence_.count() == 0) evidence_.excuse("no result was stored");
  return evidence_.finding(name());
}

}  // namespace drey::reports
