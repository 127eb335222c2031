#pragma once
// The subtasks of a job and what connects them, without any state. Everything is an index into
// dense tables:
//
//   subtask    = first subtask of its vertex + index in it      (vertices in insertion order)
//   partition  = first partition of its data set + index of the producing subtask
//   group      = the partitions that some consumers read together, and exactly these consumers
//
// Edges are stored as groups, never as pairs: an all-to-all edge is one group, a pointwise edge has
// min(S, T) of them. So the size is O(subtasks + partitions + groups), and whoever walks the groups
// once stays linear (design.md 2.14).
//
// One PartitionGroup is both upstream's ConsumedPartitionGroup and the ConsumerVertexGroup that it
// refers to: each has exactly one counterpart, so one object carries both ranges. A data set that
// two vertices consume has one set of groups for each.
//
// Upstream: DefaultExecutionTopology, EdgeManager, EdgeManagerBuildUtil, ConsumedPartitionGroup,
// ConsumerVertexGroup.
#include <cstdint>
#include <string>
#include <vector>

#include "model/graph/edge_wiring.h"
#include "model/graph/job_graph.h"

namespace drey::model {

using SubtaskIndex = uint32_t;
using PartitionIndex = uint32_t;
using GroupIndex = uint32_t;

struct PartitionGroup {
  EdgeIndex edge = 0;
  IndexRange partitions;  // PartitionIndex, all of one data set
  IndexRange consumers;   // SubtaskIndex, all of one vertex
};

class ExecutionTopology {
 public:
  // The graph has no cycle (checked).
  explicit ExecutionTopology(JobGraph job);

  const JobGraph& job() const { return job_; }
  // Vertices in topological order, and the place of each in it.
  const std::vector<JobVertexIndex>& order() const { return order_; }
  uint32_t rank(JobVertexIndex vertex) const { return rank_[vertex]; }
  // Subtasks compare by topological order of their vertices, then by index.
  bool before(SubtaskIndex a, SubtaskIndex b) const;

  uint32_t subtasks() const { return static_cast<uint32_t>(vertex_of_.size()); }
  SubtaskIndex subtask(JobVertexIndex vertex, uint32_t index) const {
    return first_subtask_[vertex] + index;
  }
  IndexRange subtasks_of(JobVertexIndex vertex) const {
    return {first_subtask_[vertex], first_subtask_[vertex] + job_.vertices[vertex].parallelism - 1};
  }
  JobVertexIndex vertex_of(SubtaskIndex subtask) const { return vertex_of_[subtask]; }
  uint32_t index_of(SubtaskIndex subtask) const {
    return subtask - first_subtask_[vertex_of_[subtask]];
  }
  std::string name_of(SubtaskIndex subtask) const;  // "agg/0"

  uint32_t partitions() const { return static_cast<uint32_t>(data_set_of_.size()); }
  PartitionIndex partition(DataSetIndex data_set, uint32_t producer) const {
    return first_partition_[data_set] + producer;
  }
  DataSetIndex data_set_of(PartitionIndex partition) const { return data_set_of_[partition]; }
  ResultPartitionType type_of(PartitionIndex partition) const {
    return job_.data_sets[data_set_of_[partition]].type;
  }
  SubtaskIndex producer_of(PartitionIndex partition) const {
    const DataSetIndex data_set = data_set_of_[partition];
    return first_subtask_[job_.data_sets[data_set].producer] + partition -
           first_partition_[data_set];
  }

  uint32_t groups() const { return static_cast<uint32_t>(groups_.size()); }
  const PartitionGroup& group(GroupIndex group) const { return groups_[group]; }
  // Groups of one edge are consecutive, in the order of their first consumer.
  IndexRange groups_of(EdgeIndex edge) const { return groups_of_edge_[edge]; }
  ResultPartitionType type_of_group(GroupIndex group) const {
    return job_.data_set_of(groups_[group].edge).type;
  }
  GroupIndex consumed_group(EdgeIndex edge, uint32_t consumer_index) const;
  GroupIndex consumer_group(EdgeIndex edge, uint32_t producer_index) const;
  EdgeShape shape_of(EdgeIndex edge) const;

  // visit(GroupIndex) in the order of the subtask's inputs.
  template <class Visit>
  void for_each_consumed_group(SubtaskIndex subtask, Visit visit) const {
    const uint32_t index = index_of(subtask);
    for (const EdgeIndex edge : job_.vertices[vertex_of_[subtask]].inputs)
      visit(consumed_group(edge, index));
  }
  // visit(PartitionIndex) in the order of the vertex's data sets.
  template <class Visit>
  void for_each_produced_partition(SubtaskIndex subtask, Visit visit) const {
    const uint32_t index = index_of(subtask);
    for (const DataSetIndex data_set : job_.vertices[vertex_of_[subtask]].data_sets)
      visit(partition(data_set, index));
  }
  // visit(GroupIndex): one per consuming vertex, in the order of connection.
  template <class Visit>
  void for_each_consumer_group(PartitionIndex partition, Visit visit) const {
    const DataSetIndex data_set = data_set_of_[partition];
    for (const EdgeIndex edge : job_.data_sets[data_set].consumers)
      visit(consumer_group(edge, partition - first_partition_[data_set]));
  }

 private:
  void number_subtasks();
  void number_partitions();
  void wire(EdgeIndex edge);

  JobGraph job_;
  std::vector<JobVertexIndex> order_;
  std::vector<uint32_t> rank_;
  std::vector<SubtaskIndex> first_subtask_;
  std::vector<JobVertexIndex> vertex_of_;
  std::vector<PartitionIndex> first_partition_;
  std::vector<DataSetIndex> data_set_of_;
  std::vector<PartitionGroup> groups_;
  std::vector<IndexRange> groups_of_edge_;
};

}  // namespace drey::model
