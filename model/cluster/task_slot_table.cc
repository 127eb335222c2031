#include "model/cluster/task_slot_table.h"

#include <algorithm>

#include "sim/check.h"

namespace drey::model {

std::optional<uint32_t> TaskSlotTable::find(AllocationId allocation) const {
  for (uint32_t i = 0; i < slots_.size(); ++i)
    if (slots_[i].state != State::free && slots_[i].allocation == allocation) return i;
  return std::nullopt;
}

bool TaskSlotTable::allocate(JobId job, AllocationId allocation, sim::Time deadline) {
  if (const auto known = find(allocation); known.has_value()) return slots_[*known].job == job;
  for (Slot& slot : slots_) {
    if (slot.state != State::free) continue;
    slot = {State::allocated, job, allocation, deadline, 0};
    return true;
  }
  return false;
}

bool TaskSlotTable::mark_active(AllocationId allocation, JobId job) {
  const auto index = find(allocation);
  if (!index.has_value()) return false;
  Slot& slot = slots_[*index];
  if (slot.job != job || slot.state == State::releasing) return false;
  slot.state = State::active;
  slot.deadline = sim::kEndOfTime;
  return true;
}

void TaskSlotTable::mark_inactive(AllocationId allocation, sim::Time deadline) {
  const auto index = find(allocation);
  if (!index.has_value() || slots_[*index].state != State::active) return;
  slots_[*index].state = State::allocated;
  slots_[*index].deadline = deadline;
}

void TaskSlotTable::add_task(AllocationId allocation) {
  const auto index = find(allocation);
  CHECK(index.has_value(), "a task is added to a slot that exists");
  ++slots_[*index].tasks;
}

bool TaskSlotTable::remove_task(AllocationId allocation) {
  const auto index = find(allocation);
  if (!index.has_value()) return false;
  Slot& slot = slots_[*index];
  CHECK(slot.tasks > 0, "a slot counts its tasks");
  if (--slot.tasks > 0 || slot.state != State::releasing) return false;
  slot = {};
  return true;
}

TaskSlotTable::Freed TaskSlotTable::free(AllocationId allocation) {
  const auto index = find(allocation);
  if (!index.has_value()) return Freed::unknown;
  Slot& slot = slots_[*index];
  if (slot.tasks > 0) {
    slot.state = State::releasing;
    slot.deadline = sim::kEndOfTime;
    return Freed::waits_for_tasks;
  }
  slot = {};
  return Freed::freed;
}

std::vector<SlotStatus> TaskSlotTable::report() const {
  std::vector<SlotStatus> report;
  for (uint32_t i = 0; i < slots_.size(); ++i)
    report.push_back({i, slots_[i].job, slots_[i].allocation});
  return report;
}

std::vector<SlotOffer> TaskSlotTable::inactive_of(JobId job) const {
  std::vector<SlotOffer> offers;
  for (uint32_t i = 0; i < slots_.size(); ++i)
    if (slots_[i].state == State::allocated && slots_[i].job == job)
      offers.push_back({slots_[i].allocation, i, profile_});
  return offers;
}

std::vector<AllocationId> TaskSlotTable::all_of(JobId job) const {
  std::vector<AllocationId> all;
  for (const Slot& slot : slots_)
    if (slot.state != State::free && slot.job == job) all.push_back(slot.allocation);
  return all;
}

std::vector<AllocationId> TaskSlotTable::active_of(JobId job) const {
  std::vector<AllocationId> active;
  for (const Slot& slot : slots_)
    if (slot.state == State::active && slot.job == job) active.push_back(slot.allocation);
  return active;
}

bool TaskSlotTable::has_allocated(JobId job) const { return !all_of(job).empty(); }

sim::Time TaskSlotTable::next_deadline() const {
  sim::Time next = sim::kEndOfTime;
  for (const Slot& slot : slots_) next = std::min(next, slot.deadline);
  return next;
}

std::vector<AllocationId> TaskSlotTable::expired(sim::Time now) const {
  std::vector<AllocationId> expired;
  for (const Slot& slot : slots_)
    if (slot.deadline <= now) expired.push_back(slot.allocation);
  return expired;
}

}  // namespace drey::model
