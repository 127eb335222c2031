#pragma once
// The state of a job's subtasks in the JobMaster: per subtask the current execution attempt and a
// version, per partition whether all of its data has been produced, per group how many partitions
// are still open.
//
// The version of a subtask is raised whenever somebody decides its fate (deployment, failover,
// cancel); who acts later compares, and does nothing if another decision came after (upstream
// ExecutionVertexVersioner).
//
// Invariants: an attempt is only reset when it is terminal; attempt numbers grow by one per reset;
// `unfinished_partitions` of a group is the number of its partitions that are not
// ALL_DATA_PRODUCED, except after a reset of a finished hybrid partition, where upstream 2.3 does
// not count it again (control-plane.md 6.2) and the number may become negative.
//
// Upstream: DefaultExecutionGraph, ExecutionVertex, Execution, IntermediateResultPartition,
// ConsumedPartitionGroup, ExecutionVertexVersioner.
#include <cstdint>
#include <vector>

#include "model/graph/execution_state.h"
#include "model/graph/execution_topology.h"
#include "model/graph/pipelined_region.h"

namespace drey::model {

struct Execution {
  uint32_t attempt = 0;
  ExecutionState state = ExecutionState::created;
};

// Which partitions a finishing producer completes. DefaultScheduler: blocking; AdaptiveBatch with a
// consume constraint that waits for finished producers: hybrid, too.
enum class FinishMarking : uint8_t { blocking_only, blocking_and_hybrid, none };

class ExecutionGraph {
 public:
  explicit ExecutionGraph(JobGraph job, FinishMarking marking = FinishMarking::blocking_only);
  ExecutionGraph(const ExecutionGraph&) = delete;
  ExecutionGraph& operator=(const ExecutionGraph&) = delete;

  const ExecutionTopology& topology() const { return topology_; }
  const PipelinedRegions& regions() const { return regions_; }
  RegionIndex region_of(SubtaskIndex subtask) const { return regions_.region_of[subtask]; }

  const Execution& execution(SubtaskIndex subtask) const { return executions_[subtask]; }
  ExecutionState state(SubtaskIndex subtask) const { return executions_[subtask].state; }
  uint32_t attempt(SubtaskIndex subtask) const { return executions_[subtask].attempt; }

  // The event's outcome; its new state has been taken over. On FINISHED the subtask's partitions
  // are completed (FinishMarking).
  ExecutionOutcome apply(SubtaskIndex subtask, ExecutionEvent event, bool has_slot);
  // The raw transition, for states that are not reached by one event (recovery, tests). The current
  // state is not terminal.
  void set_state(SubtaskIndex subtask, ExecutionState state);

  // A new attempt in CREATED; partitions become CREATED again. The current attempt is terminal or
  // CREATED itself.
  void reset_for_new_execution(SubtaskIndex subtask);

  bool all_terminal() const { return not_terminal_ == 0; }
  bool all_finished() const { return not_finished_ == 0; }
  // Every subtask of the vertex is FINISHED.
  bool is_finished(JobVertexIndex vertex) const { return unfinished_of_vertex_[vertex] == 0; }

  // Raises the version and returns it.
  uint64_t record_modification(SubtaskIndex subtask) { return ++versions_[subtask]; }
  uint64_t version(SubtaskIndex subtask) const { return versions_[subtask]; }

  bool all_data_produced(PartitionIndex partition) const { return produced_[partition]; }
  int64_t unfinished_partitions(GroupIndex group) const { return unfinished_in_group_[group]; }
  bool all_partitions_finished(GroupIndex group) const { return unfinished_in_group_[group] == 0; }
  // Marks one partition; it need not be pipelined.
  void mark_all_data_produced(PartitionIndex partition);

 private:
  bool finishing_completes(ResultPartitionType type) const;
  static bool reset_counts_again(ResultPartitionType type);
  void reset_partition(PartitionIndex partition);
  void count_state_change(SubtaskIndex subtask, ExecutionState from, ExecutionState to);

  ExecutionTopology topology_;
  PipelinedRegions regions_;
  FinishMarking marking_;
  std::vector<Execution> executions_;
  std::vector<uint64_t> versions_;
  std::vector<bool> produced_;
  std::vector<int64_t> unfinished_in_group_;
  std::vector<uint32_t> unfinished_of_vertex_;
  uint32_t not_terminal_;
  uint32_t not_finished_;
};

}  // namespace drey::model
