#include "model/cluster/slot_sharing.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "sim/check.h"

namespace drey::model {

namespace {

constexpr uint32_t kNone = UINT32_MAX;

// What both strategies keep: the slots made so far and who is in them.
class Placement {
 public:
  explicit Placement(const ExecutionTopology& topology) : topology_(topology) {
    sharing_.group_of.assign(topology.subtasks(), kNone);
  }

  uint32_t create() {
    sharing_.groups.emplace_back();
    vertices_.emplace_back();
    return static_cast<uint32_t>(sharing_.groups.size() - 1);
  }
  void place(SubtaskIndex subtask, uint32_t group) {
    CHECK(is_free_for(group, topology_.vertex_of(subtask)), "a slot takes one subtask of a vertex");
    sharing_.groups[group].push_back(subtask);
    vertices_[group].push_back(topology_.vertex_of(subtask));
    sharing_.group_of[subtask] = group;
    if (const auto constraint = constraint_of(subtask)) bound_.emplace(*constraint, group);
  }
  bool is_free_for(uint32_t group, JobVertexIndex vertex) const {
    const std::vector<JobVertexIndex>& held = vertices_[group];
    return std::find(held.begin(), held.end(), vertex) == held.end();
  }
  size_t load(uint32_t group) const { return sharing_.groups[group].size(); }
  uint32_t group_of(SubtaskIndex subtask) const { return sharing_.group_of[subtask]; }

  // The slot to which the subtask's co-location constraint is bound, if any.
  std::optional<uint32_t> bound_group(SubtaskIndex subtask) const {
    const auto constraint = constraint_of(subtask);
    if (!constraint.has_value()) return std::nullopt;
    const auto at = bound_.find(*constraint);
    if (at == bound_.end()) return std::nullopt;
    return at->second;
  }

  SlotSharing take() { return std::move(sharing_); }

 private:
  using Constraint = std::pair<std::string, uint32_t>;

  std::optional<Constraint> constraint_of(SubtaskIndex subtask) const {
    const JobVertex& vertex = topology_.job().vertices[topology_.vertex_of(subtask)];
    if (vertex.co_location_group.empty()) return std::nullopt;
    return Constraint(vertex.co_location_group, topology_.index_of(subtask));
  }

  const ExecutionTopology& topology_;
  SlotSharing sharing_;
  std::vector<std::vector<JobVertexIndex>> vertices_;  // by group
  std::map<Constraint, uint32_t> bound_;
};

class LocalInputStrategy {
 public:
  explicit LocalInputStrategy(const ExecutionTopology& topology)
      : topology_(topology), placement_(topology) {}

  SlotSharing run() {
    for (const JobVertexIndex v : topology_.order()) {
      const IndexRange subtasks = topology_.subtasks_of(v);
      std::vector<SubtaskIndex> rest;
      for (SubtaskIndex s = subtasks.first; s <= subtasks.last; ++s) {
        std::optional<uint32_t> group = placement_.bound_group(s);
        if (!group.has_value()) group = free_producer_group(s);
        if (group.has_value())
          placement_.place(s, *group);
        else
          rest.push_back(s);
      }
      place_in_first_free(v, rest);
    }
    return placement_.take();
  }

 private:
  const std::string& sharing_group(JobVertexIndex v) const {
    return topology_.job().vertices[v].slot_sharing_group;
  }

  // Slots of the group's producers that nobody has tried yet.
  struct Candidates {
    std::vector<uint32_t> slots;
    size_t next = 0;
  };

  std::optional<uint32_t> free_producer_group(SubtaskIndex subtask) {
    const JobVertexIndex vertex = topology_.vertex_of(subtask);
    std::optional<uint32_t> found;
    topology_.for_each_consumed_group(subtask, [&](GroupIndex group) {
      if (found.has_value()) return;
      const auto [at, is_new] = candidates_.emplace(group, Candidates{});
      if (is_new) at->second.slots = slots_of_producers(group, vertex);
      Candidates& candidates = at->second;
      while (candidates.next < candidates.slots.size() && !found.has_value()) {
        const uint32_t slot = candidates.slots[candidates.next++];
        if (placement_.is_free_for(slot, vertex)) found = slot;
      }
    });
    return found;
  }

  std::vector<uint32_t> slots_of_producers(GroupIndex group, JobVertexIndex consumer) const {
    std::vector<uint32_t> slots;
    const IndexRange partitions = topology_.group(group).partitions;
    const JobVertexIndex producer = topology_.vertex_of(topology_.producer_of(partitions.first));
    if (sharing_group(producer) != sharing_group(consumer)) return slots;
    // A slot holds one subtask of a vertex, so these are distinct.
    for (PartitionIndex p = partitions.first; p <= partitions.last; ++p)
      slots.push_back(placement_.group_of(topology_.producer_of(p)));
    return slots;
  }

