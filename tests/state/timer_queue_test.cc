#include "state/timer_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <tuple>

namespace drey::state {
namespace {

TEST(TimerQueue, AgreesWithASet) {
  TimerQueue queue;
  std::set<Timer> model;
  uint64_t x = 3;
  int popped = 0;
  for (int step = 0; step < 100'000; ++step) {
    x = x * 6364136223846793005u + 1442695040888963407u;
    const Timer timer{static_cast<int64_t>((x >> 33) % 20),
                      static_cast<int32_t>((x >> 40) % 4),
                      (x >> 44) % 5,
                      {0, static_cast<int64_t>((x >> 50) % 3)}};
    switch ((x >> 58) % 8) {
      case 0: {
        queue.remove(timer);
        model.erase(timer);
        break;
      }
      case 1: {
        const auto got = queue.pop_due(timer.timestamp);
        const bool due = !model.empty() && model.begin()->timestamp <= timer.timestamp;
        ASSERT_EQ(got.has_value(), due);
        if (due) {
          ASSERT_TRUE(*got == *model.begin());
          model.erase(model.begin());
          ++popped;
        }
        break;
      }
      default: {
        queue.add(timer);
        model.insert(timer);
      }
    }
    if (step % 1000 == 0) {
      ASSERT_EQ(queue.size(), model.size());
    }
    ASSERT_EQ(queue.earliest().has_value(), !model.empty());
  }
  EXPECT_GT(popped, 1000);
  auto sorted = queue.by_group();
  ASSERT_EQ(sorted.size(), model.size());
  EXPECT_TRUE(std::is_sorted(sorted.begin(), sorted.end(), [](const Timer& a, const Timer& b) {
    return std::tie(a.group, a.timestamp, a.key, a.window) <
           std::tie(b.group, b.timestamp, b.key, b.window);
  }));
}

TEST(TimerQueue, RegisteringTheSameTimerAgainAndAgainTakesNoSpace) {
  TimerQueue queue;
  for (int i = 0; i < 100'000; ++i) queue.add({5, 0, static_cast<uint64_t>(i % 7), kNoWindow});
  EXPECT_LE(queue.stored(), 7u + 65u);
  EXPECT_EQ(queue.size(), 7u);
}

TEST(TimerQueue, ATimerThatFiredMayBeRegisteredAgain) {
  TimerQueue queue;
  queue.add({5, 0, 1, kNoWindow});
  queue.add({5, 0, 2, kNoWindow});
  EXPECT_EQ(queue.pop_due(5)->key, 1u);
  queue.add({5, 0, 1, kNoWindow});
  EXPECT_EQ(queue.pop_due(5)->key, 1u);
  EXPECT_EQ(queue.pop_due(5)->key, 2u);
  EXPECT_TRUE(queue.empty());
}

}  // namespace
}  // namespace drey::state
