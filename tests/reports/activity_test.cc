#include "reports/activity.h"

#include <gtest/gtest.h>

#include "model/runtime_facts.h"
#include "tests/reports/hand_made_run.h"

namespace drey::reports {
namespace {

using model::LoadFact;

class Activity : public testing::Test {
 protected:
  Activity() {
    OracleSetup setup;
    setup.spec = straight_job({{.id = "agg", .kind = model::OperatorKind::keyed}});
    series_ = std::make_unique<ActivitySeries>(
        std::make_shared<const JobView>(setup, TraceNames(kernel_)));
    run_ = std::make_unique<HandMadeRun>(*series_, kernel_);
    run_->speaker = "tm-1/job-1/agg/0";
  }
  // Totals of the attempt so far, in ms.
  void load(int64_t at, uint64_t idle, uint64_t back_pressured, uint64_t all) {
    run_->now = sim::Time{} + sim::milliseconds(at);
    run_->say(LoadFact::load, "job-1/agg/0", idle * 1'000'000, back_pressured * 1'000'000,
              all * 1'000'000);
  }
  sim::Kernel kernel_{{}};
  std::unique_ptr<ActivitySeries> series_;
  std::unique_ptr<HandMadeRun> run_;
};

TEST_F(Activity, TotalsBecomeIntervalsAndANewAttemptBeginsAnew) {
  load(6000, 4000, 500, 5000);
  load(11000, 4000, 3500, 10000);
  run_->speaker = "tm-2/job-1/agg/0";
  load(20000, 1000, 0, 2000);
  const auto tasks = series_->finish();
  ASSERT_EQ(tasks.size(), 4u);
  EXPECT_TRUE(tasks[0].empty());
  const std::vector<ActivityInterval>& agg = tasks[2];
  ASSERT_EQ(agg.size(), 3u);
  EXPECT_EQ(agg[1].length.ns, sim::seconds(5).ns);
  EXPECT_EQ(agg[1].idle.ns, 0);
  EXPECT_EQ(agg[1].back_pressured.ns, sim::seconds(3).ns);
  EXPECT_EQ(agg[2].length.ns, sim::seconds(2).ns);
  EXPECT_EQ(agg[2].idle.ns, sim::seconds(1).ns);
}

TEST_F(Activity, ManyIntervalsAreMergedAndNothingIsLost) {
  const uint64_t count = 5 * ActivitySeries::kIntervals;
  for (uint64_t i = 1; i <= count; ++i) load(static_cast<int64_t>(5 * i), 2 * i, i, 5 * i);
  const auto tasks = series_->finish();
  EXPECT_LE(tasks[2].size(), ActivitySeries::kIntervals);
  EXPECT_GT(tasks[2].size(), ActivitySeries::kIntervals / 4);
  int64_t all = 0, idle = 0, pressed = 0;
  for (const ActivityInterval& interval : tasks[2]) {
    all += interval.length.ns;
    idle += interval.idle.ns;
    pressed += interval.back_pressured.ns;
  }
  EXPECT_EQ(all, static_cast<int64_t>(5 * count * 1'000'000));
  EXPECT_EQ(idle, static_cast<int64_t>(2 * count * 1'000'000));
  EXPECT_EQ(pressed, static_cast<int64_t>(count * 1'000'000));
}

}  // namespace
}  // namespace drey::reports