  void place_in_first_free(JobVertexIndex vertex, const std::vector<SubtaskIndex>& rest) {
    std::vector<uint32_t>& slots = slots_of_[sharing_group(vertex)];
    size_t at = 0;  // what was taken for this vertex stays taken
    for (const SubtaskIndex subtask : rest) {
      while (at < slots.size() && !placement_.is_free_for(slots[at], vertex)) ++at;
      if (at == slots.size()) slots.push_back(placement_.create());
      placement_.place(subtask, slots[at]);
    }
  }

  const ExecutionTopology& topology_;
  Placement placement_;
  std::map<GroupIndex, Candidates> candidates_;
  std::map<std::string, std::vector<uint32_t>>
      slots_of_;  // by slot sharing group, in order of creation
};

class TaskBalancedStrategy {
 public:
  explicit TaskBalancedStrategy(const ExecutionTopology& topology)
      : topology_(topology), placement_(topology) {}

  SlotSharing run() {
    create_slots();
    for (const JobVertexIndex v : topology_.order()) {
      const JobVertex& vertex = topology_.job().vertices[v];
      Slots& slots = slots_of_[vertex.slot_sharing_group];
      if (!vertex.co_location_group.empty())
        place_co_located(v, slots);
      else if (vertex.parallelism == slots.groups.size())
        place_one_to_one(v, slots);
      else
        place_round_robin(v, slots);
    }
    return placement_.take();
  }

 private:
  struct Slots {
    std::vector<uint32_t> groups;
    uint32_t cursor = 0;
  };

  void create_slots() {
    for (const JobVertexIndex v : topology_.order()) {
      const JobVertex& vertex = topology_.job().vertices[v];
      std::vector<uint32_t>& groups = slots_of_[vertex.slot_sharing_group].groups;
      while (groups.size() < vertex.parallelism) groups.push_back(placement_.create());
    }
  }

  void place_one_to_one(JobVertexIndex v, const Slots& slots) {
    for (uint32_t i = 0; i < slots.groups.size(); ++i)
      placement_.place(topology_.subtask(v, i), slots.groups[i]);
  }

  void place_round_robin(JobVertexIndex v, Slots& slots) {
    for (uint32_t i = 0; i < topology_.job().vertices[v].parallelism; ++i) {
      placement_.place(topology_.subtask(v, i), slots.groups[slots.cursor]);
      slots.cursor = (slots.cursor + 1) % static_cast<uint32_t>(slots.groups.size());
    }
  }

  void place_co_located(JobVertexIndex v, Slots& slots) {
    const uint32_t parallelism = topology_.job().vertices[v].parallelism;
    for (uint32_t i = 0; i < parallelism; ++i) {
      const SubtaskIndex subtask = topology_.subtask(v, i);
      const std::optional<uint32_t> bound = placement_.bound_group(subtask);
      placement_.place(subtask, bound.has_value() ? *bound : slots.groups[least_filled(slots, v)]);
    }
    if (parallelism != slots.groups.size()) slots.cursor = least_filled(slots, std::nullopt);
  }

  // Position of the least filled slot, of those without a subtask of the vertex if one is given;
  // the lowest on ties.
  uint32_t least_filled(const Slots& slots, std::optional<JobVertexIndex> free_for) const {
    uint32_t best = kNone;
    for (uint32_t i = 0; i < slots.groups.size(); ++i) {
      if (free_for.has_value() && !placement_.is_free_for(slots.groups[i], *free_for)) continue;
      if (best == kNone || placement_.load(slots.groups[i]) < placement_.load(slots.groups[best]))
        best = i;
    }
    CHECK(best != kNone, "a slot sharing group has a slot for each subtask of its widest vertex");
    return best;
  }

  const ExecutionTopology& topology_;
  Placement placement_;
  std::map<std::string, Slots> slots_of_;  // by slot sharing group
};

// Slots that stayed empty are none (upstream has only those that some subtask maps to).
SlotSharing without_empty(SlotSharing sharing) {
  std::vector<uint32_t> renumbered(sharing.groups.size(), 0);
  std::vector<std::vector<SubtaskIndex>> kept;
  for (size_t g = 0; g < sharing.groups.size(); ++g) {
    renumbered[g] = static_cast<uint32_t>(kept.size());
    if (!sharing.groups[g].empty()) kept.push_back(std::move(sharing.groups[g]));
  }
  for (uint32_t& group : sharing.group_of) group = renumbered[group];
  sharing.groups = std::move(kept);
  return sharing;
}

}  // namespace

SlotSharing share_slots_by_local_input(const ExecutionTopology& topology) {
  return LocalInputStrategy(topology).run();
}

SlotSharing share_slots_by_task_balance(const ExecutionTopology& topology) {
  return without_empty(TaskBalancedStrategy(topology).run());
}

}  // namespace drey::model
