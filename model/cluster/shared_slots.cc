#include "model/cluster/shared_slots.h"

#include <algorithm>
#include <utility>

#include "model/graph/vertex_hash.h"
#include "sim/check.h"

namespace drey::model {

namespace {

template <class Value>
bool contains(const std::vector<Value>& values, const Value& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

template <class Value>
void erase_one(std::vector<Value>& values, const Value& value) {
  const auto at = std::find(values.begin(), values.end(), value);
  if (at != values.end()) values.erase(at);
}

}  // namespace

BulkId SharedSlotAllocator::allocate(const std::vector<SubtaskIndex>& subtasks) {
  const auto bulk = static_cast<BulkId>(bulks_.size());
  bulks_.emplace_back();
  std::vector<uint32_t> new_groups;
  std::vector<SubtaskIndex> ready;
  for (const SubtaskIndex subtask : subtasks) {
    const uint32_t group = sharing_.group_of[subtask];
    const auto [at, is_new] = shared_.emplace(group, SharedSlot{});
    SharedSlot& shared = at->second;
    if (is_new) {
      shared.bulk = bulk;
      bulks_[bulk].pending.push_back(group);
      new_groups.push_back(group);
    }
    if (!contains(shared.logical, subtask)) shared.logical.push_back(subtask);
    if (shared.physical.has_value()) ready.push_back(subtask);
  }
  for (const SubtaskIndex subtask : ready) {
    const auto at = shared_.find(sharing_.group_of[subtask]);
    if (at != shared_.end() && at->second.physical.has_value())
      output_.logical_slot_ready(subtask, *at->second.physical);
  }
  for (const uint32_t group : new_groups) output_.request_physical_slot(group, profiles_[group]);
  return bulk;
}

void SharedSlotAllocator::remove_logical(SubtaskIndex subtask, SharedSlot& shared) {
  const uint32_t group = sharing_.group_of[subtask];
  erase_one(shared.logical, subtask);
  if (!shared.logical.empty()) return;
  forget_pending(group, shared.bulk);
  shared_.erase(group);
  output_.return_physical_slot(group);
}

void SharedSlotAllocator::cancel(SubtaskIndex subtask) {
  const auto at = shared_.find(sharing_.group_of[subtask]);
  if (at == shared_.end() || at->second.physical.has_value()) return;
  if (!contains(at->second.logical, subtask)) return;
  remove_logical(subtask, at->second);
  output_.logical_slot_failed(subtask);
}

void SharedSlotAllocator::release(SubtaskIndex subtask) {
  const auto at = shared_.find(sharing_.group_of[subtask]);
  if (at == shared_.end() || !at->second.physical.has_value()) return;
  if (!contains(at->second.logical, subtask)) return;
  remove_logical(subtask, at->second);
}

void SharedSlotAllocator::cancel_bulk(BulkId bulk) {
  const std::vector<uint32_t> groups = bulks_[bulk].pending;
  for (const uint32_t group : groups) {
    const auto at = shared_.find(group);
    if (at == shared_.end() || at->second.physical.has_value()) continue;
    const std::vector<SubtaskIndex> logical = at->second.logical;
    for (const SubtaskIndex subtask : logical) cancel(subtask);
  }
}

void SharedSlotAllocator::forget_pending(uint32_t group, BulkId bulk) {
  erase_one(bulks_[bulk].pending, group);
}

void SharedSlotAllocator::physical_slot_ready(uint32_t group, AllocationId slot) {
  const auto at = shared_.find(group);
  CHECK(at != shared_.end() && !at->second.physical.has_value(),
        "a physical slot comes for an open request");
  at->second.physical = slot;
  Bulk& bulk = bulks_[at->second.bulk];
  erase_one(bulk.pending, group);
  bulk.slots.push_back(slot);
  ++bulk.fulfilled;
  const std::vector<SubtaskIndex> logical = at->second.logical;
  for (const SubtaskIndex subtask : logical) {
    // What the ones before set off may have taken the slot away again.
    const auto still = shared_.find(group);
    if (still == shared_.end() || still->second.physical != slot) return;
    if (contains(still->second.logical, subtask)) output_.logical_slot_ready(subtask, slot);
  }
}

void SharedSlotAllocator::physical_request_failed(uint32_t group) {
  const auto at = shared_.find(group);
  if (at == shared_.end()) return;
  const SharedSlot shared = std::move(at->second);
  shared_.erase(at);
  // One failed request fails the bulk: nobody waits for the rest of it.
  bulks_[shared.bulk].pending.clear();
  for (const SubtaskIndex subtask : shared.logical) output_.logical_slot_failed(subtask);
}

void SharedSlotAllocator::physical_slot_lost(uint32_t group) {
  const auto at = shared_.find(group);
  if (at == shared_.end()) return;
  const SharedSlot shared = std::move(at->second);
  shared_.erase(at);
  std::vector<uint32_t> hashes(shared.logical.size(), 0);
  for (size_t i = 0; i < hashes.size() && !java_hashes_.empty(); ++i)
    hashes[i] = java_hashes_[shared.logical[i]];
  for (const uint32_t i : java_hash_map_order(hashes))
    output_.payload_terminated(shared.logical[i]);
}

std::vector<ResourceProfile> SharedSlotAllocator::pending_of(BulkId bulk) const {
  std::vector<ResourceProfile> profiles;
  for (const uint32_t group : bulks_[bulk].pending) profiles.push_back(profiles_[group]);
  return profiles;
}

ResourceProfile sum_of(const std::vector<ResourceProfile>& profiles) {
  ResourceProfile sum = kZeroProfile;
  for (const ResourceProfile& profile : profiles) {
    if (is_unknown(profile)) return kUnknownProfile;
    sum = plus(sum, profile);
  }
  return sum;
}

SlotRequestBulkCheck::Verdict SlotRequestBulkCheck::check(sim::Time now, bool nothing_pending,
                                                          bool fulfillable) {
  next_ = now + timeout_;
  if (nothing_pending) return Verdict::fulfilled;
  if (fulfillable) {
    unfulfillable_since_.reset();
    return Verdict::pending;
  }
  if (!unfulfillable_since_.has_value()) unfulfillable_since_ = now;
  return *unfulfillable_since_ + timeout_ <= now ? Verdict::timeout : Verdict::pending;
}

bool is_bulk_fulfillable(const std::vector<ResourceProfile>& pending,
                         const std::vector<PoolSlotView>& slots,
                         const std::vector<AllocationId>& already_in_bulk) {
  std::vector<PoolSlotView> usable;
  for (const PoolSlotView& slot : slots) {
    if (slot.occupation != SlotOccupation::indefinite && !contains(already_in_bulk, slot.id))
      usable.push_back(slot);
  }
  for (const ResourceProfile& profile : pending) {
    const auto at = std::find_if(usable.begin(), usable.end(), [&](const PoolSlotView& slot) {
      return is_matching(slot.profile, profile);
    });
    if (at == usable.end()) return false;
    usable.erase(at);
  }
  return true;
}

}  // namespace drey::model
