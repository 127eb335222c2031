#pragma once
// Which subtasks share one slot. Only subtasks of one slot sharing group share, at most one of each
// vertex in a slot, and co-located subtasks (same co-location group, same index) always.
//
// Upstream: SlotSharingStrategy, ExecutionSlotSharingGroup.
#include <cstdint>
#include <vector>

#include "model/graph/execution_topology.h"

namespace drey::model {

struct SlotSharing {
  std::vector<std::vector<SubtaskIndex>>
      groups;                      // in order of creation; members in order of placement
  std::vector<uint32_t> group_of;  // by subtask
};

// Follows the inputs: a subtask goes to the slot of one of its producers, if that is free for its
// vertex. The candidates of one consumed group are used up front to back over all its consumers,
// also when they were not free. A vertex first places all subtasks that find a producer's slot,
// then the rest in the first free slot by order of creation. Upstream:
// LocalInputPreferredSlotSharingStrategy.
SlotSharing share_slots_by_local_input(const ExecutionTopology& topology);

// Spreads the number of subtasks per slot: each slot sharing group has as many slots as its widest
// vertex; narrower vertices go round-robin. taskmanager.load-balance.mode: TASKS, streaming.
// Upstream: TaskBalancedPreferredSlotSharingStrategy, TaskBalancedExecutionSlotSharingGroupBuilder.
SlotSharing share_slots_by_task_balance(const ExecutionTopology& topology);

}  // namespace drey::model
