#include "reports/oracles/progress.h"

#include "model/savepoint_facts.h"
#include "sim/machines.h"
#include "sim/network.h"
#include "tests/reports/oracle_run.h"

namespace drey::reports {
namespace {

class ProgressTest : public OracleRun {
 protected:
  void SetUp() override {
    OracleSetup setup = streaming();
    setup.progress_bound = sim::minutes(5);
    setup.slots_each = 2;
    setup.lasting_faults = {"outage"};
    judge(setup, "progress");
    for (const char* process : {"jm-1", "tm-1"}) process_is(process, true);
    start_all();
  }
  void process_is(std::string_view name, bool up) {
    say_as(std::string(name),
           up ? sim::MachineFact::process_started : sim::MachineFact::process_stopped, name, 1);
  }
  void fault(uint8_t kind, std::string_view id) {
    const std::string name = "fault/" + std::string(id);
    oracle_->on({.at = run_->now,
                 .entity = kernel_.intern(name),
                 .kind = sim::fact_kind(sim::FactGroup::fault, kind)},
                1);
  }
  void checkpoint() { say(K::completed, "job-1", ++id_, 100, 1); }
  uint64_t id_ = 0;
};

TEST_F(ProgressTest, HoldsWhenTheJobIsBack) {
  fault(0, "bug");
  state("agg/0", S::failed, S::running);
  pass(sim::minutes(1));
  state("agg/0", S::created, S::failed, 1);
  run_task("agg/0", 1);
  checkpoint();
  pass(sim::minutes(10));
  expect_held();
}

TEST_F(ProgressTest, NamesAJobThatStaysDown) {
  fault(0, "bug");
  state("agg/0", S::failed, S::running);
  pass(sim::minutes(6));
  expect_violated("300 s after the last disturbance 3 of 4 tasks work");
}

TEST_F(ProgressTest, NamesAJobWithoutCheckpoints) {
  fault(0, "bug");
  pass(sim::minutes(6));
  expect_violated("no checkpoint has completed since all did");
}

TEST_F(ProgressTest, NothingIsDueWhileTheWorldIsNotWhole) {
  fault(0, "outage");
  pass(sim::minutes(6));
  EXPECT_EQ(finish().judgement, Judgement::not_checked);
  fault(2, "outage");
  pass(sim::minutes(6));
  expect_violated("no checkpoint has completed");
}

TEST_F(ProgressTest, TooFewSlotsAreAnExcuse) {
  process_is("tm-1", false);
  pass(sim::minutes(6));
  EXPECT_EQ(finish().judgement, Judgement::not_checked);
}

TEST_F(ProgressTest, WithoutHighAvailabilityADeadJobManagerLosesTheJob) {
  process_is("jm-1", false);
  process_is("jm-1", true);
  pass(sim::minutes(6));
  EXPECT_EQ(finish().judgement, Judgement::not_checked);
}

TEST_F(ProgressTest, AJobMayFailOnlyWhenItsStrategyRefuses) {
  say(C::restart_refused, "job-1", 2);
  status(J::failing, J::running);
  status(J::failed, J::failing);
  expect_held();
  SetUp();
  status(J::failing, J::running);
  status(J::failed, J::failing);
  expect_violated("the job failed, but its restart strategy has refused nothing");
}

TEST_F(ProgressTest, AStopWhoseTasksFailMayEndTheJobItsSavepointStands) {
  const auto end_badly = [&](S end_of_agg) {
    for (const char* task : {"src/0", "src/1", "agg/1"}) state(task, S::finished, S::running);
    state("agg/0", end_of_agg, S::running);
    status(J::failing, J::running);
    status(J::failed, J::failing);
  };
  say(model::SavepointFact::stands, "job-1", 3, 2);
  end_badly(S::failed);
  expect_held();
  SetUp();
  end_badly(S::failed);
  expect_violated("the job failed, but its restart strategy has refused nothing");
  SetUp();
  say(model::SavepointFact::stands, "job-1", 3, 2);
  end_badly(S::finished);
  expect_violated("the job failed, but its restart strategy has refused nothing");
}

TEST_F(ProgressTest, ARunThatEndsTooSoonIsNotJudged) {
  fault(0, "bug");
  pass(sim::minutes(1));
  const Finding finding = finish();
  EXPECT_EQ(finding.judgement, Judgement::not_checked);
  EXPECT_EQ(finding.excuse,
            "the run ended 60 s after the last disturbance, before the job had to be back");
}

}  // namespace
}  // namespace drey::reports
