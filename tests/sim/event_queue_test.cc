#include "sim/event_queue.h"

#include <gtest/gtest.h>

#include <set>

#include "sim/random.h"

namespace drey::sim {
namespace {

struct Earlier {
  bool operator()(const Event& a, const Event& b) const { return earlier(a, b); }
};

// Increment laws: ties, short, long, mixed scales, huge.
class EventQueueLaw : public testing::TestWithParam<int> {};

int64_t increment(int law, uint64_t draw) {
  switch (law) {
    case 0:
      return 0;
    case 1:
      return static_cast<int64_t>(draw % 3);
    case 2:
      return static_cast<int64_t>(draw % 1000);
    case 3:
      return (draw & 7) == 0 ? 1'000'000 : static_cast<int64_t>(draw % 50);
    case 4:
      return int64_t{1} << (draw % 45);
    default:
      return static_cast<int64_t>(draw % 1'000'000'000);
  }
}

TEST_P(EventQueueLaw, AgreesWithAnOrderedSet) {
  EventQueue queue;
  std::set<Event, Earlier> reference;
  uint64_t sequence = 0;
  int64_t now = 0;
  for (uint64_t step = 0; step < 60'000; ++step) {
    const uint64_t draw = philox(7, static_cast<uint64_t>(GetParam()), step);
    const bool grow = (step / 10'000) % 2 == 0 ? draw % 3 != 0 : draw % 3 == 0;
    if (grow || reference.empty()) {
      const auto priority = static_cast<Priority>((draw >> 8) % 5);
      const Event event{{now + increment(GetParam(), draw >> 16)},
                        event_order(priority, 0, sequence++),
                        {0},
                        0,
                        draw};
      queue.push(event);
      reference.insert(event);
    } else {
      ASSERT_EQ(queue.next_time(), reference.begin()->at);
      const Event event = queue.pop();
      ASSERT_EQ(event.order, reference.begin()->order) << "step " << step;
      ASSERT_EQ(event.argument, reference.begin()->argument);
      reference.erase(reference.begin());
      now = event.at.ns;
    }
  }
  while (!reference.empty()) {
    ASSERT_EQ(queue.pop().order, reference.begin()->order);
    reference.erase(reference.begin());
  }
  EXPECT_TRUE(queue.empty());
}

INSTANTIATE_TEST_SUITE_P(Laws, EventQueueLaw, testing::Range(0, 6));

}  // namespace
}  // namespace drey::sim
