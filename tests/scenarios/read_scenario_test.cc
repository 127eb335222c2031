#include "scenarios/read_scenario.h"

#include <gtest/gtest.h>

#include "scenarios/explain.h"
#include "tests/scenarios/catalogue.h"

namespace drey::scenarios {
namespace {

ReadScenario library_file(const std::string& name) {
  return read_scenario_file(std::string(DREY_SOURCE_DIR) + "/scenarios/catalogue/" + name);
}

TEST(Library, EveryScenarioReads) {
  const std::vector<std::string> files = library();
  EXPECT_GE(files.size(), 15u);
  for (const std::string& file : files) {
    const ReadScenario read = read_scenario_file(file);
    EXPECT_TRUE(read.scenario) << read.errors();
  }
}

TEST(Library, WhatIsPrintedReadsBackToTheSame) {
  for (const std::string& file : library()) {
    const ReadScenario first = read_scenario_file(file);
    ASSERT_TRUE(first.scenario) << first.errors();
    const std::string printed = print_scenario(*first.scenario);
    const ReadScenario second = read_scenario_text(file, printed);
    ASSERT_TRUE(second.scenario) << second.errors();
    EXPECT_TRUE(*first.scenario == *second.scenario) << file << "\n" << printed;
    EXPECT_EQ(printed, print_scenario(*second.scenario));
    const ReadScenario explained = read_scenario_text(file, explain(first));
    ASSERT_TRUE(explained.scenario) << explained.errors();
    EXPECT_TRUE(*first.scenario == *explained.scenario) << file;
  }
}

TEST(Library, QuickStartIsWhatWasPromised) {
  const ReadScenario read = library_file("quickstart.json");
  ASSERT_TRUE(read.scenario) << read.errors();
  const Scenario& s = *read.scenario;
  EXPECT_GE(s.vertex("src")->records, 1'000'000);
  EXPECT_EQ(s.vertex("src")->keys, 50'000);  // from the keyed vertex behind it
  for (const VertexSpec& vertex : s.job.vertices) EXPECT_EQ(vertex.parallelism, 4);
  EXPECT_EQ(s.cluster.task_managers, 2);
  EXPECT_EQ(s.cluster.slots_each, 2);
  EXPECT_EQ(s.flink.text("state.backend.type"), "rocksdb");
  EXPECT_TRUE(s.flink.flag("execution.checkpointing.incremental"));
  EXPECT_EQ(s.flink.duration("execution.checkpointing.interval"), sim::seconds(10));
  ASSERT_EQ(s.faults.size(), 1u);
  EXPECT_EQ(s.faults[0].when->terms[0].word, "acknowledged");
  EXPECT_EQ(s.faults[0].back_after->a, 20'000'000'000);
  ASSERT_EQ(s.job.edges.size(), 3u);
  EXPECT_EQ(s.job.edges[1].ship, Ship::hash);

  const ReadScenario heap = library_file("quickstart-heap.json");
  ASSERT_TRUE(heap.scenario) << heap.errors();
  EXPECT_EQ(heap.scenario->flink.text("state.backend.type"), "hashmap");
  EXPECT_EQ(heap.scenario->job, s.job);
}

TEST(Extends, AppendsAndDeletes) {
  const ReadScenario parent = library_file("bounded/finishes.json");
  const ReadScenario child = library_file("window/tumbling-crash.json");
  ASSERT_TRUE(child.scenario) << child.errors();
  EXPECT_EQ(child.scenario->vertex("agg"), nullptr);  // null removes
  EXPECT_NE(child.scenario->vertex("sum"), nullptr);
  EXPECT_EQ(child.scenario->vertex("src")->records, parent.scenario->vertex("src")->records);
  const ReadScenario more = library_file("task_manager/crash-heap.json");
  ASSERT_TRUE(more.scenario) << more.errors();
  EXPECT_EQ(more.scenario->expect.size(), parent.scenario->expect.size() + 2);  // "expect+"
}

constexpr std::string_view kSmall = R"({
  "name": "x",
  "job": {
    "vertices": {
      "src": { "kind": "source", "records": 10 },
      "agg": { "kind": "keyed" },
      "sink": { "kind": "sink", "delivery": "none" }
    },
    "edges": ["src -> hash -> agg -> forward -> sink"]
  })";

ReadScenario small_with(const std::string& more) {
  return read_scenario_text("small.json", std::string(kSmall) + more + "}");
}

TEST(Reader, ShortFormsAndOptionsSayTheSame) {
  const ReadScenario by_option = small_with(
      R"(, "flink": { "taskmanager.numberOfTaskSlots": 3, "execution.runtime-mode": "batch" })");
  ASSERT_TRUE(by_option.scenario) << by_option.errors();
  EXPECT_EQ(by_option.scenario->cluster.slots_each, 3);
  EXPECT_EQ(by_option.scenario->job.mode, JobMode::batch);
  const ReadScenario by_key = small_with(R"(, "cluster": { "slots_each": 5, "job_managers": 2 })");
  ASSERT_TRUE(by_key.scenario) << by_key.errors();
  EXPECT_EQ(by_key.scenario->flink.integer("taskmanager.numberOfTaskSlots"), 5);
  EXPECT_EQ(by_key.scenario->flink.text("high-availability.type"), "zookeeper");
}

TEST(Reader, IgnoredOptionsAreAccepted) {
  const ReadScenario read =
      small_with(R"(, "flink": { "web.timeout": "5 s" }, "ignore_options": ["web.timeout"])");
  ASSERT_TRUE(read.scenario) << read.errors();
  EXPECT_EQ(read.scenario->ignore_options, std::vector<std::string>{"web.timeout"});
}

TEST(Reader, DistributionsAreIntegers) {
  const ReadScenario read = small_with(
      R"(, "cluster": { "network": { "latency": { "empirical": { "1 ms": 90, "5 ms": 10 } } },
           "storage": { "latency": { "two_point": ["10 ms", "2 s", "0.1 %"] } },
           "broker": { "latency": { "exp": ["1 ms", "4 ms"] } },
           "disk": { "latency": { "uniform": ["1 us", "9 us"] } } })");
  ASSERT_TRUE(read.scenario) << read.errors();
  const ClusterSpec& cluster = read.scenario->cluster;
  EXPECT_EQ(cluster.network.latency.points.size(), 2u);
  EXPECT_EQ(cluster.network.latency.points[1].weight, 10u);
  EXPECT_EQ(cluster.storage.latency.tail, (Ratio{1, 1000}));
  EXPECT_EQ(cluster.broker.latency.kind, Distribution::Kind::exponential);
  EXPECT_EQ(cluster.broker.latency.b, 4'000'000);
  EXPECT_EQ(cluster.disk.latency.b, 9'000);
}

TEST(Reader, EveryVerbReadsAndPrints) {
  const ReadScenario read = small_with(R"json(, "faults": [
    { "at": "1 s", "kill": ["tm-1", "tm-2"], "back_after": { "uniform": ["1 s", "2 s"] } },
    { "at": "1 s", "crash": "any(tm)" },
    { "at": "1 s", "pause": "task(agg/0)", "for": "1 s" },
    { "at": "1 s", "restart": "tm-*" },
    { "at": "1 s", "cut": ["tm-1", ["jm-1", "broker"]], "direction": "asymmetric", "packets": "rejected" },
    { "at": "1 s", "slow_link": ["tm-1", "storage"], "latency": "5 ms", "for": "1 s" },
    { "at": "1 s", "reset": ["tm-1", "tm-2"], "every": "1 s", "times": 4 },
    { "when": "fault.f0 == landed and checkpoint.completed >= 2", "lose": "Heartbeat", "from": "jm-1", "part": "answer", "number": 3 },
    { "at": "1 s", "storage": "throttle", "bandwidth": "1 mb/s", "for": "1 s", "operation": "put" },
    { "at": "1 s", "pointer_store": "session_expiry", "from": "leader" },
    { "at": "1 s", "broker": "lose_answer", "operation": "commit", "number": 2, "count": 3 },
    { "at": "1 s", "slow_card": "tm-1", "bandwidth": "1 mb/s", "for": "1 s" },
    { "at": "1 s", "slow_disk": "tm-1", "bandwidth": "1 mb/s", "for": "1 s" },
    { "at": "1 s", "lose_disk": "tm-1", "optional": true },
    { "when": "agg/0.state == RUNNING", "nth": 2, "after": "5 ms", "damage_result": "src/0" },
    { "when": "agg/0.state == RUNNING", "nth": 2, "after": "5 ms", "fail": "agg/0", "cause": "boom" },
    { "at": "1 s", "terminate": "tm-1" },
    { "at": "1 s", "cancel": "job" }
  ])json");
  ASSERT_TRUE(read.scenario) << read.errors();
  const Scenario& s = *read.scenario;
  ASSERT_EQ(s.faults.size(), 18u);
  for (size_t i = 0; i < s.faults.size(); ++i) EXPECT_EQ(static_cast<size_t>(s.faults[i].verb), i);
  EXPECT_FALSE(s.faults[4].symmetric);
  EXPECT_TRUE(s.faults[4].rejects);
  EXPECT_TRUE(s.faults[7].answer);
  EXPECT_EQ(s.faults[7].when->terms[1].number, 2);
  EXPECT_EQ(s.faults[14].when->terms[0].subtask, 0);
  const ReadScenario again = read_scenario_text("again.json", print_scenario(s));
  ASSERT_TRUE(again.scenario) << again.errors();
  EXPECT_TRUE(*again.scenario == s);
}

TEST(Reader, ExplainNamesTheOrigin) {
  const ReadScenario read = small_with(R"(, "limits": { "time": "90 s" })");
  ASSERT_TRUE(read.scenario) << read.errors();
  const std::string text = explain(read);
  EXPECT_NE(text.find("\"records\": 10,  // small.json:5"), std::string::npos) << text;
  EXPECT_NE(text.find("\"time\": \"90 s\",  // small.json:10"), std::string::npos) << text;
  EXPECT_NE(text.find("\"parallelism\": 1,  // default"), std::string::npos) << text;
}

TEST(Reader, TheIdIsOfTheMeaningNotTheText) {
  const ReadScenario plain = small_with("");
  const ReadScenario same = small_with(R"(, /* the default */ "limits": { "time": "3600 s" })");
  const ReadScenario other = small_with(R"(, "limits": { "time": "3601 s" })");
  ASSERT_TRUE(plain.scenario && same.scenario && other.scenario) << same.errors();
  EXPECT_EQ(scenario_id(*plain.scenario), scenario_id(*same.scenario));
  EXPECT_NE(scenario_id(*plain.scenario), scenario_id(*other.scenario));
}

TEST(Options, DefaultsFitTheirOwnTypes) {
  for (const OptionInfo& option : flink_options()) {
    if (option.fallback.empty()) continue;
    std::string why;
    EXPECT_TRUE(normal_option(option, option.fallback, why)) << option.key << " " << why;
  }
  std::string why;
  EXPECT_EQ(normal_option(*find_option("restart-strategy.type"), "fixeddelay", why), "fixed-delay");
  EXPECT_EQ(normal_option(*find_option("restart-strategy.type"), "off", why), "none");
}

}  // namespace
}  // namespace drey::scenarios
