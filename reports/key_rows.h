#pragma once
// One row of words per key, zero at first: dense where the keys are known to be 0 .. n-1, else by
// an open-addressing table. Rows of 10^6 keys do not fit a cache, hence prefetch().
#include <cstdint>
#include <vector>

#include "sim/digest.h"

namespace drey::reports {

class KeyRows {
 public:
  // Keys below `keys` get dense rows, unless they are very many.
  KeyRows(uint64_t keys, size_t words_per_row)
      : words_(words_per_row), dense_keys_(keys <= kMostDense ? keys : 0) {
    rows_.resize(dense_keys_ * words_);
    buckets_.resize(64, 0);
  }

  // Inlined early: gcc takes a function that only prefetches for one without effect and drops the
  // call.
  [[gnu::always_inline]] void prefetch(uint64_t key) const {
    if (key < dense_keys_) {
      const uint64_t* row = &rows_[key * words_];
      __builtin_prefetch(row, 1);
      __builtin_prefetch(row + words_ - 1, 1);  // a row may straddle two cache lines
      return;
    }
    __builtin_prefetch(&buckets_[start(key)]);
  }
  // Valid until the next call.
  uint64_t* row(uint64_t key) {
    return &rows_[(key < dense_keys_ ? key : dense_keys_ + find_or_add(key)) * words_];
  }

 private:
  static constexpr uint64_t kMostDense = uint64_t{1} << 22;

  size_t start(uint64_t key) const {
    return static_cast<size_t>(sim::mix(key ^ 0x9e3779b97f4a7c15u, 0xd1b54a32d192ed03u)) &
           (buckets_.size() - 1);
  }
  size_t find_or_add(uint64_t key) {
    size_t at = start(key);
    while (buckets_[at] != 0) {
      if (keys_[buckets_[at] - 1] == key) return buckets_[at] - 1;
      at = (at + 1) & (buckets_.size() - 1);
    }
    keys_.push_back(key);
    rows_.resize(rows_.size() + words_);
    buckets_[at] = static_cast<uint32_t>(keys_.size());
    if (keys_.size() * 2 > buckets_.size()) grow();
    return keys_.size() - 1;
  }
  void grow() {
    buckets_.assign(buckets_.size() * 2, 0);
    for (size_t i = 0; i < keys_.size(); ++i) {
      size_t at = start(keys_[i]);
      while (buckets_[at] != 0) at = (at + 1) & (buckets_.size() - 1);
      buckets_[at] = static_cast<uint32_t>(i + 1);
    }
  }

  size_t words_;
  uint64_t dense_keys_;
  std::vector<uint64_t> rows_;     // the dense ones first
  std::vector<uint64_t> keys_;     // of the other rows
  std::vector<uint32_t> buckets_;  // index into keys_ + 1, 0 = empty; a power of two of them
};

}  // namespace drey::reports
