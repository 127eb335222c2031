#pragma once
// Which records of the log have been seen committed, exactly, in little memory: one bit per record
// in blocks of 4,096 offsets, and the bits of a block are given back as soon as all that it owes is
// there. What comes for a closed block is a double. So each lost and each doubled record is known
// by name in the first run: about 2 ns a record, and bits only for the blocks in flight (a block
// holds 512 bytes while it is open and 12 after).
#include <algorithm>
#include <cstdint>
#include <vector>

#include "reports/reference_evaluator.h"

namespace drey::reports {

class BlockLedger {
 public:
  static constexpr uint64_t kOffsets = 4096;

  explicit BlockLedger(const ReferenceEvaluator& evaluator)
      : evaluator_(evaluator),
        words_(kOffsets / 64 * evaluator.fan_out()),
        blocks_(evaluator.splits()) {}

  // A record that the evaluator expects; true: it was there already.
  bool mark(uint16_t split, uint64_t offset, uint32_t copy) {
    Block& block = at(split, offset / kOffsets);
    if (block.bits == kClosed) return true;
    const uint64_t rank = offset % kOffsets * evaluator_.fan_out() + copy;
    uint64_t& word = bits_[size_t{block.bits} * words_ + rank / 64];
    const uint64_t bit = uint64_t{1} << (rank % 64);
    if ((word & bit) != 0) return true;
    word |= bit;
    if (++block.count == block.expected) close(block);
    return false;
  }

  // Calls lost(provenance) for each expected record of offsets below `end` that was never marked,
  // in order.
  template <class Lost>
  void settle(uint16_t split, uint64_t end, Lost&& lost) const {
    for (uint64_t from = 0; from < end; from += kOffsets) {
      const Block block = look(split, from / kOffsets);
      if (block.bits != kClosed) search(split, from, std::min(end, from + kOffsets), block, lost);
    }
  }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;        // nothing of it has been seen
  static constexpr uint32_t kClosed = UINT32_MAX - 1;  // all of it has been seen
  struct Block {
    uint32_t count = 0;
    uint32_t expected = 0;
    uint32_t bits = kNone;
  };

  Block& at(uint16_t split, uint64_t number) {
    std::vector<Block>& blocks = blocks_[split];
    if (number >= blocks.size()) blocks.resize(number + 1);
    Block& block = blocks[number];
    if (block.bits == kNone) open(block, split, number);
    return block;
  }
  Block look(uint16_t split, uint64_t number) const {
    return number < blocks_[split].size() ? blocks_[split][number] : Block{};
  }
  template <class Lost>
  void search(uint16_t split, uint64_t from, uint64_t to, Block block, Lost& lost) const {
    for (uint64_t offset = from; offset < to; ++offset) {
      for (uint32_t copy = 0; copy < evaluator_.fan_out(); ++copy) {
        const uint64_t provenance = ReferenceEvaluator::provenance_of(split, offset, copy);
        if (seen(block, offset, copy) || !evaluator_.expects(provenance)) continue;
        lost(provenance);
      }
    }
  }
  bool seen(Block block, uint64_t offset, uint32_t copy) const {
    if (block.bits == kNone) return false;
    const uint64_t rank = offset % kOffsets * evaluator_.fan_out() + copy;
    return (bits_[size_t{block.bits} * words_ + rank / 64] >> (rank % 64) & 1) != 0;
  }
  void open(Block& block, uint16_t split, uint64_t number);
  void close(Block& block);

  const ReferenceEvaluator& evaluator_;
  size_t words_;  // of one block's bits
  std::vector<std::vector<Block>> blocks_;
  std::vector<uint64_t> bits_;
  std::vector<uint32_t> free_;
};

}  // namespace drey::reports
