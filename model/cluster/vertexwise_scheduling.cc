#include "model/cluster/vertexwise_scheduling.h"

#include <algorithm>
#include <utility>

#include "model/mutants.h"

namespace drey::model {

bool ConstraintDecider::is_input_consumable(SubtaskIndex subtask,
                                            const std::vector<bool>& scheduled) const {
  bool consumable = true;
  graph_.topology().for_each_consumed_group(subtask, [&](GroupIndex group) {
    consumable = consumable && is_consumable(group, scheduled);
  });
  return consumable;
}

bool ConstraintDecider::is_consumable(GroupIndex group, const std::vector<bool>& scheduled) const {
  const ExecutionTopology& topology = graph_.topology();
  if (!can_be_pipelined(topology.type_of_group(group)))
    return mutant_ == Mutant::first_producer_starts_consumers
               ? some_partition_finished(group)
               : graph_.all_partitions_finished(group);
  switch (constraint_) {
    case ConsumeConstraint::unfinished_producers: {
      const IndexRange partitions = topology.group(group).partitions;
      for (PartitionIndex p = partitions.first; p <= partitions.last; ++p) {
        if (!scheduled[topology.producer_of(p)]) return false;
      }
      return true;
    }
    case ConsumeConstraint::only_finished_producers:
      return some_partition_finished(group);
    case ConsumeConstraint::all_producers_finished:
      return graph_.all_partitions_finished(group);
  }
  return false;
}

bool ConstraintDecider::some_partition_finished(GroupIndex group) const {
  return graph_.unfinished_partitions(group) <
         int64_t{graph_.topology().group(group).partitions.size()};
}

bool ConstraintDecider::may_become_consumable_by_finish(GroupIndex group) const {
  if (!can_be_pipelined(graph_.topology().type_of_group(group)))
    return graph_.all_partitions_finished(group);
  switch (constraint_) {
    case ConsumeConstraint::unfinished_producers:
      return false;  // does not depend on the end
    case ConsumeConstraint::only_finished_producers:
      return some_partition_finished(group);
    case ConsumeConstraint::all_producers_finished:
      return graph_.all_partitions_finished(group);
  }
  return false;
}

bool InitialisedVertexDecider::is_initialised(JobVertexIndex vertex) const {
  if (initialised_[vertex] || mutant_ == Mutant::first_producer_starts_consumers) return true;
  const JobGraph& job = graph_.topology().job();
  const std::vector<EdgeIndex>& inputs = job.vertices[vertex].inputs;
  initialised_[vertex] = std::all_of(inputs.begin(), inputs.end(), [&](EdgeIndex edge) {
    return graph_.is_finished(job.producer_of(edge));
  });
  return initialised_[vertex];
}

bool InitialisedVertexDecider::is_input_consumable(SubtaskIndex subtask,
                                                   const std::vector<bool>& scheduled) const {
  return is_initialised(graph_.topology().vertex_of(subtask)) &&
         inner_.is_input_consumable(subtask, scheduled);
}

// The end of the last producer makes the vertex, whatever the type of its inputs.
bool InitialisedVertexDecider::may_become_consumable_by_finish(GroupIndex group) const {
  const ExecutionTopology& topology = graph_.topology();
  return is_initialised(topology.job().edges[topology.group(group).edge].consumer);
}

bool InitialisedVertexDecider::has_just_been_made(JobVertexIndex vertex) const {
  if (told_[vertex] || !is_initialised(vertex)) return false;
  told_[vertex] = true;
  return true;
}

VertexwiseScheduling::VertexwiseScheduling(const ExecutionGraph& graph,
                                           const InputConsumableDecider& decider)
    : graph_(graph), decider_(decider), scheduled_(graph.topology().subtasks(), false) {}

SchedulingCalls VertexwiseScheduling::start() {
  std::vector<SubtaskIndex> sources;
  for (const JobVertexIndex v : graph_.topology().order()) {
    if (!graph_.topology().job().vertices[v].inputs.empty()) continue;
    const IndexRange subtasks = graph_.topology().subtasks_of(v);
    for (SubtaskIndex s = subtasks.first; s <= subtasks.last; ++s) sources.push_back(s);
  }
  return schedule(std::move(sources));
}

SchedulingCalls VertexwiseScheduling::on_finished(SubtaskIndex subtask) {
  const ExecutionTopology& topology = graph_.topology();
  std::vector<SubtaskIndex> candidates;
  topology.for_each_produced_partition(subtask, [&](PartitionIndex partition) {
    topology.for_each_consumer_group(partition, [&](GroupIndex group) {
      if (!decider_.may_become_consumable_by_finish(group)) return;
      const IndexRange consumers = topology.group(group).consumers;
      for (SubtaskIndex s = consumers.first; s <= consumers.last; ++s) candidates.push_back(s);
    });
  });
  // Upstream notifySchedulingTopologyUpdated: new vertices are looked at whole, whoever finished.
  const JobVertexIndex vertex = topology.vertex_of(subtask);
  for (const DataSetIndex data_set : topology.job().vertices[vertex].data_sets)
    for (const EdgeIndex edge : topology.job().data_sets[data_set].consumers) {
      const JobVertexIndex consumer = topology.job().edges[edge].consumer;
      if (!decider_.has_just_been_made(consumer)) continue;
      const IndexRange made = topology.subtasks_of(consumer);
      for (SubtaskIndex s = made.first; s <= made.last; ++s) candidates.push_back(s);
    }
  return schedule(std::move(candidates));
}

SchedulingCalls VertexwiseScheduling::restart(const std::vector<SubtaskIndex>& subtasks) {
  for (const SubtaskIndex subtask : subtasks) scheduled_[subtask] = false;
  return schedule(subtasks);
}

SchedulingCalls VertexwiseScheduling::schedule(std::vector<SubtaskIndex> candidates) {
  std::vector<SubtaskIndex> chosen;
  while (!candidates.empty()) {
    std::vector<bool> visited(graph_.topology().groups(), false);
    std::vector<SubtaskIndex> next;
    for (const SubtaskIndex subtask : candidates) {
      if (scheduled_[subtask] || !decider_.is_input_consumable(subtask, scheduled_)) continue;
      scheduled_[subtask] = true;
      chosen.push_back(subtask);
      add_pipelined_consumers(subtask, visited, next);
    }
    candidates = std::move(next);
  }
  std::sort(chosen.begin(), chosen.end(), [this](SubtaskIndex a, SubtaskIndex b) {
    return graph_.topology().before(a, b);  // total order: subtasks are distinct
  });
  SchedulingCalls calls;
  for (const SubtaskIndex subtask : chosen) calls.push_back({subtask});
  return calls;
}

void VertexwiseScheduling::add_pipelined_consumers(SubtaskIndex subtask, std::vector<bool>& visited,
                                                   std::vector<SubtaskIndex>& consumers) const {
  const ExecutionTopology& topology = graph_.topology();
  topology.for_each_produced_partition(subtask, [&](PartitionIndex partition) {
    if (!can_be_pipelined(topology.type_of(partition))) return;
    topology.for_each_consumer_group(partition, [&](GroupIndex group) {
      if (visited[group]) return;
      visited[group] = true;
      const IndexRange range = topology.group(group).consumers;
      for (SubtaskIndex s = range.first; s <= range.last; ++s) consumers.push_back(s);
    });
  });
}

}  // namespace drey::model
