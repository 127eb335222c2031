#include "reports/oracles/restart_set.h"

#include <fmt/core.h>

#include <algorithm>

#include "model/fact_names.h"
#include "model/graph/execution_state.h"
#include "model/graph/result_partition_type.h"
#include "model/trace_events.h"
#include "reports/fact_text.h"

namespace drey::reports {

using model::ControlFact;
using model::ExecutionState;
using model::JobStatus;
using model::PartitionIndex;
using model::SubtaskIndex;

namespace {

constexpr uint64_t number_of(ExecutionState state) { return static_cast<uint64_t>(state); }

// Order of model/trace_events.h, RestartReason.
constexpr uint64_t kFailedRegion = 0, kLostInput = 1, kConsumer = 2, kGlobal = 3;
// Cause::Kind of failover_begun.
constexpr uint64_t kPartitionNotFound = 2, kPartitionConnection = 3;

}  // namespace

void RestartSet::violate(const sim::Fact& fact, std::string what) {
  evidence_.violate(fact.at, fact_text(fact, view_->names()), std::move(what));
}

void RestartSet::on(const sim::Fact& fact, sim::FactNumber) {
  if (fact.kind == fact_kind(ControlFact::slot_allocated)) {
    if (view_->is_job(fact.subject)) slot_places_[fact.b] = process_of(view_->names()(fact.entity));
    return;
  }
  if (fact.kind == fact_kind(ControlFact::disconnected)) {
    const auto known = masters_.find(fact.entity.index);
    if (known != masters_.end()) give_up(known->second, fact);
    return;
  }
  if (!view_->of_job(fact)) return;
  const std::optional<SubtaskIndex> subtask = view_->subtask(fact.subject);
  if (fact.kind == fact_kind(ControlFact::job_status)) {
    JobMaster& master = masters_[fact.entity.index];
    if (fact.b == static_cast<uint64_t>(JobStatus::created)) master = {};  // a new one
    master.tasks.resize(view_->topology().subtasks());
    master.status = fact.a;
    return;
  }
  const auto found = masters_.find(fact.entity.index);
  if (found == masters_.end()) return;
  JobMaster& master = found->second;
  if (master.reset.open && fact.at > master.reset.end.at) close_reset(master);
  if (fact.kind == fact_kind(ControlFact::execution_state)) {
    if (subtask.has_value()) on_state(master, fact, *subtask);
  } else if (fact.kind == fact_kind(ControlFact::slot_assigned)) {
    if (!subtask.has_value()) return;
    master.tasks[*subtask].allocation = fact.a;
    master.tasks[*subtask].held = Held::yes;
  } else if (fact.kind == fact_kind(ControlFact::producer_unavailable)) {
    master.named[static_cast<PartitionIndex>(fact.a)] = fact.at;
  } else if (fact.kind == fact_kind(ControlFact::failover_begun)) {
    begin(master, fact);
  } else if (fact.kind == fact_kind(ControlFact::restart_task)) {
    if (subtask.has_value()) take(master, fact);
  } else if (fact.kind == fact_kind(ControlFact::failover_end)) {
    end(master, fact);
  }
}

void RestartSet::follow_release(JobMaster& master, uint64_t state, SubtaskIndex subtask) {
  if (!options_.releases_results) return;
  if (master.release == nullptr) {
    const model::ExecutionTopology& topology = view_->topology();
    if (!ReleaseRule::concerns(topology.job())) return;
    if (!rule_.has_value()) rule_.emplace(topology);
    master.release = std::make_unique<ReleaseRule>(topology, *rule_);
  }
  master.release->follow(subtask, static_cast<ExecutionState>(state));
}

void RestartSet::on_state(JobMaster& master, const sim::Fact& fact, SubtaskIndex subtask) {
  Task& task = master.tasks[subtask];
  task.state = fact.b;
  follow_release(master, fact.b, subtask);
  if (fact.b == number_of(ExecutionState::failed) || fact.b == number_of(ExecutionState::canceled))
    task.held = Held::no;
  if (fact.b == number_of(ExecutionState::scheduled) && master.reset.open) close_reset(master);
  if (fact.b != number_of(ExecutionState::created)) return;
  task.held = Held::no;
  if (master.reset.open && master.reset.due.erase(subtask) == 1) return;
  violate(fact,
          fmt::format("{} was reset, but no restart that was due has it", view_->name(subtask)));
}

void RestartSet::give_up(JobMaster& master, const sim::Fact& fact) {
  if (options_.external_results) return;
  const std::string_view process = process_of(view_->names()(fact.subject));
  for (Task& task : master.tasks) {
    const auto place = slot_places_.find(task.allocation);
    if (task.held != Held::yes || place == slot_places_.end() || place->second != process) continue;
    task.held = Held::given_up;
    task.given_up_at = fact.at;
  }
}

void RestartSet::begin(JobMaster& master, const sim::Fact& fact) {
  Failover failover{.begun = fact, .announced = fact.b >> 8};
  const std::optional<SubtaskIndex> subtask = view_->subtask(fact.subject);
  failover.global = !subtask.has_value();
  failover.failed = subtask.value_or(0);
  if (master.failovers.count(fact.a) != 0)
    violate(fact, fmt::format("failover {} began twice", fact.a));
  Failover& kept = master.failovers[fact.a] = std::move(failover);
  master.collecting = kept.announced > 0;
  if (kept.announced == 0) judge(master, kept);
}

void RestartSet::take(JobMaster& master, const sim::Fact& fact) {
  const auto found = master.failovers.find(fact.a);
  if (found == master.failovers.end()) {
    violate(fact, fmt::format("a task of failover {}, which never began", fact.a));
    return;
  }
  const SubtaskIndex subtask = *view_->subtask(fact.subject);
  found->second.taken.emplace(subtask, fact.b);
  master.tasks[subtask].newest_failover = fact.a;
  if (found->second.taken.size() != found->second.announced) return;
  master.collecting = false;
  judge(master, found->second);
}

// By partition. A result that this moment gives up with its TaskManager counts as held or not.
std::vector<bool> RestartSet::missing(const JobMaster& master, sim::Time at,
                                      bool being_given_up_held) const {
  const model::ExecutionTopology& topology = view_->topology();
  std::vector<bool> missing(topology.partitions(), true);
  for (PartitionIndex p = 0; p < topology.partitions(); ++p) {
    const Task& producer = master.tasks[topology.producer_of(p)];
    const model::ResultPartitionType type = topology.type_of(p);
    const bool held =
        producer.held == Held::yes ||
        (being_given_up_held && producer.held == Held::given_up && producer.given_up_at == at);
    const bool let_go = master.release != nullptr && master.release->released(p);
    missing[p] = !(type == model::ResultPartitionType::pipelined_approximate ||
                   (model::is_reconsumable(type) && held && !let_go));
  }
  return missing;
}

std::vector<std::vector<bool>> RestartSet::possible_losses(const JobMaster& master,
                                                           const Failover& failover) const {
  const sim::Time at = failover.begun.at;
  std::vector<std::vector<bool>> bases{missing(master, at, false)};
  if (std::any_of(master.tasks.begin(), master.tasks.end(), [&](const Task& task) {
        return task.held == Held::given_up && task.given_up_at == at;
      }))
    bases.push_back(missing(master, at, true));
  const uint64_t cause = failover.begun.b & 0xff;
  if (cause != kPartitionNotFound && cause != kPartitionConnection) return bases;
  std::vector<std::vector<bool>> possible;
  std::vector<PartitionIndex> candidates;
  for (const auto& [partition, when] : master.named)
    if (when == at) candidates.push_back(partition);
  if (candidates.empty())
    view_->topology().for_each_consumed_group(failover.failed, [&](model::GroupIndex group) {
      const model::IndexRange range = view_->topology().group(group).partitions;
      for (PartitionIndex p = range.first; p <= range.last; ++p) candidates.push_back(p);
    });
  for (const std::vector<bool>& base : bases) {
    for (const PartitionIndex partition : candidates) {
      possible.push_back(base);
      if (partition < base.size()) possible.back()[partition] = true;
    }
  }
  return possible.empty() ? bases : possible;
}

RestartSet::Mismatch RestartSet::compare(const JobMaster& master, const Failover& failover,
                                         const std::vector<RegionRule::Reasons>& expected) const {
  Mismatch mismatch;
  for (SubtaskIndex s = 0; s < master.tasks.size(); ++s) {
    const bool due =
        expected[s].any() && master.tasks[s].state != number_of(ExecutionState::created);
    const auto taken = failover.taken.find(s);
    if (due && taken == failover.taken.end()) {
      mismatch.lines.push_back(
          fmt::format("wrongly left out: {} ({})", view_->name(s),
                      restart_reason_name(expected[s].failed_region ? kFailedRegion
                                          : expected[s].lost_input  ? kLostInput
                                                                    : kConsumer)));
    } else if (!due && taken != failover.taken.end()) {
      mismatch.lines.push_back(fmt::format("wrongly restarted: {} (as {}){}", view_->name(s),
                                           restart_reason_name(taken->second),
                                           expected[s].any() ? ", which is CREATED" : ""));
    } else if (due) {
      const bool right = taken->second == kFailedRegion ? expected[s].failed_region
                         : taken->second == kLostInput  ? expected[s].lost_input
                         : taken->second == kConsumer   ? expected[s].consumer
                                                        : false;
      if (!right)
        mismatch.lines.push_back(fmt::format("wrong reason: {} restarts as {}", view_->name(s),
                                             restart_reason_name(taken->second)));
    }
  }
  return mismatch;
}

void RestartSet::judge(JobMaster& master, const Failover& failover) {
  evidence_.examined();
  if (failover.global || options_.full_failover) {
    for (SubtaskIndex s = 0; s < master.tasks.size(); ++s) {
      const auto taken = failover.taken.find(s);
      if (taken == failover.taken.end())
        violate(failover.begun, fmt::format("failover {} of all tasks: wrongly left out: {}",
                                            failover.begun.a, view_->name(s)));
      else if (taken->second != kGlobal)
        violate(failover.begun,
                fmt::format("failover {} of all tasks: {} restarts as {}", failover.begun.a,
                            view_->name(s), restart_reason_name(taken->second)));
    }
    return;
  }
  if (!rule_.has_value()) rule_.emplace(view_->topology());
  std::optional<Mismatch> best;
  for (const std::vector<bool>& missing : possible_losses(master, failover)) {
    Mismatch mismatch = compare(master, failover, rule_->restart_set(failover.failed, missing));
    if (mismatch.lines.empty()) return;
    if (!best.has_value() || mismatch.lines.size() < best->lines.size()) best = std::move(mismatch);
  }
  for (const std::string& line : best->lines)
    violate(failover.begun, fmt::format("failover {} of {}: {}", failover.begun.a,
                                        view_->name(failover.failed), line));
}

// Of overlapping failovers the newest one that has a task resets it.
void RestartSet::end(JobMaster& master, const sim::Fact& fact) {
  if (master.reset.open) close_reset(master);
  const auto found = master.failovers.find(fact.a);
  if (found == master.failovers.end()) {
    violate(fact, fmt::format("failover {} ended, but never began", fact.a));
    return;
  }
  master.reset = {.open = true, .end = fact, .due = {}};
  const bool dropped = master.status != static_cast<uint64_t>(JobStatus::running) &&
                       master.status != static_cast<uint64_t>(JobStatus::restarting);
  for (const auto& [subtask, reason] : found->second.taken) {
    const Task& task = master.tasks[subtask];
    const bool mine = !dropped && task.newest_failover == fact.a;
    if (mine && task.state != number_of(ExecutionState::created)) master.reset.due.insert(subtask);
  }
  master.failovers.erase(found);
}

void RestartSet::close_reset(JobMaster& master) {
  evidence_.examined();
  for (const SubtaskIndex subtask : master.reset.due)
    violate(master.reset.end, fmt::format("failover {} has {}, but did not reset it",
                                          master.reset.end.a, view_->name(subtask)));
  master.reset = {};
}

Finding RestartSet::finish(sim::Time) {
  for (auto& [path, master] : masters_) {
    if (master.reset.open) close_reset(master);
    if (master.collecting && !master.failovers.empty())
      violate(master.failovers.rbegin()->second.begun,
              "fewer tasks were named than the failover announced");
  }
  if (evidence_.count() == 0) evidence_.excuse("nothing failed");
  return evidence_.finding(name());
}

}  // namespace drey::reports
