#include "model/cluster/job_resource_tracker.h"

#include <algorithm>
#include <optional>

#include "sim/check.h"

namespace drey::model {

namespace {

template <class Counts>
auto entry_of(Counts& counts, const ResourceProfile& profile) {
  return std::find_if(counts.begin(), counts.end(),
                      [&](const auto& entry) { return entry.first == profile; });
}

template <class Counts>
void add(Counts& counts, const ResourceProfile& profile, uint32_t count) {
  const auto at = entry_of(counts, profile);
  if (at == counts.end())
    counts.emplace_back(profile, count);
  else
    at->second += count;
}

template <class Counts>
void subtract(Counts& counts, const ResourceProfile& profile, uint32_t count) {
  const auto at = entry_of(counts, profile);
  CHECK(at != counts.end() && at->second >= count, "no more is taken than there is");
  at->second -= count;
  if (at->second == 0) counts.erase(at);
}

template <class Counts>
uint32_t total(const Counts& counts) {
  uint32_t sum = 0;
  for (const auto& [profile, count] : counts) sum += count;
  return sum;
}

}  // namespace

uint32_t JobResourceTracker::fulfilled(const ResourceProfile& requirement) const {
  for (const Assigned& each : assigned_)
    if (each.requirement == requirement) return total(each.slots);
  return 0;
}

void JobResourceTracker::assign(const ResourceProfile& requirement, const ResourceProfile& slot) {
  for (Assigned& each : assigned_) {
    if (each.requirement != requirement) continue;
    add(each.slots, slot, 1);
    return;
  }
  assigned_.push_back({requirement, {{slot, 1}}});
}

void JobResourceTracker::take_back(size_t index, const ResourceProfile& slot, uint32_t count) {
  subtract(assigned_[index].slots, slot, count);
  if (assigned_[index].slots.empty())
    assigned_.erase(assigned_.begin() + static_cast<ptrdiff_t>(index));
}

bool JobResourceTracker::set_requirements(const ResourceCounter& requirements) {
  requirements_ = requirements;
  if (!release_excess()) return false;
  assign_excess();
  return true;
}

bool JobResourceTracker::release_excess() {
  struct Excess {
    size_t index = 0;
    ResourceProfile slot;
    uint32_t count = 0;
  };
  std::vector<Excess> found;
  for (size_t i = 0; i < assigned_.size(); ++i) {
    const uint32_t required = requirements_.count(assigned_[i].requirement);
    const uint32_t have = total(assigned_[i].slots);
    if (have <= required) continue;
    uint32_t excess = have - required;
    for (const auto& [slot, count] : assigned_[i].slots) {
      const uint32_t part = std::min(count, excess);
      if (part == 0) return false;  // upstream decrements by 0 here and throws
      found.push_back({i, slot, part});
      if (count > excess) break;
      excess -= count;
    }
  }
  // From the back: an entry that becomes empty goes.
  for (size_t k = found.size(); k-- > 0;) take_back(found[k].index, found[k].slot, found[k].count);
  for (const Excess& each : found) add(excess_, each.slot, each.count);
  return true;
}

void JobResourceTracker::assign_excess() {
  Counts excess;
  excess.swap(excess_);
  for (const auto& [slot, count] : excess)
    for (uint32_t i = 0; i < count; ++i) acquired(slot);
}

void JobResourceTracker::acquired(const ResourceProfile& slot) {
  std::optional<ResourceProfile> match;
  if (requirements_.count(slot) > fulfilled(slot)) match = slot;
  if (!match.has_value()) {
    for (const auto& [requirement, count] : requirements_.counts()) {
      if (!is_matching(slot, requirement) || count <= fulfilled(requirement)) continue;
      match = requirement;
      break;
    }
  }
  if (match.has_value())
    assign(*match, slot);
  else
    add(excess_, slot, 1);
}

void JobResourceTracker::lost(const ResourceProfile& slot) {
  if (entry_of(excess_, slot) != excess_.end()) {
    subtract(excess_, slot, 1);
    return;
  }
  for (size_t i = 0; i < assigned_.size(); ++i) {
    if (entry_of(assigned_[i].slots, slot) == assigned_[i].slots.end()) continue;
    take_back(i, slot, 1);
    assign_excess();
    return;
  }
  CHECK(false, "a job loses a slot that it has");
}

ResourceCounter JobResourceTracker::missing() const {
  ResourceCounter missing;
  for (const auto& [requirement, count] : requirements_.counts()) {
    const uint32_t have = fulfilled(requirement);
    if (have < count) missing.add(requirement, count - have);
  }
  return missing;
}

ResourceCounter JobResourceTracker::have() const {
  ResourceCounter have;
  for (const auto& [slot, count] : excess_) have.add(slot, count);
  for (const Assigned& each : assigned_)
    for (const auto& [slot, count] : each.slots) have.add(slot, count);
  return have;
}

}  // namespace drey::model
