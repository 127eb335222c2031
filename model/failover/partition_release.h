#pragma once
// When results of earlier stages may be dropped: a group goes when all regions that consume it have
// finished, a partition when each of its groups went once since its producer was last reset.
//
// A consumer that starts over does not take its mark back, so a partition can be released under a
// consumer that runs again; and a region that finishes again releases again. Both are upstream's
// behaviour.
//
// Upstream: RegionPartitionGroupReleaseStrategy, ConsumerRegionGroupExecutionView,
// IntermediateResultPartition.canBeReleased.
#include <cstdint>
#include <vector>

#include "model/graph/execution_graph.h"
#include "model/mutants.h"

namespace drey::model {

class PartitionRelease {
 public:
  // The graph outlives this.
  explicit PartitionRelease(const ExecutionGraph& graph, Mutant mutant = Mutant::none);

  // The subtask is FINISHED: the groups that may go now, in the order in which its region consumes
  // them.
  std::vector<GroupIndex> subtask_finished(SubtaskIndex subtask);
  // Any other state update, or a reset.
  void subtask_unfinished(SubtaskIndex subtask);
  bool is_region_finished(RegionIndex region) const { return unfinished_subtasks_[region] == 0; }

  // Marks the group on its partitions; the partitions whose last mark this was, to be dropped by
  // whoever holds them.
  std::vector<PartitionIndex> release(GroupIndex group);
  // The producer starts over: its partitions lose their marks.
  void producer_reset(SubtaskIndex subtask);

 private:
  bool may_go(GroupIndex group) const;
  size_t mark_at(GroupIndex group, PartitionIndex partition) const;

  const ExecutionGraph& graph_;
  Mutant mutant_;
  std::vector<bool> finished_;                 // by subtask
  std::vector<uint32_t> unfinished_subtasks_;  // by region
  std::vector<std::vector<GroupIndex>>
      groups_of_;  // by region: consumed, released by the scheduler
  std::vector<uint32_t> unfinished_consumer_regions_;  // by group
  std::vector<size_t> first_mark_;                     // by data set
  std::vector<bool> marks_;                            // by (partition, consuming edge)
  std::vector<uint32_t> marks_of_partition_;           // how many of a partition's marks are set
};

}  // namespace drey::model
