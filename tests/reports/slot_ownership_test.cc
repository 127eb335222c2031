#include "reports/oracles/slot_ownership.h"

#include <fmt/core.h>

#include "sim/broker.h"
#include "sim/machines.h"
#include "sim/object_store.h"
#include "sim/pointer_store.h"
#include "tests/reports/oracle_run.h"

namespace drey::reports {
namespace {

enum class ServiceFault : uint8_t { hit };
constexpr uint16_t fact_kind(ServiceFault) { return sim::kServiceFaultFact; }

class SlotOwnershipTest : public OracleRun {
 protected:
  void SetUp() override { judge(streaming(), "slot_ownership"); }
  void allocate(uint64_t index, uint64_t allocation) {
    say_as("tm-1/task-executor", C::slot_allocated, "job-1", index, allocation);
  }
  void free(uint64_t allocation) {
    say_as("tm-1/task-executor", C::slot_freed, "job-1", 0, allocation);
  }
  void transaction(sim::BrokerFact kind) {
    say_as("broker", kind, "transaction/job-1-sink-0-1", 1, 0, 1);
  }
  void end_job(J status_at_end = J::finished) {
    status(status_at_end, J::running);
    pass(sim::seconds(2));
  }
};

TEST_F(SlotOwnershipTest, HoldsWhenAllIsGivenBack) {
  allocate(0, 1);
  task_state("tm-1", "agg/0", S::initializing, S::deploying);
  transaction(sim::BrokerFact::transaction_begun);
  transaction(sim::BrokerFact::transaction_committed);
  say_as("tm-1/job-1/agg/0", T::resources_left, "job-1/agg/0", 0);
  task_state("tm-1", "agg/0", S::finished, S::running);
  free(1);
  allocate(0, 2);  // and one on a process that dies
  say_as("tm-1", sim::MachineFact::process_stopped, "tm-1", 0);
  allocate(0, 3);
  free(3);
  end_job();
  expect_held();
}

TEST_F(SlotOwnershipTest, NamesASlotWithTwoOwners) {
  allocate(0, 1);
  allocate(0, 2);
  expect_violated("slot 0 is taken by allocation 1");
}

TEST_F(SlotOwnershipTest, NamesASlotThatIsFreedTwice) {
  allocate(0, 1);
  free(1);
  free(1);
  expect_violated("allocation 1 has no slot there");
}

TEST_F(SlotOwnershipTest, NamesTwoAttemptsAtOnce) {
  task_state("tm-1", "agg/0", S::running, S::initializing, 0);
  task_state("tm-1", "agg/0", S::initializing, S::deploying, 1);
  expect_violated("attempt 0 of agg/0 still lives there");
}

TEST_F(SlotOwnershipTest, NamesWhatATaskLeaves) {
  say_as("tm-1/job-1/agg/0", T::resources_left, "job-1/agg/0", 3, 0, 1);
  expect_violated("agg/0 leaves 3 buffers, 0 files and 1 timers");
}

TEST_F(SlotOwnershipTest, NamesWhatAJobLeaves) {
  allocate(1, 1);
  end_job();
  expect_violated("the job is over, but tm-1 still holds slot 1 for it");
  judge(streaming(), "slot_ownership");
  task_state("tm-1", "agg/0", S::running, S::initializing);
  end_job();
  expect_violated("the job is over, but attempt 0 of agg/0 lives on tm-1");
  judge(streaming(), "slot_ownership");
  transaction(sim::BrokerFact::transaction_begun);
  end_job();
  expect_violated("the job is over, but transaction/job-1-sink-0-1 is open");
}

TEST_F(SlotOwnershipTest, NamesFilesAndPointersThatAJobLeaves) {
  say_as("storage", sim::ObjectFact::put, "object/checkpoints/job-1/chk-1/_metadata", 10);
  say(K::completed, "job-1", 1, 300, 1);
  end_job();
  expect_violated(
      "the job is over, but checkpoints/job-1/chk-1/_metadata of checkpoint 1 is there");
  OracleSetup setup = streaming();
  setup.high_availability = true;
  judge(setup, "slot_ownership");
  say_as("pointer-store", sim::PointerFact::written, "pointer/checkpoints/job-1/1", 1, 1);
  say_as("jm-1/dispatcher", C::job_result_entry, "job-1", 1);
  end_job();
  expect_violated("the job is cleaned up, but pointer/checkpoints/job-1/1 is there");
}

// Only the JobManager that removed the pointer knew of the files; whoever dies besides is no
// excuse.
TEST_F(SlotOwnershipTest, FilesThatADyingJobManagerWasRemovingAreOrphans) {
  for (const char* dies : {"jm-1", "jm-2"}) {
    judge(streaming(), "slot_ownership");
    say_as("storage", sim::ObjectFact::put, "object/checkpoints/job-1/chk-1/_metadata", 10);
    say(K::completed, "job-1", 1, 300, 1);
    say(K::subsumed, "job-1", 1);
    say_as(dies, sim::MachineFact::process_stopped, dies, 1, 1, 137);
    end_job();
    const bool orphan = std::string(dies) == "jm-1";
    const Finding finding = finish();
    EXPECT_EQ(finding.judgement, orphan ? Judgement::held : Judgement::violated) << dies;
    EXPECT_EQ(finding.excuse,
              orphan ? "files of checkpoints whose JobManager died while it removed them" : "");
  }
}

// One file for each.
TEST_F(SlotOwnershipTest, ADeletionThatTheStoreRefusedLeavesItsFile) {
  for (const int files : {1, 2}) {
    judge(streaming(), "slot_ownership");
    for (int file = 1; file <= files; ++file) {
      say_as("storage", sim::ObjectFact::put,
             fmt::format("object/checkpoints/job-1/chk-{}/_metadata", file), 10);
      say(K::completed, "job-1", static_cast<uint64_t>(file), 300, 1);
    }
    say_as("storage", ServiceFault::hit, "jm-1", static_cast<uint64_t>(sim::ServiceEffect::error),
           sim::DeleteObject::kind_id());
    end_job();
    EXPECT_EQ(finish().judgement, files == 1 ? Judgement::held : Judgement::violated) << files;
  }
}

TEST_F(SlotOwnershipTest, ATaskManagerThatWasGivenUpHearsOfNoEnd) {
  allocate(1, 1);
  say(C::disconnected, "tm-1#1", 5);
  end_job();
  const Finding finding = finish();
  EXPECT_EQ(finding.judgement, Judgement::held);
  EXPECT_EQ(finding.excuse, "what is left on TaskManagers that the JobMaster had given up");
}

// Parting from the ResourceManager, or at the job's end, gives no TaskManager up.
TEST_F(SlotOwnershipTest, OtherPartingsAreNoExcuse) {
  allocate(1, 1);
  say(C::registered, "tm-1#1", 1);
  say(C::disconnected, "resource-manager", 0);
  status(J::finished, J::running);
  say(C::disconnected, "tm-1#1", 0);
  pass(sim::seconds(2));
  const Finding finding = finish();
  EXPECT_EQ(finding.judgement, Judgement::violated);
  EXPECT_TRUE(finding.excuse.empty());
}

TEST_F(SlotOwnershipTest, AnEndThatIsTooFreshIsNotJudged) {
  allocate(1, 1);
  status(J::finished, J::running);
  const Finding finding = finish();
  EXPECT_EQ(finding.judgement, Judgement::held);
  EXPECT_FALSE(finding.excuse.empty());
}

}  // namespace
}  // namespace drey::reports
