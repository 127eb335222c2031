#pragma once
// Reducing state in memory: one open-addressing table per key group, entries of 48 bytes, linear
// probing.
//
// Invariants: an entry with count 0 is empty; a table is at most 3/4 full; nothing is allocated in
// the steady state (a batch of known keys). The place of an entry is nobody's business: readers get
// entries sorted by (key, window start), which is the byte order of their composite keys. The batch
// path hashes a block of records first and prefetches, then folds: about twice the speed at 10^6
// keys.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "sim/record.h"
#include "state/accumulator.h"
#include "state/key_group.h"

namespace drey::state {

inline constexpr size_t kReduceBlock = 64;  // records whose entries are prefetched together

struct ReduceEntry {
  uint64_t key = 0;
  int64_t window_start = 0;
  Accumulator accumulator;
};

// The entries of one key group.
class ReduceTable {
 public:
  static uint64_t hash(uint64_t key, int64_t window_start) {
    return sim::mix(key ^ 0x8bb84b93962eacc9u,
                    static_cast<uint64_t>(window_start) ^ 0x9e3779b97f4a7c15u);
  }

  // The entry of (key, window), made when missing. Valid until the next call that makes one.
  ReduceEntry& at(uint64_t hash, uint64_t key, int64_t window_start) {
    ReduceEntry* entry = probe(hash, key, window_start);
    if (entry != nullptr && entry->accumulator.count != 0) return *entry;
    return insert(hash, key, window_start);
  }
  const ReduceEntry* find(uint64_t hash, uint64_t key, int64_t window_start) const;
  bool erase(uint64_t hash, uint64_t key, int64_t window_start);
  // Inlined early, as all that only prefetches: gcc takes such a function for one without effect
  // and drops the call.
  [[gnu::always_inline]] void prefetch(uint64_t hash) const {
    if (capacity_ == 0) return;
    // Every third entry lies behind its home, some 50 to 150 bytes: that line would be waited for.
    // Behind the last entry there may be nothing; asking for it does no harm.
    const char* const at = reinterpret_cast<const char*>(&entries_[home(hash)]);
    for (size_t line = 0; line < kLinesAhead; ++line) __builtin_prefetch(at + line * kCacheLine, 1);
  }
  uint64_t size() const { return size_; }
  // The order is kept until a key comes or goes: snapshots of a settled table do not sort again.
  std::vector<ReduceEntry> sorted() const;
  template <class OnEntry>
  void for_sorted(OnEntry&& on_entry) const {
    constexpr size_t kAhead = 16;
    sort();
    for (size_t i = 0; i < order_.size(); ++i) {
      if (i + kAhead < order_.size()) prefetch(entries_[order_[i + kAhead]]);
      on_entry(entries_[order_[i]]);
    }
  }

 private:
  static constexpr size_t kCacheLine = 64;
  static constexpr size_t kLinesAhead = 3;

  // It may straddle two cache lines.
  [[gnu::always_inline]] static void prefetch(const ReduceEntry& entry) {
    __builtin_prefetch(&entry, 1);
    __builtin_prefetch(reinterpret_cast<const char*>(&entry + 1) - 1, 1);
  }
  uint64_t home(uint64_t hash) const {
    __extension__ using Wide = unsigned __int128;
    return static_cast<uint64_t>((Wide{hash} * capacity_) >> 64);
  }
  uint64_t after(uint64_t slot) const { return slot + 1 == capacity_ ? 0 : slot + 1; }
  // The entry, or the empty one that ends its probe; null when there is no table yet.
  ReduceEntry* probe(uint64_t hash, uint64_t key, int64_t window_start) const {
    if (capacity_ == 0) return nullptr;
    for (uint64_t slot = home(hash);; slot = after(slot)) {
      ReduceEntry& entry = entries_[slot];
      if (entry.accumulator.count == 0) return &entry;
      if (entry.key == key && entry.window_start == window_start) return &entry;
    }
  }
  ReduceEntry& insert(uint64_t hash, uint64_t key, int64_t window_start);
  void grow();
  void sort() const;

  std::unique_ptr<ReduceEntry[]> entries_;
  uint64_t capacity_ = 0;
  uint64_t size_ = 0;
  mutable std::vector<uint32_t> order_;  // slots in sorted order, while order_known_
  mutable bool order_known_ = false;
};

// One reducing state of a subtask: a table per key group of its range.
class ReduceState {
 public:
  ReduceState(KeyGroupRange range, ReduceFunction function)
      : range_(range), function_(function), tables_(static_cast<size_t>(range.count())) {}

