#include "model/task/process_heap.h"

#include <gtest/gtest.h>

#include "model/runtime_facts.h"
#include "tests/model/exact_harness.h"

namespace drey::model {
namespace {

struct HeapFacts final : sim::TraceSink {
  uint64_t interests() const override {
    return sim::interest(sim::FactGroup::state) | sim::interest(sim::FactGroup::machine);
  }
  void on(const sim::Fact& fact, sim::FactNumber) override { facts.push_back(fact); }
  void on_batch(const sim::BatchFact&, sim::FactNumber) override {}
  const sim::Fact* first(uint16_t kind) const {
    for (const sim::Fact& fact : facts)
      if (fact.kind == kind) return &fact;
    return nullptr;
  }
  std::vector<sim::Fact> facts;
};

TEST(ProcessHeap, ACollectionStopsTheProcessForBaseAndLiveBytes) {
  sim::World world({.kernel = {}, .network = {}});
  TaskManagerLauncher launcher;
  HeapFacts facts;
  world.kernel().add_sink(&facts);
  const sim::HostId host = world.machines().add_host({.name = "host"});
  const sim::ProcessId process = world.machines().add_process(host, "tm-1", launcher);
  world.machines().start(process);
  ProcessHeap heap(world, process,
                   {.pause_base = sim::milliseconds(3),
                    .pause_per_gigabyte = sim::milliseconds(8),
                    .collect_after = 1000});
  heap.changed(0, uint64_t{1} << 29, 999);
  heap.check(0);
  EXPECT_EQ(facts.first(fact_kind(HeapFact::gc_pause)), nullptr);
  heap.changed(0, 0, 1);
  heap.check(0);
  const sim::Fact* const pause = facts.first(fact_kind(HeapFact::gc_pause));
  ASSERT_NE(pause, nullptr);
  EXPECT_EQ(pause->a, 7'000'000u);  // 3 ms + half a gigabyte of 8 ms
  EXPECT_EQ(pause->b, uint64_t{1} << 29);
  EXPECT_EQ(pause->c, 1000u);
  ASSERT_NE(facts.first(fact_kind(sim::MachineFact::process_frozen)), nullptr);
  world.kernel().run(sim::Time{10'000'000});
  const sim::Fact* const thawed = facts.first(fact_kind(sim::MachineFact::process_thawed));
  ASSERT_NE(thawed, nullptr);
  EXPECT_EQ(thawed->at.ns, 7'000'000);
  ASSERT_EQ(heap.pauses().size(), 1u);
  EXPECT_EQ(heap.pauses()[0].to.ns, 7'000'000);
}

TEST(ProcessHeap, MoreThanTheHeapEndsTheProcessOnce) {
  sim::World world({.kernel = {}, .network = {}});
  TaskManagerLauncher launcher;
  HeapFacts facts;
  world.kernel().add_sink(&facts);
  const sim::HostId host = world.machines().add_host({.name = "host"});
  const sim::ProcessId process = world.machines().add_process(host, "tm-1", launcher);
  world.machines().start(process);
  ProcessHeap heap(world, process, {});
  heap.changed(0, 600, 600);
  heap.changed(0, 400, 400);
  heap.check(1000);
  EXPECT_EQ(facts.first(fact_kind(StateFact::out_of_memory)), nullptr);
  heap.changed(400, 401, 1);
  heap.check(1000);
  heap.check(1000);
  const sim::Fact* const fact = facts.first(fact_kind(StateFact::out_of_memory));
  ASSERT_NE(fact, nullptr);
  EXPECT_EQ(fact->a, 1001u);
  EXPECT_EQ(fact->b, 1000u);
  world.kernel().run(sim::Time{1000});
  EXPECT_FALSE(world.machines().running(process));
  const sim::Fact* const stopped = facts.first(fact_kind(sim::MachineFact::process_stopped));
  ASSERT_NE(stopped, nullptr);
  EXPECT_EQ(stopped->a, static_cast<uint64_t>(sim::StopReason::out_of_memory));
  uint64_t announced = 0;
  for (const sim::Fact& each : facts.facts)
    if (each.kind == fact_kind(StateFact::out_of_memory)) ++announced;
  EXPECT_EQ(announced, 1u);
}

// A task's own clock stands still in a pause: what a job takes grows by the pauses of its process.
TEST(ProcessHeap, PausesDelayTheRecords) {
  JobSpec spec = sum_job(1, 1);
  spec.operators[2].cost = sim::microseconds(10);
  HarnessOptions options;
  options.task_managers = 1;
  options.log = {.splits = 1, .records = 20'000, .keys = 100};
  const auto took = [&](uint64_t collect_after, uint64_t& pauses) {
    options.heap = HeapModel{.pause_base = sim::milliseconds(5),
                             .pause_per_gigabyte = {},
                             .collect_after = collect_after,
                             .record_garbage_bytes = 100};
    ExactHarness cluster(options, spec);
    HeapFacts facts;
    cluster.world.kernel().add_sink(&facts);
    cluster.deploy();
    EXPECT_TRUE(cluster.run_to_end(sim::milliseconds(10), sim::seconds(30)));
    for (const sim::Fact& fact : facts.facts)
      if (fact.kind == fact_kind(HeapFact::gc_pause)) ++pauses;
    EXPECT_EQ(cluster.committed.records.size(), 20'000u);
    return cluster.world.kernel().now().ns;
  };
  uint64_t none = 0;
  uint64_t some = 0;
  const int64_t without = took(0, none);
  const int64_t with = took(200'000, some);
  EXPECT_EQ(none, 0u);
  EXPECT_GE(some, 15u);
  EXPECT_GE(with - without, static_cast<int64_t>(some - 5) * 5'000'000);
  EXPECT_LE(with - without, static_cast<int64_t>(some + 5) * 5'000'000);
}

TEST(ProcessHeap, PausesLeaveTheLawOfSteppingTrue) {
  JobSpec spec = sum_job(2, 2);
  spec.operators[2].cost = sim::microseconds(7);
  HarnessOptions options;
  options.log = {.splits = 2, .records = 20'000, .records_per_second = 100'000, .keys = 100};
  options.heap = HeapModel{.pause_base = sim::milliseconds(2), .collect_after = 150'000};
  const auto hash = [&](bool step) {
    options.step_each_record = step;
    ExactHarness cluster(options, spec);
    cluster.deploy();
    EXPECT_TRUE(cluster.run_to_end(sim::milliseconds(70), sim::seconds(60)));
    return cluster.world.kernel().hash();
  };
  EXPECT_EQ(hash(false), hash(true));
}

}  // namespace
}  // namespace drey::model
