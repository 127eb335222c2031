#pragma once
// The input of a keyed operator in batch mode: read to its end first, then given out key by key. So
// a task does not need its producers any more when the work on its records begins, and it keeps the
// state of one key at a time.
//
// Within a key records keep the order of their arrival (upstream compares event times first).
// Upstream: SortingDataInput, execution.sorted-inputs.enabled.
#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "sim/record.h"

namespace drey::model {

class SortedInput {
 public:
  void add(std::span<const sim::Record> records, std::span<const uint16_t> groups) {
    records_.insert(records_.end(), records.begin(), records.end());
    groups_.insert(groups_.end(), groups.begin(), groups.end());
  }
  // The input has ended.
  void sort() {
    order_.resize(records_.size());
    std::iota(order_.begin(), order_.end(), 0u);
    // total order: of equal keys the one that came first
    std::sort(order_.begin(), order_.end(), [&](uint32_t a, uint32_t b) {
      return records_[a].key != records_[b].key ? records_[a].key < records_[b].key : a < b;
    });
    sorted_ = true;
  }
  bool sorted() const { return sorted_; }
  size_t left() const { return order_.size() - given_; }

  // Records [from, from + out.size()) of those not given yet.
  void copy(size_t from, std::span<sim::Record> out, std::span<uint16_t> groups) const {
    for (size_t i = 0; i < out.size(); ++i) {
      const uint32_t at = order_[given_ + from + i];
      out[i] = records_[at];
      groups[i] = groups_[at];
    }
  }
  void give(size_t count) { given_ += count; }

 private:
  std::vector<sim::Record> records_;
  std::vector<uint16_t> groups_;
  std::vector<uint32_t> order_;
  size_t given_ = 0;
  bool sorted_ = false;
};

}  // namespace drey::model
