// The laws of design.md: what must not change the hash (2.3, 2.12, 5), on scenarios of the library.
#include <gtest/gtest.h>

#include <set>

#include "tests/scenarios/bare_run.h"

namespace drey::scenarios {
namespace {

using nlohmann::json;

constexpr const char* kHeap[] = {
    "bounded/finishes.json",
    "task_manager/crash-heap.json",
    "task_manager/pause-short.json",
    "window/tumbling-crash.json",
    "job_manager/failover-standby.json",
    "network/partition-long.json",
    "checkpoint/crash-at-aligned.json",
    "sink/commit-answer-lost.json",
};

TEST(Laws, SteppingRecordByRecordLeavesTheHashUnchanged) {
  for (const char* name : kHeap) {
    const Scenario scenario = scenario_with(name);
    BareRun coarse(scenario, {.seed = 3});
    coarse.go();
    BareRun fine(scenario, {.seed = 3, .step_each_record = true});
    fine.go();
    EXPECT_EQ(coarse.hash(), fine.hash()) << name;
    // Else the switch would do nothing.
    EXPECT_GT(fine.kernel().events_run(), coarse.kernel().events_run() + 1000) << name;
  }
}

// Each would do something if its magnitude were not zero: `real` is the same fault with one.
struct ZeroFault {
  json zero;
  json real;
};

std::vector<ZeroFault> zero_faults() {
  const json at = {{"at", "4300 ms"}};
  const auto with = [&](json fault) {
    fault.update(at);
    return fault;
  };
  return {
      {with({{"pause", "tm-1"}, {"for", "0 s"}}), with({{"pause", "tm-1"}, {"for", "1 ms"}})},
      {with({{"cut", {"tm-1", "tm-2"}}, {"for", "0 s"}}),
       with({{"cut", {"tm-1", "tm-2"}}, {"for", "1 ms"}})},
      {with({{"cut", {"tm-1", "tm-2"}}, {"packets", "rejected"}, {"for", "0 s"}}),
       with({{"cut", {"tm-1", "tm-2"}}, {"packets", "rejected"}, {"for", "1 s"}})},
      {with({{"slow_link", {"tm-1", "tm-2"}}, {"latency", "0 s"}, {"for", "1 s"}}),
       with({{"slow_link", {"tm-1", "tm-2"}}, {"latency", "1 ns"}, {"for", "1 s"}})},
      {with({{"slow_disk", "tm-1"}, {"latency", "0 s"}, {"for", "1 s"}}),
       with({{"slow_disk", "tm-1"}, {"latency", "1 ns"}, {"for", "1 s"}})},
      {with({{"storage", "outage"}, {"for", "0 s"}}),
       with({{"storage", "outage"}, {"for", "3 s"}})},
      {with({{"broker", "outage"}, {"for", "0 s"}}), with({{"broker", "outage"}, {"for", "1 s"}})},
      {with({{"storage", "throttle"}, {"for", "0 s"}, {"bandwidth", "1 kB/s"}}),
       with({{"storage", "throttle"}, {"for", "3 s"}, {"bandwidth", "1 kB/s"}})},
      {with({{"storage", "error"}, {"number", 1000000}}), with({{"storage", "error"}})},
      {with({{"lose", "AcknowledgeCheckpoint"}, {"number", 1000000}}),
       with({{"lose", "AcknowledgeCheckpoint"}})},
      {{{"when", "checkpoint.completed >= 1000000"}, {"kill", "tm-1"}},
       {{"when", "checkpoint.completed >= 3"}, {"kill", "tm-1"}}},
      {{{"at", "30 min"}, {"kill", "tm-1"}}, with({{"kill", "tm-1"}})},
  };
}

TEST(Laws, AFaultOfMagnitudeZeroLeavesTheHashUnchanged) {
  for (const char* name : {"bounded/finishes.json", "task_manager/crash-heap.json"}) {
    const std::string without = hash_of(scenario_with(name));
    for (const ZeroFault& fault : zero_faults()) {
      json zero = fault.zero;
      json real = fault.real;
      zero["id"] = real["id"] = "law";
      EXPECT_EQ(hash_of(scenario_with_fault(name, zero)), without) << name << zero;
      EXPECT_NE(hash_of(scenario_with_fault(name, real)), without) << name << real;
    }
  }
}

TEST(Laws, NothingSurvivesBetweenTwoRunsOfOneProcess) {
  const Scenario a = scenario_with("task_manager/crash-heap.json");
  const Scenario b = scenario_with("job_manager/failover-standby.json");
  const std::string first = hash_of(a, {.seed = 7});
  EXPECT_EQ(hash_of(a, {.seed = 7}), first);
  const std::string other = hash_of(b, {.seed = 7});
  EXPECT_NE(other, first);
  EXPECT_EQ(hash_of(a, {.seed = 7}), first);
  EXPECT_EQ(hash_of(b, {.seed = 7}), other);
}

// Two at a time, event by event in turn, would find a global that is cleared at a run's begin.
TEST(Laws, TwoRunsAliveAtOnceDoNotTouchEachOther) {
  const Scenario scenario = scenario_with("task_manager/crash-heap.json");
  const std::string alone = hash_of(scenario, {.seed = 2});
  BareRun one(scenario, {.seed = 2});
  BareRun two(scenario, {.seed = 9});
  one.go();
  two.go();
  EXPECT_EQ(one.hash(), alone);
  EXPECT_EQ(two.hash(), hash_of(scenario, {.seed = 9}));
}

TEST(Laws, EachSeedHasItsOwnHash) {
  const Scenario scenario = scenario_with("bounded/finishes.json");
  std::set<std::string> hashes;
  for (uint64_t seed = 1; seed <= 30; ++seed) hashes.insert(hash_of(scenario, {.seed = seed}));
  EXPECT_EQ(hashes.size(), 30u);
}

class Curious : public sim::TraceSink {
 public:
  uint64_t interests() const override { return UINT64_MAX; }
  void on(const sim::Fact&, sim::FactNumber) override { ++seen; }
  void on_batch(const sim::BatchFact&, sim::FactNumber) override { ++seen; }
  uint64_t seen = 0;
};

// Oracles, ledger, log and metrics are sinks: with all of them and with none the run is the same.
TEST(Laws, WhoWatchesChangesNothing) {
  for (const char* name : kHeap) {
    const Scenario scenario = scenario_with(name);
    const std::string alone = hash_of(scenario);
    Curious curious;
    BareRun watched(scenario, {});
    watched.add_sink(curious);
    watched.go();
    EXPECT_GT(curious.seen, 1000u);
    EXPECT_EQ(watched.hash(), alone) << name;
    EXPECT_EQ(result_of(scenario)["hash"], alone) << name;
  }
}

TEST(Laws, KeepingTheOutputChangesNothing) {
  const Scenario scenario = scenario_with("bounded/finishes.json");
  EXPECT_EQ(hash_of(scenario, {.keep_committed = true}), hash_of(scenario));
}

}  // namespace
}  // namespace drey::scenarios
