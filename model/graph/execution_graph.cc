#include "model/graph/execution_graph.h"

#include <utility>

#include "sim/check.h"

namespace drey::model {

ExecutionGraph::ExecutionGraph(JobGraph job, FinishMarking marking)
    : topology_(std::move(job)),
      regions_(pipelined_regions(topology_)),
      marking_(marking),
      executions_(topology_.subtasks()),
      versions_(topology_.subtasks(), 0),
      produced_(topology_.partitions(), false),
      not_terminal_(topology_.subtasks()),
      not_finished_(topology_.subtasks()) {
  unfinished_in_group_.reserve(topology_.groups());
  for (GroupIndex group = 0; group < topology_.groups(); ++group)
    unfinished_in_group_.push_back(topology_.group(group).partitions.size());
  for (const JobVertex& vertex : topology_.job().vertices)
    unfinished_of_vertex_.push_back(vertex.parallelism);
}

ExecutionOutcome ExecutionGraph::apply(SubtaskIndex subtask, ExecutionEvent event, bool has_slot) {
  const ExecutionState before = state(subtask);
  const ExecutionOutcome outcome = execution_outcome(before, event, has_slot);
  if (outcome.state != before) set_state(subtask, outcome.state);
  return outcome;
}

void ExecutionGraph::set_state(SubtaskIndex subtask, ExecutionState state) {
  Execution& execution = executions_[subtask];
  CHECK(may_leave(execution.state), "a terminal execution attempt keeps its state");
  count_state_change(subtask, execution.state, state);
  execution.state = state;
  if (state != ExecutionState::finished) return;
  topology_.for_each_produced_partition(subtask, [this](PartitionIndex partition) {
    if (finishing_completes(topology_.type_of(partition))) mark_all_data_produced(partition);
  });
}

void ExecutionGraph::count_state_change(SubtaskIndex subtask, ExecutionState from,
                                        ExecutionState to) {
  if (is_terminal(from)) ++not_terminal_;
  if (is_terminal(to)) --not_terminal_;
  uint32_t& of_vertex = unfinished_of_vertex_[topology_.vertex_of(subtask)];
  if (from == ExecutionState::finished) {
    ++not_finished_;
    ++of_vertex;
  }
  if (to == ExecutionState::finished) {
    --not_finished_;
    --of_vertex;
  }
}

void ExecutionGraph::reset_for_new_execution(SubtaskIndex subtask) {
  Execution& execution = executions_[subtask];
  CHECK(is_terminal(execution.state) || execution.state == ExecutionState::created,
        "only a terminal execution attempt is replaced by a new one");
  count_state_change(subtask, execution.state, ExecutionState::created);
  ++execution.attempt;
  execution.state = ExecutionState::created;
  topology_.for_each_produced_partition(
      subtask, [this](PartitionIndex partition) { reset_partition(partition); });
}

void ExecutionGraph::mark_all_data_produced(PartitionIndex partition) {
  CHECK(!must_be_pipelined(topology_.type_of(partition)),
        "a partition that must be pipelined is never marked finished");
  if (produced_[partition]) return;
  produced_[partition] = true;
  topology_.for_each_consumer_group(partition,
                                    [this](GroupIndex group) { --unfinished_in_group_[group]; });
}

void ExecutionGraph::reset_partition(PartitionIndex partition) {
  if (produced_[partition] && reset_counts_again(topology_.type_of(partition))) {
    topology_.for_each_consumer_group(partition,
                                      [this](GroupIndex group) { ++unfinished_in_group_[group]; });
  }
  produced_[partition] = false;
}

bool ExecutionGraph::finishing_completes(ResultPartitionType type) const {
  switch (marking_) {
    case FinishMarking::blocking_only:
      return is_blocking_or_persistent(type);
    case FinishMarking::blocking_and_hybrid:
      return is_blocking_or_persistent(type) || is_hybrid(type);
    case FinishMarking::none:
      return false;
  }
  return false;
}

// Upstream 2.3 leaves hybrid partitions out, so their groups count wrong after a restart
// (control-plane.md 6.2).
bool ExecutionGraph::reset_counts_again(ResultPartitionType type) {
  return !can_be_pipelined(type);
}

}  // namespace drey::model
