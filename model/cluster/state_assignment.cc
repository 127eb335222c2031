#include "model/cluster/state_assignment.h"

#include <algorithm>
#include <map>
#include <optional>

#include "fmt/core.h"
#include "state/key_group.h"

namespace drey::model {

namespace {

const std::vector<OperatorState>* operators_of(const CompletedSubtask& part) {
  if (part.acknowledgement.snapshot == nullptr) return nullptr;
  return &static_cast<const TaskStateSnapshot&>(*part.acknowledgement.snapshot).operators;
}

bool holds_anything(const OperatorState& state) {
  return !state.keyed.empty() || !state.source.empty() || !state.bytes.empty();
}

// An operator of this job: its vertex by topological rank, and its place in the chain.
struct Home {
  uint32_t op = 0;
  uint32_t rank = 0;
  uint32_t in_chain = 0;
  uint32_t max_parallelism = 0;
};

std::map<std::string, Home> homes_of(const OperatorIdentities& identities) {
  std::map<std::string, Home> homes;
  for (const auto& [op, identity] : identities)
    homes[identity.uid] = {op, identity.vertex, identity.in_chain, identity.max_parallelism};
  return homes;
}

// Derived from the parallelism, not said by the user.
bool max_parallelism_is_derived(const JobInformation& job, const JobVertex& vertex) {
  return std::none_of(vertex.operators.begin(), vertex.operators.end(),
                      [&](uint32_t op) { return job.spec.operators[op].max_parallelism != 0; });
}

class Adoption {
 public:
  Adoption(const CompletedCheckpoint& loaded, const JobInformation& job,
           const ExecutionTopology& topology, bool allow, Mutant mutant)
      : loaded_(loaded),
        operators_(identities_of(job, topology)),
        homes_(homes_of(operators_)),
        allow_(allow),
        mutant_(mutant) {}

  Adopted run() {
    auto made = std::make_shared<CompletedCheckpoint>(loaded_);
    made->vertices.clear();
    for (const auto& [rank, vertex] : loaded_.vertices) take_vertex(rank, vertex, *made);
    made->operators = operators_;
    if (!error_.empty()) return {nullptr, error_};
    return {std::move(made), ""};
  }

 private:
  // Null: the job has no such operator, or not with these key groups.
  const Home* home_of(uint32_t old_op, bool has_state) {
    const auto identity = loaded_.operators.find(old_op);
    const std::string uid = identity == loaded_.operators.end() ? "" : identity->second.uid;
    auto home = homes_.find(uid);
    if (mutant_ == Mutant::state_found_by_place)
      home = std::find_if(homes_.begin(), homes_.end(),
                          [&](const auto& each) { return each.second.op == old_op; });
    if (home == homes_.end()) {
      if (has_state && !allow_ && error_.empty())
        error_ = fmt::format(
            "state of operator {} has no operator in this job; "
            "execution.state-recovery.ignore-unclaimed-state would leave it behind",
            uid);
      return nullptr;
    }
    if (home->second.max_parallelism != identity->second.max_parallelism && error_.empty())
      error_ = fmt::format(
          "operator {}: its state was taken with max parallelism {}, this job gives it {}", uid,
          identity->second.max_parallelism, home->second.max_parallelism);
    operators_[home->second.op].parallelism = identity->second.parallelism;
    return &home->second;
  }

  void take_vertex(uint32_t rank_then, const CompletedVertex& vertex, CompletedCheckpoint& made) {
    std::optional<uint32_t> files_go_to;  // files are kept by subtask, not by operator
    for (const auto& [old_op, state] : vertex.coordinators) {
      const Home* const home = home_of(operator_at(rank_then, old_op), !state.bytes.empty());
      if (home == nullptr) continue;
      new_vertex(made, home->rank, vertex).coordinators[home->in_chain] = state;
      files_go_to = home->rank;
    }
    for (const auto& [subtask, part] : vertex.subtasks) {
      const std::vector<OperatorState>* const operators = operators_of(part);
      std::map<uint32_t, std::vector<OperatorState>> by_rank;
      if (operators != nullptr) {
        for (const OperatorState& state : *operators) {
          const Home* const home = home_of(state.op, holds_anything(state));
          if (home == nullptr) continue;
          if (!files_go_to.has_value()) files_go_to = home->rank;
          OperatorState moved = state;
          moved.op = home->op;
          by_rank[home->rank].push_back(std::move(moved));
        }
      }
      for (auto& [rank, states] : by_rank)
        put(new_vertex(made, rank, vertex), subtask, part, std::move(states), rank == files_go_to);
    }
  }

