#pragma once
// The facts that the model announces: with the physics' own facts (sim/*.h) all that reports and
// oracles see of a run. entity = who announces, subject = whom it is about. Names of subjects:
// "job-1", "job-1/agg/0" (a subtask), "tm-1". Each value says what a, b, c mean; an AttemptId is
// packed by pack_attempt.
#include <cstdint>
#include <string_view>

#include "sim/trace.h"

namespace drey::model {

// FactGroup::control
enum class ControlFact : uint8_t {
  job_submitted,   // subject job
  job_status,      // subject job; a = JobStatus, b = previous
  leader_granted,  // subject = component ("dispatcher", "resource-manager", "job-1"); a = token low
  leader_revoked,  // likewise
  registered,      // entity = who accepts, subject = TaskManager or JobMaster; a = 1 first, 2 again
  disconnected,    // entity = who gives up, subject = the peer's process; a = reason
                   // (DisconnectReason)
  execution_state,  // entity = JobMaster, subject = subtask; a = attempt, b = new ExecutionState, c
                    // = previous
  failure,          // entity = JobMaster, subject = subtask or job; a = attempt, b = Cause::Kind
  failover_begun,   // subject job; a = number of the failover (from 1), b = restarted tasks, c =
                    // back-off ns
  restart_task,     // one per task of it: subject = subtask; a = number, b = RestartReason, c =
                    // attempt that ends
  failover_end,     // subject job; a = number: its tasks are being scheduled again
  restart_refused,  // subject job; a = number of restarts so far: the strategy suppresses a further
                    // one
  slot_requested,   // subject = job; a = required slots
  slot_allocated,   // entity = TaskManager, subject = job; a = slot index, b = allocation
  slot_freed,       // likewise
  slot_assigned,    // entity = JobMaster, subject = subtask; a = allocation
  deployed,         // entity = JobMaster, subject = subtask; a = attempt, b = allocation
  producer_unavailable,  // entity = JobMaster, subject = producing subtask; a = partition index, b
                         // = attempt
  heartbeat_timeout,     // entity = who noticed, subject = peer's process
  job_result,  // entity = client, subject = job; a = JobStatus told; b = 1: told that nobody knows
               // the job (a means nothing)
  restart_refused_budget,  // subject job; the failure rate or number of attempts that was exceeded:
                           // a = limit
  pointer_connection,      // entity = pointer-store client, subject = its process; a =
                           // PointerConnection, b = session
  plan_stored,             // entity = Dispatcher, subject job: the submission is durable
  job_recovered,  // entity = Dispatcher, subject job: found in the pointer store by a new leader; a
                  // = session
  job_result_entry,  // entity = Dispatcher, subject job; a = JobResultEntry (dirty, clean, found:
                     // not run again), b = JobStatus
  fatal_error,       // entity = who gives up, subject = its process, which ends; a = FatalError
};

// FactGroup::task
enum class TaskFact : uint8_t {
  state,             // entity = task path "tm-1/job-1/agg/0", subject = subtask; a = attempt, b =
                     // ExecutionState, c = previous
  restored,          // subject = subtask; a = attempt, b = checkpoint id, c = state bytes
  started_reading,   // subject = subtask; a = split, b = first offset, c = attempt
  watermark,         // subject = subtask; a = watermark (ms, as uint64), b = operator
  timer_fired,       // subject = subtask; a = time stamp, b = watermark, c = operator
  late_dropped,      // subject = subtask; a = records, b = watermark
  finished_reading,  // subject = subtask; a = split, b = end offset
  channel_opened,    // subject = producing subtask; a = partition, b = subpartition, c = producer's
                     // attempt
  channel_closed,
  resources_left,  // at a task's end: a = buffers, b = files, c = timers still owned: must be 0
};

// FactGroup::checkpoint
enum class CheckpointFact : uint8_t {
  triggered,         // entity = JobMaster, subject job; a = id, b = SnapshotType
  trigger_refused,   // a = 0, b = CheckpointFailureReason
  task_triggered,    // entity = task, subject = subtask; a = id, b = attempt: barrier injected or
                     // trigger received
  barrier_received,  // entity = task, subject = subtask; a = id, b = channel (gate << 32 | channel)
  aligned,           // entity = task, subject = subtask; a = id, b = ns of alignment
  sync_done,         // entity = task, subject = subtask; a = id, b = ns
  async_done,        // entity = task, subject = subtask; a = id, b = ns, c = bytes
  snapshot,  // entity = task, subject = subtask; a = id, b = operator, c = digest of the logical
             // state
  source_position,  // entity = task, subject = subtask; a = id, b = split, c = next offset
  acknowledged,     // entity = JobMaster, subject = subtask; a = id, b = attempt, c = bytes
  declined,         // entity = JobMaster, subject = subtask; a = id, b = CheckpointFailureReason
  finalizing,  // entity = JobMaster, subject job; a = id: all acknowledged, metadata being written
  completed,   // entity = JobMaster, subject job; a = id, b = bytes, c = ns since the trigger
  aborted,     // entity = JobMaster, subject job; a = id: its tasks are told
  subsumed,    // entity = JobMaster, subject job; a = id: left the store
  discarded,   // entity = JobMaster, subject job; a = id: files deleted
  restoring,   // entity = JobMaster, subject job; a = id (0 = none), b = failover number
  notified_complete,  // entity = task, subject = subtask; a = id
  notified_aborted,
  stored,            // entity = JobMaster, subject job; a = id: pointer in the pointer store
  metadata_written,  // entity = JobMaster, subject job; a = id: durable in the object store,
                     // pointer not yet
  expired,           // entity = JobMaster, subject job; a = id: its time-out is over
  pre_committed,     // entity = task, subject = sink subtask; a = id: flushed and handed to the
                     // committer, c = which of the task's sinks
  committed,         // entity = task, subject = sink subtask; a = id: the broker's answer is here,
                     // c = which of the task's sinks
  failed,            // entity = JobMaster, subject job; a = id (0: it had none yet), b =
                     // CheckpointFailureReason, c = SnapshotType: before the verdict on it
};

// FactGroup::data
enum class DataFact : uint8_t {
  buffer_emitted,   // batch. entity = task, subject = subtask; a = result index << 32 |
                    // subpartition, b = sequence number
  source_emitted,   // batch. entity = task, subject = subtask; a = split, b = first offset, c =
                    // attempt
  buffer_received,  // entity = task, subject = subtask; a = gate << 32 | channel, b = sequence
                    // number, c = records
  sink_written,  // batch. entity = task, subject = subtask; a = checkpoint id being collected, b =
                 // attempt, c = which of the task's sinks
};

// FactGroup::state
enum class StateFact : uint8_t {
  backend_opened,  // entity = task, subject = subtask; a = operator, b = entries restored
  job_run,  // entity = task, subject = subtask; a = kind (flush, compaction ...), b = bytes read, c
            // = bytes written
  write_stall,    // entity = task, subject = subtask; a = ns
  out_of_memory,  // entity = TaskManager; a = live bytes, b = bound
  confirmed,      // entity = task, subject = subtask; a = checkpoint id
  shared_files,  // entity = task, subject = subtask; a = checkpoint id, b = bytes of new files, c =
                 // of files not uploaded again
  engine,  // entity = task, subject = subtask; counts of this attempt's backend so far: a = flushes
           // << 32 | compactions, b = digest of all its I/O operations, c = cache misses
};

constexpr uint16_t fact_kind(ControlFact f) {
  return sim::fact_kind(sim::FactGroup::control, static_cast<uint8_t>(f));
}
constexpr uint16_t fact_kind(TaskFact f) {
  return sim::fact_kind(sim::FactGroup::task, static_cast<uint8_t>(f));
}
constexpr uint16_t fact_kind(CheckpointFact f) {
  return sim::fact_kind(sim::FactGroup::checkpoint, static_cast<uint8_t>(f));
}
constexpr uint16_t fact_kind(DataFact f) {
  return sim::fact_kind(sim::FactGroup::data, static_cast<uint8_t>(f));
}
constexpr uint16_t fact_kind(StateFact f) {
  return sim::fact_kind(sim::FactGroup::state, static_cast<uint8_t>(f));
}

}  // namespace drey::model
