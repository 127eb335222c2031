#pragma once
// The words that the JobManager's side of checkpointing shares: ids, kinds, properties, failure
// reasons, alignment options, and what a task or an operator coordinator hands in. Plain values;
// nothing here decides anything except the derived flags of CheckpointProperties and the two tables
// of CheckpointFailureReason.
//
// Upstream: CheckpointProperties, SnapshotType/CheckpointType/SavepointType,
// CheckpointFailureReason, CheckpointOptions, CheckpointRetentionPolicy, AcknowledgeCheckpoint
// (with TaskStateSnapshot reduced to what the JobManager needs).
#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/time.h"

namespace drey::model {

using CheckpointId = int64_t;
inline constexpr CheckpointId kNoCheckpoint =
    -1;  // UNKNOWN_CHECKPOINT_ID, NO_CHECKPOINT, INVALID_CHECKPOINT_ID

// One execution attempt of one subtask. Acknowledgements are keyed by it (CC-34).
struct TaskRef {
  uint32_t vertex = 0;   // index of the job vertex, in topological order
  uint32_t subtask = 0;  // index within the vertex
  uint32_t attempt = 0;  // execution attempt number
  friend constexpr auto operator<=>(TaskRef, TaskRef) = default;
};

// One operator that has an operator coordinator.
struct OperatorRef {
  uint32_t vertex = 0;
  uint32_t op = 0;  // index within the chain
  friend constexpr auto operator<=>(OperatorRef, OperatorRef) = default;
};

enum class SnapshotType : uint8_t {
  checkpoint,           // CHECKPOINT: may share files with earlier ones
  full_checkpoint,      // FULL_CHECKPOINT: refers to no file of an earlier one
  savepoint,            // SAVEPOINT: the job goes on
  suspend_savepoint,    // SUSPEND: stop-with-savepoint without drain
  terminate_savepoint,  // TERMINATE: stop-with-savepoint with drain (advance to end of time)
};

constexpr bool is_savepoint(SnapshotType type) {
  return type != SnapshotType::checkpoint && type != SnapshotType::full_checkpoint;
}
// Synchronous = stop-with-savepoint.
constexpr bool is_synchronous(SnapshotType type) {
  return type == SnapshotType::suspend_savepoint || type == SnapshotType::terminate_savepoint;
}
std::string_view to_string(
    SnapshotType type);  // upstream's display name, e.g. "Terminate Savepoint"

// Terminal and suspended job states, as far as retention asks for them (RT-1).
enum class FinalJobStatus : uint8_t { finished, canceled, failed, suspended };
constexpr bool is_globally_terminal(FinalJobStatus status) {
  return status != FinalJobStatus::suspended;
}

// execution.checkpointing.externalized-checkpoint-retention.
enum class RetentionPolicy : uint8_t {
  no_externalized_checkpoints,
  delete_on_cancellation,
  retain_on_cancellation
};

struct CheckpointProperties {
  SnapshotType type = SnapshotType::checkpoint;
  bool forced = false;  // passes max-concurrent and min-pause; never for checkpoints
  bool discard_on_subsumed = true;
  bool discard_on_finished = true;
  bool discard_on_canceled = true;
  bool discard_on_failed = true;
  bool discard_on_suspended = true;
  bool unclaimed =
      false;            // restored with NO_CLAIM: never discarded, the next checkpoint must be full
  bool native = false;  // a savepoint in the backend's own format

  static CheckpointProperties for_checkpoint(RetentionPolicy retention);
  // A savepoint is forced exactly if unaligned checkpoints are off.
  static CheckpointProperties for_savepoint(bool forced, bool native = false);
  static CheckpointProperties for_sync_savepoint(bool forced, bool terminate, bool native = false);
  static CheckpointProperties for_unclaimed_snapshot();

