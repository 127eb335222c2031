#include "reports/oracles/recovery_newest.h"

#include "sim/pointer_store.h"
#include "tests/reports/oracle_run.h"

namespace drey::reports {
namespace {

class RecoveryNewestTest : public OracleRun {
 protected:
  void complete(uint64_t id) { say(K::completed, "job-1", id, 1000, 1); }
  void pointer(sim::PointerFact kind, uint64_t id) {
    say_as("pointer-store", kind, "pointer/checkpoints/job-1/" + std::to_string(id), 1, 1);
  }
  void reset(std::string_view task, uint64_t attempt) {
    state(task, S::created, S::failed, attempt);
  }
  void restored(std::string_view task, uint64_t attempt, uint64_t id) {
    say_as("tm-1/" + path(task), T::restored, path(task), attempt, id);
  }
  // Two checkpoints, then agg/0 fails.
  void fail_after_two() {
    judge(streaming(), "recovery_newest");
    start_all();
    complete(1);
    complete(2);
    reset("agg/0", 1);
  }
  OracleSetup highly_available() {
    OracleSetup setup = streaming();
    setup.high_availability = true;
    return setup;
  }
};

TEST_F(RecoveryNewestTest, HoldsWithTheNewest) {
  fail_after_two();
  say(K::restoring, "job-1", 2, 1);
  run_task("agg/0", 1);
  restored("agg/0", 1, 2);
  task_state("tm-1", "agg/0", S::running, S::initializing, 1);
  expect_held();
}

TEST_F(RecoveryNewestTest, NamesAnOlderCheckpoint) {
  fail_after_two();
  say(K::restoring, "job-1", 1, 1);
  expect_violated("failover 1 restores checkpoint 1, the newest completed is checkpoint 2");
}

TEST_F(RecoveryNewestTest, NamesARestartWithoutRestore) {
  fail_after_two();
  run_task("agg/0", 1);
  expect_violated("agg/0 was reset and is deployed without a restore");
}

TEST_F(RecoveryNewestTest, NamesATaskThatRestoredAnotherOne) {
  fail_after_two();
  say(K::restoring, "job-1", 2, 1);
  run_task("agg/0", 1);
  restored("agg/0", 1, 1);
  expect_violated("agg/0 restored checkpoint 1, its JobMaster restores checkpoint 2");
}

TEST_F(RecoveryNewestTest, NamesATaskThatRunsEmpty) {
  fail_after_two();
  say(K::restoring, "job-1", 2, 1);
  run_task("agg/0", 1);
  task_state("tm-1", "agg/0", S::running, S::initializing, 1);
  expect_violated("agg/0 runs with empty state, its JobMaster restores checkpoint 2");
}

TEST_F(RecoveryNewestTest, ANewJobMasterTakesTheNewestPointer) {
  for (const uint64_t restored_id : {2u, 3u}) {
    judge(highly_available(), "recovery_newest");
    start_all();
    pointer(sim::PointerFact::written, 2);
    complete(2);
    pointer(sim::PointerFact::written, 3);  // the JobMaster dies before it hears
    pointer(sim::PointerFact::removed, 2);
    run_->speaker = "jm-2/job-1";
    say(K::restoring, "job-1", restored_id, 0);
    start_all();
    if (restored_id == 3)
      expect_held();
    else
      expect_violated(
          "the new JobMaster restores checkpoint 2, the newest in the pointer store is "
          "checkpoint 3");
  }
}

TEST_F(RecoveryNewestTest, NamesAJobMasterThatStartsEmpty) {
  judge(highly_available(), "recovery_newest");
  start_all();
  pointer(sim::PointerFact::written, 2);
  complete(2);
  run_->speaker = "jm-2/job-1";
  start_all();
  expect_violated("the job starts with empty state, but checkpoint 2 is in the pointer store");
}

}  // namespace
}  // namespace drey::reports
