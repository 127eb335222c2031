#pragma once
// Tells RocksDB which keys the active memtable is known to hold already: for these it remembers
// where the last version was put, and finds the place of the next one at once instead of descending
// the skip list. It changes no result and no file, only where RocksDB starts to look. Cold keys
// stay out, since each remembered place costs some 300 bytes. One per column family; a hashed bit
// set, so a cold key may pass for a hot one, which is harmless.
#include <rocksdb/slice_transform.h>

#include <array>
#include <cstring>

#include "sim/digest.h"

namespace drey::state {

class HotKeys final : public rocksdb::SliceTransform {
 public:
  void mark(const rocksdb::Slice& key) {
    const uint64_t bit = hash(key);
    bits_[bit / 64] |= uint64_t{1} << (bit % 64);
    any_ = true;
  }
  void clear() {
    if (any_) bits_.fill(0);
    any_ = false;
  }

  const char* Name() const override { return "drey.HotKeys"; }
  rocksdb::Slice Transform(const rocksdb::Slice& key) const override { return key; }
  bool InDomain(const rocksdb::Slice& key) const override {
    if (!any_) return false;
    const uint64_t bit = hash(key);
    return (bits_[bit / 64] >> (bit % 64) & 1) != 0;
  }

 private:
  static constexpr uint64_t kBits = 1 << 17;
  static uint64_t hash(const rocksdb::Slice& key) {
    uint64_t first = 0;
    uint64_t last = 0;
    const size_t n = key.size() < 8 ? key.size() : 8;
    std::memcpy(&first, key.data(), n);
    std::memcpy(&last, key.data() + key.size() - n, n);
    return sim::mix(first ^ 0x9e3779b97f4a7c15u, last + key.size()) % kBits;
  }

  std::array<uint64_t, kBits / 64> bits_{};
  bool any_ = false;
};

}  // namespace drey::state
