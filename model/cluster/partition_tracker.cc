#include "model/cluster/partition_tracker.h"

#include <algorithm>

namespace drey::model {

void PartitionTracker::start(const PartitionId& id, const AssignedSlot& slot,
                             sim::Address external) {
  if (!is_released_by_scheduler(topology_.type_of(id.partition))) return;
  entries_[id.partition] = {.tracked = true, .id = id, .slot = slot, .external = external};
}

sim::Address PartitionTracker::place(const PartitionId& id) const {
  const Entry& entry = entries_[id.partition];
  if (entry.id != id) return {};
  return entry.external.process.valid() ? entry.external : entry.slot.data;
}

void PartitionTracker::stop_all_at(const std::string& task_manager) {
  for (Entry& entry : entries_)
    if (!entry.external.process.valid() && entry.slot.task_manager == task_manager)
      entry.tracked = false;
}

bool PartitionTracker::any_at(const std::string& task_manager) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return entry.tracked && !entry.external.process.valid() &&
           entry.slot.task_manager == task_manager;
  });
}

std::vector<PartitionTracker::Held> PartitionTracker::stop_and_release(
    const std::vector<PartitionIndex>& partitions) {
  std::vector<Held> held;
  for (const PartitionIndex partition : partitions) {
    Entry& entry = entries_[partition];
    if (!entry.tracked) continue;
    entry.tracked = false;
    AssignedSlot at = entry.slot;
    if (entry.external.process.valid()) at = {.control = entry.external};
    const auto known = std::find_if(held.begin(), held.end(), [&](const Held& other) {
      return other.at.control == at.control;
    });
    if (known != held.end())
      known->partitions.push_back(entry.id);
    else
      held.push_back({at, {entry.id}});
  }
  return held;
}

std::vector<PartitionTracker::Held> PartitionTracker::stop_and_release_all() {
  std::vector<PartitionIndex> all;
  for (PartitionIndex p = 0; p < entries_.size(); ++p) all.push_back(p);
  return stop_and_release(all);
}

}  // namespace drey::model
