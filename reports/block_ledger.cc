#include "reports/block_ledger.h"

namespace drey::reports {

void BlockLedger::open(Block& block, uint16_t split, uint64_t number) {
  const uint64_t from = number * kOffsets;
  const uint64_t to = std::min(from + kOffsets, evaluator_.size(split));
  block.expected = static_cast<uint32_t>(evaluator_.expected(split, from, to));
  if (free_.empty()) {
    block.bits = static_cast<uint32_t>(bits_.size() / words_);
    bits_.resize(bits_.size() + words_);
    return;
  }
  block.bits = free_.back();
  free_.pop_back();
  std::fill_n(bits_.begin() + static_cast<int64_t>(size_t{block.bits} * words_), words_,
              uint64_t{0});
}

void BlockLedger::close(Block& block) {
  free_.push_back(block.bits);
  block.bits = kClosed;
}

}  // namespace drey::reports
