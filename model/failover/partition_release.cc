#include "model/failover/partition_release.h"

#include <algorithm>

#include "model/mutants.h"

namespace drey::model {

PartitionRelease::PartitionRelease(const ExecutionGraph& graph, Mutant mutant)
    : graph_(graph),
      mutant_(mutant),
      finished_(graph.topology().subtasks(), false),
      unfinished_consumer_regions_(graph.topology().groups(), 0),
      marks_of_partition_(graph.topology().partitions(), 0) {
  for (const std::vector<SubtaskIndex>& members : graph.regions().members) {
    unfinished_subtasks_.push_back(static_cast<uint32_t>(members.size()));
    groups_of_.push_back(consumed_groups_released_by_scheduler(graph.topology(), members));
    for (const GroupIndex group : groups_of_.back()) ++unfinished_consumer_regions_[group];
  }
  const JobGraph& job = graph.topology().job();
  size_t marks = 0;
  for (const IntermediateDataSet& data_set : job.data_sets) {
    first_mark_.push_back(marks);
    marks += data_set.consumers.size() * job.vertices[data_set.producer].parallelism;
  }
  marks_.resize(marks, false);
}

std::vector<GroupIndex> PartitionRelease::subtask_finished(SubtaskIndex subtask) {
  const RegionIndex region = graph_.region_of(subtask);
  if (!finished_[subtask]) {
    finished_[subtask] = true;
    if (--unfinished_subtasks_[region] == 0) {
      for (const GroupIndex group : groups_of_[region]) --unfinished_consumer_regions_[group];
    }
  }
  std::vector<GroupIndex> groups;
  if (!is_region_finished(region)) return groups;
  for (const GroupIndex group : groups_of_[region]) {
    if (may_go(group)) groups.push_back(group);
  }
  return groups;
}

void PartitionRelease::subtask_unfinished(SubtaskIndex subtask) {
  if (!finished_[subtask]) return;
  finished_[subtask] = false;
  const RegionIndex region = graph_.region_of(subtask);
  if (unfinished_subtasks_[region]++ != 0) return;
  for (const GroupIndex group : groups_of_[region]) ++unfinished_consumer_regions_[group];
}

bool PartitionRelease::may_go(GroupIndex group) const {
  const bool none_is_left = unfinished_consumer_regions_[group] == 0 ||
                            mutant_ == Mutant::result_goes_with_first_consumer;
  return none_is_left && !is_persistent(graph_.topology().type_of_group(group));
}

size_t PartitionRelease::mark_at(GroupIndex group, PartitionIndex partition) const {
  const ExecutionTopology& topology = graph_.topology();
  const DataSetIndex d = topology.data_set_of(partition);
  const std::vector<EdgeIndex>& consumers = topology.job().data_sets[d].consumers;
  const auto edge = std::find(consumers.begin(), consumers.end(), topology.group(group).edge);
  const auto position = static_cast<size_t>(edge - consumers.begin());
  return first_mark_[d] + (partition - topology.partition(d, 0)) * consumers.size() + position;
}

std::vector<PartitionIndex> PartitionRelease::release(GroupIndex group) {
  const ExecutionTopology& topology = graph_.topology();
  std::vector<PartitionIndex> released;
  const IndexRange partitions = topology.group(group).partitions;
  for (PartitionIndex p = partitions.first; p <= partitions.last; ++p) {
    const size_t mark = mark_at(group, p);
    if (!marks_[mark]) {
      marks_[mark] = true;
      ++marks_of_partition_[p];
    }
    if (marks_of_partition_[p] ==
        topology.job().data_sets[topology.data_set_of(p)].consumers.size())
      released.push_back(p);
  }
  return released;
}

void PartitionRelease::producer_reset(SubtaskIndex subtask) {
  const ExecutionTopology& topology = graph_.topology();
  topology.for_each_produced_partition(subtask, [&](PartitionIndex partition) {
    topology.for_each_consumer_group(
        partition, [&](GroupIndex group) { marks_[mark_at(group, partition)] = false; });
    marks_of_partition_[partition] = 0;
  });
}

}  // namespace drey::model
