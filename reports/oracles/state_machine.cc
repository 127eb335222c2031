#include "reports/oracles/state_machine.h"

#include <fmt/core.h>

#include "model/graph/execution_state.h"
#include "model/trace_events.h"
#include "reports/fact_text.h"
#include "sim/machines.h"

namespace drey::reports {

using model::ControlFact;
using model::ExecutionState;
using model::JobStatus;
using model::SubtaskIndex;
using model::TaskFact;

namespace {

constexpr uint32_t bit(ExecutionState state) { return 1u << static_cast<uint8_t>(state); }
constexpr uint32_t bit(JobStatus status) { return 1u << static_cast<uint8_t>(status); }

// What may follow in the JobMaster's view (table 5.1). CREATED after a terminal state is a reset.
uint32_t after_execution(ExecutionState state) {
  using S = ExecutionState;
  switch (state) {
    case S::created:
      return bit(S::scheduled) | bit(S::canceling) | bit(S::canceled) | bit(S::failed);
    case S::scheduled:
      return bit(S::deploying) | bit(S::canceling) | bit(S::canceled) | bit(S::failed);
    case S::deploying:
      return bit(S::initializing) | bit(S::finished) | bit(S::canceling) | bit(S::canceled) |
             bit(S::failed);
    case S::initializing:
      return bit(S::running) | bit(S::finished) | bit(S::canceling) | bit(S::canceled) |
             bit(S::failed);
    case S::running:
      return bit(S::finished) | bit(S::canceling) | bit(S::canceled) | bit(S::failed);
    case S::canceling:
      return bit(S::canceled);
    case S::reconciling:
      return bit(S::running) | bit(S::finished) | bit(S::canceled) | bit(S::failed);
    case S::finished:
    case S::canceled:
    case S::failed:
      break;
  }
  return 0;
}

// On the TaskManager (5.3): a task is never SCHEDULED there.
uint32_t after_task(ExecutionState state) {
  using S = ExecutionState;
  switch (state) {
    case S::created:
      return bit(S::deploying) | bit(S::canceled) | bit(S::failed);
    case S::deploying:
      return bit(S::initializing) | bit(S::canceling) | bit(S::canceled) | bit(S::failed);
    case S::initializing:
      return bit(S::running) | bit(S::canceling) | bit(S::canceled) | bit(S::failed);
    case S::running:
      return bit(S::finished) | bit(S::canceling) | bit(S::canceled) | bit(S::failed);
    case S::canceling:
      return bit(S::canceled) | bit(S::failed);
    case S::scheduled:
    case S::reconciling:
    case S::finished:
    case S::canceled:
    case S::failed:
      break;
  }
  return 0;
}

uint32_t after_status(JobStatus status) {
  using J = JobStatus;
  switch (status) {
    case J::initializing:
      return bit(J::created) | bit(J::failed) | bit(J::canceled) | bit(J::suspended);
    case J::created:
      return bit(J::running) | bit(J::failing) | bit(J::cancelling) | bit(J::suspended) |
             bit(J::reconciling);
    case J::running:
      return bit(J::failing) | bit(J::cancelling) | bit(J::finished) | bit(J::restarting) |
             bit(J::suspended);
    case J::restarting:
      return bit(J::running) | bit(J::failing) | bit(J::cancelling) | bit(J::suspended);
    case J::failing:
      return bit(J::failed) | bit(J::cancelling) | bit(J::suspended);
    case J::cancelling:
      return bit(J::canceled) | bit(J::suspended);
    case J::reconciling:
      return bit(J::running) | bit(J::failing) | bit(J::cancelling) | bit(J::suspended);
    case J::failed:
    case J::canceled:
    case J::finished:
    case J::suspended:
      break;
  }
  return 0;
}

bool allows(uint32_t followers, uint64_t state) {
  return state < 32 && (followers >> state & 1u) != 0;
}

}  // namespace

void StateMachine::violate(const sim::Fact& fact, std::string what) {
  evidence_.violate(fact.at, fact_text(fact, view_->names()), std::move(what));
}

void StateMachine::on(const sim::Fact& fact, sim::FactNumber) {
  if (sim::fact_group(fact.kind) == sim::FactGroup::machine) {
    on_process(fact);
    return;
  }
  if (!view_->of_job(fact)) return;
  const std::optional<SubtaskIndex> subtask = view_->subtask(fact.subject);
  if (fact.kind == fact_kind(ControlFact::job_status)) {
    on_status(fact);
  } else if (fact.kind == fact_kind(ControlFact::execution_state)) {
    if (subtask.has_value()) on_execution(masters_[fact.entity.index], fact, *subtask);
  } else if (fact.kind == fact_kind(ControlFact::restart_task)) {
    if (!subtask.has_value()) return;
    Execution& execution = masters_[fact.entity.index].executions[*subtask];
    ++execution.restarts;
    if (fact.c > execution.attempt &&
        execution.state == static_cast<uint64_t>(ExecutionState::created))
      execution.attempt = fact.c;
  } else if (fact.kind == fact_kind(ControlFact::job_result_entry)) {
    result_written_ = true;
  } else if (fact.kind == fact_kind(TaskFact::state)) {
    if (subtask.has_value()) on_task(fact, *subtask);
  }
}

void StateMachine::on_status(const sim::Fact& fact) {
  evidence_.examined();
  JobMaster& master = masters_[fact.entity.index];
  const auto before = static_cast<JobStatus>(fact.b);
  if (before == JobStatus::created || before == JobStatus::initializing) master = {};
  if (before == JobStatus::initializing) master.status = fact.b;
  if (fact.b != master.status)
    violate(fact, fmt::format("the job was {}", job_status_name(master.status)));
  if (!allows(after_status(before), fact.a))
    violate(fact, fmt::format("no job goes from {} to {}", job_status_name(fact.b),
                              job_status_name(fact.a)));
  if (result_written_ && static_cast<JobStatus>(fact.a) == JobStatus::running)
    violate(fact, "the job runs again, after its result was written down");
  master.status = fact.a;
}

void StateMachine::on_execution(JobMaster& master, const sim::Fact& fact, SubtaskIndex subtask) {
  evidence_.examined();
  Execution& execution = master.executions[subtask];
  const auto to = static_cast<ExecutionState>(fact.b);
  if (fact.c != execution.state)
    violate(fact,
            fmt::format("{} was {}", view_->name(subtask), execution_state_name(execution.state)));
  if (to == ExecutionState::created) {
    on_reset(execution, fact, subtask);
    return;
  }
  const bool silent_resets =  // a task in CREATED that restarts announces nothing
      static_cast<ExecutionState>(fact.c) == ExecutionState::created &&
      fact.a > execution.attempt && fact.a <= execution.attempt + execution.restarts;
  if (fact.a != execution.attempt && !silent_resets)
    violate(fact, fmt::format("{} is at attempt {}", view_->name(subtask), execution.attempt));
  if (!allows(after_execution(static_cast<ExecutionState>(fact.c)), fact.b))
    violate(fact, fmt::format("no execution goes from {} to {}", execution_state_name(fact.c),
                              execution_state_name(fact.b)));
  if (silent_resets || to == ExecutionState::scheduled) execution.restarts = 0;
  execution.state = fact.b;
  execution.attempt = fact.a;
}

void StateMachine::on_reset(Execution& execution, const sim::Fact& fact, SubtaskIndex subtask) {
  if (!model::is_terminal(static_cast<ExecutionState>(fact.c)))
    violate(fact, fmt::format("{} starts over while it is {}", view_->name(subtask),
                              execution_state_name(fact.c)));
  if (fact.a != execution.attempt + 1)
    violate(fact, fmt::format("{} goes from attempt {} to {}", view_->name(subtask),
                              execution.attempt, fact.a));
  execution = {.state = fact.b, .attempt = fact.a, .restarts = 0};
}

void StateMachine::on_task(const sim::Fact& fact, SubtaskIndex subtask) {
  evidence_.examined();
  Task& task = tasks_[{fact.entity.index, {subtask, fact.a}}];
  // The same attempt may be there again after its process died or a new JobMaster counts anew.
  const bool begins = static_cast<ExecutionState>(fact.c) == ExecutionState::created ||
                      static_cast<ExecutionState>(fact.c) == ExecutionState::deploying;
  if (task.known && !begins && fact.c != task.state)
    violate(fact, fmt::format("the task of {} was {}", view_->name(subtask),
                              execution_state_name(task.state)));
  if (!task.known && !begins)
    violate(fact, fmt::format("the task of {} begins as {}", view_->name(subtask),
                              execution_state_name(fact.c)));
  if (!allows(after_task(static_cast<ExecutionState>(fact.c)), fact.b))
    violate(fact, fmt::format("no task goes from {} to {}", execution_state_name(fact.c),
                              execution_state_name(fact.b)));
  check_cancellation(task, fact.at);
  task = {fact.b, true};
  if (fact.b == static_cast<uint64_t>(ExecutionState::canceling)) task.canceling = fact;
}

// A process that ends takes its tasks along; one that stands still has no watchdog meanwhile.
void StateMachine::on_process(const sim::Fact& fact) {
  const bool stopped = fact.kind == fact_kind(sim::MachineFact::process_stopped);
  const bool still = fact.kind == fact_kind(sim::MachineFact::process_frozen) ||
                     fact.kind == fact_kind(sim::MachineFact::paused_for);
  if (!stopped && !still) return;
  const std::string_view process = view_->names()(fact.entity);
  for (auto& [key, task] : tasks_) {
    if (!task.canceling.has_value()) continue;
    if (process_of(view_->names()(task.canceling->entity)) != process) continue;
    check_cancellation(task, fact.at);
    task.canceling.reset();
  }
}

void StateMachine::check_cancellation(Task& task, sim::Time now) {
  constexpr sim::Duration kProcessEnds = sim::seconds(1);
  if (!task.canceling.has_value() || cancellation_timeout_.ns <= 0) return;
  const sim::Duration taken = now - task.canceling->at;
  if (taken > cancellation_timeout_ + kProcessEnds)
    violate(*task.canceling,
            fmt::format("its cancellation took {} s, after {} s its process has to "
                        "be ended",
                        taken.ns / 1'000'000'000, cancellation_timeout_.ns / 1'000'000'000));
}

Finding StateMachine::finish(sim::Time end) {
  for (auto& [key, task] : tasks_) check_cancellation(task, end);
  return evidence_.finding(name());
}

}  // namespace drey::reports