  // Folds the batch in its order; `window_starts` empty = void namespace, `out` empty = not wanted.
  // Returns the number of entries that were new; stops early (records left unapplied) when they
  // would exceed `new_entries_allowed`.
  struct Result {
    uint64_t new_entries = 0;
    bool exhausted = false;
  };
  template <class Out>
  Result reduce(std::span<const sim::Record> records, std::span<const uint16_t> groups,
                std::span<const int64_t> window_starts, std::span<Out> out,
                uint64_t new_entries_allowed);

  // The first of them, in the void namespace; more would push each other out of the cache.
  [[gnu::always_inline]] void prefetch(std::span<const sim::Record> records,
                                       std::span<const uint16_t> groups) const {
    const size_t count = std::min<size_t>(records.size(), 2 * kReduceBlock);
    for (size_t i = 0; i < count; ++i)
      table(groups[i]).prefetch(ReduceTable::hash(records[i].key, 0));
  }

  const ReduceTable& table(int32_t group) const {
    return tables_[static_cast<size_t>(group - range_.first)];
  }
  ReduceTable& table(int32_t group) { return tables_[static_cast<size_t>(group - range_.first)]; }
  uint64_t size() const;

 private:
  template <ReduceFunction function, bool windowed, class Out>
  Result reduce_as(std::span<const sim::Record> records, std::span<const uint16_t> groups,
                   std::span<const int64_t> window_starts, std::span<Out> out,
                   uint64_t new_entries_allowed);
  template <ReduceFunction function, class Out>
  Result reduce_with(std::span<const sim::Record> records, std::span<const uint16_t> groups,
                     std::span<const int64_t> window_starts, std::span<Out> out,
                     uint64_t new_entries_allowed) {
    if (window_starts.empty())
      return reduce_as<function, false>(records, groups, window_starts, out, new_entries_allowed);
    return reduce_as<function, true>(records, groups, window_starts, out, new_entries_allowed);
  }

  KeyGroupRange range_;
  ReduceFunction function_;
  std::vector<ReduceTable> tables_;
};

template <ReduceFunction function, bool windowed, class Out>
ReduceState::Result ReduceState::reduce_as(std::span<const sim::Record> records,
                                           std::span<const uint16_t> groups,
                                           std::span<const int64_t> window_starts,
                                           std::span<Out> out, uint64_t new_entries_allowed) {
  uint64_t hashes[kReduceBlock];
  Result result;
  const auto table_of = [this](uint16_t group) -> ReduceTable& {
    return tables_[static_cast<size_t>(group - range_.first)];
  };
  for (size_t begin = 0; begin < records.size(); begin += kReduceBlock) {
    const size_t count = std::min(kReduceBlock, records.size() - begin);
    for (size_t i = 0; i < count; ++i) {
      const size_t n = begin + i;
      hashes[i] = ReduceTable::hash(records[n].key, windowed ? window_starts[n] : 0);
      table_of(groups[n]).prefetch(hashes[i]);
    }
    for (size_t i = 0; i < count; ++i) {
      const size_t n = begin + i;
      const sim::Record& record = records[n];
      Accumulator& accumulator = table_of(groups[n])
                                     .at(hashes[i], record.key, windowed ? window_starts[n] : 0)
                                     .accumulator;
      if (accumulator.count == 0 && ++result.new_entries > new_entries_allowed) {
        result.exhausted = true;
        return result;
      }
      fold_record<function>(accumulator, record);
      if (!out.empty()) out[n] = Out{accumulator.value, accumulator.count};
    }
  }
  return result;
}

template <class Out>
ReduceState::Result ReduceState::reduce(std::span<const sim::Record> records,
                                        std::span<const uint16_t> groups,
                                        std::span<const int64_t> window_starts, std::span<Out> out,
                                        uint64_t new_entries_allowed) {
  switch (function_) {
    case ReduceFunction::sum:
      return reduce_with<ReduceFunction::sum>(records, groups, window_starts, out,
                                              new_entries_allowed);
    case ReduceFunction::minimum:
      return reduce_with<ReduceFunction::minimum>(records, groups, window_starts, out,
                                                  new_entries_allowed);
    case ReduceFunction::maximum:
      return reduce_with<ReduceFunction::maximum>(records, groups, window_starts, out,
                                                  new_entries_allowed);
    case ReduceFunction::count:
      return reduce_with<ReduceFunction::count>(records, groups, window_starts, out,
                                                new_entries_allowed);
  }
  return {};
}

}  // namespace drey::state