  static CompletedVertex& new_vertex(CompletedCheckpoint& made, uint32_t rank,
                                     const CompletedVertex& old) {
    CompletedVertex& vertex = made.vertices[rank];
    vertex.parallelism = std::max(vertex.parallelism, old.parallelism);
    return vertex;
  }

  static void put(CompletedVertex& vertex, uint32_t subtask, const CompletedSubtask& part,
                  std::vector<OperatorState> states, bool with_files) {
    CompletedSubtask& here = vertex.subtasks[subtask];
    auto snapshot = std::make_shared<TaskStateSnapshot>();
    if (const auto* before = operators_of(here)) snapshot->operators = *before;
    for (OperatorState& state : states) snapshot->operators.push_back(std::move(state));
    const TaskAcknowledgement& from = part.acknowledgement;
    TaskAcknowledgement& to = here.acknowledgement;
    to.has_state = true;
    to.uses_union_list_state = to.uses_union_list_state || from.uses_union_list_state;
    to.snapshot = std::move(snapshot);
    if (!with_files) return;
    to.inline_bytes += from.inline_bytes;
    to.private_files.insert(to.private_files.end(), from.private_files.begin(),
                            from.private_files.end());
    to.shared_files.insert(to.shared_files.end(), from.shared_files.begin(),
                           from.shared_files.end());
  }

  // A coordinator is kept under its operator's place in the chain.
  uint32_t operator_at(uint32_t vertex, uint32_t in_chain) const {
    for (const auto& [op, identity] : loaded_.operators)
      if (identity.vertex == vertex && identity.in_chain == in_chain) return op;
    return UINT32_MAX;
  }

