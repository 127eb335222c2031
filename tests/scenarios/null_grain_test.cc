// Jobs of null tasks: no records, but the same control plane, and barriers, requests and ends of
// partitions that really cross the network.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "scenarios/read_scenario.h"
#include "scenarios/run.h"

namespace drey::scenarios {
namespace {

using nlohmann::json;

constexpr const char* kJob = R"({
  "name": "null tasks",
  "grain": "null",
  "job": {
    "vertices": {
      "src": { "kind": "source", "parallelism": 6, "rate": "1000/s" },
      "sink": { "kind": "sink", "parallelism": 6, "delivery": "at-least-once" }
    },
    "edges": ["src -> rebalance -> sink"]
  },
  "cluster": { "task_managers": 3, "slots_each": 2 },
  "flink": {
    "execution.checkpointing.interval": "2 s",
    "execution.checkpointing.min-pause": "2 s",
    "heartbeat.interval": "1 s",
    "heartbeat.timeout": "5 s",
    "restart-strategy.type": "fixed-delay",
    "restart-strategy.fixed-delay.attempts": 10,
    "restart-strategy.fixed-delay.delay": "3 s"
  },
  "limits": { "time": "3 s" }
})";

class NullGrain : public testing::Test {
 protected:
  static json job() { return json::parse(kJob); }

  static json run(const json& scenario) {
    const ReadScenario read = read_scenario_text("null.json", scenario.dump());
    EXPECT_TRUE(read.scenario) << read.errors();
    if (!read.scenario) return {};
    const RunOutcome outcome = run_once({.scenario = &*read.scenario, .file = "null.json"});
    json result = json::parse(outcome.json);
    EXPECT_TRUE(result.at("violations").empty()) << outcome.summary;
    return result;
  }
};

// Six sources send a barrier to each of six sinks; three TaskManagers have one message for each of
// the two others.
TEST_F(NullGrain, ACheckpointPassesEveryChannelAsRanges) {
  const json result = run(job());
  EXPECT_EQ(result.at("checkpoints").at("completed"), 1);
  EXPECT_EQ(result.at("barriers"), 36);
  EXPECT_EQ(result.at("messages").at("channel_ranges"), 6);
  EXPECT_EQ(result.at("messages").at("request_channel_ranges"), 6);
  EXPECT_EQ(result.at("messages").at("acknowledge_checkpoint"), 12);
  EXPECT_EQ(result.at("messages").at("trigger_checkpoint"), 6);
  EXPECT_EQ(result.at("messages").at("submit_task"), 12);
}

TEST_F(NullGrain, ALostTaskManagerRestartsTheRegionAndCheckpointsGoOn) {
  json scenario = job();
  scenario["faults"] = json::parse(
      R"([{ "id": "crash", "when": "checkpoint.completed == 1", "kill": "tm-2", "back_after": "1 s" }])");
  scenario["limits"]["time"] = "20 s";
  const json result = run(scenario);
  EXPECT_EQ(result.at("job_state"), "RUNNING");
  EXPECT_GE(result.at("failovers").size(), 1u);
  EXPECT_EQ(result.at("failovers").at(0).at("restarted").size(), 12u);
  EXPECT_GE(result.at("checkpoints").at("completed"), 3);
  EXPECT_GE(result.at("checkpoints").at("restored"), 1);
}

json batch(json scenario) {
  scenario["job"]["mode"] = "batch";
  scenario["job"]["vertices"]["src"]["records"] = 1000;
  scenario["null_task"] = {{"runs_for", "2 s"}};
  scenario["flink"].erase("execution.checkpointing.interval");
  scenario["flink"].erase("execution.checkpointing.min-pause");
  scenario["limits"]["time"] = "2 min";
  return scenario;
}

TEST_F(NullGrain, ABatchJobReadsItsResultsAndFinishes) {
  const json result = run(batch(job()));
  EXPECT_EQ(result.at("job_state"), "FINISHED");
  EXPECT_EQ(result.at("failovers").size(), 0u);
  EXPECT_EQ(result.at("messages").at("request_channel_ranges"), 6);
  EXPECT_EQ(result.at("messages").at("channel_ranges"), 6);  // the ends of the partitions
}

// Two of six results are lost with their TaskManager: the consumers find out when they connect.
TEST_F(NullGrain, ALostResultIsMadeAgain) {
  json scenario = batch(job());
  scenario["faults"] = json::parse(
      R"([{ "id": "crash", "when": "sink/0.state == RUNNING", "after": "500 ms", "kill": "tm-2",
            "back_after": "1 s" }])");
  const json result = run(scenario);
  EXPECT_EQ(result.at("job_state"), "FINISHED");
  bool lost_input = false;
  for (const auto& failover : result.at("failovers"))
    for (const auto& [task, reason] : failover.at("reason").items())
      lost_input = lost_input || (task.starts_with("src/") && reason == "lost-input");
  EXPECT_TRUE(lost_input) << result.at("failovers").dump(1);
}

TEST_F(NullGrain, TooFewNetworkBuffersFailTheTask) {
  json scenario = job();
  // A gate of six channels requires 13 buffers, a result 7: of each two in a TaskManager.
  scenario["flink"]["taskmanager.memory.segment-size"] = "32 kb";
  scenario["flink"]["taskmanager.memory.network.size"] = "1280 kb";  // 40
  EXPECT_EQ(run(scenario).at("failovers").size(), 0u);
  scenario["flink"]["taskmanager.memory.network.size"] = "1248 kb";  // 39
  EXPECT_GE(run(scenario).at("failovers").size(), 1u);
}

}  // namespace
}  // namespace drey::scenarios
