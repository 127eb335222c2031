#include "model/graph/execution_state.h"

#include "sim/check.h"

namespace drey::model {

std::string_view name_of(ExecutionState state) {
  switch (state) {
    case ExecutionState::created:
      return "CREATED";
    case ExecutionState::scheduled:
      return "SCHEDULED";
    case ExecutionState::deploying:
      return "DEPLOYING";
    case ExecutionState::running:
      return "RUNNING";
    case ExecutionState::finished:
      return "FINISHED";
    case ExecutionState::canceling:
      return "CANCELING";
    case ExecutionState::canceled:
      return "CANCELED";
    case ExecutionState::failed:
      return "FAILED";
    case ExecutionState::reconciling:
      return "RECONCILING";
    case ExecutionState::initializing:
      return "INITIALIZING";
  }
  return "";
}

std::string_view name_of(JobStatus status) {
  switch (status) {
    case JobStatus::initializing:
      return "INITIALIZING";
    case JobStatus::created:
      return "CREATED";
    case JobStatus::running:
      return "RUNNING";
    case JobStatus::failing:
      return "FAILING";
    case JobStatus::failed:
      return "FAILED";
    case JobStatus::cancelling:
      return "CANCELLING";
    case JobStatus::canceled:
      return "CANCELED";
    case JobStatus::finished:
      return "FINISHED";
    case JobStatus::restarting:
      return "RESTARTING";
    case JobStatus::suspended:
      return "SUSPENDED";
    case JobStatus::reconciling:
      return "RECONCILING";
  }
  return "";
}

namespace {

// One event on one attempt; the methods are the rows of control-plane.md 5.1.
class Transition {
 public:
  Transition(ExecutionState state, bool has_slot) : has_slot_(has_slot) { outcome_.state = state; }

  ExecutionOutcome run(ExecutionEvent event) {
    switch (event) {
      case ExecutionEvent::schedule:
        advance(ExecutionState::created, ExecutionState::scheduled);
        break;
      case ExecutionEvent::deploy:
        advance(ExecutionState::scheduled, ExecutionState::deploying);
        break;
      case ExecutionEvent::report_initializing:
        report_progress(ExecutionState::deploying, ExecutionState::initializing);
        break;
      case ExecutionEvent::report_running:
        report_progress(ExecutionState::initializing, ExecutionState::running);
        break;
      case ExecutionEvent::report_finished:
        report_finished();
        break;
      case ExecutionEvent::report_canceled:
        complete_canceling();
        break;
      case ExecutionEvent::report_failed:
        report_failed();
        break;
      case ExecutionEvent::fail:
      case ExecutionEvent::mark_failed:
        fail();
        break;
      case ExecutionEvent::cancel:
        cancel();
        break;
      case ExecutionEvent::suspend:
        suspend();
        break;
      case ExecutionEvent::complete_canceling:
        complete_canceling();
        break;
    }
    return outcome_;
  }

 private:
  ExecutionState state() const { return outcome_.state; }

  bool on_task_manager() const {
    return state() == ExecutionState::deploying || state() == ExecutionState::initializing ||
           state() == ExecutionState::running;
  }

  void end_in(ExecutionState terminal) {
    outcome_.state = terminal;
    outcome_.release_slot = has_slot_;
  }
  void send_cancel(CancelRpc rpc) {
    if (has_slot_) outcome_.cancel = rpc;
  }

  void advance(ExecutionState from, ExecutionState to) {
    if (state() == from)
      outcome_.state = to;
    else
      outcome_.refused = true;
  }

  void report_progress(ExecutionState from, ExecutionState to) {
    if (state() == from) {
      outcome_.state = to;
      return;
    }
    outcome_.accepted = false;
    switch (state()) {
      case ExecutionState::finished:
      case ExecutionState::canceled:
        break;
      case ExecutionState::canceling:
      case ExecutionState::failed:
        send_cancel(CancelRpc::with_retries);
        break;
      case ExecutionState::created:
      case ExecutionState::scheduled:
      case ExecutionState::deploying:
      case ExecutionState::initializing:
      case ExecutionState::running:
      case ExecutionState::reconciling:
        send_cancel(CancelRpc::with_retries);
        outcome_.notify_scheduler = true;
        break;
    }
  }

  void report_finished() {
    if (on_task_manager())
      end_in(ExecutionState::finished);
    else if (state() == ExecutionState::canceling)
      complete_canceling();
    else if (!is_terminal(state()))
      outcome_.notify_scheduler = true;
  }