  const CompletedCheckpoint& loaded_;
  OperatorIdentities operators_;  // of this job; parallelism: with which the state was taken
  std::map<std::string, Home> homes_;
  bool allow_;
  Mutant mutant_;
  std::string error_;
};

// All that the subtasks had of one operator.
struct Gathered {
  std::vector<state::KeyedStateHandle> keyed;  // those with key groups of the new subtask
  std::vector<SourcePosition> positions;
  std::vector<std::string> lists;
};

// Of Mutant::positions_found_by_split_number: the positions of all sources by split number, the
// first source's first.
void take_positions_by_number(const CompletedCheckpoint& checkpoint,
                              std::vector<OperatorState>& states) {
  std::map<uint32_t, SourcePosition> by_number;
  for (const auto& [rank, vertex] : checkpoint.vertices)
    for (const auto& [subtask, part] : vertex.subtasks)
      if (const auto* operators = operators_of(part); operators != nullptr)
        for (const OperatorState& state : *operators)
          for (const SourcePosition& position : state.source)
            by_number.emplace(position.split, position);
  for (OperatorState& state : states)
    for (SourcePosition& position : state.source) position = by_number.at(position.split);
}

// All that the subtask had, or its share of what all of them had.
std::vector<OperatorState> own_states(const CompletedCheckpoint& checkpoint, TaskRef task,
                                      const JobVertex& now, Mutant mutant);

}  // namespace

OperatorIdentities identities_of(const JobInformation& job, const ExecutionTopology& topology) {
  OperatorIdentities identities;
  for (JobVertexIndex v = 0; v < job.graph.vertices.size(); ++v) {
    const JobVertex& vertex = job.graph.vertices[v];
    for (uint32_t i = 0; i < vertex.operators.size(); ++i) {
      const OperatorSpec& spec = job.spec.operators[vertex.operators[i]];
      identities[vertex.operators[i]] = {spec.uid.empty() ? spec.id : spec.uid, vertex.parallelism,
                                         vertex.max_parallelism, topology.rank(v), i};
    }
  }
  return identities;
}

std::string adopt_max_parallelism(const CompletedCheckpoint& loaded,
                                  const ExecutionTopology& topology, JobInformation& job) {
  std::map<std::string, uint32_t> recorded;
  for (const auto& [op, identity] : loaded.operators)
    recorded[identity.uid] = identity.max_parallelism;
  for (const auto& [op, identity] : identities_of(job, topology)) {
    const auto known = recorded.find(identity.uid);
    JobVertex& vertex = job.graph.vertices[topology.order()[identity.vertex]];
    if (known == recorded.end() || !max_parallelism_is_derived(job, vertex)) continue;
    if (known->second < vertex.parallelism)
      return fmt::format("{}: state with max parallelism {} cannot be dealt out to {} subtasks",
                         vertex.name, known->second, vertex.parallelism);
    vertex.max_parallelism = known->second;
  }
  return {};
}

Adopted adopt(const CompletedCheckpoint& loaded, const JobInformation& job,
              const ExecutionTopology& topology, bool allow_non_restored_state, Mutant mutant) {
  return Adoption(loaded, job, topology, allow_non_restored_state, mutant).run();
}

std::vector<OperatorState> states_of_subtask(const CompletedCheckpoint& checkpoint, TaskRef task,
                                             const JobVertex& now, Mutant mutant) {
  std::vector<OperatorState> states = own_states(checkpoint, task, now, mutant);
  if (mutant == Mutant::positions_found_by_split_number)
    take_positions_by_number(checkpoint, states);
  return states;
}

namespace {
std::vector<OperatorState> own_states(const CompletedCheckpoint& checkpoint, TaskRef task,
                                      const JobVertex& now, Mutant mutant) {
  const auto found = checkpoint.vertices.find(task.vertex);
  if (found == checkpoint.vertices.end()) return {};
  const CompletedVertex& vertex = found->second;
  const auto stays = [&](uint32_t op) {
    const auto identity = checkpoint.operators.find(op);
    const uint32_t then =
        identity == checkpoint.operators.end() ? vertex.parallelism : identity->second.parallelism;
    return then == now.parallelism || mutant == Mutant::rescaled_state_stays;
  };
  // A restart looks at its own subtask only: with all of them it would be quadratic.
  bool all_stay = vertex.parallelism == now.parallelism || mutant == Mutant::rescaled_state_stays;
  for (const auto& [op, identity] : checkpoint.operators)
    all_stay = all_stay && (identity.vertex != task.vertex || stays(op));
  if (all_stay) {
    const auto own = vertex.subtasks.find(task.subtask);
    const std::vector<OperatorState>* const operators =
        own == vertex.subtasks.end() ? nullptr : operators_of(own->second);
    return operators == nullptr ? std::vector<OperatorState>() : *operators;
  }
  const state::KeyGroupRange range = state::key_groups_of_subtask(
      static_cast<int32_t>(task.subtask), static_cast<int32_t>(now.max_parallelism),
      static_cast<int32_t>(now.parallelism));
  std::vector<OperatorState> states;
  std::map<uint32_t, Gathered> by_op;
  for (const auto& [old, part] : vertex.subtasks) {
    const std::vector<OperatorState>* const operators = operators_of(part);
    if (operators == nullptr) continue;
    for (const OperatorState& state : *operators) {
      if (stays(state.op)) {
        if (old == task.subtask) states.push_back(state);
        continue;
      }
      Gathered& all = by_op[state.op];
      for (const state::KeyedStateHandle& handle : state.keyed)
        if (auto cut = intersect(handle, range)) all.keyed.push_back(std::move(*cut));
      all.positions.insert(all.positions.end(), state.source.begin(), state.source.end());
      if (!state.bytes.empty()) all.lists.push_back(state.bytes);
    }
  }
  for (const auto& [op, all] : by_op) {
    states.push_back({.op = op,
                      .keyed = all.keyed,
                      .source = share_of(all.positions, task.subtask, now.parallelism),
                      .bytes = {}});
    for (const std::string& list : share_of(all.lists, task.subtask, now.parallelism))
      states.push_back({.op = op, .keyed = {}, .source = {}, .bytes = list});
  }
  return states;
}
}  // namespace

}  // namespace drey::model
