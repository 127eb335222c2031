#pragma once
// When which tasks are handed to deployment. A strategy answers with calls, in order: each call is
// one list of subtasks, in topological order, whose slots are requested as one bulk and which are
// deployed together. The caller hands them out at once, so every subtask of a call is CREATED and
// leaves CREATED before the strategy is asked again.
//
//   PipelinedRegionScheduling: DefaultScheduler (streaming; batch under jobmanager.scheduler:
//   Default). One call per
//     region, as soon as all its inputs can be consumed.
//   VertexwiseScheduling: AdaptiveBatchScheduler. One call per subtask.
//
// Upstream: SchedulingStrategy.
#include <vector>

#include "model/graph/execution_graph.h"

namespace drey::model {

using SchedulingCalls = std::vector<std::vector<SubtaskIndex>>;

class SchedulingStrategy {
 public:
  virtual ~SchedulingStrategy() = default;
  virtual SchedulingCalls start() = 0;
  // The graph already holds the new state and has completed the subtask's partitions.
  virtual SchedulingCalls on_finished(SubtaskIndex subtask) = 0;
  // These subtasks have been reset to CREATED, their partitions with them.
  virtual SchedulingCalls restart(const std::vector<SubtaskIndex>& subtasks) = 0;
};

}  // namespace drey::model