  void report_failed() {
    if (state() == ExecutionState::canceling)
      end_in(ExecutionState::canceled);
    else if (!is_terminal(state()))
      end_in(ExecutionState::failed);
  }

  void fail() {
    if (state() == ExecutionState::canceling)
      end_in(ExecutionState::canceled);
    else if (!is_terminal(state()))
      outcome_.notify_scheduler = true;
  }

  void complete_canceling() {
    if (on_task_manager() || state() == ExecutionState::canceling)
      end_in(ExecutionState::canceled);
    else if (state() != ExecutionState::canceled && state() != ExecutionState::failed)
      outcome_.fail_global = true;  // the attempt was never, or is no longer, on a TaskManager
  }

  void cancel() {
    switch (state()) {
      case ExecutionState::created:
      case ExecutionState::scheduled:
        send_cancel(CancelRpc::once);
        end_in(ExecutionState::canceled);
        break;
      case ExecutionState::deploying:
      case ExecutionState::initializing:
      case ExecutionState::running:
        send_cancel(CancelRpc::with_retries);
        outcome_.state = ExecutionState::canceling;
        break;
      case ExecutionState::reconciling:
        outcome_.refused = true;
        break;
      case ExecutionState::canceling:
      case ExecutionState::finished:
      case ExecutionState::canceled:
      case ExecutionState::failed:
        break;
    }
  }

  void suspend() {
    if (is_terminal(state())) return;
    if (state() != ExecutionState::canceling) send_cancel(CancelRpc::once);
    end_in(ExecutionState::canceled);
  }

  ExecutionOutcome outcome_;
  bool has_slot_;
};

}  // namespace

ExecutionOutcome execution_outcome(ExecutionState state, ExecutionEvent event, bool has_slot) {
  return Transition(state, has_slot).run(event);
}

std::optional<ExecutionEvent> report_event(ExecutionState reported) {
  switch (reported) {
    case ExecutionState::initializing:
      return ExecutionEvent::report_initializing;
    case ExecutionState::running:
      return ExecutionEvent::report_running;
    case ExecutionState::finished:
      return ExecutionEvent::report_finished;
    case ExecutionState::canceled:
      return ExecutionEvent::report_canceled;
    case ExecutionState::failed:
      return ExecutionEvent::report_failed;
    case ExecutionState::created:
    case ExecutionState::scheduled:
    case ExecutionState::deploying:
    case ExecutionState::canceling:
    case ExecutionState::reconciling:
      return std::nullopt;
  }
  return std::nullopt;
}

bool JobStateMachine::transition(JobStatus target) {
  if (!may_leave(status_)) return false;
  status_ = target;
  return true;
}

bool JobStateMachine::start() {
  if (status_ != JobStatus::created) return false;
  return transition(JobStatus::running);
}

void JobStateMachine::restarting() {
  if (status_ == JobStatus::running) transition(JobStatus::restarting);
}

void JobStateMachine::restarted() {
  if (status_ == JobStatus::restarting) transition(JobStatus::running);
}

JobStateMachine::Act JobStateMachine::cancel() {
  switch (status_) {
    case JobStatus::created:
    case JobStatus::running:
    case JobStatus::restarting:
      transition(JobStatus::cancelling);
      ends_when_all_terminal_ = true;
      return Act::cancel_all;
    case JobStatus::failing:  // already cancelling its tasks; only the end changes
      transition(JobStatus::cancelling);
      return Act::nothing;
    case JobStatus::initializing:
    case JobStatus::failed:
    case JobStatus::cancelling:
    case JobStatus::canceled:
    case JobStatus::finished:
    case JobStatus::suspended:
    case JobStatus::reconciling:
      return Act::nothing;
  }
  return Act::nothing;
}

JobStateMachine::Act JobStateMachine::fail() {
  if (status_ == JobStatus::failing || is_terminal(status_)) return Act::nothing;
  transition(JobStatus::failing);
  ends_when_all_terminal_ = true;
  return Act::cancel_all;
}

JobStateMachine::Act JobStateMachine::suspend() {
  if (is_terminal(status_)) return Act::nothing;
  transition(JobStatus::suspended);
  return Act::suspend_all;
}

void JobStateMachine::all_terminal() {
  if (!ends_when_all_terminal_) return;
  if (status_ == JobStatus::cancelling) transition(JobStatus::canceled);
  if (status_ == JobStatus::failing) transition(JobStatus::failed);
}

void JobStateMachine::all_finished() {
  if (status_ == JobStatus::running) transition(JobStatus::finished);
}

}  // namespace drey::model
