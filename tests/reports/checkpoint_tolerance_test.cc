#include "reports/oracles/checkpoint_tolerance.h"

#include "model/checkpoint/checkpoint_types.h"
#include "model/savepoint_facts.h"
#include "model/task/task_runtime.h"
#include "tests/reports/oracle_run.h"

namespace drey::reports {
namespace {

using model::SnapshotType;
using Reason = model::CheckpointFailureReason;

class CheckpointToleranceTest : public OracleRun {
 protected:
  void tolerate(std::optional<uint64_t> failures) {
    OracleSetup setup = streaming();
    setup.tolerable_failures = failures;
    judge(setup, "checkpoint_tolerance");
    start_all();
  }
  void checkpoint_fails(uint64_t id, Reason reason = Reason::checkpoint_expired,
                        SnapshotType type = SnapshotType::checkpoint) {
    pass(sim::seconds(1));
    say(K::failed, "job-1", id, static_cast<uint64_t>(reason), static_cast<uint64_t>(type));
  }
  void job_fails_for_it() {
    say(C::failure, "job-1", 0, static_cast<uint64_t>(model::Cause::Kind::checkpoint));
  }
  void life_goes_on() {
    pass(sim::seconds(1));
    say(K::triggered, "job-1", 100);
  }
};

TEST_F(CheckpointToleranceTest, TheJobFailsBeyondWhatItTolerates) {
  tolerate(1);
  checkpoint_fails(1);
  checkpoint_fails(2);
  job_fails_for_it();
  life_goes_on();
  expect_held();
}

TEST_F(CheckpointToleranceTest, NamesAJobThatGoesOn) {
  tolerate(1);
  checkpoint_fails(1);
  checkpoint_fails(2);
  life_goes_on();
  expect_violated("more than 1 checkpoints in a row have failed, but the job goes on");
}

TEST_F(CheckpointToleranceTest, NamesAJobThatFailsTooEarly) {
  tolerate(1);
  checkpoint_fails(1);
  job_fails_for_it();
  expect_violated("1 checkpoints in a row have failed, 1 are tolerated");
}

TEST_F(CheckpointToleranceTest, ACompletedCheckpointEndsTheRow) {
  tolerate(1);
  checkpoint_fails(1);
  say(K::completed, "job-1", 2);
  checkpoint_fails(3);
  life_goes_on();
  expect_held();
}

// A savepoint, a second report of one checkpoint, and reasons that are no failure.
TEST_F(CheckpointToleranceTest, SomeFailuresDoNotCount) {
  tolerate(1);
  checkpoint_fails(1);
  checkpoint_fails(1);
  checkpoint_fails(2, Reason::checkpoint_expired, SnapshotType::savepoint);
  checkpoint_fails(3, Reason::checkpoint_subsumed);
  life_goes_on();
  expect_held();
}

// What a task reports fails only its own current attempt.
TEST_F(CheckpointToleranceTest, ADeclineNeedNotFailTheJob) {
  tolerate(0);
  checkpoint_fails(1, Reason::checkpoint_declined);
  life_goes_on();
  expect_held();
}

TEST_F(CheckpointToleranceTest, AnyNumberMayBeTolerated) {
  tolerate(std::nullopt);
  for (uint64_t id = 1; id < 10; ++id) checkpoint_fails(id);
  life_goes_on();
  EXPECT_EQ(finish().judgement, Judgement::not_checked);
}

// The oracle knows them by number.
TEST_F(CheckpointToleranceTest, TheReasonsThatCountAreThoseOfTheModel) {
  for (size_t number = 0; number < model::kCheckpointFailureReasons; ++number) {
    const auto reason = static_cast<Reason>(number);
    tolerate(0);
    checkpoint_fails(1, reason);
    job_fails_for_it();
    EXPECT_EQ(finish().violations.empty(), model::counts_as_failure(reason))
        << model::to_string(reason);
  }
}

TEST_F(CheckpointToleranceTest, AStopWhoseSavepointStandsFailsTheJobByAnotherRule) {
  tolerate(0);
  say(model::SavepointFact::stands, "job-1", 3, 2);
  job_fails_for_it();
  EXPECT_EQ(finish().judgement, Judgement::not_checked);
}

}  // namespace
}  // namespace drey::reports
