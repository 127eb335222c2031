#include "model/cluster/slot_pool.h"

#include <algorithm>

#include "sim/check.h"

namespace drey::model {

std::optional<AllocationId> SlotPool::request(SlotRequestId request, const ResourceProfile& profile,
                                              const std::vector<TaskManagerPlace>& preferred,
                                              sim::Time now, uint32_t load) {
  CHECK(waiting_.count(request) == 0 && served_.count(request) == 0,
        "a slot request has its own number");
  now_ = now;
  const bool deferred = mode_ == LoadBalance::tasks;
  const std::optional<AllocationId> slot = deferred ? std::nullopt : choose(profile, preferred);
  pool_.increase(ResourceCounter::of(profile, 1), now);
  if (!slot.has_value()) {
    waiting_.emplace(request, Waiting{profile, load});
    return std::nullopt;
  }
  serve(request, {profile, load}, *slot);
  return slot;
}

std::optional<AllocationId> SlotPool::first_free(const Owner& owner,
                                                 const ResourceProfile& profile) const {
  for (const AllocationId slot : owner.free)
    if (is_matching(pool_.slots().at(slot).profile, profile)) return slot;
  return std::nullopt;
}

// The slots of one TaskManager score alike, so the first of each that can score is enough, and the
// first of all for when none does.
std::optional<AllocationId> SlotPool::choose(const ResourceProfile& profile,
                                             const std::vector<TaskManagerPlace>& preferred) const {
  const bool spread_out = mode_ == LoadBalance::slots;
  std::set<AllocationId> candidates;
  for (const AllocationId slot : free_) {
    if (!is_matching(pool_.slots().at(slot).profile, profile)) continue;
    candidates.insert(slot);
    break;
  }
  if (candidates.empty()) return std::nullopt;
  const auto add = [&](const Owner& owner) {
    const auto slot = first_free(owner, profile);
    if (slot.has_value()) candidates.insert(*slot);
  };
  if (spread_out)
    for (const auto& [resource, owner] : owners_) add(owner);
  for (const TaskManagerPlace& place : preferred) {
    const auto there = on_host_.find(place.host);
    if (there == on_host_.end()) continue;
    for (const std::string& resource : there->second) add(owners_.at(resource));
  }
  std::vector<SlotCandidate> free;
  for (const AllocationId id : candidates) {
    const PooledSlot& slot = pool_.slots().at(id);
    const Owner& owner = owners_.at(slot.owner);
    const size_t used = owner.slots.size() - owner.free.size();
    free.push_back(
        {.place = {slot.owner, owner.host},
         .profile = slot.profile,
         .utilisation_ppm = static_cast<uint32_t>(used * 1'000'000 / owner.slots.size())});
  }
  const std::optional<SelectedSlot> selected = select_slot(free, profile, preferred, spread_out);
  if (!selected.has_value()) return std::nullopt;
  return *std::next(candidates.begin(), static_cast<ptrdiff_t>(selected->slot));
}

void SlotPool::serve(SlotRequestId request, const Waiting& waiting, AllocationId slot) {
  Owner& owner = owners_.at(pool_.slots().at(slot).owner);
  free_.erase(slot);
  owner.free.erase(slot);
  owner.load += waiting.load;
  served_.emplace(request, Served{slot, waiting.load});
  pool_.reserve(slot, waiting.profile, now_);
}

void SlotPool::serve_waiting(SlotRequestId request, AllocationId slot) {
  const auto at = waiting_.find(request);
  const Waiting waiting = at->second;
  waiting_.erase(at);
  serve(request, waiting, slot);
  output_.slot_arrived(request, slot);
}

void SlotPool::release(SlotRequestId request, sim::Time now) {
  now_ = now;
  const auto waiting = waiting_.find(request);
  if (waiting != waiting_.end()) {
    const ResourceProfile profile = waiting->second.profile;
    waiting_.erase(waiting);
    pool_.decrease(ResourceCounter::of(profile, 1), now);
    return;
  }
  const auto served = served_.find(request);
  if (served == served_.end()) return;
  const Served was = served->second;
  served_.erase(served);
  owners_.at(pool_.slots().at(was.slot).owner).load -= was.load;
  // The slot may serve a waiting request before the requirement goes down.
  const ResourceCounter counted = pool_.free_reserved(was.slot, now);
  pool_.decrease(counted, now);
}

std::vector<AllocationId> SlotPool::offer(const TaskManagerPlace& owner,
                                          const std::vector<OfferedSlot>& slots, sim::Time now) {
  now_ = now;
  host_of_[owner.resource] = owner.host;
  return restarting_ ? pool_.register_while_restarting(owner.resource, slots, now)
                     : pool_.offer(owner.resource, slots, now);
}

std::vector<SlotRequestId> SlotPool::forget_served_by(const std::set<AllocationId>& slots) {
  std::vector<SlotRequestId> requests;
  for (auto at = served_.begin(); at != served_.end();) {
    if (slots.count(at->second.slot) == 0) {
      ++at;
      continue;
    }
    owners_.at(pool_.slots().at(at->second.slot).owner).load -= at->second.load;
    requests.push_back(at->first);
    at = served_.erase(at);
  }
  return requests;
}

std::vector<SlotRequestId> SlotPool::lose_slot(AllocationId slot, sim::Time now) {
  now_ = now;
  if (pool_.slots().count(slot) == 0) return {};
  std::vector<SlotRequestId> requests = forget_served_by({slot});
  pool_.decrease(pool_.release(slot), now);
  return requests;
}

std::vector<SlotRequestId> SlotPool::lose_task_manager(const std::string& owner, sim::Time now) {
  now_ = now;
  const std::set<AllocationId> lost = slots_of(owner);
  if (lost.empty()) return {};
  std::vector<SlotRequestId> requests = forget_served_by(lost);
  pool_.decrease(pool_.release(lost), now);
  return requests;
}

std::vector<SlotRequestId> SlotPool::fail_waiting(sim::Time now) {
  std::vector<SlotRequestId> requests;
  for (const auto& [request, waiting] : waiting_) requests.push_back(request);
  for (const SlotRequestId request : requests) release(request, now);
  return requests;
}

std::optional<AllocationId> SlotPool::slot_of(SlotRequestId request) const {
  const auto at = served_.find(request);
  if (at == served_.end()) return std::nullopt;
  return at->second.slot;
}

std::set<AllocationId> SlotPool::slots_of(const std::string& owner) const {
  const auto at = owners_.find(owner);
  return at == owners_.end() ? std::set<AllocationId>() : at->second.slots;
}

std::vector<std::string> SlotPool::owners() const {
  std::vector<std::string> owners;
  for (const auto& [resource, owner] : owners_) owners.push_back(resource);
  return owners;
}

void SlotPool::declare_requirements(const ResourceCounter& requirements) {
  output_.declare_requirements(requirements);
}

void SlotPool::slots_available(const std::vector<AllocationId>& slots) {
  for (const AllocationId slot : slots) {
    const std::string& resource = pool_.slots().at(slot).owner;
    Owner& owner = owners_[resource];
    owner.host = host_of_.at(resource);
    on_host_[owner.host].insert(resource);
    owner.slots.insert(slot);
    owner.free.insert(slot);
    free_.insert(slot);
  }
  if (mode_ == LoadBalance::tasks) {
    match_balanced_if_due();
    return;
  }
  // Matched before anybody is told: what that sets off may change the tables.
  std::vector<std::pair<SlotRequestId, AllocationId>> pairs;
  std::set<SlotRequestId> taken;
  for (const AllocationId slot : slots) {
    const ResourceProfile profile = pool_.slots().at(slot).profile;
    const auto wanted = [](const auto& entry) { return entry.second.profile; };
    auto at = first_match(profile, waiting_.begin(), waiting_.end(), wanted);
    while (at != waiting_.end() && taken.count(at->first) != 0)
      at = first_match(profile, std::next(at), waiting_.end(), wanted);
    if (at == waiting_.end()) continue;
    taken.insert(at->first);
    pairs.emplace_back(at->first, slot);
  }
  for (const auto& [request, slot] : pairs)
    if (waiting_.count(request) != 0 && free_.count(slot) != 0) serve_waiting(request, slot);
}

void SlotPool::match_balanced_if_due() {
  if (mode_ != LoadBalance::tasks || !pool_.is_stable() || waiting_.empty() ||
      free_.size() < waiting_.size())
    return;
  std::map<std::string, size_t> index_of;
  std::vector<uint64_t> loads;
  std::vector<PlacedSlot> slots;
  std::vector<AllocationId> ids;
  for (const auto& [resource, owner] : owners_) {
    index_of[resource] = loads.size();
    loads.push_back(owner.load);
  }
  for (const AllocationId id : free_) {
    const PooledSlot& slot = pool_.slots().at(id);
    slots.push_back({index_of.at(slot.owner), slot.profile});
    ids.push_back(id);
  }
  std::vector<SlotRequestId> numbers;
  std::vector<LoadedRequest> requests;
  for (const auto& [number, waiting] : waiting_) {
    numbers.push_back(number);
    requests.push_back({waiting.profile, waiting.load});
  }
  for (const auto& [r, s] : match_balanced(slots, requests, loads))
    if (waiting_.count(numbers[r]) != 0 && free_.count(ids[s]) != 0)
      serve_waiting(numbers[r], ids[s]);
}

void SlotPool::give_back(AllocationId slot, const std::string& resource) {
  const auto owner = owners_.find(resource);
  free_.erase(slot);
  owner->second.free.erase(slot);
  owner->second.slots.erase(slot);
  if (owner->second.slots.empty()) {
    on_host_[owner->second.host].erase(resource);
    owners_.erase(owner);
  }
  output_.free_slot(slot, resource);
}

}  // namespace drey::model
