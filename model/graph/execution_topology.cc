#include "model/graph/execution_topology.h"

#include <utility>

#include "sim/check.h"

namespace drey::model {

ExecutionTopology::ExecutionTopology(JobGraph job)
    : job_(std::move(job)), order_(topological_order(job_)) {
  CHECK(order_.size() == job_.vertices.size(), "a job graph has no cycle");
  rank_.resize(order_.size());
  for (uint32_t place = 0; place < order_.size(); ++place) rank_[order_[place]] = place;
  number_subtasks();
  number_partitions();
  groups_of_edge_.resize(job_.edges.size());
  for (EdgeIndex edge = 0; edge < job_.edges.size(); ++edge) wire(edge);
}

void ExecutionTopology::number_subtasks() {
  for (JobVertexIndex v = 0; v < job_.vertices.size(); ++v) {
    first_subtask_.push_back(subtasks());
    vertex_of_.insert(vertex_of_.end(), job_.vertices[v].parallelism, v);
  }
}

void ExecutionTopology::number_partitions() {
  for (DataSetIndex d = 0; d < job_.data_sets.size(); ++d) {
    first_partition_.push_back(partitions());
    const uint32_t producers = job_.vertices[job_.data_sets[d].producer].parallelism;
    data_set_of_.insert(data_set_of_.end(), producers, d);
  }
}

EdgeShape ExecutionTopology::shape_of(EdgeIndex edge) const {
  return {.pattern = job_.data_set_of(edge).pattern,
          .producers = job_.vertices[job_.producer_of(edge)].parallelism,
          .consumers = job_.vertices[job_.edges[edge].consumer].parallelism};
}

void ExecutionTopology::wire(EdgeIndex edge) {
  const EdgeShape shape = shape_of(edge);
  const PartitionIndex partition = first_partition_[job_.edges[edge].data_set];
  const SubtaskIndex consumer = first_subtask_[job_.edges[edge].consumer];
  const auto first_group = static_cast<GroupIndex>(groups_.size());
  uint32_t next = 0;
  while (next < shape.consumers) {
    const IndexRange read = consumed_partitions(shape, next);
    // Whoever reads the first of these partitions reads all of them (pointwise and all-to-all
    // alike).
    const IndexRange readers = consumers_of_partition(shape, read.first);
    CHECK(readers.first == next, "groups of one edge follow each other");
    groups_.push_back(PartitionGroup{edge,
                                     {partition + read.first, partition + read.last},
                                     {consumer + readers.first, consumer + readers.last}});
    next = readers.last + 1;
  }
  groups_of_edge_[edge] = {first_group, static_cast<GroupIndex>(groups_.size() - 1)};
}

GroupIndex ExecutionTopology::consumed_group(EdgeIndex edge, uint32_t consumer_index) const {
  const EdgeShape shape = shape_of(edge);
  const GroupIndex first = groups_of_edge_[edge].first;
  if (shape.pattern == DistributionPattern::all_to_all) return first;
  if (shape.producers >= shape.consumers) return first + consumer_index;
  return first + consumed_partitions(shape, consumer_index).first;
}

GroupIndex ExecutionTopology::consumer_group(EdgeIndex edge, uint32_t producer_index) const {
  const EdgeShape shape = shape_of(edge);
  const GroupIndex first = groups_of_edge_[edge].first;
  if (shape.pattern == DistributionPattern::all_to_all) return first;
  if (shape.producers < shape.consumers) return first + producer_index;
  return first + consumers_of_partition(shape, producer_index).first;
}

bool ExecutionTopology::before(SubtaskIndex a, SubtaskIndex b) const {
  const uint32_t rank_a = rank_[vertex_of_[a]];
  const uint32_t rank_b = rank_[vertex_of_[b]];
  return rank_a != rank_b ? rank_a < rank_b : a < b;
}

std::string ExecutionTopology::name_of(SubtaskIndex subtask) const {
  return job_.vertices[vertex_of_[subtask]].id + "/" + std::to_string(index_of(subtask));
}

}  // namespace drey::model
