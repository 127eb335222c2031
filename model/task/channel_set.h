#pragma once
// A set of channel numbers 0..n-1, one bit each. The bits are allocated at the first insertion and
// kept, so an input that never sees a barrier costs nothing per channel and the steady state
// allocates nothing. Iteration is in ascending order.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace drey::model {

class ChannelSet {
 public:
  explicit ChannelSet(uint32_t channels = 0) : channels_(channels) {}

  uint32_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  bool contains(uint32_t channel) const {
    return size_ != 0 && (words_[channel / 64] >> (channel % 64) & 1u) != 0;
  }

  // False if it was there already.
  bool insert(uint32_t channel) {
    if (words_.empty()) words_.resize((channels_ + 63) / 64, 0);
    if (contains(channel)) return false;
    words_[channel / 64] |= uint64_t{1} << (channel % 64);
    ++size_;
    return true;
  }

  bool erase(uint32_t channel) {
    if (!contains(channel)) return false;
    words_[channel / 64] &= ~(uint64_t{1} << (channel % 64));
    --size_;
    return true;
  }

  void clear() {
    if (size_ == 0) return;
    for (uint64_t& word : words_) word = 0;
    size_ = 0;
  }

  // The set must not change during the visit.
  template <class Visit>
  void for_each(Visit visit) const {
    if (size_ == 0) return;
    for (size_t i = 0; i < words_.size(); ++i) {
      for (uint64_t rest = words_[i]; rest != 0; rest &= rest - 1)
        visit(static_cast<uint32_t>(i * 64 + static_cast<size_t>(std::countr_zero(rest))));
    }
  }

 private:
  uint32_t channels_;
  uint32_t size_ = 0;
  std::vector<uint64_t> words_;
};

}  // namespace drey::model
