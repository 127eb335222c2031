#include "reports/oracles/fencing.h"

#include "sim/machines.h"
#include "sim/message.h"
#include "sim/network.h"
#include "sim/pointer_store.h"
#include "tests/reports/oracle_run.h"

namespace drey::reports {
namespace {

class FencingTest : public OracleRun {
 protected:
  void SetUp() override {
    judge(streaming(), "fencing");
    lead("jm-1", 7);
  }
  void lead(const std::string& process, uint64_t session) {
    say_as("pointer-store", sim::PointerFact::leader_changed, "latch/leader-latch", session);
    for (const char* component : {"dispatcher", "resource-manager"})
      say_as(process + "/" + component, C::leader_granted, component, session);
    say_as(process + "/dispatcher", C::leader_granted, "job-1", session);
    run_->speaker = process + "/job-1";
  }
  void revoke(const std::string& process) {
    say_as(process + "/dispatcher", C::leader_revoked, "dispatcher", 7);
    say_as(process + "/resource-manager", C::leader_revoked, "resource-manager", 7);
  }
  void write(uint64_t session) {
    say_as("pointer-store", sim::PointerFact::written, "pointer/checkpoints/job-1/1", 1, session);
  }
  void register_task_manager() { say(C::registered, "tm-1#1", 1); }
  void start_task_of(const std::string& sender) {
    say_as("tm-1/task-executor", sim::NetworkFact::delivered, sender,
           sim::endpoint_id("submit_task"));
    task_state("tm-1", "agg/0", S::initializing, S::deploying);
  }
};

TEST_F(FencingTest, HoldsOverATakeover) {
  write(7);
  register_task_manager();
  start_task_of("jm-1");
  revoke("jm-1");
  lead("jm-2", 8);
  write(8);
  register_task_manager();
  say(C::deployed, "job-1/agg/0", 0, 1);
  start_task_of("jm-2");
  expect_held();
}

TEST_F(FencingTest, NamesAWriteOfAFormerSession) {
  lead("jm-2", 8);
  write(7);
  expect_violated("session 7 changes checkpoints/job-1/1, but session 8 leads");
}

TEST_F(FencingTest, NamesADecisionAfterTheTerm) {
  revoke("jm-1");
  say(K::completed, "job-1", 3);
  expect_violated("job-1 on jm-1 decides, but does not lead");
  judge(streaming(), "fencing");
  lead("jm-1", 7);
  say_as("jm-1", sim::MachineFact::process_stopped, "jm-1", 0);
  say_as("jm-1", sim::MachineFact::process_started, "jm-1", 1);
  say_as("jm-1/resource-manager", C::registered, "tm-1#1", 1);
  expect_violated("resource-manager on jm-1 decides, but does not lead");
}

TEST_F(FencingTest, NamesATaskOfAFormerJobMaster) {
  register_task_manager();
  lead("jm-2", 8);
  register_task_manager();
  start_task_of("jm-1");
  expect_violated("tm-1 starts a task that jm-1 sent, but its JobMaster is on jm-2");
}

}  // namespace
}  // namespace drey::reports
