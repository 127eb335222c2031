// The thread of a task of the exact grain: when mails run, and how cancelling ends a stage.
#include <gtest/gtest.h>

#include "model/runtime_facts.h"
#include "tests/model/exact_harness.h"

namespace drey::model {
namespace {

struct TimedFacts final : sim::TraceSink {
  uint64_t interests() const override {
    return sim::interest(sim::FactGroup::task) | sim::interest(sim::FactGroup::checkpoint);
  }
  void on(const sim::Fact& fact, sim::FactNumber) override { facts.push_back(fact); }
  void on_batch(const sim::BatchFact&, sim::FactNumber) override {}
  // The first of this kind, with this b (any: UINT64_MAX), as ns.
  int64_t first(uint16_t kind, uint64_t b = UINT64_MAX) const {
    for (const sim::Fact& fact : facts)
      if (fact.kind == kind && (b == UINT64_MAX || fact.b == b)) return fact.at.ns;
    return -1;
  }
  uint64_t count(uint16_t kind) const {
    uint64_t n = 0;
    for (const sim::Fact& fact : facts)
      if (fact.kind == kind) ++n;
    return n;
  }
  std::vector<sim::Fact> facts;
};

uint64_t as_b(ExecutionState state) { return static_cast<uint64_t>(state); }

// One record of the source takes 50 ms.
struct SlowSource {
  explicit SlowSource(sim::Duration cost = sim::milliseconds(50), TaskOptions task = {}) {
    JobSpec spec = sum_job(1, 1);
    spec.operators[0].cost = cost;
    HarnessOptions options;
    options.log = {.splits = 1, .records = 0, .keys = 10};
    options.task_managers = 1;
    options.task = task;
    cluster = std::make_unique<ExactHarness>(options, spec);
    cluster->world.kernel().add_sink(&facts);
    cluster->deploy();
  }
  TimedFacts facts;
  std::unique_ptr<ExactHarness> cluster;
};

TEST(ExactMailbox, AMailWaitsForTheElementAtHandAndNotForTheSlice) {
  SlowSource job;
  job.cluster->run_for(sim::milliseconds(333));
  job.cluster->trigger();
  job.cluster->run_for(sim::seconds(1));
  const int64_t at = job.facts.first(fact_kind(CheckpointFact::task_triggered));
  EXPECT_GT(at, 333'000'000);
  EXPECT_LE(at, 333'000'000 + 50'000'000);
}

TEST(ExactMailbox, MailsRunAtOnceWhileThereIsNoInput) {
  JobSpec spec = sum_job(1, 1);
  HarnessOptions options;
  options.log = {.splits = 1, .records = 0, .records_per_second = 1, .keys = 10};
  options.task_managers = 1;
  ExactHarness cluster(options, spec);
  TimedFacts facts;
  cluster.world.kernel().add_sink(&facts);
  cluster.deploy();
  cluster.run_for(sim::milliseconds(500));
  cluster.trigger();
  EXPECT_EQ(facts.first(fact_kind(CheckpointFact::task_triggered)), 500'000'000);
}

TEST(ExactMailbox, CancellingEndsTheElementAtHandFirst) {
  SlowSource job;
  job.cluster->run_for(sim::milliseconds(333));
  for (auto& [id, task] : job.cluster->all_tasks()) {
    task->cancel();
    task->cancel();
  }
  const uint16_t state = fact_kind(TaskFact::state);
  EXPECT_EQ(job.facts.first(state, as_b(ExecutionState::canceling)), 333'000'000);
  EXPECT_EQ(job.facts.first(state, as_b(ExecutionState::canceled)), -1);
  job.cluster->run_for(sim::milliseconds(1));
  uint32_t canceled = 0;
  for (const auto& [id, reached] : job.cluster->states)
    if (reached == ExecutionState::canceled) ++canceled;
  EXPECT_EQ(canceled, 1u);  // the sum waited for input
  job.cluster->run_for(sim::milliseconds(50));
  EXPECT_TRUE(job.cluster->all_in(ExecutionState::canceled));
  EXPECT_EQ(job.facts.count(fact_kind(TaskFact::resources_left)), 2u);
}

TEST(ExactMailbox, ATaskThatIsFailedFromOutsideSaysSoWhenItsThreadHasEnded) {
  SlowSource job;
  job.cluster->run_for(sim::milliseconds(333));
  for (auto& [id, task] : job.cluster->all_tasks())
    if (id.vertex == 0) task->fail({.kind = Cause::Kind::slot_lost, .text = "x", .partition = {}});
  EXPECT_TRUE(job.cluster->causes.empty());
  for (auto& [id, task] : job.cluster->all_tasks()) {
    if (id.vertex != 0) continue;
    EXPECT_EQ(task->state(), ExecutionState::failed);
  }
  job.cluster->run_for(sim::milliseconds(51));
  ASSERT_FALSE(job.cluster->causes.empty());
  EXPECT_EQ(job.cluster->causes[0].kind, Cause::Kind::slot_lost);
}

TEST(ExactMailbox, AStuckTaskMakesTheWatchdogEndTheProcess) {
  SlowSource job(sim::minutes(10), {.cancellation_timeout = sim::seconds(3)});
  job.cluster->run_for(sim::seconds(1));
  for (auto& [id, task] : job.cluster->all_tasks()) task->cancel();
  job.cluster->run_for(sim::milliseconds(2999));
  EXPECT_EQ(job.cluster->fatal, 0u);
  job.cluster->run_for(sim::milliseconds(2));
  EXPECT_EQ(job.cluster->fatal, 1u);
}

TEST(ExactMailbox, LoadAddsUpToTheTimeThatTheTaskRuns) {
  SlowSource job(sim::milliseconds(2));
  job.cluster->run_for(sim::seconds(6));
  for (const sim::Fact& fact : job.facts.facts) {
    if (fact.kind != fact_kind(LoadFact::load)) continue;
    EXPECT_EQ(fact.c, static_cast<uint64_t>(kLoadInterval.ns));
    const bool source =
        job.cluster->world.kernel().name(fact.subject).find("src") != std::string::npos;
    // The source works all the time, the sum hardly ever.
    if (source)
      EXPECT_LT(fact.a + fact.b, fact.c / 50);
    else
      EXPECT_GT(fact.a, fact.c * 9 / 10);
  }
  EXPECT_EQ(job.facts.count(fact_kind(LoadFact::load)), 2u);
}

TEST(ExactMailbox, AReaderRegistersAndAcknowledgesItsSnapshots) {
  SlowSource job(sim::milliseconds(2));
  job.cluster->run_for(sim::milliseconds(200));
  EXPECT_EQ(job.cluster->operator_events, 1u);
  ASSERT_TRUE(job.cluster->checkpoint());
  EXPECT_EQ(job.cluster->operator_events, 2u);
}

}  // namespace
}  // namespace drey::model
