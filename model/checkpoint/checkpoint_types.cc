#include "model/checkpoint/checkpoint_types.h"

#include "sim/check.h"

namespace drey::model {

namespace {

struct ReasonRow {
  CheckpointFailureReason reason;
  std::string_view name;
  bool pre_flight;
  bool counts;
};

using Reason = CheckpointFailureReason;

constexpr std::array<ReasonRow, kCheckpointFailureReasons> kReasons{{
    {Reason::periodic_scheduler_shutdown, "PERIODIC_SCHEDULER_SHUTDOWN", true, false},
    {Reason::too_many_checkpoint_requests, "TOO_MANY_CHECKPOINT_REQUESTS", true, false},
    {Reason::minimum_time_between_checkpoints, "MINIMUM_TIME_BETWEEN_CHECKPOINTS", true, false},
    {Reason::not_all_required_tasks_running, "NOT_ALL_REQUIRED_TASKS_RUNNING", true, false},
    {Reason::io_exception, "IO_EXCEPTION", true, true},
    {Reason::blocking_output_exist, "BLOCKING_OUTPUT_EXIST", true, false},
    {Reason::checkpoint_async_exception, "CHECKPOINT_ASYNC_EXCEPTION", false, true},
    {Reason::channel_state_shared_stream_exception, "CHANNEL_STATE_SHARED_STREAM_EXCEPTION", false,
     false},
    {Reason::checkpoint_expired, "CHECKPOINT_EXPIRED", false, true},
    {Reason::checkpoint_subsumed, "CHECKPOINT_SUBSUMED", false, false},
    {Reason::checkpoint_declined, "CHECKPOINT_DECLINED", false, true},
    {Reason::checkpoint_declined_task_not_ready, "CHECKPOINT_DECLINED_TASK_NOT_READY", false,
     false},
    {Reason::checkpoint_declined_task_closing, "CHECKPOINT_DECLINED_TASK_CLOSING", false, false},
    {Reason::checkpoint_declined_subsumed, "CHECKPOINT_DECLINED_SUBSUMED", false, false},
    {Reason::checkpoint_declined_on_cancellation_barrier,
     "CHECKPOINT_DECLINED_ON_CANCELLATION_BARRIER", false, false},
    {Reason::checkpoint_declined_input_end_of_stream, "CHECKPOINT_DECLINED_INPUT_END_OF_STREAM",
     false, false},
    {Reason::checkpoint_coordinator_shutdown, "CHECKPOINT_COORDINATOR_SHUTDOWN", false, false},
    {Reason::checkpoint_coordinator_suspend, "CHECKPOINT_COORDINATOR_SUSPEND", false, false},
    {Reason::job_failover_region, "JOB_FAILOVER_REGION", false, false},
    {Reason::task_failure, "TASK_FAILURE", false, false},
    {Reason::task_checkpoint_failure, "TASK_CHECKPOINT_FAILURE", false, false},
    {Reason::unknown_task_checkpoint_notification_failure,
     "UNKNOWN_TASK_CHECKPOINT_NOTIFICATION_FAILURE", false, false},
    {Reason::finalize_checkpoint_failure, "FINALIZE_CHECKPOINT_FAILURE", false, true},
    {Reason::trigger_checkpoint_failure, "TRIGGER_CHECKPOINT_FAILURE", false, false},
}};

constexpr const ReasonRow& row(Reason reason) { return kReasons[static_cast<size_t>(reason)]; }

constexpr bool rows_are_in_order() {
  for (size_t i = 0; i < kReasons.size(); ++i)
    if (static_cast<size_t>(kReasons[i].reason) != i) return false;
  return true;
}
static_assert(rows_are_in_order());

}  // namespace

std::string_view to_string(SnapshotType type) {
  switch (type) {
    case SnapshotType::checkpoint:
      return "Checkpoint";
    case SnapshotType::full_checkpoint:
      return "Full Checkpoint";
    case SnapshotType::savepoint:
      return "Savepoint";
    case SnapshotType::suspend_savepoint:
      return "Suspend Savepoint";
    case SnapshotType::terminate_savepoint:
      return "Terminate Savepoint";
  }
  CHECK(false, "unknown snapshot type");
}

CheckpointProperties CheckpointProperties::for_checkpoint(RetentionPolicy retention) {
  CheckpointProperties props;
  switch (retention) {
    case RetentionPolicy::no_externalized_checkpoints:
      break;
    case RetentionPolicy::delete_on_cancellation:
      props.discard_on_failed = false;
      break;
    case RetentionPolicy::retain_on_cancellation:
      props.discard_on_canceled = false;
      props.discard_on_failed = false;
      props.discard_on_suspended = false;
      break;
  }
  return props;
}

CheckpointProperties CheckpointProperties::for_savepoint(bool forced, bool native) {
  return {.type = SnapshotType::savepoint,
          .forced = forced,
          .discard_on_subsumed = false,
          .discard_on_finished = false,
          .discard_on_canceled = false,
          .discard_on_failed = false,
          .discard_on_suspended = false,
          .unclaimed = false,
          .native = native};
}

CheckpointProperties CheckpointProperties::for_sync_savepoint(bool forced, bool terminate,
                                                              bool native) {
  CheckpointProperties props = for_savepoint(forced, native);
  props.type = terminate ? SnapshotType::terminate_savepoint : SnapshotType::suspend_savepoint;
  return props;
}

CheckpointProperties CheckpointProperties::for_unclaimed_snapshot() {
  CheckpointProperties props = for_savepoint(false);
  props.unclaimed = true;
  return props;
}

bool CheckpointProperties::discard_on(FinalJobStatus status) const {
  switch (status) {
    case FinalJobStatus::finished:
      return discard_on_finished;
    case FinalJobStatus::canceled:
      return discard_on_canceled;
    case FinalJobStatus::failed:
      return discard_on_failed;
    case FinalJobStatus::suspended:
      return discard_on_suspended;
  }
  CHECK(false, "unknown job status");
}

std::string_view to_string(CheckpointFailureReason reason) { return row(reason).name; }

std::optional<CheckpointFailureReason> checkpoint_failure_reason(std::string_view name) {
  for (const ReasonRow& candidate : kReasons)
    if (candidate.name == name) return candidate.reason;
  return std::nullopt;
}

bool is_pre_flight(CheckpointFailureReason reason) { return row(reason).pre_flight; }

bool counts_as_failure(CheckpointFailureReason reason) { return row(reason).counts; }

AlignmentOptions choose_alignment(SnapshotType type, bool exactly_once, bool unaligned_enabled,
                                  sim::Duration aligned_timeout) {
  if (!exactly_once) return {.type = AlignmentType::at_least_once, .aligned_timeout = {}};
  if (is_savepoint(type) || !unaligned_enabled)
    return {.type = AlignmentType::aligned, .aligned_timeout = {}};
  if (aligned_timeout > sim::Duration{})
    return {.type = AlignmentType::aligned, .aligned_timeout = aligned_timeout};
  return {.type = AlignmentType::unaligned, .aligned_timeout = {}};
}

}  // namespace drey::model
