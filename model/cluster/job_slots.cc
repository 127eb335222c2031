#include "model/cluster/job_slots.h"

#include <algorithm>

#include "sim/check.h"

namespace drey::model {

JobSlots::JobSlots(const ExecutionTopology& topology, JobSlotsHost& host) : host_(host) {
  assign_groups(topology);
}

// Subtask i of every vertex of a slot sharing group goes to the group's slot i: what
// LocalInputPreferred gives where parallelisms are equal, and for all-to-all edges always.
void JobSlots::assign_groups(const ExecutionTopology& topology) {
  std::map<std::string, std::vector<uint32_t>> by_name;
  group_of_.resize(topology.subtasks());
  for (const JobVertexIndex vertex : topology.order()) {
    const JobVertex& described = topology.job().vertices[vertex];
    std::vector<uint32_t>& groups = by_name[described.slot_sharing_group];
    while (groups.size() < described.parallelism) {
      groups.push_back(static_cast<uint32_t>(groups_.size()));
      groups_.emplace_back();
    }
    for (uint32_t i = 0; i < described.parallelism; ++i)
      group_of_[topology.subtask(vertex, i)] = groups[i];
  }
}

std::vector<SlotStatus> JobSlots::allocated_at(const std::string& task_manager) const {
  std::vector<SlotStatus> slots;
  for (const auto& [allocation, slot] : slots_)
    if (slot.at.task_manager == task_manager) slots.push_back({slot.index, 0, allocation});
  return slots;
}

bool JobSlots::holds_slots_of(const std::string& task_manager) const {
  return std::any_of(slots_.begin(), slots_.end(), [&](const auto& entry) {
    return entry.second.at.task_manager == task_manager;
  });
}

void JobSlots::request(const std::vector<SubtaskIndex>& subtasks) {
  std::vector<SubtaskIndex> at_once;
  bool more = false;
  for (const SubtaskIndex subtask : subtasks) {
    Group& group = groups_[group_of_[subtask]];
    group.subtasks.push_back(subtask);
    switch (group.state) {
      case Group::State::none:
        group.state = Group::State::pending;
        pending_.push_back(group_of_[subtask]);
        ++required_;
        more = true;
        break;
      case Group::State::pending:
        break;
      case Group::State::assigned:
        at_once.push_back(subtask);
        break;
    }
  }
  for (const SubtaskIndex subtask : at_once)
    host_.slot_granted(subtask, slots_.at(groups_[group_of_[subtask]].allocation).at);
  match();
  if (more) host_.requirements_changed();
}

void JobSlots::cancel_request(SubtaskIndex subtask) {
  const uint32_t index = group_of_[subtask];
  Group& group = groups_[index];
  if (group.state != Group::State::pending) return;
  group.subtasks.erase(std::remove(group.subtasks.begin(), group.subtasks.end(), subtask),
                       group.subtasks.end());
  if (!group.subtasks.empty()) return;
  group.state = Group::State::none;
  pending_.erase(std::remove(pending_.begin(), pending_.end(), index), pending_.end());
  drop_requirement();
}

void JobSlots::drop_requirement() {
  CHECK(required_ > 0, "a requirement is dropped once");
  --required_;
  host_.requirements_changed();
}

void JobSlots::release(SubtaskIndex subtask, AllocationId allocation, sim::Time now) {
  Group& group = groups_[group_of_[subtask]];
  const auto found = slots_.find(allocation);
  if (group.state != Group::State::assigned || group.allocation != allocation ||
      found == slots_.end())
    return;
  group.subtasks.erase(std::remove(group.subtasks.begin(), group.subtasks.end(), subtask),
                       group.subtasks.end());
  if (!group.subtasks.empty()) return;
  group = {};
  found->second.group = UINT32_MAX;
  found->second.idle_since = now;
  drop_requirement();
  match();
}

std::vector<SlotOffer> JobSlots::offer(const AssignedSlot& task_manager,
                                       const std::vector<SlotOffer>& offers, bool restarting,
                                       sim::Time now) {
  std::vector<SlotOffer> accepted;
  for (const SlotOffer& each : offers) {
    const bool known = has(each.allocation);
    if (!known && slots_.size() >= required_ && !restarting) continue;
    accepted.push_back(each);
    if (known) continue;
    Slot slot{.at = task_manager, .index = each.index, .idle_since = now};
    slot.at.allocation = each.allocation;
    slots_.emplace(each.allocation, slot);
  }
  match();
  return accepted;
}

// Free slots go to pending requests in the order of these.
void JobSlots::match() {
  for (auto& [allocation, slot] : slots_) {
    if (slot.group != UINT32_MAX) continue;
    if (pending_.empty()) return;
    const uint32_t index = pending_.front();
    pending_.erase(pending_.begin());
    slot.group = index;
    groups_[index].state = Group::State::assigned;
    groups_[index].allocation = allocation;
    grant(index);
    match();  // granting may have changed the tables
    return;
  }
}

void JobSlots::grant(uint32_t index) {
  const std::vector<SubtaskIndex> subtasks = groups_[index].subtasks;
  const AllocationId allocation = groups_[index].allocation;
  for (const SubtaskIndex subtask : subtasks) {
    const auto found = slots_.find(allocation);
    if (found != slots_.end()) host_.slot_granted(subtask, found->second.at);
  }
}

void JobSlots::payload_fails(const Slot& slot, const Cause& cause) {
  if (slot.group == UINT32_MAX) return;
  const std::vector<SubtaskIndex> subtasks = groups_[slot.group].subtasks;
  groups_[slot.group] = {};
  for (const SubtaskIndex subtask : subtasks) host_.slot_lost(subtask, slot.at.allocation, cause);
  drop_requirement();
}

void JobSlots::fail_slot(AllocationId allocation, const Cause& cause) {
  const auto found = slots_.find(allocation);
  if (found == slots_.end()) return;
  const Slot slot = found->second;
  slots_.erase(found);
  payload_fails(slot, cause);
}

// All slots leave the pool first, then one payload after the other fails.
void JobSlots::lose_task_manager(const std::string& task_manager, const Cause& cause) {
  std::vector<Slot> lost;
  for (auto it = slots_.begin(); it != slots_.end();) {
    if (it->second.at.task_manager == task_manager) {
      lost.push_back(it->second);
      it = slots_.erase(it);
    } else {
      ++it;
    }
  }
  for (const Slot& slot : lost) payload_fails(slot, cause);
}

bool JobSlots::anything_pending() const { return !pending_.empty(); }

void JobSlots::fail_pending(const Cause& cause) {
  std::vector<uint32_t> pending;
  pending.swap(pending_);
  for (const uint32_t index : pending) {
    const std::vector<SubtaskIndex> subtasks = groups_[index].subtasks;
    groups_[index] = {};
    drop_requirement();
    for (const SubtaskIndex subtask : subtasks) host_.slot_refused(subtask, cause);
  }
}

void JobSlots::release_idle(sim::Time now, sim::Duration timeout) {
  std::vector<AllocationId> idle;
  const size_t excess = slots_.size() > required_ ? slots_.size() - required_ : 0;
  for (const auto& [allocation, slot] : slots_)
    if (slot.group == UINT32_MAX && now - slot.idle_since >= timeout && idle.size() < excess)
      idle.push_back(allocation);
  for (const AllocationId allocation : idle) {
    const AssignedSlot at = slots_.at(allocation).at;
    slots_.erase(allocation);
    host_.free_slot_at(at);
  }
}

void JobSlots::free_all() {
  std::map<AllocationId, Slot> slots;
  slots.swap(slots_);
  for (const auto& [allocation, slot] : slots) host_.free_slot_at(slot.at);
  for (Group& group : groups_) group = {};
  pending_.clear();
  required_ = 0;
}

}  // namespace drey::model
