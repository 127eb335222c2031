#include "reports/oracles/slot_ownership.h"

#include <fmt/core.h>

#include <algorithm>

#include "model/graph/execution_state.h"
#include "model/trace_events.h"
#include "reports/fact_text.h"
#include "sim/broker.h"
#include "sim/machines.h"
#include "sim/object_store.h"
#include "sim/pointer_store.h"

namespace drey::reports {

using model::CheckpointFact;
using model::ControlFact;
using model::ExecutionState;
using model::JobStatus;
using model::SubtaskIndex;
using model::TaskFact;
using sim::BrokerFact;
using sim::FactGroup;
using sim::MachineFact;
using sim::PointerFact;

uint64_t SlotOwnership::interests() const {
  return sim::interest(FactGroup::control) | sim::interest(FactGroup::task) |
         sim::interest(FactGroup::checkpoint) | sim::interest(FactGroup::store) |
         sim::interest(FactGroup::external) | sim::interest(FactGroup::machine) |
         sim::interest(FactGroup::fault);
}

void SlotOwnership::violate(const sim::Fact& fact, std::string what) {
  evidence_.violate(fact.at, fact_text(fact, view_->names()), std::move(what));
}

// Of the outside world, transactions only.
bool SlotOwnership::wants(uint16_t kind) const {
  return sim::fact_group(kind) != FactGroup::external ||
         kind == fact_kind(BrokerFact::transaction_begun) ||
         kind == fact_kind(BrokerFact::transaction_committed) ||
         kind == fact_kind(BrokerFact::transaction_aborted);
}

std::string SlotOwnership::process_of(sim::PathId path) const {
  return std::string(reports::process_of(view_->names()(path)));
}

void SlotOwnership::on(const sim::Fact& fact, sim::FactNumber) {
  switch (sim::fact_group(fact.kind)) {
    case FactGroup::machine:
      on_machine(fact);
      return;
    case FactGroup::external:
      on_transaction(fact);
      return;
    case FactGroup::fault: {
      const bool refused = fact.kind == sim::kServiceFaultFact &&
                           fact.a == static_cast<uint64_t>(sim::ServiceEffect::error) &&
                           fact.b == sim::DeleteObject::kind_id();
      if (refused) ++refused_deletions_;
      return;
    }
    case FactGroup::store: {
      files_.on(fact);
      const bool written = fact.kind == fact_kind(PointerFact::written);
      if (!written && fact.kind != fact_kind(PointerFact::removed)) return;
      // The result itself stays: it is what keeps the job from running again.
      const std::string_view name = view_->names()(fact.subject);
      if (name.find(view_->job()) == std::string_view::npos || name.starts_with("pointer/results/"))
        return;
      if (written)
        pointers_[fact.subject.index] = fact;
      else
        pointers_.erase(fact.subject.index);
      return;
    }
    default:
      break;
  }
  const bool gives_up = fact.kind == fact_kind(ControlFact::disconnected);
  if (gives_up || fact.kind == fact_kind(ControlFact::registered)) {
    const std::string_view entity = view_->names()(fact.entity);
    // Parting after the end of the job is not giving up.
    if (entity.ends_with("/" + view_->job()) && !ended_.has_value()) {
      const std::string_view name = view_->names()(fact.subject);
      const size_t mark = name.find('#');  // "tm-1#2"; the ResourceManager has none
      if (mark != std::string_view::npos)
        task_managers_[std::string(name.substr(0, mark))].given_up = gives_up;
    }
    return;
  }
  if (!view_->of_job(fact)) return;
  const std::optional<SubtaskIndex> subtask = view_->subtask(fact.subject);
  if (fact.kind == fact_kind(ControlFact::slot_allocated)) {
    allocated(fact);
  } else if (fact.kind == fact_kind(ControlFact::slot_freed)) {
    freed(fact);
  } else if (fact.kind == fact_kind(ControlFact::job_result_entry)) {
    clean_ = clean_ || fact.a == 1;
  } else if (fact.kind == fact_kind(ControlFact::job_status)) {
    if (model::is_globally_terminal(static_cast<JobStatus>(fact.a)))
      ended_ = fact;
    else if (fact.b == static_cast<uint64_t>(JobStatus::created))
      ended_.reset();
  } else if (sim::fact_group(fact.kind) == FactGroup::checkpoint) {
    on_checkpoint(fact);
  } else if (sim::fact_group(fact.kind) == FactGroup::task && subtask.has_value()) {
    on_task(fact, *subtask);
  }
}

// A JobManager that dies between the removal of a pointer and that of the files takes the only
// knowledge of them along.
void SlotOwnership::on_machine(const sim::Fact& fact) {
  if (fact.kind == fact_kind(MachineFact::process_stopped)) {
    for (const uint64_t id : subsumed_by_[process_of(fact.entity)])
      for (const CheckpointFile* file : files_.of(id))
        if (file->there) orphans_.insert(id);
  }
  if (fact.kind == fact_kind(MachineFact::process_started) ||
      fact.kind == fact_kind(MachineFact::process_stopped))
    task_managers_.erase(process_of(fact.entity));
}

void SlotOwnership::allocated(const sim::Fact& fact) {
  evidence_.examined();
  TaskManager& owner = task_managers_[process_of(fact.entity)];
  for (const auto& [allocation, slot] : owner.slots)
    if (slot.index == fact.a)
      violate(fact, fmt::format("slot {} is taken by allocation {}", fact.a, allocation));
  if (!owner.slots.emplace(fact.b, Slot{fact.a, fact}).second)
    violate(fact, fmt::format("allocation {} has a slot there", fact.b));
}

void SlotOwnership::freed(const sim::Fact& fact) {
  evidence_.examined();
  TaskManager& owner = task_managers_[process_of(fact.entity)];
  if (owner.slots.erase(fact.b) == 0)
    violate(fact, fmt::format("allocation {} has no slot there", fact.b));
}

void SlotOwnership::on_task(const sim::Fact& fact, SubtaskIndex subtask) {
  if (fact.kind == fact_kind(TaskFact::resources_left)) {
    evidence_.examined();
    if (fact.a != 0 || fact.b != 0 || fact.c != 0)
      violate(fact, fmt::format("{} leaves {} buffers, {} files and {} timers",
                                view_->name(subtask), fact.a, fact.b, fact.c));
    return;
  }
  // Of the two announcements of a state, the task's own.
  if (fact.kind != fact_kind(TaskFact::state)) return;
  if (!view_->names()(fact.entity).ends_with(view_->names()(fact.subject))) return;
  auto& alive = task_managers_[process_of(fact.entity)].tasks[subtask];
  if (model::is_terminal(static_cast<ExecutionState>(fact.b))) {
    alive.erase(fact.a);
    return;
  }
  evidence_.examined();
  for (const auto& [attempt, task] : alive)
    if (attempt != fact.a)
      violate(fact,
              fmt::format("attempt {} of {} still lives there", attempt, view_->name(subtask)));
  alive[fact.a] = {subtask, fact.a, fact};
}

void SlotOwnership::on_transaction(const sim::Fact& fact) {
  const bool begun = fact.kind == fact_kind(BrokerFact::transaction_begun);
  const bool over = fact.kind == fact_kind(BrokerFact::transaction_committed) ||
                    fact.kind == fact_kind(BrokerFact::transaction_aborted);
  if (!begun && !over) return;
  if (!view_->names()(fact.subject).starts_with("transaction/" + view_->job() + "-")) return;
  if (begun)
    transactions_[fact.subject.index] = fact;
  else
    transactions_.erase(fact.subject.index);
}

void SlotOwnership::on_checkpoint(const sim::Fact& fact) {
  const std::optional<SubtaskIndex> subtask = view_->subtask(fact.subject);
  if (fact.kind == fact_kind(CheckpointFact::acknowledged) && subtask.has_value())
    acknowledged_[fact.a][*subtask] = fact.b;
  else if (fact.kind == fact_kind(CheckpointFact::completed))
    completed_.push_back(fact.a);
  else if (fact.kind == fact_kind(CheckpointFact::subsumed))
    subsumed_by_[process_of(fact.entity)].insert(fact.a);
}

void SlotOwnership::judge_end() {
  if (task_managers_.empty() && completed_.empty())
    evidence_.excuse("the job ended before it had a slot");
  for (const auto& [process, owner] : task_managers_) {
    if (owner.given_up) {
      evidence_.excuse("what is left on TaskManagers that the JobMaster had given up");
      continue;
    }
    evidence_.examined();
    for (const auto& [allocation, slot] : owner.slots)
      violate(slot.allocated, fmt::format("the job is over, but {} still holds slot {} for it",
                                          process, slot.index));
    for (const auto& [subtask, attempts] : owner.tasks)
      for (const auto& [attempt, task] : attempts)
        violate(task.fact, fmt::format("the job is over, but attempt {} of {} lives on {}", attempt,
                                       view_->name(subtask), process));
  }
  if (ended_->a == static_cast<uint64_t>(JobStatus::finished)) {
    evidence_.examined();
    for (const auto& [path, begun] : transactions_)
      violate(begun, fmt::format("the job is over, but {} is open", view_->names()(begun.subject)));
  }
  if (options_.high_availability && clean_) {
    evidence_.examined();
    for (const auto& [path, written] : pointers_)
      violate(written, fmt::format("the job is cleaned up, but {} is there",
                                   view_->names()(written.subject)));
  }
  // With high availability files stay until the result has been written down and is marked clean.
  if (!options_.high_availability || clean_) judge_files();
}

void SlotOwnership::judge_files() {
  const auto status = static_cast<JobStatus>(ended_->a);
  const bool keeps = (status == JobStatus::finished && options_.keep_when_finished) ||
                     (status == JobStatus::canceled && options_.keep_when_canceled) ||
                     (status == JobStatus::failed && options_.keep_when_failed);
  if (keeps) return;  // which of the shared files retained checkpoints need, only metadata knows
  for (const uint64_t id : completed_) {
    if (orphans_.count(id) != 0) {
      evidence_.excuse("files of checkpoints whose JobManager died while it removed them");
      continue;
    }
    for (const CheckpointFile* file : files_.of(id)) {
      const auto& acknowledged = acknowledged_[id];
      const auto attempt = acknowledged.find(file->subtask);
      const bool belongs =
          file->metadata || (attempt != acknowledged.end() && attempt->second == file->attempt);
      if (!belongs) continue;
      evidence_.examined();
      if (!file->there) continue;
      // An error is final: Flink logs it and leaves the file.
      if (refused_deletions_ > 0) {
        --refused_deletions_;
        evidence_.excuse("files whose deletion the store refused");
      } else {
        violate(*ended_,
                fmt::format("the job is over, but {} of checkpoint {} is there", file->key, id));
      }
    }
  }
}

Finding SlotOwnership::finish(sim::Time end) {
  if (ended_.has_value() && end - ended_->at >= options_.aftermath)
    judge_end();
  else
    evidence_.excuse("what is left at the job's end: the job, or its aftermath, is not over");
  return evidence_.finding(name());
}

}  // namespace drey::reports
