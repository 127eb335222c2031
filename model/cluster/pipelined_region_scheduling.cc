#include "model/cluster/pipelined_region_scheduling.h"

#include <algorithm>
#include <set>
#include <utility>

#include "sim/check.h"

namespace drey::model {

PipelinedRegionScheduling::PipelinedRegionScheduling(const ExecutionGraph& graph)
    : graph_(graph),
      cross_region_(graph.topology().groups(), false),
      consumer_regions_(graph.topology().groups()),
      scheduled_(graph.regions().members.size(), false),
      to_schedule_(graph.regions().members.size(), false) {
  for (const std::vector<SubtaskIndex>& members : graph.regions().members)
    inputs_.push_back(non_pipelined_consumed_groups(graph.topology(), members));
  classify_groups();
}

void PipelinedRegionScheduling::classify_groups() {
  for (GroupIndex group = 0; group < graph_.topology().groups(); ++group)
    cross_region_[group] = lies_across(group);
  for (RegionIndex region = 0; region < inputs_.size(); ++region) {
    for (const GroupIndex group : inputs_[region]) {
      if (cross_region_[group] || is_external(group, region))
        consumer_regions_[group].push_back(region);
    }
  }
}

// Producers in more than one region, and one of these also consumes the group.
bool PipelinedRegionScheduling::lies_across(GroupIndex group) const {
  if (must_be_pipelined(graph_.topology().type_of_group(group))) return false;
  const PartitionGroup& members = graph_.topology().group(group);
  std::set<RegionIndex> producers;
  for (PartitionIndex p = members.partitions.first; p <= members.partitions.last; ++p)
    producers.insert(producer_region(p));
  if (producers.size() < 2) return false;
  for (SubtaskIndex s = members.consumers.first; s <= members.consumers.last; ++s) {
    if (producers.count(graph_.region_of(s)) != 0) return true;
  }
  return false;
}

bool PipelinedRegionScheduling::is_external(GroupIndex group, RegionIndex region) const {
  return producer_region(graph_.topology().group(group).partitions.first) != region;
}

RegionIndex PipelinedRegionScheduling::producer_region(PartitionIndex partition) const {
  return graph_.region_of(graph_.topology().producer_of(partition));
}

SchedulingCalls PipelinedRegionScheduling::start() {
  std::vector<RegionIndex> sources;
  for (RegionIndex region = 0; region < inputs_.size(); ++region) {
    const bool has_outer_input = std::any_of(
        inputs_[region].begin(), inputs_[region].end(),
        [&](GroupIndex group) { return cross_region_[group] || is_external(group, region); });
    if (!has_outer_input) sources.push_back(region);
  }
  return schedule(std::move(sources));
}

SchedulingCalls PipelinedRegionScheduling::on_finished(SubtaskIndex subtask) {
  const ExecutionTopology& topology = graph_.topology();
  std::vector<RegionIndex> candidates;
  topology.for_each_produced_partition(subtask, [&](PartitionIndex partition) {
    if (can_be_pipelined(topology.type_of(partition))) return;
    topology.for_each_consumer_group(partition, [&](GroupIndex group) {
      if (!cross_region_[group] && !graph_.all_partitions_finished(group)) return;
      candidates.insert(candidates.end(), consumer_regions_[group].begin(),
                        consumer_regions_[group].end());
    });
  });
  return schedule(std::move(candidates));
}

SchedulingCalls PipelinedRegionScheduling::restart(const std::vector<SubtaskIndex>& subtasks) {
  std::set<RegionIndex> regions;
  for (const SubtaskIndex subtask : subtasks) regions.insert(graph_.region_of(subtask));
  for (const RegionIndex region : regions) scheduled_[region] = false;
  return schedule({regions.begin(), regions.end()});
}

SchedulingCalls PipelinedRegionScheduling::schedule(std::vector<RegionIndex> candidates) {
  std::vector<RegionIndex> chosen;
  while (!candidates.empty()) {
    std::vector<RegionIndex> added = add_schedulable(candidates);
    candidates.clear();
    std::set<GroupIndex> visited;
    for (const RegionIndex region : added) {
      for (const SubtaskIndex subtask : graph_.regions().members[region]) {
        graph_.topology().for_each_produced_partition(subtask, [&](PartitionIndex partition) {
          if (!can_be_pipelined(graph_.topology().type_of(partition))) return;
          graph_.topology().for_each_consumer_group(partition, [&](GroupIndex group) {
            if (consumer_regions_[group].empty() || !visited.insert(group).second) return;
            candidates.insert(candidates.end(), consumer_regions_[group].begin(),
                              consumer_regions_[group].end());
          });
        });
      }
    }
    chosen.insert(chosen.end(), added.begin(), added.end());
  }
  // Regions are numbered in topological order; total order: a region is chosen once.
  std::sort(chosen.begin(), chosen.end());
  SchedulingCalls calls;
  for (const RegionIndex region : chosen) {
    for (const SubtaskIndex subtask : graph_.regions().members[region])
      CHECK(graph_.state(subtask) == ExecutionState::created,
            "a region is scheduled when all of it is CREATED");
    to_schedule_[region] = false;
    scheduled_[region] = true;
    calls.push_back(graph_.regions().members[region]);
  }
  return calls;
}

std::vector<RegionIndex> PipelinedRegionScheduling::add_schedulable(
    const std::vector<RegionIndex>& candidates) {
  GroupAnswers answers;
  std::vector<RegionIndex> added;
  for (const RegionIndex region : candidates) {
    if (is_scheduled_or_about_to_be(region) || !is_schedulable(region, answers)) continue;
    to_schedule_[region] = true;
    added.push_back(region);
  }
  return added;
}

// `answers`: external groups asked in this round, because many regions share one.
bool PipelinedRegionScheduling::is_schedulable(RegionIndex region, GroupAnswers& answers) const {
  for (const GroupIndex group : inputs_[region]) {
    if (cross_region_[group]) {
      if (!is_cross_group_consumable(group, region)) return false;
    } else if (is_external(group, region)) {
      const auto [answer, is_new] = answers.emplace(group, false);
      if (is_new) answer->second = is_external_group_consumable(group);
      if (!answer->second) return false;
    }
  }
  return true;
}

bool PipelinedRegionScheduling::is_external_group_consumable(GroupIndex group) const {
  if (!can_be_pipelined(graph_.topology().type_of_group(group)))
    return graph_.all_partitions_finished(group);
  const IndexRange partitions = graph_.topology().group(group).partitions;
  for (PartitionIndex p = partitions.first; p <= partitions.last; ++p) {
    if (!is_scheduled_or_about_to_be(producer_region(p))) return false;
  }
  return true;
}

bool PipelinedRegionScheduling::is_cross_group_consumable(GroupIndex group,
                                                          RegionIndex region) const {
  const bool pipelined = can_be_pipelined(graph_.topology().type_of_group(group));
  const IndexRange partitions = graph_.topology().group(group).partitions;
  for (PartitionIndex p = partitions.first; p <= partitions.last; ++p) {
    const RegionIndex producer = producer_region(p);
    if (producer == region) continue;
    if (pipelined ? !is_scheduled_or_about_to_be(producer) : !graph_.all_data_produced(p))
      return false;
  }
  return true;
}

}  // namespace drey::model
