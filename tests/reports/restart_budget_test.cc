#include "reports/oracles/restart_budget.h"

#include "model/savepoint_facts.h"
#include "tests/reports/oracle_run.h"

namespace drey::reports {
namespace {

using Kind = RestartBudgetSetup::Kind;

class RestartBudgetTest : public OracleRun {
 protected:
  void judge_with(const RestartBudgetSetup& restart) {
    OracleSetup setup = streaming();
    setup.restart = restart;
    judge(setup, "restart_budget");
    status(J::running, J::created);
  }
  void fail(uint64_t number, sim::Duration delay) {
    say(C::failure, "job-1/agg/0", 0, 1);
    begin_failover(number, "job-1/agg/0", 0, delay);
  }
  void fail_and_restart(uint64_t number, sim::Duration delay) {
    fail(number, delay);
    pass(delay);
    say(C::failover_end, "job-1", number);
    pass(sim::milliseconds(1));
  }
  void refuse(uint64_t restarts) {
    say(C::failure, "job-1/agg/0", 0, 1);
    say(C::restart_refused, "job-1", restarts);
    status(J::failing, J::running);
  }
};

TEST_F(RestartBudgetTest, FixedDelayHolds) {
  judge_with({.kind = Kind::fixed_delay, .attempts = 2});
  fail_and_restart(1, sim::seconds(1));
  fail_and_restart(2, sim::seconds(1));
  refuse(2);
  expect_held();
}

TEST_F(RestartBudgetTest, NamesARestartTooMany) {
  judge_with({.kind = Kind::fixed_delay, .attempts = 1});
  fail_and_restart(1, sim::seconds(1));
  fail_and_restart(2, sim::seconds(1));
  expect_violated("the strategy allows no further restart after 1");
}

TEST_F(RestartBudgetTest, NamesARestartTooFew) {
  judge_with({.kind = Kind::fixed_delay, .attempts = 2});
  fail_and_restart(1, sim::seconds(1));
  refuse(1);
  expect_violated("the restart was refused, the strategy allows it (1 so far)");
}

TEST_F(RestartBudgetTest, NamesAnotherDelayAndAnEndBeforeIt) {
  judge_with({.kind = Kind::fixed_delay, .attempts = 2});
  fail_and_restart(1, sim::milliseconds(900));
  expect_violated("the back-off is 900 ms, the strategy asks for 1000 ms to 1000 ms");
  judge_with({.kind = Kind::fixed_delay, .attempts = 2});
  fail(1, sim::seconds(1));
  pass(sim::milliseconds(999));
  say(C::failover_end, "job-1", 1);
  expect_violated("failover 1 ends 1 ms before its back-off is over");
}

TEST_F(RestartBudgetTest, WithoutAStrategyTheFirstFailureEndsTheJob) {
  judge_with({.kind = Kind::none});
  refuse(0);
  expect_held();
  judge_with({.kind = Kind::none});
  fail(1, {});
  expect_violated("the strategy allows no further restart after 0");
}

TEST_F(RestartBudgetTest, FailureRateLooksAtTheOldestFailure) {
  const RestartBudgetSetup rate{
      .kind = Kind::failure_rate, .delay = {}, .max_failures = 2, .interval = sim::seconds(10)};
  judge_with(rate);
  fail_and_restart(1, {});
  pass(sim::seconds(6));
  fail_and_restart(2, {});
  pass(sim::seconds(6));
  fail_and_restart(3, {});  // the oldest of the three is more than 10 s old
  refuse(3);
  expect_held();
  judge_with(rate);
  fail_and_restart(1, {});
  fail_and_restart(2, {});
  fail_and_restart(3, {});
  expect_violated("the strategy allows no further restart after 2");
}

TEST_F(RestartBudgetTest, ExponentialDelayGrowsWithinItsJitter) {
  const RestartBudgetSetup exponential{.kind = Kind::exponential_delay};
  judge_with(exponential);
  fail_and_restart(1, sim::milliseconds(1'000));  // jitter never goes below the initial back-off
  fail_and_restart(2, sim::milliseconds(1'650));
  fail(3, sim::milliseconds(2'100));
  pass(sim::milliseconds(100));
  fail(4, sim::milliseconds(2'000));  // merged: the rest of the pending back-off
  expect_held();
  judge_with(exponential);
  fail_and_restart(1, sim::milliseconds(1'000));
  fail_and_restart(2, sim::milliseconds(1'700));
  expect_violated("the back-off is 1700 ms");
}

TEST_F(RestartBudgetTest, NamesAFailureThatNobodyHandled) {
  judge_with({.kind = Kind::fixed_delay, .attempts = 2});
  say(C::failure, "job-1/agg/0", 0, 1);
  pass(sim::seconds(1));
  status(J::finished, J::running);
  expect_violated("the failure led neither to a restart nor to the end of the job");
}

TEST_F(RestartBudgetTest, NamesARefusalThatEndsNothing) {
  judge_with({.kind = Kind::none});
  say(C::failure, "job-1/agg/0", 0, 1);
  say(C::restart_refused, "job-1", 0);
  pass(sim::seconds(1));
  expect_violated("the restart was refused, but the job did not fail");
}

// The savepoint of a stop is complete, then a task fails: its region restarts as ever, but when all
// have ended the job fails.
class StopBudgetTest : public RestartBudgetTest {
 protected:
  void stop_and_fail() {
    OracleSetup setup = streaming();
    setup.restart = {.kind = Kind::fixed_delay, .attempts = 2};
    judge(setup, "restart_budget");
    start_all();
    say(model::SavepointFact::stands, "job-1", 3, 2);
    pass(sim::milliseconds(1));
    state("src/0", S::finished, S::running);
    state("agg/0", S::failed, S::running);
    fail(1, sim::seconds(1));
    state("src/1", S::canceled, S::canceling);
  }
  void the_last_task_ends() { state("agg/1", S::canceled, S::canceling); }
};

TEST_F(StopBudgetTest, AStopWhoseTasksFailEndsTheJob) {
  stop_and_fail();
  the_last_task_ends();
  say(C::failure, "job-1", 0, 9);
  status(J::failing, J::restarting);
  pass(sim::seconds(1));
  status(J::failed, J::failing);
  expect_held();
}

TEST_F(StopBudgetTest, NamesAJobThatGoesBackBehindItsSavepoint) {
  stop_and_fail();
  the_last_task_ends();
  say(C::failure, "job-1", 0, 9);
  begin_failover(2, "job-1", 4);
  pass(sim::seconds(1));
  say(C::failover_end, "job-1", 1);
  expect_violated("the savepoint of the stop is complete and not all tasks have finished");
}

TEST_F(StopBudgetTest, NothingIsDueBeforeTheLastTaskHasEnded) {
  stop_and_fail();
  pass(sim::seconds(1));
  say(C::failover_end, "job-1", 1);
  expect_held();
}

TEST_F(StopBudgetTest, ARestartedTaskStillEndsBadly) {
  stop_and_fail();
  pass(sim::seconds(1));
  say(C::failover_end, "job-1", 1);
  state("agg/0", S::created, S::failed, 1);
  run_task("agg/0", 1);
  the_last_task_ends();
  pass(sim::milliseconds(1));
  run_task("src/1", 1);
  expect_violated("the savepoint of the stop is complete and not all tasks have finished");
}

}  // namespace
}  // namespace drey::reports
