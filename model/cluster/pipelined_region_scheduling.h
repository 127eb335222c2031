#pragma once
// Schedules whole pipelined regions. A region may start when
//   - each group that comes from other regions is consumable: its producers' regions are scheduled
//   (results that can be
//     pipelined), or all its data has been produced (blocking);
//   - of each group that comes from several regions, itself among them ("cross-region"), the same
//   holds for the partitions
//     made elsewhere.
//
// Upstream: PipelinedRegionSchedulingStrategy, SchedulingStrategyUtils.
#include <cstdint>
#include <map>
#include <vector>

#include "model/cluster/scheduling_strategy.h"

namespace drey::model {

class PipelinedRegionScheduling final : public SchedulingStrategy {
 public:
  explicit PipelinedRegionScheduling(const ExecutionGraph& graph);  // outlives this

  SchedulingCalls start() override;
  SchedulingCalls on_finished(SubtaskIndex subtask) override;
  SchedulingCalls restart(const std::vector<SubtaskIndex>& subtasks) override;

  bool is_cross_region(GroupIndex group) const { return cross_region_[group]; }

 private:
  using GroupAnswers = std::map<GroupIndex, bool>;

  void classify_groups();
  bool lies_across(GroupIndex group) const;
  bool is_external(GroupIndex group, RegionIndex region) const;
  RegionIndex producer_region(PartitionIndex partition) const;

  SchedulingCalls schedule(std::vector<RegionIndex> candidates);
  std::vector<RegionIndex> add_schedulable(const std::vector<RegionIndex>& candidates);
  bool is_schedulable(RegionIndex region, GroupAnswers& answers) const;
  bool is_external_group_consumable(GroupIndex group) const;
  bool is_cross_group_consumable(GroupIndex group, RegionIndex region) const;
  bool is_scheduled_or_about_to_be(RegionIndex region) const {
    return scheduled_[region] || to_schedule_[region];
  }

  const ExecutionGraph& graph_;
  std::vector<bool> cross_region_;  // by group
  std::vector<std::vector<RegionIndex>>
      consumer_regions_;  // by group: for which it is cross-region or external
  std::vector<std::vector<GroupIndex>> inputs_;  // by region: not must-be-pipelined
  std::vector<bool> scheduled_;                  // by region
  std::vector<bool> to_schedule_;                // by region, only inside schedule()
};

}  // namespace drey::model
