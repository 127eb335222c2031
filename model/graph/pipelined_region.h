#pragma once
// Pipelined regions: the subtasks that must run at the same time because a pipelined result ties
// them together. They are the unit of scheduling and of failover.
//
//   logical region (vertices):   joined by results that must be pipelined; cycles are not merged.
//   region (subtasks):           inside one logical region. If that holds an all-to-all edge of any
//   type, it is one region.
//                                Else subtasks are joined the same way, and regions on a cycle of
//                                other results are merged.
//
// Co-location never merges: co-located subtasks in different regions are an error of the job.
//
// Upstream: LogicalPipelinedRegionComputeUtil, SchedulingPipelinedRegionComputeUtil,
// PipelinedRegionComputeUtil, StronglyConnectedComponentsComputeUtils, DefaultExecutionTopology.
#include <cstdint>
#include <string>
#include <vector>

#include "model/graph/execution_topology.h"

namespace drey::model {

using RegionIndex = uint32_t;

// In topological order of their first vertex; members in topological order.
std::vector<std::vector<JobVertexIndex>> logical_regions(const JobGraph& graph);

struct PipelinedRegions {
  std::vector<std::vector<SubtaskIndex>>
      members;  // each in topological order; regions by their first member in it
  std::vector<RegionIndex> region_of;  // by subtask
};

// O(subtasks + groups).
PipelinedRegions pipelined_regions(const ExecutionTopology& topology);

// Empty, or what is wrong: co-located subtasks that lie in different regions.
std::string co_location_problem(const ExecutionTopology& topology, const PipelinedRegions& regions);

// The groups that a region consumes and that need not be pipelined (also those produced inside it),
// each once, in the order in which its subtasks meet them.
std::vector<GroupIndex> non_pipelined_consumed_groups(const ExecutionTopology& topology,
                                                      const std::vector<SubtaskIndex>& region);
// Of these, the groups that the scheduler releases.
std::vector<GroupIndex> consumed_groups_released_by_scheduler(
    const ExecutionTopology& topology, const std::vector<SubtaskIndex>& region);

// Strongly connected components of successor lists, as sorted lists in the order of their smallest
// member.
std::vector<std::vector<uint32_t>> strong_components(
    const std::vector<std::vector<uint32_t>>& successors);

}  // namespace drey::model
