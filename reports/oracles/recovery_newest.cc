#include "reports/oracles/recovery_newest.h"

#include <fmt/core.h>

#include "model/graph/execution_state.h"
#include "model/trace_events.h"
#include "reports/fact_text.h"
#include "sim/pointer_store.h"

namespace drey::reports {

using model::CheckpointFact;
using model::ControlFact;
using model::ExecutionState;
using model::JobStatus;
using model::SubtaskIndex;
using model::TaskFact;
using sim::FactGroup;
using sim::PointerFact;

namespace {

std::string text_of(uint64_t checkpoint) {
  return checkpoint == 0 ? "none" : fmt::format("checkpoint {}", checkpoint);
}

}  // namespace

RecoveryNewest::RecoveryNewest(Options options, std::shared_ptr<const JobView> view)
    : options_(options),
      view_(std::move(view)),
      pointer_prefix_("pointer/checkpoints/" + view_->job() + "/") {}

uint64_t RecoveryNewest::interests() const {
  return sim::interest(FactGroup::checkpoint) | sim::interest(FactGroup::control) |
         sim::interest(FactGroup::task) | sim::interest(FactGroup::store);
}

void RecoveryNewest::violate(const sim::Fact& fact, std::string what) {
  evidence_.violate(fact.at, fact_text(fact, view_->names()), std::move(what));
}

void RecoveryNewest::on(const sim::Fact& fact, sim::FactNumber) {
  if (fact.kind == fact_kind(PointerFact::written) ||
      fact.kind == fact_kind(PointerFact::removed)) {
    on_pointer(fact);
    return;
  }
  if (!view_->of_job(fact)) return;
  const std::optional<SubtaskIndex> subtask = view_->subtask(fact.subject);
  if (fact.kind == fact_kind(TaskFact::restored) || fact.kind == fact_kind(TaskFact::state)) {
    if (subtask.has_value()) on_task(fact, *subtask);
  } else if (fact.kind == fact_kind(CheckpointFact::restoring)) {
    on_restoring(fact);
  } else if (fact.kind == fact_kind(CheckpointFact::completed)) {
    uint64_t& newest = masters_[fact.entity.index].newest;
    newest = std::max(newest, fact.a);
  } else if (fact.kind == fact_kind(ControlFact::job_status)) {
    on_start(fact);
  } else if (fact.kind == fact_kind(ControlFact::execution_state)) {
    if (subtask.has_value() && fact.b == static_cast<uint64_t>(ExecutionState::created))
      masters_[fact.entity.index].reset.insert(*subtask);
  } else if (fact.kind == fact_kind(ControlFact::deployed)) {
    if (subtask.has_value()) deploy(masters_[fact.entity.index], fact, *subtask);
  }
}

void RecoveryNewest::on_pointer(const sim::Fact& fact) {
  const std::string_view name = view_->names()(fact.subject);
  if (!name.starts_with(pointer_prefix_)) return;
  uint64_t id = 0;
  for (const char c : name.substr(pointer_prefix_.size())) {
    if (c < '0' || c > '9') return;
    id = id * 10 + static_cast<uint64_t>(c - '0');
  }
  if (fact.kind == fact_kind(PointerFact::written))
    pointers_.insert(id);
  else
    pointers_.erase(id);
}

void RecoveryNewest::on_restoring(const sim::Fact& fact) {
  evidence_.examined();
  JobMaster& master = masters_[fact.entity.index];
  if (fact.b == 0) {  // a new JobMaster
    const uint64_t durable = pointers_.empty() ? 0 : *pointers_.rbegin();
    if (options_.high_availability && fact.a != durable)
      violate(fact,
              fmt::format("the new JobMaster restores {}, the newest in the pointer store is {}",
                          text_of(fact.a), text_of(durable)));
    master = {.newest = fact.a, .restored_at_start = true};
    master.restore.assign(view_->topology().subtasks(), fact.a);
    return;
  }
  if (fact.a != master.newest)
    violate(fact, fmt::format("failover {} restores {}, the newest completed is {}", fact.b,
                              text_of(fact.a), text_of(master.newest)));
  master.restore.resize(view_->topology().subtasks(), 0);
  for (const SubtaskIndex subtask : master.reset) master.restore[subtask] = fact.a;
  master.reset.clear();
}

// CREATED -> RUNNING: a JobMaster begins.
void RecoveryNewest::on_start(const sim::Fact& fact) {
  if (fact.b != static_cast<uint64_t>(JobStatus::created)) return;
  JobMaster& master = masters_[fact.entity.index];
  if (!master.restored_at_start) {
    master = {};
    master.restore.assign(view_->topology().subtasks(), 0);
    if (options_.high_availability && options_.checkpointing) {
      evidence_.examined();
      if (!pointers_.empty())
        violate(fact, fmt::format("the job starts with empty state, but {} is in the pointer store",
                                  text_of(*pointers_.rbegin())));
    }
  }
  master.restored_at_start = false;
}

void RecoveryNewest::deploy(JobMaster& master, const sim::Fact& fact, SubtaskIndex subtask) {
  if (options_.checkpointing && master.reset.count(subtask) != 0) {
    evidence_.examined();
    violate(fact,
            fmt::format("{} was reset and is deployed without a restore", view_->name(subtask)));
  }
  Attempt& attempt = attempts_[{subtask, fact.a}];
  attempt.restored = false;
  if (subtask < master.restore.size()) attempt.may_restore.insert(master.restore[subtask]);
}

void RecoveryNewest::on_task(const sim::Fact& fact, SubtaskIndex subtask) {
  const auto found = attempts_.find({subtask, fact.a});
  if (found == attempts_.end()) return;
  Attempt& attempt = found->second;
  if (fact.kind == fact_kind(TaskFact::restored)) {
    evidence_.examined();
    attempt.restored = true;
    if (attempt.may_restore.count(fact.b) == 0)
      violate(fact, fmt::format("{} restored {}, its JobMaster restores {}", view_->name(subtask),
                                text_of(fact.b), text_of(*attempt.may_restore.rbegin())));
    return;
  }
  const bool runs = fact.b == static_cast<uint64_t>(ExecutionState::running);
  const bool owes = !attempt.may_restore.empty() && *attempt.may_restore.begin() != 0;
  if (runs && owes && !attempt.restored)
    violate(fact, fmt::format("{} runs with empty state, its JobMaster restores {}",
                              view_->name(subtask), text_of(*attempt.may_restore.begin())));
}

Finding RecoveryNewest::finish(sim::Time) {
  if (!options_.checkpointing)
    evidence_.excuse("checkpointing is off");
  else if (evidence_.count() == 0)
    evidence_.excuse("nothing was restored");
  return evidence_.finding(name());
}

}  // namespace drey::reports
