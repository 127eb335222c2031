#include "reports/oracles/result_release.h"

#include "model/result_facts.h"
#include "model/task/task_runtime.h"
#include "sim/machines.h"
#include "tests/reports/oracle_run.h"

namespace drey::reports {
namespace {

using R = model::ResultFact;

// src/0 and src/1 write partitions 0 and 1, which agg/0 and agg/1 read.
class ResultReleaseTest : public OracleRun {
 protected:
  void SetUp() override {
    judge(batch(), "result_release");
    status(J::running, J::created);
    for (const char* task : {"src/0", "src/1"}) run_task(task);
    for (uint64_t i : {uint64_t{0}, uint64_t{1}}) {
      const std::string task = "src/" + std::to_string(i);
      say_as("tm-1/data", R::written, path(task), i, 0, 100);
      state(task, S::finished, S::running);
    }
    for (const char* task : {"agg/0", "agg/1"}) run_task(task);
  }
  void drop(uint64_t partition, uint64_t attempt = 0) {
    say_as("tm-1/data", R::dropped, path("src/" + std::to_string(partition)), partition, attempt,
           100);
  }
  void finish_readers() {
    for (const char* task : {"agg/0", "agg/1"}) state(task, S::finished, S::running);
  }
  // A reader of partition 0 finds it gone and fails; the failover takes these along.
  void read_fails(uint64_t failover, model::Cause::Kind cause, bool with_producer) {
    say_as("tm-1/data", R::unreadable, path("src/0"), 0, 0, 100);
    begin_failover(failover, path("agg/0"), 1, sim::seconds(1), static_cast<uint64_t>(cause));
    restart("agg/0", failover, kFailedRegion);
    if (with_producer) restart("src/0", failover, kLostInput);
    pass(sim::seconds(1));
    say(C::failover_end, "job-1", failover);
  }
};

TEST_F(ResultReleaseTest, HoldsWhenReadersHaveFinished) {
  finish_readers();
  drop(0);
  drop(1);
  status(J::finished, J::running);
  expect_held();
}

TEST_F(ResultReleaseTest, NamesAResultThatGoesBeforeItsReaders) {
  drop(0);
  expect_violated("tm-1 drops partition 0 of attempt 0 of job-1/src/0, which has readers to come");
}

TEST_F(ResultReleaseTest, OneReaderIsNotAll) {
  state("agg/0", S::finished, S::running);
  drop(1);
  expect_violated("which has readers to come");
}

TEST_F(ResultReleaseTest, AProducerThatRestartsTakesItsResultBack) {
  begin_failover(1, path("src/0"), 1);
  restart("src/0", 1, kFailedRegion, 0);
  drop(0);
  finish_readers();
  drop(1);
  status(J::finished, J::running);
  expect_held();
}

TEST_F(ResultReleaseTest, WhoHasLostItsJobMasterKeepsNothing) {
  say_as("tm-1/task-executor", C::disconnected, "job-1", 0);
  drop(0);
  drop(1);
  status(J::finished, J::running);
  expect_held();
}

TEST_F(ResultReleaseTest, NamesWhatIsLeftAtTheEnd) {
  finish_readers();
  drop(0);
  status(J::finished, J::running);
  expect_violated("tm-1 still keeps partition 1 of attempt 0 of job-1/src/1");
}

TEST_F(ResultReleaseTest, WhatCannotBeReadIsMadeAnew) {
  read_fails(1, model::Cause::Kind::partition_not_found, true);
  read_fails(2, model::Cause::Kind::remote_transport, true);
  finish_readers();
  drop(0);
  drop(1);
  status(J::finished, J::running);
  expect_held();
}

TEST_F(ResultReleaseTest, NamesAPlainErrorOfAReader) {
  read_fails(1, model::Cause::Kind::remote_transport, false);
  expect_violated("a reader failed for it, but failover 1 does not make it anew: job-1/src/0");
}

// The connection may have broken for another reason.
TEST_F(ResultReleaseTest, APlainErrorNearTheEndOfAProcessMeansNothing) {
  say_as("tm-2", sim::MachineFact::process_stopped, "", 1);
  read_fails(1, model::Cause::Kind::remote_transport, false);
  finish_readers();
  drop(0);
  drop(1);
  status(J::finished, J::running);
  expect_held();
}

}  // namespace
}  // namespace drey::reports
