#include "model/cluster/slot_pool.h"

#include <algorithm>

#include "sim/check.h"

namespace drey::model {

std::optional<AllocationId> SlotPool::request(SlotRequestId request, const ResourceProfile& profile,
                                              const std::vector<TaskManagerPlace>& preferred,
                                              sim::Time now) {
  CHECK(waiting_.count(request) == 0 && served_.count(request) == 0,
        "a slot request has its own number");
  now_ = now;
  std::vector<FreeSlot> free;
  std::vector<AllocationId> ids;
  for (const auto& [id, slot] : pool_.slots()) {
    if (slot.reserved) continue;
    free.push_back({.place = {slot.owner, host_of_.at(slot.owner)}, .profile = slot.profile});
    ids.push_back(id);
  }
  const std::optional<SelectedSlot> selected = select_slot(free, profile, preferred, false);
  pool_.increase(ResourceCounter::of(profile, 1), now);
  if (!selected.has_value()) {
    waiting_.emplace(request, profile);
    return std::nullopt;
  }
  const AllocationId slot = ids[selected->slot];
  served_.emplace(request, slot);
  pool_.reserve(slot, profile, now);
  return slot;
}

void SlotPool::release(SlotRequestId request, sim::Time now) {
  now_ = now;
  const auto waiting = waiting_.find(request);
  if (waiting != waiting_.end()) {
    const ResourceProfile profile = waiting->second;
    waiting_.erase(waiting);
    pool_.decrease(ResourceCounter::of(profile, 1), now);
    return;
  }
  const auto served = served_.find(request);
  if (served == served_.end()) return;
  const AllocationId slot = served->second;
  served_.erase(served);
  // The slot may serve a waiting request before the requirement goes down.
  const ResourceCounter counted = pool_.free_reserved(slot, now);
  pool_.decrease(counted, now);
}

std::vector<AllocationId> SlotPool::offer(const TaskManagerPlace& owner,
                                          const std::vector<OfferedSlot>& slots, sim::Time now) {
  now_ = now;
  host_of_[owner.resource] = owner.host;
  return restarting_ ? pool_.register_while_restarting(owner.resource, slots, now)
                     : pool_.offer(owner.resource, slots, now);
}

std::vector<SlotRequestId> SlotPool::forget_served_by(const std::vector<AllocationId>& slots) {
  std::vector<SlotRequestId> requests;
  for (auto at = served_.begin(); at != served_.end();) {
    if (std::find(slots.begin(), slots.end(), at->second) == slots.end()) {
      ++at;
      continue;
    }
    requests.push_back(at->first);
    at = served_.erase(at);
  }
  return requests;
}

std::vector<SlotRequestId> SlotPool::lose_slot(AllocationId slot, sim::Time now) {
  now_ = now;
  std::vector<SlotRequestId> requests = forget_served_by({slot});
  pool_.decrease(pool_.release(slot), now);
  return requests;
}

std::vector<SlotRequestId> SlotPool::lose_task_manager(const std::string& owner, sim::Time now) {
  now_ = now;
  std::vector<AllocationId> lost;
  for (const auto& [id, slot] : pool_.slots()) {
    if (slot.owner == owner) lost.push_back(id);
  }
  if (lost.empty()) return {};
  std::vector<SlotRequestId> requests = forget_served_by(lost);
  pool_.decrease(pool_.release_all(owner), now);
  return requests;
}

std::vector<SlotRequestId> SlotPool::fail_waiting(sim::Time now) {
  std::vector<SlotRequestId> requests;
  for (const auto& [request, profile] : waiting_) requests.push_back(request);
  for (const SlotRequestId request : requests) release(request, now);
  return requests;
}

std::optional<AllocationId> SlotPool::slot_of(SlotRequestId request) const {
  const auto at = served_.find(request);
  if (at == served_.end()) return std::nullopt;
  return at->second;
}

void SlotPool::declare_requirements(const ResourceCounter& requirements) {
  output_.declare_requirements(requirements);
}

void SlotPool::slots_available(const std::vector<AllocationId>& slots) {
  std::vector<ResourceProfile> profiles;
  for (const AllocationId slot : slots) profiles.push_back(pool_.slots().at(slot).profile);
  std::vector<ResourceProfile> wanted;
  std::vector<SlotRequestId> requests;
  for (const auto& [request, profile] : waiting_) {
    requests.push_back(request);
    wanted.push_back(profile);
  }
  for (const auto& [r, s] : match_in_order(profiles, wanted)) {
    waiting_.erase(requests[r]);
    served_.emplace(requests[r], slots[s]);
    pool_.reserve(slots[s], wanted[r], now_);
    output_.slot_arrived(requests[r], slots[s]);
  }
}

void SlotPool::give_back(AllocationId slot, const std::string& owner) {
  output_.free_slot(slot, owner);
}

}  // namespace drey::model
