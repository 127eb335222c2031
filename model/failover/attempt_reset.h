#pragma once
// The start of a new attempt of a subtask, with the mutants that get it wrong.
// Upstream: ExecutionVertex.resetForNewExecution.
#include "model/graph/execution_graph.h"
#include "model/mutants.h"

namespace drey::model {

// The subtask's current attempt has ended, or is CREATED.
void reset_attempt(ExecutionGraph& graph, SubtaskIndex subtask, Mutant mutant);

}  // namespace drey::model
