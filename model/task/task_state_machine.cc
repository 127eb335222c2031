#include "model/task/task_state_machine.h"

#include "sim/check.h"

namespace drey::model {

namespace {
constexpr TaskThrowable kCancelTask{.kind = TaskThrowable::Kind::cancel_task, .what = 0};
}  // namespace

bool TaskStateMachine::accepts_events() const {
  const bool has_invokable = stage_ != TaskStage::none && stage_ != TaskStage::deploy;
  return has_invokable &&
         (state_ == ExecutionState::initializing || state_ == ExecutionState::running);
}

bool TaskStateMachine::canceled_or_failed() const {
  return state_ == ExecutionState::canceling || state_ == ExecutionState::canceled ||
         state_ == ExecutionState::failed;
}

bool TaskStateMachine::ends_as_canceled(const TaskThrowable& thrown) const {
  return thrown.kind == TaskThrowable::Kind::cancel_task;
}

void TaskStateMachine::start() {
  CHECK(stage_ == TaskStage::none && !ended_, "the thread starts once");
  if (state_ == ExecutionState::canceling) state_ = ExecutionState::canceled;
  if (is_terminal(state_)) {
    end_thread();
    return;
  }
  state_ = ExecutionState::deploying;
  enter(TaskStage::deploy);
}

void TaskStateMachine::enter(TaskStage stage) {
  stage_ = stage;
  out_.enter(stage, ended_by_);
}

void TaskStateMachine::stage_returned() {
  switch (stage_) {
    case TaskStage::none:
      CHECK(false, "no stage is running");
    case TaskStage::deploy:
      if (canceled_or_failed()) {
        end_stages(kCancelTask);
        return;
      }
      state_ = ExecutionState::initializing;
      out_.report(state_, {});
      enter(TaskStage::restore);
      return;
    case TaskStage::restore:
      if (canceled_or_failed()) {
        end_stages(kCancelTask);
        return;
      }
      state_ = ExecutionState::running;
      out_.report(state_, {});
      enter(TaskStage::invoke);
      return;
    case TaskStage::invoke:
      enter(TaskStage::clean_up);
      return;
    case TaskStage::clean_up:
      clean_up_over({});
      return;
  }
}

void TaskStateMachine::stage_threw(const TaskThrowable& thrown) {
  CHECK(!thrown.none(), "thrown is something");
  if (stage_ == TaskStage::clean_up)
    clean_up_over(thrown);
  else
    end_stages(thrown);
}

// A stage before the clean-up did not end well: the state changes first, then the clean-up runs if
// there is an invokable.
void TaskStateMachine::end_stages(const TaskThrowable& thrown) {
  settle(thrown);
  if (stage_ == TaskStage::deploy) {
    end_thread();
    return;
  }
  ended_by_ = thrown;
  enter(TaskStage::clean_up);
}

void TaskStateMachine::settle(const TaskThrowable& thrown) {
  if (state_ == ExecutionState::failed || state_ == ExecutionState::canceled) return;
  if (state_ == ExecutionState::canceling || ends_as_canceled(thrown)) {
    state_ = ExecutionState::canceled;
    return;
  }
  state_ = ExecutionState::failed;
  failure_ = thrown;
}

void TaskStateMachine::clean_up_over(const TaskThrowable& thrown) {
  const bool after_success = ended_by_.none();
  if (after_success && thrown.none()) {
    finish();
    return;
  }
  if (after_success) settle(thrown);
  cancel_invokable_once(false);
  if (!after_success && !thrown.none()) out_.fatal(thrown, false);
  end_thread();
}

void TaskStateMachine::finish() {
  if (canceled_or_failed())
    settle(kCancelTask);
  else
    state_ = ExecutionState::finished;
  end_thread();
}

void TaskStateMachine::end_thread() {
  stage_ = TaskStage::none;
  ended_ = true;
  out_.report(state_, state_ == ExecutionState::failed ? failure_ : TaskThrowable{});
}

void TaskStateMachine::cancel() { stop_from_outside(ExecutionState::canceling, {}); }

void TaskStateMachine::fail(const TaskThrowable& cause) {
  stop_from_outside(ExecutionState::failed, cause);
}

void TaskStateMachine::stop_from_outside(ExecutionState target, const TaskThrowable& cause) {
  if (is_terminal(state_) || state_ == ExecutionState::canceling) return;
  const bool runs = stage_ != TaskStage::none;
  state_ = target;
  failure_ = cause;
  if (!runs) return;
  if (stage_ != TaskStage::deploy) cancel_invokable_once(true);
  if (!ended_) out_.arm_watchdog();
}

// Once, whoever comes first: the canceller or the thread itself after a failure.
void TaskStateMachine::cancel_invokable_once(bool from_canceller) {
  if (invokable_canceled_) return;
  invokable_canceled_ = true;
  out_.cancel_invokable(from_canceller);
}

void TaskStateMachine::watchdog_due() {
  if (!ended_) out_.fatal({}, true);
}

}  // namespace drey::model
