#include "reports/rate_series.h"

#include <gtest/gtest.h>

#include <numeric>

#include "model/graph/execution_state.h"
#include "reports/oracles/job_view.h"
#include "tests/reports/hand_made_run.h"

namespace drey::reports {
namespace {

using model::ControlFact;
using model::DataFact;
using model::ExecutionState;

class RateSeriesTest : public testing::Test {
 protected:
  RateSeriesTest() {
    OracleSetup setup;
    setup.spec = straight_job({{.id = "agg", .kind = model::OperatorKind::keyed}});
    series_ = std::make_unique<RateSeries>(
        std::make_shared<const JobView>(setup, TraceNames(kernel_)), sim::LogSet(), &moved_);
    run_ = std::make_unique<HandMadeRun>(*series_, kernel_);
  }
  const SeriesSet::Column& column(const SeriesSet& set, std::string_view name,
                                  std::string_view entity = {}) {
    for (const SeriesSet::Column& one : set.columns)
      if (one.name == name && one.entity == entity) return one;
    throw std::runtime_error("no such column");
  }
  static int64_t sum(const SeriesSet::Column& column) {
    return std::accumulate(column.values.begin(), column.values.end(), int64_t{0});
  }
  sim::Kernel kernel_{{}};
  struct Moved : sim::TrafficCounter {
    sim::Traffic now;
    sim::Traffic traffic() override { return now; }
  } moved_;
  std::unique_ptr<RateSeries> series_;
  std::unique_ptr<HandMadeRun> run_;
};

TEST_F(RateSeriesTest, ALongRunHasFewPointsAndLosesNothing) {
  int64_t received = 0;
  for (int second = 0; second < 100'000; ++second) {
    run_->now = sim::Time{} + sim::seconds(second);
    run_->say(DataFact::buffer_received, "job-1/agg/0", 0, 0, 3);
    received += 3;
  }
  SeriesSet set = series_->finish(sim::Time{} + sim::seconds(100'000));
  EXPECT_LE(set.buckets, RateSeries::kBuckets);
  EXPECT_GT(set.buckets, RateSeries::kBuckets / 2);
  EXPECT_EQ(sum(column(set, "records_in", "agg")), received);
  EXPECT_EQ(sum(column(set, "records_in", "src")), 0);
  EXPECT_EQ(set.records_in[2], static_cast<uint64_t>(received));
  const size_t before = set.buckets;
  const sim::Duration width = set.width;
  set.halve();
  EXPECT_EQ(set.buckets, (before + 1) / 2);
  EXPECT_EQ(set.width.ns, 2 * width.ns);
  EXPECT_EQ(sum(column(set, "records_in", "agg")), received);
  for (const SeriesSet::Column& one : set.columns) EXPECT_EQ(one.values.size(), set.buckets);
}

// Counters of the world are asked at the end of each bucket: what they grew by belongs to it.
TEST_F(RateSeriesTest, BytesOfNetworkAndDisksAreOfTheBucketThatMovedThem) {
  const auto at = [&](int64_t ms) {
    run_->now = sim::Time{} + sim::milliseconds(ms);
    run_->say(DataFact::buffer_received, "job-1/agg/0", 0, 0, 1);
  };
  at(1);
  moved_.now.network += 700;
  moved_.now.disks.written += 40;
  at(6);  // closes the first bucket of 5 ms
  moved_.now.network += 30;
  moved_.now.disks.read += 9;
  moved_.now.disks.cached += 1'000'000;
  at(23);
  SeriesSet set = series_->finish(sim::Time{} + sim::milliseconds(24));
  EXPECT_EQ(column(set, "network_bytes").values, (std::vector<int64_t>{700, 30, 0, 0, 0}));
  EXPECT_EQ(column(set, "disk_written_bytes").values, (std::vector<int64_t>{40, 0, 0, 0, 0}));
  EXPECT_EQ(column(set, "disk_read_bytes").values, (std::vector<int64_t>{0, 9, 0, 0, 0}));
  set.halve();
  EXPECT_EQ(column(set, "network_bytes").values, (std::vector<int64_t>{730, 0, 0}));
}

TEST_F(RateSeriesTest, ALevelIsTheLastValueOfItsBucket) {
  const auto state = [&](int64_t ms, ExecutionState to) {
    run_->now = sim::Time{} + sim::milliseconds(ms);
    run_->say(ControlFact::execution_state, "job-1/src/0", 0, static_cast<uint64_t>(to));
  };
  state(1, ExecutionState::running);
  state(22, ExecutionState::failed);
  state(24, ExecutionState::running);
  state(31, ExecutionState::failed);
  const SeriesSet set = series_->finish(sim::Time{} + sim::milliseconds(49));
  ASSERT_EQ(set.width.ns, sim::milliseconds(5).ns);
  const std::vector<int64_t> expected{1, 1, 1, 1, 1, 1, 0, 0, 0, 0};
  EXPECT_EQ(column(set, "running").values, expected);
}

}  // namespace
}  // namespace drey::reports
