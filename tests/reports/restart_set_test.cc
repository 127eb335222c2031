#include "reports/oracles/restart_set.h"

#include "tests/reports/oracle_run.h"

namespace drey::reports {
namespace {

class RestartSetTest : public OracleRun {
 protected:
  // Sources done, aggregates at work.
  void half_of_a_batch_job() {
    judge(batch(), "restart_set");
    status(J::running, J::created);
    run_task("src/0", 0, "tm-1");
    run_task("src/1", 0, "tm-2");
    state("src/0", S::finished, S::running);
    state("src/1", S::finished, S::running);
    run_task("agg/0", 0, "tm-1");
    run_task("agg/1", 0, "tm-1");
  }
};

TEST_F(RestartSetTest, HoldsWhenTheRegionRestartsAndIsReset) {
  judge(streaming(), "restart_set");
  start_all();
  state("agg/0", S::failed, S::running);
  begin_failover(1, "job-1/agg/0", 4);
  for (const char* task : {"src/0", "src/1", "agg/0", "agg/1"}) restart(task, 1, kFailedRegion);
  for (const char* task : {"src/0", "src/1", "agg/1"}) state(task, S::canceled, S::running);
  pass(sim::seconds(1));
  say(C::failover_end, "job-1", 1);
  for (const char* task : {"src/0", "src/1", "agg/1"}) state(task, S::created, S::canceled, 1);
  state("agg/0", S::created, S::failed, 1);
  run_task("src/0", 1);
  expect_held();
}

TEST_F(RestartSetTest, NamesWhatWasLeftOutOfTheRegion) {
  judge(streaming(), "restart_set");
  start_all();
  begin_failover(1, "job-1/agg/0", 3);
  for (const char* task : {"src/0", "src/1", "agg/0"}) restart(task, 1, kFailedRegion);
  expect_violated("wrongly left out: agg/1 (failed-region)");
}

TEST_F(RestartSetTest, AFinishedInputIsReadAgain) {
  half_of_a_batch_job();
  state("agg/0", S::failed, S::running);
  begin_failover(1, "job-1/agg/0", 1);
  restart("agg/0", 1, kFailedRegion);
  expect_held();
}

TEST_F(RestartSetTest, NamesAConsumerThatNeedNotRestart) {
  half_of_a_batch_job();
  state("agg/0", S::failed, S::running);
  begin_failover(1, "job-1/agg/0", 2);
  restart("agg/0", 1, kFailedRegion);
  restart("agg/1", 1, kConsumer);
  expect_violated("wrongly restarted: agg/1 (as consumer)");
}

TEST_F(RestartSetTest, ALostTaskManagerTakesItsResultsWithIt) {
  half_of_a_batch_job();
  say(C::disconnected, "tm-2#1", 5);
  pass(sim::seconds(1));
  state("agg/0", S::failed, S::running);
  begin_failover(1, "job-1/agg/0", 3);
  restart("src/1", 1, kLostInput);
  restart("agg/0", 1, kFailedRegion);
  restart("agg/1", 1, kConsumer);
  expect_held();
}

TEST_F(RestartSetTest, NamesAProducerWhoseResultIsLost) {
  half_of_a_batch_job();
  say(C::disconnected, "tm-2#1", 5);
  pass(sim::seconds(1));
  state("agg/0", S::failed, S::running);
  begin_failover(1, "job-1/agg/0", 1);
  restart("agg/0", 1, kFailedRegion);
  expect_violated("wrongly left out: src/1 (lost-input)");
}

// The failure names a partition: its producer restarts although its result is tracked.
TEST_F(RestartSetTest, APartitionThatTheFailureNamesIsLost) {
  for (const bool left_out : {false, true}) {
    half_of_a_batch_job();
    state("agg/0", S::failed, S::running);
    say(C::producer_unavailable, "job-1/src/1", 1, 0);
    begin_failover(1, "job-1/agg/0", left_out ? 1 : 3, sim::seconds(1), 2);
    restart("agg/0", 1, kFailedRegion);
    if (left_out) {
      expect_violated("wrongly left out: src/1 (lost-input)");
    } else {
      restart("src/1", 1, kLostInput);
      restart("agg/1", 1, kConsumer);
      expect_held();
    }
  }
}

TEST_F(RestartSetTest, WhatWasNeverScheduledDoesNotRestart) {
  judge(batch(), "restart_set");
  status(J::running, J::created);
  run_task("src/0");
  run_task("src/1");
  state("src/0", S::failed, S::running);
  begin_failover(1, "job-1/src/0", 2);
  restart("src/0", 1, kFailedRegion);
  restart("agg/0", 1, kConsumer);
  expect_violated("wrongly restarted: agg/0 (as consumer), which is CREATED");
}

TEST_F(RestartSetTest, AGlobalFailureRestartsAll) {
  judge(batch(), "restart_set");
  start_all();
  begin_failover(1, "job-1", 3);
  for (const char* task : {"src/0", "src/1", "agg/0"}) restart(task, 1, kGlobal);
  expect_violated("wrongly left out: agg/1");
}

TEST_F(RestartSetTest, NamesWhatWasAnnouncedButNotReset) {
  half_of_a_batch_job();
  state("agg/0", S::failed, S::running);
  begin_failover(1, "job-1/agg/0", 1);
  restart("agg/0", 1, kFailedRegion);
  pass(sim::seconds(1));
  say(C::failover_end, "job-1", 1);
  pass(sim::seconds(1));
  state("src/0", S::created, S::finished, 1);
  const Finding finding = finish();
  ASSERT_EQ(finding.violations.size(), 2u);
  EXPECT_EQ(finding.violations[0].what, "failover 1 has agg/0, but did not reset it");
  EXPECT_EQ(finding.violations[1].what, "src/0 was reset, but no restart that was due has it");
}

TEST(RegionRule, ForwardEdgesKeepPipelinesApart) {
  model::JobSpec job = straight_job({{.id = "map", .kind = model::OperatorKind::map}});
  job.chaining = false;
  const model::ExecutionTopology topology(model::build_job_graph(job));
  const RegionRule rule(topology);
  EXPECT_EQ(rule.regions(), 2u);
  const std::vector<bool> none(topology.partitions(), false);
  const auto set = rule.restart_set(0, none);
  EXPECT_TRUE(set[0].failed_region);
  EXPECT_FALSE(set[1].any());
}

}  // namespace
}  // namespace drey::reports
