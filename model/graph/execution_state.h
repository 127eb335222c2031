#pragma once
// The two state machines of the JobMaster: one execution attempt and the job. Pure functions from
// (state, event) to the next state and the side effects that the caller has to carry out; no clock,
// no messages.
//
// An attempt goes CREATED -> SCHEDULED -> DEPLOYING -> INITIALIZING -> RUNNING -> FINISHED, or over
// CANCELING to CANCELED, or to FAILED. A failure inside the JobMaster (`fail`, `mark_failed`)
// changes nothing by itself: it is reported to the scheduler, which turns it into a FAILED update
// (report_failed); only in CANCELING does it complete the cancellation.
//
// Upstream: Execution, ExecutionState, DefaultExecutionGraph, JobStatus.
#include <cstdint>
#include <optional>
#include <string_view>

namespace drey::model {

// In the order of upstream's ordinals.
enum class ExecutionState : uint8_t {
  created,
  scheduled,
  deploying,
  running,
  finished,
  canceling,
  canceled,
  failed,
  reconciling,
  initializing,
};

constexpr bool is_terminal(ExecutionState state) {
  return state == ExecutionState::finished || state == ExecutionState::canceled ||
         state == ExecutionState::failed;
}
// Any state may follow any other but a terminal one: the legal paths are those of the events.
constexpr bool may_leave(ExecutionState state) { return !is_terminal(state); }

std::string_view name_of(ExecutionState state);  // "RUNNING"

enum class ExecutionEvent : uint8_t {
  schedule,  // the slot phase starts
  deploy,    // slots and partitions are there
  report_initializing,
  report_running,
  report_finished,
  report_canceled,
  report_failed,
  fail,         // slot lost, deployment failed
  mark_failed,  // slot or partition request failed
  cancel,
  suspend,            // the JobMaster lost leadership
  complete_canceling  // the cancellation is known to be over
};

enum class CancelRpc : uint8_t {
  none,
  once,          // tell the TaskManager, do not retry
  with_retries,  // three retries, at once one after the other; if all fail: `fail`
};

struct ExecutionOutcome {
  ExecutionState state = ExecutionState::created;
  CancelRpc cancel = CancelRpc::none;  // only with a slot
  bool notify_scheduler =
      false;                  // the failure is reported to the scheduler (internal task failure)
  bool fail_global = false;   // the whole job fails
  bool release_slot = false;  // the attempt has just become terminal; only with a slot
  bool refused = false;       // upstream throws IllegalStateException, nothing happened
  // Updates from a TaskManager: whether the report was taken. False is answered as an error, on
  // which the TaskManager fails the task.
  bool accepted = true;
};

ExecutionOutcome execution_outcome(ExecutionState state, ExecutionEvent event, bool has_slot);

// The event of a TaskManager's report; nothing for states that a TaskManager does not report.
std::optional<ExecutionEvent> report_event(ExecutionState reported);

// In the order of upstream's ordinals.
enum class JobStatus : uint8_t {
  initializing,
  created,
  running,
  failing,
  failed,
  cancelling,
  canceled,
  finished,
  restarting,
  suspended,
  reconciling,
};

constexpr bool is_globally_terminal(JobStatus status) {
  return status == JobStatus::failed || status == JobStatus::canceled ||
         status == JobStatus::finished;
}
constexpr bool is_terminal(JobStatus status) {
  return is_globally_terminal(status) || status == JobStatus::suspended;
}
constexpr bool may_leave(JobStatus status) { return !is_terminal(status); }

std::string_view name_of(JobStatus status);  // "CANCELLING"

// The status of one job. Each method answers what the caller has to do to the executions.
class JobStateMachine {
 public:
  enum class Act : uint8_t { nothing, cancel_all, suspend_all };

  explicit JobStateMachine(JobStatus status = JobStatus::created) : status_(status) {}

  JobStatus status() const { return status_; }

  // The raw transition; false from a terminal status (upstream: IllegalStateException).
  bool transition(JobStatus target);
  bool start();       // CREATED -> RUNNING; false from any other (IllegalStateException)
  void restarting();  // RUNNING -> RESTARTING, RESTARTING stays; others unchanged
  void restarted();   // RESTARTING -> RUNNING; others unchanged
  [[nodiscard]] Act cancel();
  [[nodiscard]] Act fail();  // failJob: for good
  [[nodiscard]] Act suspend();
  // Every execution is terminal: ends a cancellation or failure that cancelled them.
  void all_terminal();
  // Every vertex has finished and nothing else is pending.
  void all_finished();

 private:
  JobStatus status_;
  bool ends_when_all_terminal_ = false;
};

}  // namespace drey::model
