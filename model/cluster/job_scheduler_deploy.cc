// The scheduler's way from a call of its strategy to running tasks: slots, then deployment
// (control-plane.md 4.5).
#include "model/cluster/job_scheduler.h"
#include "sim/check.h"

namespace drey::model {

void JobScheduler::schedule(const SchedulingCalls& calls) {
  for (const std::vector<SubtaskIndex>& call : calls) allocate_and_deploy(call);
}

void JobScheduler::allocate_and_deploy(const std::vector<SubtaskIndex>& subtasks) {
  const auto call = static_cast<uint32_t>(calls_.size());
  calls_.push_back({subtasks, static_cast<uint32_t>(subtasks.size())});
  for (const SubtaskIndex subtask : subtasks) {
    vertices_[subtask].deploy_version = graph_.record_modification(subtask);
    vertices_[subtask].call = call;
    apply(subtask, ExecutionEvent::schedule, {});
  }
  host_.request_slots(subtasks);
}

void JobScheduler::on_slot(SubtaskIndex subtask, const AssignedSlot& slot) {
  Vertex& vertex = vertices_[subtask];
  const bool stale = graph_.version(subtask) != vertex.deploy_version ||
                     graph_.state(subtask) != ExecutionState::scheduled;
  if (stale) {
    host_.release_slot(subtask, slot.allocation);
    return;
  }
  vertex.slot = slot;
  track_results_of(subtask, slot);
  forget_producers(subtask);
  tell_running_consumers(subtask);
  Call& call = calls_[vertex.call];
  CHECK(call.waiting > 0, "a call counts its slots");
  if (--call.waiting > 0) return;
  // Nobody is deployed before all have slots; then all, in order.
  const std::vector<SubtaskIndex> ready = call.subtasks;
  for (const SubtaskIndex each : ready) deploy(each);
}

// Consumers that were deployed before this producer had a place learn of it now. Upstream:
// Execution.updatePartitionConsumers.
void JobScheduler::tell_running_consumers(SubtaskIndex subtask) {
  const ExecutionTopology& topology = graph_.topology();
  topology.for_each_produced_partition(subtask, [&](PartitionIndex partition) {
    const ResultPartitionType type = topology.type_of(partition);
    if (must_be_pipelined(type) || !can_be_pipelined(type)) return;  // none of them runs yet
    const sim::Address place = place_of({partition, attempt_id(subtask)});
    topology.for_each_consumer_group(partition, [&](GroupIndex group) {
      const IndexRange consumers = topology.group(group).consumers;
      for (SubtaskIndex s = consumers.first; s <= consumers.last; ++s) {
        const ExecutionState state = graph_.state(s);
        const bool runs = state == ExecutionState::deploying ||
                          state == ExecutionState::initializing || state == ExecutionState::running;
        if (runs && vertices_[s].slot.valid())
          host_.update_partitions(vertices_[s].slot, attempt_id(s),
                                  {{{partition, attempt_id(subtask)}, place, true}});
      }
    });
  });
}

void JobScheduler::on_slot_failed(SubtaskIndex subtask, const Cause& cause) {
  const bool current = graph_.version(subtask) == vertices_[subtask].deploy_version &&
                       graph_.state(subtask) == ExecutionState::scheduled;
  if (current) apply(subtask, ExecutionEvent::mark_failed, cause);
}

void JobScheduler::deploy(SubtaskIndex subtask) {
  Vertex& vertex = vertices_[subtask];
  const bool stale = graph_.version(subtask) != vertex.deploy_version ||
                     graph_.state(subtask) != ExecutionState::scheduled;
  if (stale) return;
  apply(subtask, ExecutionEvent::deploy, {});
  if (!host_.slot_is_alive(vertex.slot.allocation)) {
    apply(subtask, ExecutionEvent::mark_failed,
          {.kind = Cause::Kind::slot_lost, .text = "the target slot is not alive any more"});
    return;
  }
  host_.deployed(subtask, vertex.slot);
  host_.submit(vertex.slot, make_deployment(subtask));
}

void JobScheduler::forget_producers(SubtaskIndex subtask) {
  const ExecutionTopology& topology = graph_.topology();
  topology.for_each_produced_partition(subtask, [&](PartitionIndex partition) {
    topology.for_each_consumer_group(partition,
                                     [&](GroupIndex group) { producers_[group] = nullptr; });
  });
}

// A finished producer has given its slot back; its result is still where it was made. Not valid: it
// has no place yet.
sim::Address JobScheduler::place_of(const PartitionId& result) const {
  const sim::Address place = tracker_.place(result);
  return place.valid() ? place
                       : vertices_[graph_.topology().producer_of(result.partition)].slot.data;
}

// Shared by all consumers of the group.
GroupProducers JobScheduler::producers_of(GroupIndex group) {
  if (producers_[group] != nullptr) return producers_[group];
  const ExecutionTopology& topology = graph_.topology();
  auto producers = std::make_shared<std::vector<ShuffleDescriptor>>();
  const IndexRange range = topology.group(group).partitions;
  for (PartitionIndex partition = range.first; partition <= range.last; ++partition) {
    const SubtaskIndex producer = topology.producer_of(partition);
    const PartitionId id{partition, attempt_id(producer)};
    const sim::Address place = place_of(id);
    producers->push_back({id, place, place.valid()});
  }
  producers_[group] = producers;
  return producers;
}

std::shared_ptr<const Deployment> JobScheduler::make_deployment(SubtaskIndex subtask) {
  const ExecutionTopology& topology = graph_.topology();
  auto deployment = std::make_shared<Deployment>();
  deployment->attempt = attempt_id(subtask);
  deployment->allocation = vertices_[subtask].slot.allocation;
  deployment->job = job_;
  deployment->restore = vertices_[subtask].restore;
  const uint32_t index = topology.index_of(subtask);
  topology.for_each_consumed_group(subtask, [&](GroupIndex group) {
    const EdgeIndex edge = topology.group(group).edge;
    const uint32_t subpartition = consumed_subpartition(topology.shape_of(edge), index);
    deployment->gates.push_back({.edge = edge,
                                 .group = group,
                                 .producers = producers_of(group),
                                 .subpartitions = {subpartition, subpartition}});
  });
  topology.for_each_produced_partition(subtask, [&](PartitionIndex partition) {
    const DataSetIndex data_set = topology.data_set_of(partition);
    const auto& consumers = job_->graph.data_sets[data_set].consumers;
    const uint32_t subpartitions =
        consumers.empty() ? 1 : subpartitions_of(topology.shape_of(consumers.front()), index);
    deployment->results.push_back({.id = {partition, attempt_id(subtask)},
                                   .data_set = data_set,
                                   .subpartitions = subpartitions});
  });
  return deployment;
}

}  // namespace drey::model
