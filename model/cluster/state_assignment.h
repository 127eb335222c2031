#pragma once
// Whose state a subtask gets when a job starts from a snapshot that another job took, or with
// another parallelism.
//
// adopt_max_parallelism(): a vertex whose maximum parallelism was derived takes the one that its
// state was taken with (RS-11). adopt(): the snapshot in this job's terms. Operators are known by
// their uid; state of an operator that the job does not have refuses the restore unless that is
// allowed, and then is left behind (RS-4, RS-8). states_of_subtask(): keyed state is cut to the
// subtask's key groups; what lies in lists (positions of splits, committables) is dealt out in
// contiguous shares, the first ones larger by one (RoundRobinOperatorStateRepartitioner).
//
// Upstream: Checkpoints.loadAndValidateCheckpoint, StateAssignmentOperation.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/checkpoint/completed_store.h"
#include "model/graph/execution_topology.h"
#include "model/mutants.h"
#include "model/task/deployment.h"

namespace drey::model {

// By index into JobSpec::operators: what a snapshot says of the operators whose state it holds.
OperatorIdentities identities_of(const JobInformation& job, const ExecutionTopology& topology);

// Not empty: refused, and why.
std::string adopt_max_parallelism(const CompletedCheckpoint& loaded,
                                  const ExecutionTopology& topology, JobInformation& job);

struct Adopted {
  std::shared_ptr<CompletedCheckpoint> checkpoint;
  std::string error;  // not empty: refused, and why
};
Adopted adopt(const CompletedCheckpoint& loaded, const JobInformation& job,
              const ExecutionTopology& topology, bool allow_non_restored_state, Mutant mutant);

std::vector<OperatorState> states_of_subtask(const CompletedCheckpoint& checkpoint, TaskRef task,
                                             const JobVertex& now, Mutant mutant);

// The share of the index-th of `parts` in a list that is dealt out.
template <class T>
std::vector<T> share_of(const std::vector<T>& all, uint32_t index, uint32_t parts) {
  const size_t base = all.size() / parts;
  const size_t larger = all.size() % parts;
  const size_t first = index * base + std::min<size_t>(index, larger);
  const size_t count = base + (index < larger ? 1 : 0);
  return {all.begin() + static_cast<std::ptrdiff_t>(first),
          all.begin() + static_cast<std::ptrdiff_t>(first + count)};
}

}  // namespace drey::model
