#include "reports/oracles/release_rule.h"

#include <algorithm>

#include "model/graph/result_partition_type.h"

namespace drey::reports {

using model::GroupIndex;
using model::IndexRange;
using model::PartitionIndex;
using model::SubtaskIndex;

ReleaseRule::ReleaseRule(const model::ExecutionTopology& topology, const RegionRule& regions)
    : topology_(topology),
      regions_(regions),
      done_(topology.subtasks(), false),
      members_(topology.subtasks()),
      open_(topology.subtasks(), 0),
      let_go_(topology.partitions()),
      released_(topology.partitions(), false) {
  for (SubtaskIndex s = 0; s < topology.subtasks(); ++s) {
    members_[regions.region_of(s)].push_back(s);
    ++open_[regions.region_of(s)];
  }
  for (const model::JobVertex& vertex : topology.job().vertices)
    open_of_vertex_.push_back(vertex.parallelism);
}

bool ReleaseRule::concerns(const model::JobGraph& job) {
  return std::any_of(job.data_sets.begin(), job.data_sets.end(),
                     [](const auto& set) { return model::is_released_by_scheduler(set.type); });
}

void ReleaseRule::follow(SubtaskIndex subtask, model::ExecutionState state) {
  if (state == model::ExecutionState::finished)
    finished(subtask);
  else if (state == model::ExecutionState::created)
    reset(subtask);
  else
    unfinished(subtask);
}

void ReleaseRule::unfinished(SubtaskIndex subtask) {
  if (!done_[subtask]) return;
  done_[subtask] = false;
  ++open_[regions_.region_of(subtask)];
  ++open_of_vertex_[topology_.vertex_of(subtask)];
}

void ReleaseRule::reset(SubtaskIndex subtask) {
  unfinished(subtask);
  topology_.for_each_produced_partition(subtask, [&](PartitionIndex partition) {
    let_go_[partition].clear();
    released_[partition] = false;
  });
}

bool ReleaseRule::all_readers_finished(GroupIndex group) const {
  const IndexRange readers = topology_.group(group).consumers;
  const model::JobVertexIndex vertex = topology_.vertex_of(readers.first);
  const bool all_of_it = readers.size() == topology_.job().vertices[vertex].parallelism;
  if (all_of_it && open_of_vertex_[vertex] > 0) return false;
  for (SubtaskIndex s = readers.first; s <= readers.last; ++s)
    if (open_[regions_.region_of(s)] > 0) return false;
  return true;
}

void ReleaseRule::finished(SubtaskIndex subtask) {
  const uint32_t region = regions_.region_of(subtask);
  if (!done_[subtask]) {
    done_[subtask] = true;
    --open_[region];
    --open_of_vertex_[topology_.vertex_of(subtask)];
  }
  if (open_[region] > 0) return;
  std::set<GroupIndex> read;
  for (const SubtaskIndex member : members_[region])
    topology_.for_each_consumed_group(member, [&](GroupIndex group) { read.insert(group); });
  for (const GroupIndex group : read) {
    const model::ResultPartitionType type = topology_.type_of_group(group);
    if (!model::is_released_by_scheduler(type) || model::is_persistent(type)) continue;
    if (!all_readers_finished(group)) continue;
    const IndexRange partitions = topology_.group(group).partitions;
    for (PartitionIndex p = partitions.first; p <= partitions.last; ++p) {
      let_go_[p].insert(topology_.group(group).edge);
      const auto& edges = topology_.job().data_sets[topology_.data_set_of(p)].consumers;
      if (let_go_[p].size() == edges.size()) released_[p] = true;
    }
  }
}

}  // namespace drey::reports
