#include "reports/oracles/state_machine.h"

#include "sim/machines.h"
#include "tests/reports/oracle_run.h"

namespace drey::reports {
namespace {

class StateMachineTest : public OracleRun {
 protected:
  void SetUp() override { judge(streaming(), "state_machine"); }
};

TEST_F(StateMachineTest, HoldsOverARestart) {
  start_all();
  for (const char* task : {"src/0", "agg/0"}) {
    task_state("tm-1", task, S::initializing, S::deploying);
    task_state("tm-1", task, S::running, S::initializing);
  }
  task_state("tm-1", "agg/0", S::failed, S::running);
  state("agg/0", S::failed, S::running);
  restart("agg/0", 1, kFailedRegion);
  status(J::restarting, J::running);
  state("src/0", S::canceling, S::running);
  task_state("tm-1", "src/0", S::canceling, S::running);
  task_state("tm-1", "src/0", S::canceled, S::canceling);
  state("src/0", S::canceled, S::canceling);
  status(J::running, J::restarting);
  state("agg/0", S::created, S::failed, 1);
  run_task("agg/0", 1);
  // A new JobMaster counts anew.
  status(J::running, J::created);
  run_->speaker = "jm-2/job-1";
  start_all();
  expect_held();
}

TEST_F(StateMachineTest, NamesASkippedState) {
  start_all();
  state("agg/0", S::failed, S::running);
  state("agg/0", S::created, S::failed, 1);
  state("agg/0", S::scheduled, S::created, 1);
  state("agg/0", S::running, S::scheduled, 1);
  expect_violated("no execution goes from SCHEDULED to RUNNING");
}

TEST_F(StateMachineTest, NamesAnEndThatWasLeft) {
  start_all();
  state("agg/0", S::finished, S::running);
  state("agg/0", S::failed, S::finished);
  expect_violated("no execution goes from FINISHED to FAILED");
}

TEST_F(StateMachineTest, NamesAResetOfARunningTask) {
  start_all();
  state("agg/0", S::created, S::running, 1);
  expect_violated("agg/0 starts over while it is RUNNING");
}

TEST_F(StateMachineTest, NamesAnAttemptThatIsLeftOut) {
  start_all();
  state("agg/0", S::failed, S::running);
  state("agg/0", S::created, S::failed, 2);
  expect_violated("agg/0 goes from attempt 0 to 2");
}

TEST_F(StateMachineTest, NamesAnotherStateThanTheLastOne) {
  start_all();
  state("agg/0", S::running, S::initializing);
  expect_violated("agg/0 was RUNNING");
}

TEST_F(StateMachineTest, NamesATaskThatReturnsFromItsEnd) {
  task_state("tm-1", "agg/0", S::initializing, S::deploying);
  task_state("tm-1", "agg/0", S::failed, S::initializing);
  task_state("tm-1", "agg/0", S::running, S::failed);
  expect_violated("no task goes from FAILED to RUNNING");
}

TEST_F(StateMachineTest, NamesAJobThatComesBackFromItsEnd) {
  start_all();
  status(J::failing, J::running);
  status(J::failed, J::failing);
  status(J::restarting, J::failed);
  expect_violated("no job goes from FAILED to RESTARTING");
}

TEST_F(StateMachineTest, NamesAJobThatRunsAgainAfterItsResult) {
  start_all();
  status(J::finished, J::running);
  say_as("jm-1/dispatcher", C::job_result_entry, "job-1", 0, static_cast<uint64_t>(J::finished));
  run_->speaker = "jm-2/job-1";
  status(J::running, J::created);
  expect_violated("the job runs again, after its result was written down");
}

class CancellationTest : public OracleRun {
 protected:
  void SetUp() override {
    OracleSetup setup = streaming();
    setup.cancellation_timeout = sim::seconds(10);
    judge(setup, "state_machine");
    task_state("tm-1", "agg/0", S::initializing, S::deploying);
    task_state("tm-1", "agg/0", S::running, S::initializing);
    task_state("tm-1", "agg/0", S::canceling, S::running);
  }
};

TEST_F(CancellationTest, ATaskEndsInTime) {
  pass(sim::seconds(9));
  task_state("tm-1", "agg/0", S::canceled, S::canceling);
  pass(sim::seconds(60));
  expect_held();
}

TEST_F(CancellationTest, NamesATaskThatNobodyEnds) {
  pass(sim::seconds(60));
  expect_violated("its cancellation took 60 s, after 10 s its process has to be ended");
}

TEST_F(CancellationTest, NamesATaskThatEndsLate) {
  pass(sim::seconds(30));
  task_state("tm-1", "agg/0", S::canceled, S::canceling);
  expect_violated("its cancellation took 30 s");
}

TEST_F(CancellationTest, ItsProcessMayEndInItsPlace) {
  pass(sim::seconds(10));
  say_as("tm-1", sim::MachineFact::process_stopped, "", 1);
  pass(sim::seconds(60));
  expect_held();
}

TEST_F(CancellationTest, AProcessThatStandsStillHasNoWatchdog) {
  say_as("tm-1", sim::MachineFact::process_frozen, "", 0);
  pass(sim::seconds(60));
  expect_held();
}

}  // namespace
}  // namespace drey::reports
