#pragma once
// The notations in which the control-plane vectors write graphs, to JobGraphs; and subtasks and
// partitions back to their numbers and names.
#include <string>
#include <vector>

#include "model/graph/execution_graph.h"
#include "tests/conformance/vectors.h"

namespace drey::conformance {

// {"v", "d", "e", "ssg", "coloc"} of regions, restart-sets, slot-sharing, scheduling and
// partition-release. Subtask and partition numbers of the notation are the topology's own.
model::JobGraph graph_of(const Json& notation);

// {"vertices": [{name, parallelism, group, colocation}], "edges": [{from, to, type, pattern}]} of
// the asserted files; each edge has its own data set, so edge index = data set index. Absent:
// parallelism 1, pattern POINTWISE.
model::JobGraph named_graph_of(const Json& given);

model::ResultPartitionType type_of_letters(const std::string& letters);  // "pb"
model::ResultPartitionType type_named(const std::string& name);          // "PIPELINED_BOUNDED"
model::ExecutionState state_of_letter(char letter);                      // 'R'
model::ExecutionState state_named(const std::string& name);              // "RUNNING"

// "agg_0" of the asserted files; ids may contain underscores themselves.
model::SubtaskIndex subtask_named(const model::ExecutionTopology& topology,
                                  const std::string& name);
std::string name_of(const model::ExecutionTopology& topology, model::SubtaskIndex subtask);

// Sorted lists, sorted by first member: how the vectors write sets of sets.
Json sorted_sets(std::vector<std::vector<uint32_t>> sets);

}  // namespace drey::conformance
