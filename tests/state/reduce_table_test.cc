// The table against std::map under random inserts and erases, with hashes that collide.
#include "state/reduce_table.h"

#include <gtest/gtest.h>

#include <map>

namespace drey::state {
namespace {

// Counts by key and window start, both compared without a sign.
using Counts = std::map<std::pair<uint64_t, uint64_t>, uint64_t>;

void expect_sorted_as(const ReduceTable& table, const Counts& model) {
  const auto sorted = table.sorted();
  ASSERT_EQ(sorted.size(), model.size());
  size_t i = 0;
  for (const auto& [at, count] : model) {
    EXPECT_EQ(sorted[i].key, at.first);
    EXPECT_EQ(static_cast<uint64_t>(sorted[i].window_start), at.second);
    EXPECT_EQ(sorted[i].accumulator.count, count);
    ++i;
  }
}

TEST(ReduceTable, AgreesWithAMapUnderInsertsAndErases) {
  ReduceTable table;
  Counts model;
  uint64_t x = 7;
  for (int step = 0; step < 200'000; ++step) {
    x = x * 6364136223846793005u + 1442695040888963407u;
    const uint64_t key = (x >> 33) % 90;
    const auto start = static_cast<int64_t>((x >> 43) % 5) - 2;
    const uint64_t hash = ReduceTable::hash(key, start);
    const auto at = std::make_pair(key, static_cast<uint64_t>(start));
    if ((x >> 60) % 2 == 0) {
      ++table.at(hash, key, start).accumulator.count;
      ++model[at];
    } else {
      EXPECT_EQ(table.erase(hash, key, start), model.erase(at) == 1);
    }
    const ReduceEntry* found = table.find(hash, key, start);
    EXPECT_EQ(found == nullptr ? 0 : found->accumulator.count,
              model.count(at) == 0 ? 0 : model.at(at));
    ASSERT_EQ(table.size(), model.size());
  }
  expect_sorted_as(table, model);
}

// The order of many entries: small keys, keys that differ in every byte, and windows beside them.
TEST(ReduceTable, SortsAsTheBytesCompare) {
  for (const uint64_t mask : {uint64_t{0xff}, uint64_t{0xffff}, uint64_t{0xff00ff}, UINT64_MAX}) {
    for (const int64_t windows : {1, 3}) {
      ReduceTable table;
      Counts model;
      for (uint64_t i = 0; i < 1000; ++i) {
        const uint64_t key = sim::mix(i, 0x9e3779b97f4a7c15u) & mask;
        const int64_t start = (static_cast<int64_t>(i) % windows - 1) * 60'000;
        ++table.at(ReduceTable::hash(key, start), key, start).accumulator.count;
        ++model[{key, static_cast<uint64_t>(start)}];
      }
      expect_sorted_as(table, model);
    }
  }
}

}  // namespace
}  // namespace drey::state
