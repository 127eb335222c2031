#include "model/cluster/resource_profile.h"

namespace drey::model {

ResourceCounter ResourceCounter::of(const ResourceProfile& profile, uint32_t count) {
  ResourceCounter counter;
  counter.add(profile, count);
  return counter;
}

uint32_t ResourceCounter::count(const ResourceProfile& profile) const {
  const auto at = counts_.find(profile);
  return at == counts_.end() ? 0 : at->second;
}

void ResourceCounter::add(const ResourceProfile& profile, uint32_t count) {
  if (count != 0) counts_[profile] += count;
}

void ResourceCounter::add(const ResourceCounter& other) {
  for (const auto& [profile, count] : other.counts_) add(profile, count);
}

void ResourceCounter::subtract(const ResourceProfile& profile, uint32_t count) {
  const auto at = counts_.find(profile);
  if (at == counts_.end()) return;
  if (at->second <= count)
    counts_.erase(at);
  else
    at->second -= count;
}

void ResourceCounter::subtract(const ResourceCounter& other) {
  for (const auto& [profile, count] : other.counts_) subtract(profile, count);
}

uint32_t ResourceCounter::total() const {
  uint32_t sum = 0;
  for (const auto& [profile, count] : counts_) sum += count;
  return sum;
}

}  // namespace drey::model
