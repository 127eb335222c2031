#include "model/cluster/declarative_slot_pool.h"

#include <utility>

#include "sim/check.h"

namespace drey::model {

void DeclarativeSlotPool::increase(const ResourceCounter& requirements, sim::Time now) {
  required_.add(requirements);
  requirements_changed(now);
}

void DeclarativeSlotPool::decrease(const ResourceCounter& requirements, sim::Time now) {
  required_.subtract(requirements);
  requirements_changed(now);
}

void DeclarativeSlotPool::set_requirements(const ResourceCounter& requirements) {
  required_ = requirements;
  output_.declare_requirements(required_);
}

void DeclarativeSlotPool::requirements_changed(sim::Time now) {
  if (options_.request_max_interval.ns <= 0) {
    output_.declare_requirements(required_);
    return;
  }
  stable_ = false;
  declare_at_ = now + options_.request_max_interval;
}

void DeclarativeSlotPool::on_time(sim::Time now) {
  if (!declare_at_.has_value() || now < *declare_at_) return;
  declare_at_.reset();
  output_.declare_requirements(required_);
  stable_ = true;
  output_.requirements_stable();
}

// First a requirement of exactly this size, then any that the slot matches.
std::optional<ResourceProfile> DeclarativeSlotPool::unfulfilled_match(
    const ResourceProfile& slot) const {
  if (required_.count(slot) > fulfilled_.count(slot)) return slot;
  for (const auto& [profile, count] : required_.counts()) {
    if (is_matching(slot, profile) && count > fulfilled_.count(profile)) return profile;
  }
  return std::nullopt;
}

std::vector<AllocationId> DeclarativeSlotPool::take(const std::string& owner,
                                                    const std::vector<OfferedSlot>& slots,
                                                    bool take_all, sim::Time now) {
  std::vector<AllocationId> accepted;
  std::vector<AllocationId> added;
  for (const OfferedSlot& offered : slots) {
    CHECK(!is_unknown(offered.profile), "a slot has a size");
    if (slots_.count(offered.id) != 0) {
      accepted.push_back(offered.id);
      continue;
    }
    std::optional<ResourceProfile> match = unfulfilled_match(offered.profile);
    if (!match.has_value() && take_all) match = kAnyProfile;
    if (!match.has_value()) continue;
    PooledSlot slot;
    slot.id = offered.id;
    slot.owner = owner;
    slot.profile = offered.profile;
    slot.fulfils = *match;
    slot.free_since = now;
    fulfilled_.add(*match, 1);
    slots_.emplace(offered.id, std::move(slot));
    accepted.push_back(offered.id);
    added.push_back(offered.id);
  }
  if (!added.empty()) output_.slots_available(added);
  return accepted;
}

std::vector<AllocationId> DeclarativeSlotPool::offer(const std::string& owner,
                                                     const std::vector<OfferedSlot>& slots,
                                                     sim::Time now) {
  return take(owner, slots, false, now);
}

std::vector<AllocationId> DeclarativeSlotPool::register_while_restarting(
    const std::string& owner, const std::vector<OfferedSlot>& slots, sim::Time now) {
  return take(owner, slots, true, now);
}

void DeclarativeSlotPool::count_for(PooledSlot& slot, const ResourceProfile& requirement) {
  fulfilled_.add(requirement, 1);
  fulfilled_.subtract(slot.fulfils, 1);
  slot.fulfils = requirement;
}

void DeclarativeSlotPool::reserve(AllocationId id, const ResourceProfile& profile, sim::Time now) {
  const auto at = slots_.find(id);
  CHECK(at != slots_.end() && !at->second.reserved, "only a free slot of the pool is reserved");
  PooledSlot& slot = at->second;
  CHECK(is_matching(slot.profile, profile), "a slot is reserved for a request that it matches");
  slot.reserved = true;
  if (slot.fulfils == profile) return;
  const ResourceProfile before = slot.fulfils;
  count_for(slot, profile);
  // A slot that was nobody's has displaced nothing.
  if (before == kAnyProfile) return;
  decrease(ResourceCounter::of(profile, 1), now);
  increase(ResourceCounter::of(before, 1), now);
}

ResourceCounter DeclarativeSlotPool::free_reserved(AllocationId id, sim::Time now) {
  const auto at = slots_.find(id);
  if (at == slots_.end() || !at->second.reserved) return {};
  at->second.reserved = false;
  at->second.free_since = now;
  const ResourceProfile fulfilled = at->second.fulfils;
  output_.slots_available({id});
  return ResourceCounter::of(fulfilled, 1);
}

void DeclarativeSlotPool::remove(AllocationId id) {
  const auto at = slots_.find(id);
  const PooledSlot slot = std::move(at->second);
  slots_.erase(at);
  fulfilled_.subtract(slot.fulfils, 1);
  output_.give_back(slot.id, slot.owner);
}

ResourceCounter DeclarativeSlotPool::release(AllocationId id) {
  const auto at = slots_.find(id);
  if (at == slots_.end()) return {};
  ResourceCounter counted;
  if (at->second.reserved) counted.add(at->second.fulfils, 1);
  remove(id);
  return counted;
}

ResourceCounter DeclarativeSlotPool::release(const std::set<AllocationId>& slots) {
  ResourceCounter counted;
  for (const AllocationId id : slots) counted.add(release(id));
  return counted;
}

uint32_t DeclarativeSlotPool::release_idle(sim::Time now) {
  ResourceCounter excess = fulfilled_;
  excess.subtract(required_);
  std::vector<AllocationId> idle;
  for (const auto& [id, slot] : slots_) {
    if (slot.reserved || now < slot.free_since + options_.idle_timeout) continue;
    if (excess.count(slot.fulfils) == 0) continue;
    excess.subtract(slot.fulfils, 1);
    idle.push_back(id);
  }
  for (const AllocationId id : idle) remove(id);
  return static_cast<uint32_t>(idle.size());
}

bool DeclarativeSlotPool::has_slots_of(const std::string& owner) const {
  for (const auto& [id, slot] : slots_) {
    if (slot.owner == owner) return true;
  }
  return false;
}

}  // namespace drey::model
