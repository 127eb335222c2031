#pragma once
// The records that a chain of operators works on at once, in columns of their own; storage is kept
// from block to block.
#include <cstdint>
#include <span>
#include <vector>

#include "sim/record.h"

namespace drey::model {

struct RecordBlock {
  std::vector<sim::Record> records;
  std::vector<uint16_t> groups;  // of the input's keys; only set where the head is keyed
  size_t count = 0;

  void make_room(size_t n) {
    if (records.size() >= n) return;
    const size_t room = n < 2 * records.size() ? 2 * records.size() : n;
    records.resize(room);
    groups.resize(room);
  }
  std::span<sim::Record> view() { return {records.data(), count}; }
};

}  // namespace drey::model
