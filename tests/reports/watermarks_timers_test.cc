#include "reports/oracles/watermarks_timers.h"

#include "tests/reports/oracle_run.h"

namespace drey::reports {
namespace {

class WatermarksTimersTest : public OracleRun {
 protected:
  void SetUp() override { judge(streaming(), "watermarks_timers"); }
  void watermark(uint64_t ms) { say_as("tm-1/job-1/agg/0", T::watermark, "job-1/agg/0", ms, 1); }
  void timer(uint64_t stamp, uint64_t at) {
    say_as("tm-1/job-1/agg/0", T::timer_fired, "job-1/agg/0", stamp, at, 1);
  }
};

TEST_F(WatermarksTimersTest, HoldsWhenTimeGoesForward) {
  watermark(static_cast<uint64_t>(INT64_MIN));
  watermark(1000);
  timer(999, 1000);
  watermark(2000);
  task_state("tm-1", "agg/0", S::initializing, S::deploying, 1);
  watermark(1500);  // a new attempt
  expect_held();
}

TEST_F(WatermarksTimersTest, NamesAWatermarkThatGoesBack) {
  watermark(1000);
  watermark(999);
  expect_violated("the watermark of agg/0 goes back from 1000 to 999 ms");
}

TEST_F(WatermarksTimersTest, NamesATimerThatIsEarly) {
  watermark(1000);
  timer(1001, 1000);
  expect_violated("a timer of agg/0 for 1001 ms fires at watermark 1000");
}

TEST_F(WatermarksTimersTest, NamesATimerAtAWatermarkThatNeverCame) {
  watermark(1000);
  timer(1100, 1200);
  expect_violated("fires at watermark 1200, which the operator was not given");
}

TEST_F(WatermarksTimersTest, LateRecordsAreLegalWhereDeclared) {
  say_as("tm-1/job-1/agg/0", T::late_dropped, "job-1/agg/0", 3, 1000);
  expect_violated("agg/0 drops 3 records as late");
  OracleSetup setup = streaming();
  setup.late_data = true;
  judge(setup, "watermarks_timers");
  say_as("tm-1/job-1/agg/0", T::late_dropped, "job-1/agg/0", 3, 1000);
  expect_held();
}

}  // namespace
}  // namespace drey::reports
