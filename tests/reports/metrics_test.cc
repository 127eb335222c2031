#include "reports/metrics.h"

#include <gtest/gtest.h>

#include "model/graph/execution_state.h"
#include "model/runtime_facts.h"
#include "reports/judge_expectations.h"
#include "sim/object_store.h"
#include "tests/reports/hand_made_run.h"

namespace drey::reports {
namespace {

using model::CheckpointFact;
using model::ControlFact;
using model::DataFact;

class MetricsTest : public testing::Test {
 protected:
  static Expectation expect(std::string text, ExpectationKind kind = ExpectationKind::check) {
    const ExpectationNames names{.vertices = {"src", "agg", "sink"}, .faults = {"kill"}};
    TextProblem problem;
    Expectation expectation{.id = "e0", .text = text, .kind = kind};
    const auto comparison = parse_comparison(text, names, problem);
    EXPECT_TRUE(comparison.has_value()) << text << ": " << problem.message;
    if (comparison) expectation.comparison = *comparison;
    return expectation;
  }
  void holds(const std::string& text) {
    const Evaluation evaluation = evaluate(expect(text).comparison, metrics_);
    EXPECT_EQ(evaluation.verdict, Verdict::held)
        << text << ": " << evaluation.left << " against " << evaluation.right;
  }
  void at(int64_t second) { run_.now = sim::Time{second * 1'000'000'000}; }
  void state(std::string_view subtask, model::ExecutionState to) {
    run_.say(ControlFact::execution_state, subtask, 1, static_cast<uint64_t>(to), 0);
  }
  void land(std::string_view fault) {
    sim::Fact fact{.at = run_.now,
                   .entity = kernel_.intern("fault/" + std::string(fault)),
                   .kind = sim::fact_kind(sim::FactGroup::fault, 1)};
    metrics_.on(fact, 1);
  }

  sim::Kernel kernel_{{}};
  struct Moved : sim::TrafficCounter {
    sim::Traffic now;
    sim::Traffic traffic() override { return now; }
  } moved_;
  Metrics metrics_{{.task_of = {{"sink", "agg"}},
                    .logs = sim::LogSet(std::make_shared<sim::LogContents>(sim::LogSpec{
                        .splits = 1, .records = 1000, .records_per_second = 1, .keys = 1})),
                    .latency = true,
                    .traffic = &moved_},
                   TraceNames(kernel_)};
  HandMadeRun run_{metrics_, kernel_};
};

TEST_F(MetricsTest, FollowAFailoverFromFailureToRunning) {
  using model::ExecutionState;
  at(1);
  run_.say(ControlFact::job_submitted, "job-1", 0);
  run_.say(ControlFact::job_status, "job-1", 2, 1);
  for (const char* task : {"job-1/src/0", "job-1/agg/0"}) state(task, ExecutionState::created);
  for (const char* task : {"job-1/src/0", "job-1/agg/0"}) state(task, ExecutionState::running);
  at(10);
  land("kill");
  at(12);
  run_.say(ControlFact::failure, "job-1/agg/0", 1, 5);
  run_.say(ControlFact::failover_begun, "job-1/agg/0", 1, (2u << 8) | 5, 0);
  run_.say(ControlFact::restart_task, "job-1/agg/0", 1, 0, 1);
  run_.say(ControlFact::restart_task, "job-1/src/0", 1, 0, 1);
  state("job-1/agg/0", ExecutionState::failed);
  state("job-1/src/0", ExecutionState::canceling);
  run_.say(ControlFact::failover_end, "job-1", 1);
  state("job-1/src/0", ExecutionState::running);
  at(15);
  state("job-1/agg/0", ExecutionState::running);
  at(16);
  run_.say(ControlFact::job_status, "job-1", 7, 2);
  holds("job.state == FINISHED");
  holds("job.restarts == 1");
  holds("job.failures == 1");
  holds("job.restarted_tasks == 2");
  holds("job.downtime.max == 3 s");
  holds("job.duration == 15 s");
  holds("restarted_tasks(sink) == 1");
  holds("landed(kill) == 1");
  holds("recovery_time(kill) == 5 s");
  holds("agg.state == RUNNING");
  holds("agg.restarts == 1");
}

TEST_F(MetricsTest, CountRecordsReplaysAndCommits) {
  const std::vector<sim::Record> ten(10);
  run_.say_batch(DataFact::source_emitted, "job-1/src/0", 0, ten, 0);
  run_.say_batch(DataFact::source_emitted, "job-1/src/0", 0, ten, 5);
  run_.say_batch(DataFact::buffer_emitted, "job-1/src/0", 0, ten);
  run_.say(DataFact::buffer_received, "job-1/agg/0", 0, 0, 10);
  at(8);
  std::vector<sim::Record> committed;
  for (uint64_t offset = 0; offset < 4; ++offset)
    committed.push_back({.provenance = sim::make_provenance(0, offset)});
  run_.commit(committed);
  holds("src.emitted_records == 15");
  holds("job.replayed_records == 5");
  holds("src.records_out == 10");
  holds("agg.records_in == 10");
  holds("sink.committed_records == 4");
  holds("job.committed_records == 4");
  holds("latency.min == 4 s");
  holds("latency.max == 7 s");
  holds("latency.mean == 5500 ms");
}

TEST_F(MetricsTest, CheckpointsAndTheWorld) {
  at(20);
  run_.say(CheckpointFact::triggered, "job-1", 4);
  at(21);
  run_.say(CheckpointFact::barrier_received, "job-1/agg/0", 4, 0);
  run_.say(CheckpointFact::barrier_received, "job-1/agg/0", 4, 1);
  run_.say(CheckpointFact::aligned, "job-1/agg/0", 4, 30);
  run_.say(CheckpointFact::async_done, "job-1/agg/0", 4, 50, 900);
  holds("checkpoint.in_progress == 1");
  run_.say(CheckpointFact::completed, "job-1", 4, 700, 2'000'000'000);
  run_.say(CheckpointFact::triggered, "job-1", 5);
  run_.say(CheckpointFact::aborted, "job-1", 5);
  run_.say(sim::BrokerFact::transaction_begun, "transaction/x", 1);
  run_.say(sim::BrokerFact::transaction_begun, "transaction/y", 1);
  run_.say(sim::BrokerFact::transaction_committed, "transaction/x", 1);
  run_.say(sim::ObjectFact::put, "object/a", 100);
  run_.say(sim::ObjectFact::put, "object/a", 50);
  holds("checkpoint.completed == 1");
  holds("checkpoint.failed == 1");
  holds("checkpoint.in_progress == 0");
  holds("checkpoint.duration.max == 2 s");
  holds("checkpoint.size.last == 700 b");
  holds("checkpoint.full_size.last == 900 b");
  holds("checkpoint.start_delay.count == 1");
  holds("checkpoint.start_delay.max == 1 s");
  holds("broker.open_transactions == 1");
  holds("storage.bytes_written == 150 b");
  holds("storage.objects == 1");
}

// What the world counts, at any instant; nobody counts: no value, so nothing holds vacuously.
TEST_F(MetricsTest, BytesOfNetworkAndDisksAreThoseThatTheWorldCounts) {
  holds("network.bytes == 0 b");
  moved_.now = {.network = 5000, .disks = {.written = 300, .read = 20, .cached = 1}};
  holds("network.bytes == 5000 b");
  holds("disk.bytes_written == 300 b");
  holds("disk.bytes_read == 20 b");
  holds("disk.bytes_cached == 1 b");
  const Metrics uncounted({}, TraceNames(kernel_));
  for (const char* text : {"network.bytes >= 0 b", "disk.bytes_written >= 0 b"})
    EXPECT_EQ(evaluate(expect(text).comparison, uncounted).verdict, Verdict::no_value) << text;
}

// As Flink's gauges: the share over the last minute; a new attempt starts anew.
TEST_F(MetricsTest, LoadIsTheShareOfTheLastMinute) {
  using model::LoadFact;
  constexpr uint64_t kSecond = 1'000'000'000;
  run_.say(LoadFact::load, "job-1/agg/0", 1 * kSecond, 2 * kSecond, 5 * kSecond);
  holds("agg.idle.last == 20%");
  holds("agg.back_pressured.last == 40%");
  holds("agg.busy.last == 40%");
  // Idle since: of 65 s, the last 60 s count.
  for (uint64_t i = 2; i <= 13; ++i)
    run_.say(LoadFact::load, "job-1/agg/0", (5 * i - 4) * kSecond, 2 * kSecond, 5 * i * kSecond);
  holds("agg.idle.last == 100%");
  holds("agg.busy.min == 0%");
  run_.say(LoadFact::load, "job-1/agg/0", 0, 0, 5 * kSecond);
  holds("agg.busy.last == 100%");
  holds("agg.busy.count == 14");
}

TEST_F(MetricsTest, SizesAreThoseOfTheLastSnapshotOfEachSubtask) {
  using model::HeapFact;
  run_.say(HeapFact::size, "job-1/agg/0", 1, 10, 1000);
  run_.say(HeapFact::size, "job-1/agg/1", 1, 5, 500);
  run_.say(HeapFact::size, "job-1/agg/0", 1, 12, 1200);
  holds("agg.keys == 17");
  holds("agg.state_size == 1700 b");
}

TEST_F(MetricsTest, WhatTheTraceDoesNotGiveHasNoValue) {
  EXPECT_EQ(evaluate(expect("checkpoint.duration.max < 1 s").comparison, metrics_).verdict,
            Verdict::no_value);
  EXPECT_EQ(evaluate(expect("ledger.lost == 0").comparison, metrics_).verdict, Verdict::no_value);
  EXPECT_EQ(evaluate(expect("agg.keys == 1").comparison, metrics_).verdict, Verdict::no_value);
}

// Runs restarts 0, 1 (at 10 s), 2 (at 20 s) past one expectation.
class JudgeTest : public MetricsTest {
 protected:
  ExpectationResult outcome(Expectation expectation) {
    ExpectationJudge judge({std::move(expectation)}, metrics_);
    const auto both = [&](sim::Fact fact) {
      metrics_.on(fact, 1);
      judge.on(fact, 1);
    };
    at(1);
    both(run_.fact(fact_kind(ControlFact::job_submitted), "job-1", 0));
    at(10);
    both(run_.fact(fact_kind(ControlFact::failover_begun), "job-1", 1, 1u << 8));
    land("kill");
    at(20);
    both(run_.fact(fact_kind(ControlFact::failover_begun), "job-1", 2, 1u << 8));
    metrics_.finish(run_.now);
    judge.finish(run_.now, result_);
    return result_.expectations.back();
  }
  using Outcome = ExpectationResult::Outcome;
  RunResult result_;
};

TEST_F(JudgeTest, AlwaysNamesTheFirstInstantThatBreaksIt) {
  const ExpectationResult result = outcome(expect("job.restarts < 1", ExpectationKind::always));
  EXPECT_EQ(result.outcome, Outcome::violated);
  EXPECT_EQ(result.left, "1");
  ASSERT_EQ(result_.violations.size(), 1u);
  EXPECT_EQ(result_.violations[0].at.ns, 10'000'000'000);
  EXPECT_EQ(result_.violations[0].oracle, "expectation:e0");
}
TEST_F(JudgeTest, AlwaysHolds) {
  EXPECT_EQ(outcome(expect("job.restarts <= 2", ExpectationKind::always)).outcome, Outcome::held);
}
TEST_F(JudgeTest, NeverSeesWhatWasTrueForAMoment) {
  EXPECT_EQ(outcome(expect("job.restarts == 1", ExpectationKind::never)).outcome,
            Outcome::violated);
}
TEST_F(JudgeTest, EventuallyIsHeldByOneInstant) {
  EXPECT_EQ(outcome(expect("job.restarts == 1", ExpectationKind::eventually)).outcome,
            Outcome::held);
}
TEST_F(JudgeTest, EventuallyIsBoundByItsDeadline) {
  Expectation late = expect("job.restarts == 2", ExpectationKind::eventually);
  late.within = sim::seconds(5);
  late.after = "kill";
  EXPECT_EQ(outcome(late).outcome, Outcome::violated);
}
TEST_F(JudgeTest, EventuallyAfterAFaultThatNeverLandedIsNotChecked) {
  Expectation expectation = expect("job.restarts == 2", ExpectationKind::eventually);
  expectation.after = "other";
  EXPECT_EQ(outcome(expectation).outcome, Outcome::no_value);
  EXPECT_EQ(result_.not_checked.size(), 1u);
}
TEST_F(JudgeTest, CheckLooksAtTheEndOnlyAndSeverityCanWarn) {
  EXPECT_EQ(outcome(expect("job.restarts == 2")).outcome, Outcome::held);
  Expectation warn = expect("job.restarts == 1");
  warn.severity = Severity::warn;
  EXPECT_EQ(outcome(warn).outcome, Outcome::warned);
  EXPECT_TRUE(result_.violations.empty());
}

TEST(Series, AggregatesByNearestRank) {
  Series series;
  Histogram histogram;
  EXPECT_FALSE(series.aggregate("max").has_value());
  EXPECT_EQ(series.aggregate("count"), (Ratio{0, 1}));
  for (int64_t i = 1; i <= 1000; ++i) {
    series.add(1001 - i);
    histogram.add(static_cast<uint64_t>(i));
  }
  EXPECT_EQ(series.aggregate("p50"), (Ratio{500, 1}));
  EXPECT_EQ(series.aggregate("p99"), (Ratio{990, 1}));
  EXPECT_EQ(series.aggregate("mean"), (Ratio{1001, 2}));
  EXPECT_EQ(series.aggregate("last"), (Ratio{1, 1}));
  EXPECT_EQ(histogram.aggregate("max"), (Ratio{1000, 1}));
  EXPECT_EQ(histogram.aggregate("mean"), (Ratio{1001, 2}));
  EXPECT_NEAR(static_cast<double>(histogram.aggregate("p50")->numerator), 500, 8);
  EXPECT_NEAR(static_cast<double>(histogram.aggregate("p99")->numerator), 990, 16);
}

}  // namespace
}  // namespace drey::reports
