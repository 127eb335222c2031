#include "sim/ask_table.h"

#include <gtest/gtest.h>

#include <map>

#include "sim/random.h"

namespace drey::sim {
namespace {

TEST(AskTable, IsOpenedOnceAndClosedOnce) {
  AskTable table;
  const uint64_t first = table.open({1, 10}, Time{100});
  const uint64_t second = table.open({2, 20}, Time{50});
  EXPECT_EQ(table.earliest_deadline(), Time{50});
  EXPECT_EQ(table.due(Time{100}), (std::vector<uint64_t>{second, first}));
  Continuation then;
  ASSERT_TRUE(table.close(second, then));
  EXPECT_EQ(then.argument, 20u);
  EXPECT_FALSE(table.close(second, then));
  EXPECT_FALSE(table.close(99, then));
  EXPECT_EQ(table.earliest_deadline(), Time{100});
  ASSERT_TRUE(table.close(first, then));
  EXPECT_TRUE(table.none_open());
  EXPECT_EQ(table.earliest_deadline(), kEndOfTime);
}

// Against a map, with one ask that stays open for long.
TEST(AskTable, EqualsAMap) {
  AskTable table;
  std::map<uint64_t, uint64_t> model;
  const uint64_t pinned = table.open({0, 7}, kEndOfTime);
  for (uint64_t i = 1; i < 5000; ++i) {
    const uint64_t draw = draw_value(1, {1, 2, 3, i});
    model[table.open({0, i}, Time{static_cast<int64_t>(draw % 1000)})] = i;
    while (model.size() > draw % 50) {
      const auto closed = std::next(model.begin(), static_cast<ptrdiff_t>(draw % model.size()));
      Continuation then;
      ASSERT_TRUE(table.close(closed->first, then));
      ASSERT_EQ(then.argument, closed->second);
      ASSERT_FALSE(table.close(closed->first, then));
      model.erase(closed);
    }
    ASSERT_EQ(table.due(Time{1000}).size(), model.size());
  }
  Continuation then;
  EXPECT_TRUE(table.close(pinned, then));
}

}  // namespace
}  // namespace drey::sim
