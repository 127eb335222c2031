#include "model/failover/region_failover.h"

#include <algorithm>

#include "model/mutants.h"

namespace drey::model {

std::string_view name_of(RestartReason reason) {
  switch (reason) {
    case RestartReason::failed_region:
      return "failed-region";
    case RestartReason::lost_input:
      return "lost-input";
    case RestartReason::consumer:
      return "consumer";
    case RestartReason::global:
      return "global";
  }
  return "";
}

std::optional<PartitionIndex> partition_named_by(const FailureCause& cause) {
  for (const FailureCause::Link& link : cause.chain) {
    if (link.lost_partition.has_value()) return link.lost_partition;
  }
  return std::nullopt;
}

// One breadth-first walk over regions.
class RegionFailover::Search {
 public:
  Search(const ExecutionGraph& graph, const PartitionAvailability& availability,
         std::optional<PartitionIndex> lost, Mutant mutant)
      : graph_(graph),
        topology_(graph.topology()),
        availability_(availability),
        lost_(lost),
        mutant_(mutant),
        reached_(graph.regions().members.size(), false),
        seen_as_input_(topology_.groups(), false),
        seen_as_output_(topology_.groups(), false) {}

  std::vector<TaskRestart> run(SubtaskIndex failed) {
    reach(failed, RestartReason::failed_region);
    for (size_t at = 0; at < queue_.size(); ++at) {
      const Reached current = queue_[at];  // a copy: the queue grows below
      for (const SubtaskIndex subtask : graph_.regions().members[current.region]) {
        if (is_restarted(subtask, current.reason)) result_.push_back({subtask, current.reason});
        if (at == 0 || mutant_ != Mutant::backtrack_one_step)
          reach_producers_of_lost_inputs(subtask);
      }
      if (at > 0 && mutant_ == Mutant::consumers_one_step) continue;
      for (const SubtaskIndex subtask : graph_.regions().members[current.region])
        reach_consumers(subtask);
    }
    std::sort(result_.begin(), result_.end(), [](const TaskRestart& a, const TaskRestart& b) {
      return a.subtask < b.subtask;  // total order: subtasks are distinct
    });
    return std::move(result_);
  }

 private:
  struct Reached {
    RegionIndex region;
    RestartReason reason;
  };

  void reach(SubtaskIndex subtask, RestartReason reason) {
    const RegionIndex region = graph_.region_of(subtask);
    if (reached_[region]) return;
    reached_[region] = true;
    queue_.push_back({region, reason});
  }

  void reach_producers_of_lost_inputs(SubtaskIndex subtask) {
    if (mutant_ == Mutant::region_without_backtrack) return;
    topology_.for_each_consumed_group(subtask, [this](GroupIndex group) {
      if (seen_as_input_[group]) return;
      seen_as_input_[group] = true;
      const IndexRange partitions = topology_.group(group).partitions;
      for (PartitionIndex p = partitions.first; p <= partitions.last; ++p) {
        if (!is_available(p)) reach(topology_.producer_of(p), RestartReason::lost_input);
      }
    });
  }

  void reach_consumers(SubtaskIndex subtask) {
    if (mutant_ == Mutant::region_without_consumers) return;
    topology_.for_each_produced_partition(subtask, [this](PartitionIndex partition) {
      topology_.for_each_consumer_group(partition, [this](GroupIndex group) {
        if (seen_as_output_[group]) return;
        seen_as_output_[group] = true;
        const IndexRange consumers = topology_.group(group).consumers;
        for (SubtaskIndex s = consumers.first; s <= consumers.last; ++s)
          reach(s, RestartReason::consumer);
      });
    });
  }

  bool is_available(PartitionIndex partition) const {
    if (mutant_ == Mutant::producers_always_restarted) return false;
    return partition != lost_ && can_outlive_its_consumer(topology_.type_of(partition)) &&
           availability_.is_tracked(partition);
  }

  static bool can_outlive_its_consumer(ResultPartitionType type) {
    return is_reconsumable(type) || type == ResultPartitionType::pipelined_approximate;
  }

  // A task that was never scheduled has nothing to restart.
  bool is_restarted(SubtaskIndex subtask, RestartReason reason) const {
    const ExecutionState state = graph_.state(subtask);
    if (mutant_ == Mutant::finished_consumers_kept && reason == RestartReason::consumer &&
        state == ExecutionState::finished)
      return false;
    if (state == ExecutionState::finished) return mutant_ != Mutant::finished_tasks_left_out;
    return state != ExecutionState::created || mutant_ == Mutant::created_tasks_restarted;
  }

  const ExecutionGraph& graph_;
  const ExecutionTopology& topology_;
  const PartitionAvailability& availability_;
  std::optional<PartitionIndex> lost_;
  Mutant mutant_;
  std::vector<bool> reached_;
  std::vector<bool> seen_as_input_;
  std::vector<bool> seen_as_output_;
  std::vector<Reached> queue_;
  std::vector<TaskRestart> result_;
};

std::vector<TaskRestart> RegionFailover::tasks_to_restart(SubtaskIndex failed,
                                                          std::optional<PartitionIndex> lost) {
  return Search(graph_, availability_, lost, mutant_).run(failed);
}

std::vector<TaskRestart> RestartAllFailover::tasks_to_restart(SubtaskIndex,
                                                              std::optional<PartitionIndex>) {
  return all_tasks(graph_);
}

std::vector<TaskRestart> all_tasks(const ExecutionGraph& graph) {
  std::vector<TaskRestart> tasks;
  tasks.reserve(graph.topology().subtasks());
  for (SubtaskIndex s = 0; s < graph.topology().subtasks(); ++s)
    tasks.push_back({s, RestartReason::global});
  return tasks;
}

}  // namespace drey::model
