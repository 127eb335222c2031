#pragma once
// Accumulators that RocksDB holds in an active memtable, kept beside it so that reading one back
// costs no lookup.
//
// Nobody can tell the difference: a value whose newest version lies in the active memtable is found
// there without touching the block cache or a file. So a slot counts only while the memtable that
// took its last put (the generation) is still active. A slot that is given up while its put waits
// in the caller's write batch must be written first (Slot::batch). Direct-mapped, fixed size, 64
// bytes a slot.
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
    bool holds(uint64_t k, int64_t window, uint32_t s, uint32_t g) const {
      return key == k && window_start == window && state == s && generation == g;
    }
  };
  static_assert(sizeof(Slot) == 64);

  RecentValues() : slots_(std::make_unique<Slot[]>(kSlots)) {}
  Slot& slot(uint64_t key, int64_t window_start, uint32_t state) {
    const uint64_t h = sim::mix(key ^ (uint64_t{state} << 56),
                                static_cast<uint64_t>(window_start) + 0x9e3779b97f4a7c15u);
    return slots_[h & (kSlots - 1)];
  }
  void forget(uint64_t key, int64_t window_start, uint32_t state) {
    Slot& s = slot(key, window_start, state);
    if (s.key == key && s.window_start == window_start && s.state == state) s.generation = 0;
  }

 private:
  static constexpr size_t kSlots = size_t{1} << 14;
  std::unique_ptr<Slot[]> slots_;
};

}  // namespace drey::state
