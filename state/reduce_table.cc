#include "state/reduce_table.h"

#include <algorithm>
#include <array>
#include <utility>

namespace drey::state {

namespace {
constexpr uint64_t kFirstCapacity = 16;

// The keys beside each other: a comparison that looked them up in the table would miss the cache.
struct Place {
  uint64_t key = 0;
  uint64_t window_start = 0;
  uint32_t slot = 0;
};

// One pass of a radix sort: by this byte of the word, stable.
void pass(const std::vector<Place>& from, std::vector<Place>& to, uint64_t Place::*word,
          unsigned shift) {
  std::array<uint32_t, 257> begin{};
  for (const Place& place : from) ++begin[((place.*word >> shift) & 0xff) + 1];
  for (size_t byte = 1; byte < begin.size(); ++byte) begin[byte] += begin[byte - 1];
  for (const Place& place : from) to[begin[(place.*word >> shift) & 0xff]++] = place;
}

// Unsigned, as the big-endian bytes compare; total order: (key, window) is unique. By bytes, from
// the last to the first, of which those that are equal in all are left out: the keys of a job are
// mostly small numbers, and comparisons of keys that a hash has scattered are mispredicted.
void sort_places(std::vector<Place>& places) {
  constexpr size_t kFew = 48;
  constexpr int kMostPasses = 6;
  const auto before = [](const Place& a, const Place& b) {
    return a.key != b.key ? a.key < b.key : a.window_start < b.window_start;
  };
  uint64_t key_bits = 0;
  uint64_t window_bits = 0;
  for (const Place& place : places) {
    key_bits |= place.key ^ places.front().key;
    window_bits |= place.window_start ^ places.front().window_start;
  }
  int passes = 0;
  for (unsigned shift = 0; shift < 64; shift += 8)
    passes += (((key_bits >> shift) & 0xff) != 0 ? 1 : 0) +
              (((window_bits >> shift) & 0xff) != 0 ? 1 : 0);
  if (places.size() < kFew || passes > kMostPasses) {
    // total order: a key and a window have one place
    std::sort(places.begin(), places.end(), before);
    return;
  }
  std::vector<Place> other(places.size());
  const auto by_bytes = [&](uint64_t Place::*word, uint64_t bits) {
    for (unsigned shift = 0; shift < 64; shift += 8) {
      if (((bits >> shift) & 0xff) == 0) continue;
      pass(places, other, word, shift);
      places.swap(other);
    }
  };
  by_bytes(&Place::window_start, window_bits);
  by_bytes(&Place::key, key_bits);
}
}  // namespace

const ReduceEntry* ReduceTable::find(uint64_t hash, uint64_t key, int64_t window_start) const {
  const ReduceEntry* entry = probe(hash, key, window_start);
  return entry != nullptr && entry->accumulator.count != 0 ? entry : nullptr;
}

// The caller folds a record into the result at once: an entry left with count 0 would count in
// size_ and yet be empty.
ReduceEntry& ReduceTable::insert(uint64_t hash, uint64_t key, int64_t window_start) {
  if ((size_ + 1) * 4 > capacity_ * 3) grow();
  ReduceEntry* entry = probe(hash, key, window_start);
  entry->key = key;
  entry->window_start = window_start;
  order_known_ = false;
  ++size_;
  return *entry;
}

void ReduceTable::grow() {
  const auto old = std::move(entries_);
  const uint64_t old_capacity = capacity_;
  capacity_ = capacity_ == 0 ? kFirstCapacity : capacity_ + capacity_ / 2;
  entries_ = std::make_unique<ReduceEntry[]>(capacity_);
  for (uint64_t i = 0; i < old_capacity; ++i) {
    const ReduceEntry& entry = old[i];
    if (entry.accumulator.count == 0) continue;
    *probe(hash(entry.key, entry.window_start), entry.key, entry.window_start) = entry;
  }
}

bool ReduceTable::erase(uint64_t hash_value, uint64_t key, int64_t window_start) {
  ReduceEntry* entry = probe(hash_value, key, window_start);
  if (entry == nullptr || entry->accumulator.count == 0) return false;
  // Backward shift: later entries of the same run move up, so no tombstones and no order of history
  // in the table.
  auto hole = static_cast<uint64_t>(entry - entries_.get());
  for (uint64_t slot = after(hole); entries_[slot].accumulator.count != 0; slot = after(slot)) {
    const uint64_t wanted = home(hash(entries_[slot].key, entries_[slot].window_start));
    const uint64_t reach = slot >= wanted ? slot - wanted : slot + capacity_ - wanted;
    const uint64_t back = slot >= hole ? slot - hole : slot + capacity_ - hole;
    if (reach < back) continue;
    entries_[hole] = entries_[slot];
    hole = slot;
  }
  entries_[hole] = ReduceEntry{};
  order_known_ = false;
  --size_;
  return true;
}

void ReduceTable::sort() const {
  if (order_known_) return;
  std::vector<Place> places;
  places.reserve(size_);
  for (uint64_t i = 0; i < capacity_; ++i) {
    const ReduceEntry& entry = entries_[i];
    if (entry.accumulator.count != 0)
      places.push_back(
          {entry.key, static_cast<uint64_t>(entry.window_start), static_cast<uint32_t>(i)});
  }
  sort_places(places);
  order_.resize(size_);
  for (size_t i = 0; i < places.size(); ++i) order_[i] = places[i].slot;
  order_known_ = true;
}

std::vector<ReduceEntry> ReduceTable::sorted() const {
  std::vector<ReduceEntry> all;
  all.reserve(size_);
  for_sorted([&](const ReduceEntry& entry) { all.push_back(entry); });
  return all;
}

uint64_t ReduceState::size() const {
  uint64_t total = 0;
  for (const ReduceTable& table : tables_) total += table.size();
  return total;
}

}  // namespace drey::state
