#pragma once
// What a JobMaster sends to a TaskManager to run one execution attempt, and what a checkpoint keeps
// of it. Plain data, shared and immutable; the large common parts (job, producers of a group) are
// shared by all deployments of a job.
//
// Channels are ranges: a gate names its group's partitions once, however many subtasks read them
// (design.md 2.7).
//
// Upstream: TaskDeploymentDescriptor, InputGateDeploymentDescriptor,
// ResultPartitionDeploymentDescriptor, ShuffleDescriptor (known / unknown), JobManagerTaskRestore,
// TaskStateSnapshot, OperatorSubtaskState.
#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/checkpoint/checkpoint_types.h"
#include "model/graph/execution_topology.h"
#include "model/mutants.h"
#include "sim/message.h"
#include "state/snapshot_handle.h"

namespace drey::model {

using JobId = uint32_t;  // number of the job in the scenario, from 1

struct AttemptId {
  JobId job = 0;
  uint32_t vertex = 0;   // JobVertexIndex
  uint32_t subtask = 0;  // index within the vertex
  uint32_t attempt = 0;
  friend constexpr auto operator<=>(const AttemptId&, const AttemptId&) = default;
  template <class Visitor>
  void visit(Visitor& v) const {
    v(job, vertex, subtask, attempt);
  }
};

// 64 bits for a continuation's argument and for facts: job 8 | vertex 16 | subtask 20 | attempt 20.
constexpr uint64_t pack_attempt(const AttemptId& id) {
  return (uint64_t{id.job & 0xffu} << 56) | (uint64_t{id.vertex & 0xffffu} << 40) |
         (uint64_t{id.subtask & 0xfffffu} << 20) | (id.attempt & 0xfffffu);
}
constexpr AttemptId unpack_attempt(uint64_t packed) {
  return {static_cast<uint32_t>(packed >> 56), static_cast<uint32_t>((packed >> 40) & 0xffffu),
          static_cast<uint32_t>((packed >> 20) & 0xfffffu),
          static_cast<uint32_t>(packed & 0xfffffu)};
}

// One produced partition: its place in the graph and the attempt that produces it
// (ResultPartitionID).
struct PartitionId {
  PartitionIndex partition = 0;
  AttemptId producer;
  friend constexpr auto operator<=>(const PartitionId&, const PartitionId&) = default;
  template <class Visitor>
  void visit(Visitor& v) const {
    v(partition, producer);
  }
};

struct AllocationId {
  uint64_t value = 0;  // unique in the run; 0 = none
  friend constexpr auto operator<=>(AllocationId, AllocationId) = default;
  template <class Visitor>
  void visit(Visitor& v) const {
    v(value);
  }
};

// Where a partition can be read: the data endpoint of its producer's TaskManager; unknown = told
// later by an update_partitions message.
struct ShuffleDescriptor {
  PartitionId id;
  sim::Address location;
  bool known = false;
  template <class Visitor>
  void visit(Visitor& v) const {
    v(id, location, known);
  }
};

// The producers of one consumed group, in the order of their partitions.
using GroupProducers = std::shared_ptr<const std::vector<ShuffleDescriptor>>;

struct InputGateSpec {
  EdgeIndex edge = 0;
  GroupIndex group = 0;
  GroupProducers producers;
  IndexRange subpartitions;  // which of each producer this subtask reads
};

struct ResultPartitionSpec {
  PartitionId id;
  DataSetIndex data_set = 0;
  uint32_t subpartitions = 1;
};

// Options of the Flink configuration that a task needs, resolved once per job (Flink's keys in the
// comments).
struct TaskOptions {
  enum class Backend : uint8_t {
    hashmap,
    rocksdb
  } backend = Backend::hashmap;  // state.backend.type
  bool incremental = false;      // execution.checkpointing.incremental
  bool checkpointing = false;    // an interval is set
  bool exactly_once = true;      // execution.checkpointing.mode
  bool unaligned = false;        // execution.checkpointing.unaligned.enabled
  bool checkpoints_after_tasks_finish =
      true;  // execution.checkpointing.checkpoints-after-tasks-finish
  sim::Duration buffer_timeout = sim::milliseconds(100);      // execution.buffer-timeout.interval
  sim::Duration watermark_interval = sim::milliseconds(200);  // pipeline.auto-watermark-interval
  uint32_t buffer_bytes = 32 * 1024;                          // taskmanager.memory.segment-size
  uint32_t record_bytes = 32;                  // of a record in the buffers of a pipelined exchange
  uint32_t exclusive_buffers_per_channel = 2;  // taskmanager.network.memory.buffers-per-channel
  uint32_t floating_buffers_per_gate = 8;  // taskmanager.network.memory.floating-buffers-per-gate
  uint64_t rocksdb_write_buffer = 64u << 20;  // state.backend.rocksdb.writebuffer.size
  uint64_t rocksdb_block_cache = 8u << 20;    // state.backend.rocksdb.block.cache-size
  bool rocksdb_bloom_filter = false;          // state.backend.rocksdb.use-bloom-filter
  uint32_t rocksdb_threads = 2;               // that flush and compact
  uint32_t transfer_threads = 4;  // state.backend.rocksdb.checkpoint.transfer.thread.num
  uint64_t heap_bytes = 0;        // bound of a TaskManager's heap; 0 = unbounded
  sim::Duration cancellation_timeout =
      sim::seconds(180);                         // task.cancellation.timeout; 0 = no watchdog
  sim::Duration ask_timeout = sim::seconds(10);  // pekko.ask.timeout
  Mutant mutant = Mutant::none;
};

// The external log that a source reads.
struct SourceLog {
  sim::Address service;
  size_t member = 0;         // of the run's logs (sim/log_set.h)
  uint16_t first_split = 0;  // its split 0 among those of all logs: as facts name it
};

// Everything about a job that all its tasks share.
struct JobInformation {
  JobId job = 0;
  JobSpec spec;
  JobGraph graph;
  TaskOptions options;
  std::map<uint32_t, SourceLog> logs;  // by operator: of each source
  // Services outside the cluster, by address; invalid = the job does not use them.
  sim::Address broker;
  sim::Address object_store;
  std::string checkpoint_directory;  // object key prefix, e.g. "checkpoints/job-1"
};

// Positions of a source reader: for each split the next offset to read.
struct SourcePosition {
  uint32_t split = 0;
  uint64_t next_offset = 0;
  bool finished = false;
  friend constexpr bool operator==(const SourcePosition&, const SourcePosition&) = default;
  template <class Visitor>
  void visit(Visitor& v) const {
    v(split, next_offset, finished);
  }
};

// State of one operator of one subtask in a checkpoint. Bytes of keyed state lie in the object
// store under the handle's object keys; the rest is small and travels inline.
struct OperatorState {
  uint32_t op = 0;  // index into JobSpec::operators
  std::vector<state::KeyedStateHandle> keyed;
  std::vector<SourcePosition> source;
  std::string
      bytes;  // other operator state, in the operator's own format (committables, writer state)
  int64_t watermark = INT64_MIN;
  bool finished = false;  // the operator had finished
};

// A subtask's part of a checkpoint: what it acknowledges and what a restore gives back.
class TaskStateSnapshot : public SubtaskSnapshot {
 public:
  std::vector<OperatorState> operators;  // in chain order
  uint64_t bytes() const;                // of all keyed handles and inline parts
};

struct TaskRestore {
  CheckpointId checkpoint = 0;
  // Per operator of the chain, in chain order; already cut to this subtask's key groups
  // (StateAssignment). Several subtasks' snapshots when the parallelism changed.
  std::vector<OperatorState> operators;
};

struct Deployment {
  AttemptId attempt;
  AllocationId allocation;
  std::shared_ptr<const JobInformation> job;
  std::vector<InputGateSpec> gates;  // in the order of the vertex's inputs
  std::vector<ResultPartitionSpec> results;
  std::shared_ptr<const TaskRestore> restore;  // null: start empty
  bool finished_on_restore = false;

  const JobVertex& vertex() const { return job->graph.vertices[attempt.vertex]; }

  // For the message that carries it. Producers are not walked: they are shared by the whole group,
  // and each was announced when it was deployed.
  template <class Visitor>
  void visit(Visitor& v) const {
    v(attempt, allocation, finished_on_restore, restore != nullptr ? restore->checkpoint : 0);
    for (const InputGateSpec& gate : gates)
      v(gate.edge, gate.group, gate.subpartitions.first, gate.subpartitions.last);
    for (const ResultPartitionSpec& result : results) v(result.id, result.subpartitions);
  }
};

}  // namespace drey::model