  bool is_savepoint() const { return model::is_savepoint(type); }
  bool is_synchronous() const { return model::is_synchronous(type); }
  bool discard_on(FinalJobStatus status) const;
  friend bool operator==(const CheckpointProperties&, const CheckpointProperties&) = default;
};

enum class CheckpointFailureReason : uint8_t {
  periodic_scheduler_shutdown,
  too_many_checkpoint_requests,
  minimum_time_between_checkpoints,
  not_all_required_tasks_running,
  io_exception,
  blocking_output_exist,
  checkpoint_async_exception,
  channel_state_shared_stream_exception,
  checkpoint_expired,
  checkpoint_subsumed,
  checkpoint_declined,
  checkpoint_declined_task_not_ready,
  checkpoint_declined_task_closing,
  checkpoint_declined_subsumed,
  checkpoint_declined_on_cancellation_barrier,
  checkpoint_declined_input_end_of_stream,
  checkpoint_coordinator_shutdown,
  checkpoint_coordinator_suspend,
  job_failover_region,
  task_failure,
  task_checkpoint_failure,
  unknown_task_checkpoint_notification_failure,
  finalize_checkpoint_failure,
  trigger_checkpoint_failure,
};
inline constexpr size_t kCheckpointFailureReasons = 24;

std::string_view to_string(
    CheckpointFailureReason reason);  // upstream's constant, e.g. "CHECKPOINT_EXPIRED"
std::optional<CheckpointFailureReason> checkpoint_failure_reason(std::string_view name);
// Failed before a checkpoint existed: always judged on job level (CF-1).
bool is_pre_flight(CheckpointFailureReason reason);
// Raises the counter of continuous failures (CF-2).
bool counts_as_failure(CheckpointFailureReason reason);

// How barriers of one checkpoint align (CheckpointOptions.AlignmentType).
enum class AlignmentType : uint8_t { at_least_once, aligned, unaligned };
struct AlignmentOptions {
  AlignmentType type = AlignmentType::aligned;
  std::optional<sim::Duration> aligned_timeout;  // aligned first, unaligned after this time
  friend bool operator==(const AlignmentOptions&, const AlignmentOptions&) = default;
};

struct CheckpointOptions {
  SnapshotType type = SnapshotType::checkpoint;
  AlignmentOptions alignment;
  bool native = false;   // savepoint: in the backend's own format
  std::string location;  // directory of this checkpoint; empty: state stays on the JobManager
  friend bool operator==(const CheckpointOptions&, const CheckpointOptions&) = default;
};

// BH-2 seen from the JobManager: savepoints are always aligned without time-out; at-least-once
// needs no alignment.
AlignmentOptions choose_alignment(SnapshotType type, bool exactly_once, bool unaligned_enabled,
                                  sim::Duration aligned_timeout);

// A private file: owned by the checkpoint that wrote it and deleted with it.
struct PrivateFile {
  std::string path;
  uint64_t bytes = 0;
};

// A file owned by the SharedStateRegistry. An empty path is a placeholder: the task re-uses what
// the registry already has under this key, the registry fills the path in.
struct SharedFile {
  std::string key;
  std::string path;
  uint64_t bytes = 0;
  bool prevents_discarding_created_checkpoint =
      false;  // changelog: keep the checkpoint that brought the file
  bool is_placeholder() const { return path.empty(); }
};

// What a restore gives back to the task; this room never looks inside. Implemented beside the state
// handles.
class SubtaskSnapshot {
 public:
  SubtaskSnapshot() = default;
  SubtaskSnapshot(const SubtaskSnapshot&) = delete;
  SubtaskSnapshot& operator=(const SubtaskSnapshot&) = delete;
  virtual ~SubtaskSnapshot() = default;
};

// A task's acknowledgement. has_state false = the task has nothing (a null TaskStateSnapshot).
struct TaskAcknowledgement {
  TaskRef task;
  bool has_state = false;
  std::vector<PrivateFile> private_files;
  std::vector<SharedFile> shared_files;
  uint64_t inline_bytes = 0;           // state carried in the message itself
  bool deployed_as_finished = false;   // the vertex was finished when it was restored (CC-33)
  bool operators_finished = false;     // finish() was called, still running
  bool uses_union_list_state = false;  // some operator has UNION list state (CC-52)
  std::shared_ptr<const SubtaskSnapshot> snapshot;
};

// State of one operator coordinator in a checkpoint; no value = the coordinator has none (legal).
struct CoordinatorState {
  std::string bytes;
};

}  // namespace drey::model
