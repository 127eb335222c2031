#pragma once
// The door of design.md 2.11. The TaskManager holds one TaskRuntime per deployed attempt and cannot
// tell which grain it drives: `exact` (real records, real state) or `null` (reports and
// acknowledges as told). Down: calls; up: TaskListener, which the TaskManager turns into messages.
// Records never cross the door.
//
// A call up may be made from inside a call down or from an event of the runtime's own; the listener
// posts messages and never calls back into the runtime before returning. After a terminal state
// (finished, canceled, failed) was reported, the TaskManager destroys the runtime at its next
// event: no further call up is made.
//
// Upstream: Task, Invokable, TaskManagerActions, CheckpointResponder.
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "model/graph/execution_state.h"
#include "model/task/deployment.h"
#include "sim/time.h"

namespace drey::model {

// Why something failed: a class that decides (partition errors restart producers), and a text for
// people.
struct Cause {
  enum class Kind : uint8_t {
    none,
    user,                  // an exception of the job's own code (injected)
    partition_not_found,   // PartitionNotFoundException: the producer has no such partition
    partition_connection,  // PartitionConnectionException: no connection to the producer's
                           // TaskManager
    remote_transport,      // the data connection was lost; a plain error
    task_manager_lost,     // heartbeat time-out or connection lost, seen by the JobMaster
    slot_lost,             // allocation freed or failed
    state,                 // restore failed, backend error
    out_of_memory,
    checkpoint,          // checkpoint failures beyond the tolerable number
    external,            // source, sink, broker: fencing, time-outs, lost transactions
    cancellation_stuck,  // the watchdog fired
    deployment,          // submit refused, or not acknowledged in time
    no_resources,        // slots not to be had in time
    job_master_lost,     // seen by the TaskManager
    internal,
  } kind = Kind::none;
  std::string text;
  std::optional<PartitionId> partition;  // of partition errors: whose producer is to blame

  template <class Visitor>
  void visit(Visitor& v) const {
    v(kind, text, partition);
  }
};
std::string_view name_of(Cause::Kind kind);  // "partition-not-found"

// A message between an operator and its coordinator at the JobMaster (source enumerator), e.g.
// "give me a split".
struct OperatorEvent {
  uint32_t kind = 0;  // the operator's own enum
  uint64_t argument = 0;
  std::string bytes;
  template <class Visitor>
  void visit(Visitor& v) const {
    v(kind, argument, bytes);
  }
};

// How one subtask spent its part of a checkpoint (CheckpointMetrics).
struct CheckpointTimes {
  sim::Duration start_delay;  // trigger stamp to first barrier
  sim::Duration alignment;
  sim::Duration sync;
  sim::Duration async;
  uint64_t bytes_persisted = 0;
  template <class Visitor>
  void visit(Visitor& v) const {
    v(start_delay, alignment, sync, async, bytes_persisted);
  }
};

class TaskListener {
 public:
  virtual ~TaskListener() = default;
  // INITIALIZING, RUNNING, FINISHED, CANCELED, FAILED (with a cause).
  virtual void on_state(const AttemptId& attempt, ExecutionState state, const Cause* cause) = 0;
  virtual void on_acknowledge(const AttemptId& attempt, CheckpointId checkpoint,
                              TaskAcknowledgement acknowledgement,
                              const CheckpointTimes& times) = 0;
  virtual void on_decline(const AttemptId& attempt, CheckpointId checkpoint,
                          CheckpointFailureReason reason) = 0;
  virtual void on_operator_event(const AttemptId& attempt, uint32_t op,
                                 const OperatorEvent& event) = 0;
  // A blocking or hybrid partition is complete (batch).
  virtual void on_partition_available(const AttemptId& attempt, const PartitionId& partition) = 0;
  // A consumer asks whether a producer is still there (partition not found at the producer).
  virtual void on_request_partition_state(const AttemptId& attempt,
                                          const PartitionId& partition) = 0;
  // The task has read all its input: every operator has seen the end of data.
  virtual void on_end_of_data(const AttemptId& attempt) = 0;
  // The process must end: out of memory, or a task that cannot be cancelled (exit code -17
  // upstream: fatal error).
  virtual void on_fatal_error(const AttemptId& attempt, const Cause& cause) = 0;
};

class TaskRuntime {
 public:
  virtual ~TaskRuntime() = default;
  // Begins: reports INITIALIZING, restores, reports RUNNING.
  virtual void start() = 0;
  virtual void trigger_checkpoint(CheckpointId id, sim::Time stamp,
                                  const CheckpointOptions& options) = 0;
  virtual void notify_complete(CheckpointId id) = 0;
  virtual void notify_aborted(CheckpointId id, CheckpointId latest_complete) = 0;
  virtual void notify_subsumed(CheckpointId id) = 0;
  virtual void deliver(uint32_t op, const OperatorEvent& event) = 0;
  // Producers that were unknown at deployment are known now.
  virtual void update_partitions(std::span<const ShuffleDescriptor> now_known) = 0;
  // Answer to on_request_partition_state: the producer's state as the JobMaster knows it.
  virtual void partition_state(const PartitionId& partition, ExecutionState producer) = 0;
  virtual void cancel() = 0;
  virtual void fail(const Cause& cause) = 0;
  // design.md 2.12: do exactly what was due before `now`, before any mail.
  virtual void advance_to(sim::Time now) = 0;
};

}  // namespace drey::model
