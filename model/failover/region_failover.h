#pragma once
// Which tasks restart after a failure, and by which rule each of them.
//
// Region strategy: (1) the region of the failed task; (2) for each restarted region, the producer's
// region of each input partition that is not available any more, transitively; (3) for each
// restarted region, every region that consumes one of its results, because processing may be
// nondeterministic. Of these, tasks still in CREATED are left out, so the answer may be empty. A
// partition is available if this failure does not name it, the JobMaster's tracker has it, and its
// type can be read again. Linear in subtasks, partitions and groups.
//
// Full strategy, and any global failure: every task, also those in CREATED.
//
// Upstream: RestartPipelinedRegionFailoverStrategy, RegionPartitionResultAvailabilityChecker,
// RestartAllFailoverStrategy, ExecutionFailureHandler.
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "model/failover/execution_failure_handler.h"
#include "model/graph/execution_graph.h"
#include "model/mutants.h"

namespace drey::model {

enum class RestartReason : uint8_t { failed_region, lost_input, consumer, global };

std::string_view name_of(
    RestartReason reason);  // "failed-region", "lost-input", "consumer", "global"

struct TaskRestart {
  SubtaskIndex subtask = 0;
  RestartReason reason = RestartReason::global;  // the first rule that reached the task's region
  friend constexpr bool operator==(const TaskRestart&, const TaskRestart&) = default;
};

// The partition that the outermost partition failure in the chain of causes names, if there is one.
std::optional<PartitionIndex> partition_named_by(const FailureCause& cause);

// What the JobMaster knows about results at this instant (its partition tracker).
class PartitionAvailability {
 public:
  virtual ~PartitionAvailability() = default;
  // The tracker holds the partition of the producer's current attempt. Only results released by the
  // scheduler are ever tracked; the approximate exchange of drey's extension asks here, too.
  virtual bool is_tracked(PartitionIndex partition) const = 0;
};

class FailoverStrategy {
 public:
  virtual ~FailoverStrategy() = default;
  // In subtask order. `lost` is the partition that the failure names (partition_named_by); it
  // counts as lost for this call only.
  virtual std::vector<TaskRestart> tasks_to_restart(SubtaskIndex failed,
                                                    std::optional<PartitionIndex> lost) = 0;
};

class RegionFailover final : public FailoverStrategy {
 public:
  // Both outlive the strategy.
  RegionFailover(const ExecutionGraph& graph, const PartitionAvailability& availability,
                 Mutant mutant = Mutant::none)
      : graph_(graph), availability_(availability), mutant_(mutant) {}

  std::vector<TaskRestart> tasks_to_restart(SubtaskIndex failed,
                                            std::optional<PartitionIndex> lost) override;

 private:
  class Search;
  const ExecutionGraph& graph_;
  const PartitionAvailability& availability_;
  Mutant mutant_;
};

class RestartAllFailover final : public FailoverStrategy {
 public:
  explicit RestartAllFailover(const ExecutionGraph& graph) : graph_(graph) {}
  std::vector<TaskRestart> tasks_to_restart(SubtaskIndex failed,
                                            std::optional<PartitionIndex> lost) override;

 private:
  const ExecutionGraph& graph_;
};

// A global failure asks no strategy.
std::vector<TaskRestart> all_tasks(const ExecutionGraph& graph);

}  // namespace drey::model
