#pragma once
// Accumulators that RocksDB holds in an active memtable, kept beside it so that reading one back
// costs no lookup.
//
// Nobody can tell the difference: a value whose newest version lies in the active memtable is found
// there without touching the block cache or a file. So a slot counts only while the memtable that
// took its last put (the generation) is still active. A slot that is given up while its put waits
// in the caller's write batch must be written first (Slot::batch). Four-way sets of 64-byte slots;
// starts small and grows with use, forgetting its contents, up to 4 MB.
#include <cstdint>
#include <memory>

#include "sim/digest.h"
#include "state/accumulator.h"

namespace drey::state {

class RecentValues {
 public:
  struct alignas(64) Slot {
    uint64_t key = 0;
    int64_t window_start = 0;
    uint32_t state = 0;
    uint32_t generation = 0;  // of the memtable, from 1; 0 = empty
    uint64_t batch = 0;       // number of the write batch that holds the last put
    Accumulator value;
    bool is(uint64_t k, int64_t window, uint32_t s) const {
      return key == k && window_start == window && state == s;
    }
  };
  static_assert(sizeof(Slot) == 64);

  RecentValues() { resize(kFewestSlots); }

  // The slot of this key, or the one to give up for it.
  Slot& slot(uint64_t key, int64_t window_start, uint32_t state, uint32_t generation) {
    Slot* set = set_of(key, window_start, state);
    for (uint64_t i = 0; i < kWays; ++i) {
      if (set[i].is(key, window_start, state) && set[i].generation == generation) return set[i];
    }
    ++misses_;
    return set[victim_++ % kWays];
  }
  void forget(uint64_t key, int64_t window_start, uint32_t state) {
    Slot* set = set_of(key, window_start, state);
    for (uint64_t i = 0; i < kWays; ++i) {
      if (set[i].is(key, window_start, state)) set[i].generation = 0;
    }
  }
  // When no put waits in a batch.
  void grow_if_useful() {
    if (misses_ < 2 * slots_ || slots_ >= kMostSlots) return;
    resize(slots_ * 4);
  }

 private:
  static constexpr uint64_t kWays = 4;
  static constexpr uint64_t kFewestSlots = 1 << 8;
  static constexpr uint64_t kMostSlots = 1 << 16;

  Slot* set_of(uint64_t key, int64_t window_start, uint32_t state) {
    const uint64_t h = sim::mix(key ^ (uint64_t{state} << 56),
                                static_cast<uint64_t>(window_start) + 0x9e3779b97f4a7c15u);
    return &table_[h % (slots_ / kWays) * kWays];
  }
  void resize(uint64_t slots) {
    slots_ = slots;
    table_ = std::make_unique<Slot[]>(slots);
    misses_ = 0;
  }

  std::unique_ptr<Slot[]> table_;
  uint64_t slots_ = 0;
  uint64_t misses_ = 0;
  uint64_t victim_ = 0;
};

}  // namespace drey::state
