#include "model/failover/attempt_reset.h"

#include <vector>

#include "model/mutants.h"

namespace drey::model {

void reset_attempt(ExecutionGraph& graph, SubtaskIndex subtask, Mutant mutant) {
  std::vector<PartitionIndex> kept;
  graph.topology().for_each_produced_partition(subtask, [&](PartitionIndex partition) {
    if (mutant == Mutant::reset_keeps_counter && graph.all_data_produced(partition))
      kept.push_back(partition);
  });
  const ExecutionState state = graph.state(subtask);
  if (mutant == Mutant::no_wait_for_cancellation && !is_terminal(state) &&
      state != ExecutionState::created)
    graph.set_state(subtask, ExecutionState::canceled);
  graph.reset_for_new_execution(subtask);
  for (const PartitionIndex partition : kept) graph.mark_all_data_produced(partition);
}

}  // namespace drey::model
