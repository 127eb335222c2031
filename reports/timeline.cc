#include "reports/timeline.h"

#include <fmt/core.h>

#include <algorithm>

#include "model/graph/execution_state.h"
#include "model/trace_events.h"
#include "reports/fact_text.h"
#include "sim/machines.h"

namespace drey::reports {

using model::CheckpointFact;
using model::ControlFact;
using model::ExecutionState;
using model::SubtaskIndex;
using model::TaskFact;
using sim::FactGroup;

namespace {

// Facts of whoever injects faults: entity = "fault/ID".
constexpr uint16_t kInjected = sim::fact_kind(FactGroup::fault, 0);
constexpr uint16_t kLanded = sim::fact_kind(FactGroup::fault, 1);
constexpr uint16_t kHealed = sim::fact_kind(FactGroup::fault, 2);

bool over(const AttemptRecord& attempt) {
  return !attempt.states.empty() &&
         model::is_terminal(static_cast<ExecutionState>(attempt.states.back().second));
}

PhaseRecord& phase_of(CheckpointRecord& checkpoint, SubtaskIndex subtask) {
  const auto place = std::lower_bound(
      checkpoint.phases.begin(), checkpoint.phases.end(), subtask,
      [](const PhaseRecord& phase, SubtaskIndex index) { return phase.subtask < index; });
  if (place != checkpoint.phases.end() && place->subtask == subtask) return *place;
  return *checkpoint.phases.insert(place, PhaseRecord{.subtask = subtask});
}

sim::Duration nanoseconds_of(uint64_t ns) { return {static_cast<int64_t>(ns)}; }

}  // namespace

uint64_t Timeline::interests() const {
  return sim::interest(FactGroup::machine) | sim::interest(FactGroup::fault) |
         sim::interest(FactGroup::control) | sim::interest(FactGroup::task) |
         sim::interest(FactGroup::checkpoint);
}

void Timeline::on(const sim::Fact& fact, sim::FactNumber) {
  const FactGroup group = sim::fact_group(fact.kind);
  if (group == FactGroup::machine) on_machine(fact);
  if (group == FactGroup::fault) on_fault(fact);
  if (group == FactGroup::control) on_control(fact);
  if (group == FactGroup::checkpoint) on_checkpoint(fact);
  if (fact.kind == fact_kind(TaskFact::state)) on_task_state(fact);
}

// ---- processes and faults

ProcessRecord& Timeline::process(sim::PathId path) {
  const auto [place, added] = processes_.try_emplace(path, data_.processes.size());
  if (added)
    data_.processes.push_back(
        {.name = std::string(process_of(view_->names()(path))), .down = {}, .frozen = {}});
  return data_.processes[place->second];
}

FaultRecord& Timeline::fault(sim::PathId path) {
  const auto [place, added] = faults_.try_emplace(path, data_.faults.size());
  if (added) {
    const std::string_view name = view_->names()(path);
    data_.faults.push_back({.id = std::string(name.substr(name.find('/') + 1)), .spans = {}});
  }
  return data_.faults[place->second];
}

void Timeline::on_machine(const sim::Fact& fact) {
  using sim::MachineFact;
  const auto is = [&](MachineFact kind) { return fact.kind == fact_kind(kind); };
  if (is(MachineFact::process_stopped)) {
    ProcessRecord& record = process(fact.entity);
    record.down.push_back({.from = fact.at});
    if (injected_ == fact.at && !data_.faults[injected_fault_].spans.empty())
      down_by_[processes_[fact.entity]] = {injected_fault_,
                                           data_.faults[injected_fault_].spans.size() - 1};
  } else if (is(MachineFact::process_started) && processes_.count(fact.entity) > 0) {
    ProcessRecord& record = process(fact.entity);
    if (!record.down.empty()) record.down.back().to = fact.at;
    const auto blamed = down_by_.find(processes_[fact.entity]);
    if (blamed == down_by_.end()) return;
    SpanRecord& span = data_.faults[blamed->second.fault].spans[blamed->second.span];
    span.to = fact.at;
    down_by_.erase(blamed);
  } else if (is(MachineFact::process_frozen)) {
    process(fact.entity).frozen.push_back({.from = fact.at});
  } else if (is(MachineFact::process_thawed)) {
    ProcessRecord& record = process(fact.entity);
    if (!record.frozen.empty()) record.frozen.back().to = fact.at;
  }
}

void Timeline::on_fault(const sim::Fact& fact) {
  if (!view_->names()(fact.entity).starts_with("fault/")) return;
  if (fact.kind == kInjected || fact.kind == kLanded) {
    FaultRecord& record = fault(fact.entity);
    injected_ = fact.at;
    injected_fault_ = faults_[fact.entity];
    // Told twice at most of one moment: when it was tried and when it took.
    if (record.spans.empty() || record.spans.back().from != fact.at)
      record.spans.push_back({.from = fact.at, .to = fact.at});
  } else if (fact.kind == kHealed) {
    FaultRecord& record = fault(fact.entity);
    if (!record.spans.empty()) record.spans.back().to = fact.at;
  }
}

// ---- tasks

AttemptRecord& Timeline::attempt_of(SubtaskIndex subtask, uint64_t attempt, bool fresh) {
  current_.resize(view_->topology().subtasks());
  size_t& place = current_[subtask];
  const bool known = place != 0 && data_.attempts[place - 1].attempt == attempt &&
                     !(fresh && over(data_.attempts[place - 1]));
  if (!known) {
    data_.attempts.push_back(
        {.subtask = subtask, .attempt = attempt, .task_manager = {}, .states = {}});
    place = data_.attempts.size();
  }
  return data_.attempts[place - 1];
}

// As the JobMaster sees it. A new JobMaster counts attempts anew.
void Timeline::on_execution(const sim::Fact& fact, SubtaskIndex subtask) {
  const auto state = static_cast<ExecutionState>(fact.b);
  const bool fresh = state == ExecutionState::created || state == ExecutionState::scheduled;
  AttemptRecord& attempt = attempt_of(subtask, fact.a, fresh);
  if (over(attempt)) return;
  attempt.states.emplace_back(fact.at, fact.b);
}

// The TaskManager's own view says where the task is, and how it ended when no JobMaster was there.
void Timeline::on_task_state(const sim::Fact& fact) {
  const std::optional<SubtaskIndex> subtask = view_->subtask(JobView::about(fact));
  if (!subtask.has_value()) return;
  AttemptRecord& attempt = attempt_of(*subtask, fact.a, false);
  attempt.task_manager = process_of(view_->names()(fact.entity));
}

void Timeline::on_control(const sim::Fact& fact) {
  if (!view_->of_job(fact)) return;
  const std::optional<SubtaskIndex> subtask = view_->subtask(JobView::about(fact));
  switch (static_cast<ControlFact>(fact.kind & 0xff)) {
    case ControlFact::job_status:
      data_.job_states.emplace_back(fact.at, fact.a);
      break;
    case ControlFact::execution_state:
      if (subtask.has_value()) on_execution(fact, *subtask);
      break;
    case ControlFact::failure:
      data_.failures.push_back({.at = fact.at,
                                .subject = subtask.has_value() ? view_->name(*subtask) : "job",
                                .attempt = fact.a,
                                .cause = fact.b});
      break;
    case ControlFact::failover_begun:
      data_.restarts.push_back({.number = fact.a, .at = fact.at});
      break;
    case ControlFact::failover_end:
      for (RestartRecord& restart : data_.restarts)
        if (restart.number == fact.a && restart.rescheduled == sim::kEndOfTime)
          restart.rescheduled = fact.at;
      break;
    default:  // no part of a picture
      break;
  }
}

// ---- checkpoints

CheckpointRecord* Timeline::pending(uint64_t id) {
  const auto found = pending_.find(id);
  return found == pending_.end() ? nullptr : &data_.checkpoints[found->second];
}

void Timeline::on_checkpoint(const sim::Fact& fact) {
  using Outcome = CheckpointRecord::Outcome;
  const uint64_t id = fact.a;
  if (fact.kind == fact_kind(CheckpointFact::triggered)) {
    pending_[id] = data_.checkpoints.size();
    data_.checkpoints.push_back(
        {.id = id, .triggered = fact.at, .ended = fact.at, .reason = {}, .phases = {}});
    return;
  }
  if (fact.kind == fact_kind(CheckpointFact::restoring)) {
    for (CheckpointRecord& checkpoint : data_.checkpoints)
      checkpoint.restored = checkpoint.restored || (id != 0 && checkpoint.id == id);
    for (RestartRecord& restart : data_.restarts)
      if (restart.number == fact.b && restart.at <= fact.at) restart.restored_checkpoint = id;
    return;
  }
  CheckpointRecord* checkpoint = pending(id);
  if (checkpoint == nullptr) return;
  if (fact.kind == fact_kind(CheckpointFact::completed)) {
    checkpoint->outcome = Outcome::completed;
    checkpoint->bytes = fact.b;
    checkpoint->ended = fact.at;
    pending_.erase(id);
  } else if (fact.kind == fact_kind(CheckpointFact::aborted)) {
    checkpoint->outcome = Outcome::failed;
    if (checkpoint->reason.empty()) checkpoint->reason = "aborted";
    checkpoint->ended = fact.at;
    pending_.erase(id);
  } else if (fact.kind == fact_kind(CheckpointFact::expired)) {
    checkpoint->reason = "expired: its time-out was over";
  } else {
    on_phase(fact);
  }
}

void Timeline::on_phase(const sim::Fact& fact) {
  const std::optional<SubtaskIndex> subtask = view_->subtask(JobView::about(fact));
  CheckpointRecord* checkpoint = pending(fact.a);
  if (!subtask.has_value() || checkpoint == nullptr) return;
  const auto is = [&](CheckpointFact kind) { return fact.kind == fact_kind(kind); };
  if (is(CheckpointFact::declined)) {
    checkpoint->reason = fmt::format("declined by {}", view_->name(*subtask));
  } else if (is(CheckpointFact::barrier_received) || is(CheckpointFact::task_triggered)) {
    PhaseRecord& phase = phase_of(*checkpoint, *subtask);
    if (phase.start_delay == kNotReached) phase.start_delay = fact.at - checkpoint->triggered;
  } else if (is(CheckpointFact::aligned)) {
    phase_of(*checkpoint, *subtask).alignment = nanoseconds_of(fact.b);
  } else if (is(CheckpointFact::sync_done)) {
    phase_of(*checkpoint, *subtask).sync = nanoseconds_of(fact.b);
  } else if (is(CheckpointFact::async_done)) {
    PhaseRecord& phase = phase_of(*checkpoint, *subtask);
    phase.async = nanoseconds_of(fact.b);
    phase.bytes = fact.c;
  } else if (is(CheckpointFact::acknowledged)) {
    phase_of(*checkpoint, *subtask).acknowledged = fact.at - checkpoint->triggered;
  }
}

}  // namespace drey::reports
