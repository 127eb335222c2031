#include "reports/recovery_segments.h"

#include <gtest/gtest.h>

#include "model/graph/execution_state.h"
#include "model/trace_events.h"

namespace drey::reports {
namespace {

using model::ControlFact;
using model::ExecutionState;

// Two splits of ten records a second each, read without lag until a fault at 10 s.
class RecoverySegmentsTest : public testing::Test {
 protected:
  static sim::Time at(int64_t ms) { return sim::Time{ms * 1'000'000}; }
  void say(int64_t ms, ControlFact kind, uint32_t subject = 1, uint64_t b = 0) {
    segments_.on_control(
        {.at = at(ms), .subject = sim::PathId{subject}, .kind = model::fact_kind(kind), .b = b});
  }
  void state(int64_t ms, uint32_t task, ExecutionState state) {
    say(ms, ControlFact::execution_state, task, static_cast<uint64_t>(state));
  }
  // Both splits up to `offset`, read at the time.
  void read(int64_t ms, uint64_t offset) {
    for (uint64_t split = 0; split < 2; ++split) segments_.emitted(split, offset - 1, 1, at(ms));
  }
  int64_t ms(std::string_view name) const {
    const auto last = segments_.series(name)->aggregate("last");
    return last ? last->numerator / 1'000'000 : -1;
  }
  void fail_and_restart() {
    segments_.standing(true, at(1000));
    read(10'000, 99);
    segments_.fault_landed(at(10'000));
    say(12'000, ControlFact::failure);
    say(12'000, ControlFact::failover_begun);
    segments_.standing(false, at(12'000));
    for (const uint32_t task : {1, 2}) say(12'000, ControlFact::restart_task, task);
    say(13'000, ControlFact::failover_end);
    say(13'500, ControlFact::deployed, 1);
    state(13'700, 1, ExecutionState::initializing);
    state(13'900, 2, ExecutionState::initializing);
    segments_.standing(true, at(15'000));
  }

  RecoverySegments segments_{sim::LogSet(std::make_shared<sim::LogContents>(
      sim::LogSpec{.splits = 2, .records = 10'000, .records_per_second = 20, .keys = 1}))};
};

TEST_F(RecoverySegmentsTest, EachSegmentEndsWhereTheNextBegins) {
  fail_and_restart();
  EXPECT_EQ(ms("total"), -1);
  for (const uint64_t split : {0, 1}) segments_.started_reading(split, 50);
  read(15'100, 60);
  EXPECT_EQ(ms("total"), -1);  // where it was before the failure is 99
  read(16'000, 99);            // read again, and six seconds behind
  read(18'000, 175);           // half a second behind
  EXPECT_EQ(ms("detect"), 2000);
  EXPECT_EQ(ms("cancel"), 1000);
  EXPECT_EQ(ms("slots"), 500);
  EXPECT_EQ(ms("deploy"), 400);
  EXPECT_EQ(ms("restore"), 1100);
  EXPECT_EQ(ms("replay"), 1000);
  EXPECT_EQ(ms("catch_up"), 2000);
  EXPECT_EQ(ms("total"), 8000);
  segments_.finish(at(21'000));
  EXPECT_EQ(*segments_.availability(), (Ratio{17'000'000'000, 20'000'000'000}));
}

TEST_F(RecoverySegmentsTest, AFailureInARecoveryAddsUpInTheSameOne) {
  fail_and_restart();
  say(15'500, ControlFact::failure);
  segments_.standing(false, at(15'500));
  say(16'500, ControlFact::failover_end);
  say(16'600, ControlFact::deployed, 1);
  segments_.standing(true, at(17'000));
  for (const uint64_t split : {0, 1}) segments_.started_reading(split, 50);
  read(18'000, 175);
  EXPECT_EQ(segments_.series("total")->count(), 1u);
  EXPECT_EQ(ms("detect"), 2000);
  EXPECT_EQ(ms("cancel"), 2000);
  EXPECT_EQ(ms("total"), 8000);
}

TEST_F(RecoverySegmentsTest, LagIsHowLongRecordsWaited) {
  read(10'000, 99);  // the record with offset 98 came at 9.9 s and a little
  EXPECT_LT(segments_.lag().aggregate("max")->numerator, 200'000'000);
  read(20'000, 100);
  EXPECT_GT(segments_.lag().aggregate("max")->numerator, 9'000'000'000);
}

}  // namespace
}  // namespace drey::reports
