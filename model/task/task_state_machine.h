#pragma once
// The life of one attempt on its TaskManager: what its thread does, stage by stage, and what cancel
// and fail do to it.
//
// The thread is in one stage at a time (deploy, restore, invoke, clean-up); the owner runs the
// stage and says how it ended. Cancel and fail change the state at once but the end is reported
// only when the thread has left its last stage. Clean-up runs for every end once restore began,
// after the state has changed; after a failure the invokable is cancelled once its clean-up is
// over, and an exception in that clean-up is fatal for the process. Re-entrant: a call from inside
// a TaskStageActions call is allowed where its comment says so. Upstream: Task. Conformance:
// task-states.json, kind task.
#include <cstdint>

#include "model/graph/execution_state.h"

namespace drey::model {

enum class TaskStage : uint8_t { none, deploy, restore, invoke, clean_up };

// Why a stage did not return, or why the task failed. `what` is the owner's.
struct TaskThrowable {
  enum class Kind : uint8_t {
    none,
    user_error,
    cancel_task,
    interrupted,
    external
  } kind = Kind::none;
  uint64_t what = 0;

  bool none() const { return kind == Kind::none; }
};

class TaskStageActions {
 public:
  virtual ~TaskStageActions() = default;
  // Run this stage. It ends by stage_returned or stage_threw, now or later. For clean_up: `cause`
  // is what ended the invokable.
  virtual void enter(TaskStage stage, const TaskThrowable& cause) = 0;
  // To the JobMaster. `failure` only with FAILED.
  virtual void report(ExecutionState state, const TaskThrowable& failure) = 0;
  // The invokable is told to stop; a blocked stage may end because of it, from inside this call.
  // `interrupt`: the canceller also interrupts the thread after that (upstream: unless the
  // invokable says it need not be).
  virtual void cancel_invokable(bool interrupt) = 0;
  // task.cancellation.timeout starts to run; call watchdog_due when it has passed.
  virtual void arm_watchdog() = 0;
  // The TaskManager must go down.
  virtual void fatal(const TaskThrowable& cause, bool watchdog) = 0;
};

class TaskStateMachine {
 public:
  explicit TaskStateMachine(TaskStageActions& out) : out_(out) {}
  TaskStateMachine(const TaskStateMachine&) = delete;
  TaskStateMachine& operator=(const TaskStateMachine&) = delete;

  void start();  // the thread runs; once
  void stage_returned();
  void stage_threw(const TaskThrowable& thrown);

  void cancel();
  void fail(const TaskThrowable& cause);
  void watchdog_due();
  // Operator events, checkpoint triggers and notifications reach the invokable only then (else
  // TaskNotRunningException).
  bool accepts_events() const;

  ExecutionState state() const { return state_; }
  TaskStage stage() const { return stage_; }
  const TaskThrowable& failure() const { return failure_; }
  bool thread_ended() const { return ended_; }

 private:
  bool canceled_or_failed() const;
  bool ends_as_canceled(const TaskThrowable& thrown) const;
  void enter(TaskStage stage);
  void end_stages(const TaskThrowable& thrown);
  void settle(const TaskThrowable& thrown);
  void clean_up_over(const TaskThrowable& thrown);
  void finish();
  void stop_from_outside(ExecutionState target, const TaskThrowable& cause);
  void cancel_invokable_once(bool from_canceller);
  void end_thread();

  TaskStageActions& out_;
  ExecutionState state_ = ExecutionState::created;
  TaskStage stage_ = TaskStage::none;
  TaskThrowable failure_;
  TaskThrowable ended_by_;  // what the clean-up was told
  bool ended_ = false;
  bool invokable_canceled_ = false;
};

}  // namespace drey::model
