#pragma once
// The words by which scenarios (conditions of faults), expectations, logs and results speak of the
// model's facts: one place, so that a word means the same everywhere. Whoever announces a fact maps
// its own enum to these. Upstream names where Flink has one (ExecutionState, JobStatus); checkpoint
// phases are drey's names for the steps of CheckpointCoordinator and
// SubtaskCheckpointCoordinatorImpl.
#include <array>
#include <cstdint>
#include <string_view>

namespace drey::model {

// Steps of one checkpoint in the order in which they normally happen. Those of a task carry its
// subtask.
enum class CheckpointPhase : uint8_t {
  triggered,         // JobMaster: a pending checkpoint exists, nobody told
  barrier_injected,  // source subtask: barrier emitted
  alignment_begun,   // subtask: first barrier of this checkpoint arrived
  aligned,           // subtask: last barrier arrived
  sync_done,         // subtask: state taken, barrier forwarded, records flow again
  async_done,        // subtask: state uploaded, acknowledgement about to leave
  acknowledged,      // JobMaster: acknowledgement of a subtask accepted
  all_acknowledged,  // JobMaster: the last one accepted, nothing written yet
  metadata_written,  // JobMaster: metadata durable in the object store, pointer not yet
  completed,         // JobMaster: pointer written, the checkpoint counts, nobody told
  notified,          // subtask: heard of the completion
  pre_committed,     // sink subtask: transaction flushed and handed to the committer
  committed,         // sink subtask: the broker has committed, the answer is under way or here
  subsumed,          // JobMaster: dropped in favour of a newer one
  declined,          // JobMaster: a subtask declined
  expired,           // JobMaster: time-out
  aborted,           // JobMaster: given up, whatever the reason
  restored,          // JobMaster: chosen for a recovery
};
inline constexpr std::array<std::string_view, 18> kCheckpointPhaseNames{
    "triggered",  "barrier_injected", "alignment_begun",  "aligned",          "sync_done",
    "async_done", "acknowledged",     "all_acknowledged", "metadata_written", "completed",
    "notified",   "pre_committed",    "committed",        "subsumed",         "declined",
    "expired",    "aborted",          "restored"};

// Flink's ExecutionState, of a subtask; of a vertex: all its subtasks are in it.
inline constexpr std::array<std::string_view, 10> kExecutionStateNames{
    "CREATED",   "SCHEDULED", "DEPLOYING", "INITIALIZING", "RUNNING",
    "CANCELING", "CANCELED",  "FINISHED",  "FAILED",       "RECONCILING"};

// Flink's JobStatus.
inline constexpr std::array<std::string_view, 11> kJobStateNames{
    "INITIALIZING", "CREATED",  "RUNNING",    "FAILING",   "FAILED",     "CANCELLING",
    "CANCELED",     "FINISHED", "RESTARTING", "SUSPENDED", "RECONCILING"};

// Life of a process as the world sees it.
inline constexpr std::array<std::string_view, 4> kProcessStateNames{"UP", "DOWN", "FROZEN",
                                                                    "REGISTERED"};

// Life of a fault.
inline constexpr std::array<std::string_view, 2> kFaultStateNames{"landed", "healed"};

// Operations that a fault on storage, pointer store or broker can name.
inline constexpr std::array<std::string_view, 5> kStorageOperationNames{"any", "put", "get",
                                                                        "delete", "list"};
inline constexpr std::array<std::string_view, 5> kPointerOperationNames{
    "any", "read", "compare_and_set", "create", "delete"};
inline constexpr std::array<std::string_view, 8> kBrokerOperationNames{
    "any", "init", "begin", "append", "pre_commit", "commit", "abort", "fetch"};

}  // namespace drey::model
