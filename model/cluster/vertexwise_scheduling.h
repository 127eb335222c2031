#pragma once
// Schedules single subtasks as soon as a decider says that their inputs can be consumed. Made for
// batch jobs, whose stages have few pipelined results.
//
// Deciders (jobmanager.partition.hybrid.partition-data-consume-constraint):
//   unfinished_producers       a result that can be pipelined: every producer is scheduled;
//   blocking: all data produced only_finished_producers    a result that can be pipelined: some
//   partition is finished; blocking: all data produced all_producers_finished     all data
//   produced, whatever the type
//
// Upstream: VertexwiseSchedulingStrategy, DefaultInputConsumableDecider,
// PartialFinishedInputConsumableDecider, AllFinishedInputConsumableDecider.
#include <vector>

#include "model/cluster/flink_options.h"
#include "model/cluster/scheduling_strategy.h"

namespace drey::model {

// Upstream InputConsumableDecider.
class InputConsumableDecider {
 public:
  virtual ~InputConsumableDecider() = default;
  // `scheduled`: by subtask, scheduled before or chosen in this round.
  virtual bool is_input_consumable(SubtaskIndex subtask,
                                   const std::vector<bool>& scheduled) const = 0;
  // Whether the end of one of its producers may make the group consumable.
  virtual bool may_become_consumable_by_finish(GroupIndex group) const = 0;
  // Once per vertex: it has just been made, so each of its subtasks is new to the strategy.
  virtual bool has_just_been_made(JobVertexIndex) const { return false; }
};

class ConstraintDecider final : public InputConsumableDecider {
 public:
  ConstraintDecider(const ExecutionGraph& graph, ConsumeConstraint constraint,
                    Mutant mutant = Mutant::none)
      : graph_(graph), constraint_(constraint), mutant_(mutant) {}
  bool is_input_consumable(SubtaskIndex subtask, const std::vector<bool>& scheduled) const override;
  bool may_become_consumable_by_finish(GroupIndex group) const override;

 private:
  bool is_consumable(GroupIndex group, const std::vector<bool>& scheduled) const;
  bool some_partition_finished(GroupIndex group) const;

  const ExecutionGraph& graph_;
  ConsumeConstraint constraint_;
  Mutant mutant_;
};

// The AdaptiveBatchScheduler makes a vertex only when all producers of its inputs have finished,
// because only then it knows how much there is to read; so a hybrid consumer starts after its
// producers, too. Once made the vertex stays, and a restarted one waits only for what the
// constraint says. Upstream: AdaptiveBatchScheduler.initializeVerticesIfPossible.
class InitialisedVertexDecider final : public InputConsumableDecider {
 public:
  InitialisedVertexDecider(const ExecutionGraph& graph, ConsumeConstraint constraint,
                           Mutant mutant = Mutant::none)
      : graph_(graph),
        inner_(graph, constraint, mutant),
        mutant_(mutant),
        initialised_(graph.topology().job().vertices.size(), false),
        told_(graph.topology().job().vertices.size(), false) {}
  bool is_input_consumable(SubtaskIndex subtask, const std::vector<bool>& scheduled) const override;
  bool may_become_consumable_by_finish(GroupIndex group) const override;
  bool has_just_been_made(JobVertexIndex vertex) const override;

 private:
  bool is_initialised(JobVertexIndex vertex) const;

  const ExecutionGraph& graph_;
  ConstraintDecider inner_;
  Mutant mutant_;
  mutable std::vector<bool> initialised_;  // by vertex, as far as asked
  mutable std::vector<bool> told_;         // by vertex
};

class VertexwiseScheduling final : public SchedulingStrategy {
 public:
  // Both outlive this.
  VertexwiseScheduling(const ExecutionGraph& graph, const InputConsumableDecider& decider);

  SchedulingCalls start() override;
  SchedulingCalls on_finished(SubtaskIndex subtask) override;
  SchedulingCalls restart(const std::vector<SubtaskIndex>& subtasks) override;

 private:
  SchedulingCalls schedule(std::vector<SubtaskIndex> candidates);
  void add_pipelined_consumers(SubtaskIndex subtask, std::vector<bool>& visited,
                               std::vector<SubtaskIndex>& consumers) const;

  const ExecutionGraph& graph_;
  const InputConsumableDecider& decider_;
  std::vector<bool> scheduled_;  // by subtask
};

}  // namespace drey::model
