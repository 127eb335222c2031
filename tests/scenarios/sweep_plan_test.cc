#include "scenarios/sweep_plan.h"

#include <gtest/gtest.h>

#include "scenarios/explain.h"
#include "scenarios/run_record.h"

namespace drey::scenarios {
namespace {

std::string text_with(const std::string& block) {
  return R"({
  "name": "x",
  "job": {
    "vertices": {
      "src": { "kind": "source", "parallelism": 2, "rate": "400/s", "records": 4000 },
      "agg": { "kind": "keyed", "parallelism": 2, "keys": 100 },
      "sink": { "kind": "sink", "parallelism": 2 }
    },
    "edges": ["src -> hash -> agg -> forward -> sink"]
  },
  "flink": { "execution.checkpointing.interval": "1 s" },
  "faults": [ { "id": "crash", "at": "3 s", "kill": "tm-1" } ],
  )" + block +
         "\n}";
}

struct Planned {
  ReadScenario read;
  std::optional<SweepPlan> plan;
  std::vector<Scenario> points;
};

Planned planned(const std::string& block) {
  Planned out{read_scenario_text("x.json", text_with(block)), {}, {}};
  EXPECT_TRUE(out.read.scenario) << out.read.errors();
  if (!out.read.scenario) return out;
  Messages messages;
  out.plan = plan_sweep(*out.read.scenario->sweep, out.read.tree, messages);
  if (out.plan) out.points = scenarios_of(out.read, *out.plan, messages);
  EXPECT_TRUE(messages.empty()) << messages.render(out.read.sources);
  return out;
}

constexpr std::string_view kTwoAxes = R"("sweep": { "axes": {
  "timeout": { "path": "/flink/heartbeat.timeout", "values": ["20 s", "30 s"] },
  "at": { "path": "/faults/crash/at", "values": ["1 s", "2 s", "4 s"] } )";

TEST(SweepPlan, AxesGoCrosswiseTheFirstSlowest) {
  const Planned p = planned(std::string(kTwoAxes) + "} }");
  ASSERT_EQ(p.points.size(), 6u);
  EXPECT_EQ(p.plan->label(0, 0), "20 s");
  EXPECT_EQ(p.plan->label(1, 1), "2 s");
  EXPECT_EQ(p.plan->label(3, 0), "30 s");
  EXPECT_EQ(p.points[4].flink.duration("heartbeat.timeout"), sim::seconds(30));
  EXPECT_EQ(*p.points[4].faults[0].at, sim::seconds(2));
  EXPECT_FALSE(p.points[4].sweep.has_value());
}

TEST(SweepPlan, ZippedAxesGoTogetherAndExclusionsGo) {
  const Planned p = planned(R"("sweep": { "axes": {
    "a": { "path": "/flink/heartbeat.timeout", "values": ["20 s", "30 s", "40 s"] },
    "b": { "path": "/flink/heartbeat.interval", "values": ["2 s", "3 s", "4 s"] },
    "c": { "path": "/cluster/cores", "values": [2, 4] } },
    "zip": ["a", "b"], "exclude": [ { "a": "30 s", "c": 4 }, { "b": "4 s" } ] })");
  ASSERT_EQ(p.points.size(), 3u);
  EXPECT_EQ(p.points[2].flink.duration("heartbeat.timeout"), sim::seconds(30));
  EXPECT_EQ(p.points[2].flink.duration("heartbeat.interval"), sim::seconds(3));
  EXPECT_EQ(p.points[2].cluster.cores, 2);
  EXPECT_EQ(p.points[1].cluster.cores, 4);
}

// A file that extends another is merged first: a null in a case must outlive that.
TEST(SweepPlan, CasesMergeWhatTheyNameAndNullTakesAway) {
  const Planned p = planned(R"("sweep": { "axes": { "case": { "cases": {
    "as it is": {},
    "no fault, heap": { "faults": null, "flink": { "state.backend.type": "hashmap" } } } } } })");
  ASSERT_EQ(p.points.size(), 2u);
  EXPECT_EQ(p.plan->label(1, 0), "no fault, heap");
  EXPECT_EQ(p.points[0].faults.size(), 1u);
  EXPECT_TRUE(p.points[1].faults.empty());
  EXPECT_TRUE(p.points[1].flink.is_set("state.backend.type"));
}

std::vector<std::string> range(std::string_view from, std::string_view to, int64_t count,
                               AxisScale scale) {
  std::string why;
  std::vector<std::string> labels;
  for (const JsonNode& node : range_values(*parse_json(from), *parse_json(to), count, scale, why))
    labels.push_back(node.text);
  EXPECT_EQ(why.empty(), !labels.empty());
  return labels;
}

TEST(SweepPlan, RangesAreLinearOrEqualFactors) {
  using Labels = std::vector<std::string>;
  EXPECT_EQ(range("\"5 s\"", "\"20 s\"", 4, AxisScale::linear),
            (Labels{"5 s", "10 s", "15 s", "20 s"}));
  EXPECT_EQ(range("\"1 s\"", "\"16 s\"", 5, AxisScale::log),
            (Labels{"1 s", "2 s", "4 s", "8 s", "16 s"}));
  EXPECT_EQ(range("\"1 kb\"", "\"1 mb\"", 3, AxisScale::log).back(), "1 mb");
  EXPECT_EQ(range("\"100/s\"", "\"300/s\"", 3, AxisScale::linear),
            (Labels{"100/s", "200/s", "300/s"}));
  EXPECT_EQ(range("0.5", "1.5", 3, AxisScale::linear), (Labels{"0.5", "1", "1.5"}));
  EXPECT_EQ(range("16", "1", 5, AxisScale::log), (Labels{"16", "8", "4", "2", "1"}));
  EXPECT_TRUE(range("\"5 s\"", "\"5 mb\"", 3, AxisScale::linear).empty());
  EXPECT_TRUE(range("\"0 s\"", "\"5 s\"", 3, AxisScale::log).empty());
}

TEST(SweepPlan, AMistakeAtAPointIsReportedAtTheValue) {
  const ReadScenario read = read_scenario_text(
      "x.json", text_with(R"("sweep": { "axes": { "t": { "path": "/flink/heartbeat.timeout",
    "values": ["20 s", "soon"] } } })"));
  ASSERT_TRUE(read.scenario) << read.errors();
  Messages messages;
  const auto plan = plan_sweep(*read.scenario->sweep, read.tree, messages);
  ASSERT_TRUE(plan);
  EXPECT_TRUE(scenarios_of(read, *plan, messages).empty());
  const std::string text = messages.render(read.sources);
  EXPECT_NE(text.find("x.json:14:24: error: \"soon\" is not a duration"), std::string::npos)
      << text;
  EXPECT_NE(text.find("(at t = soon)"), std::string::npos) << text;
}

TEST(SweepPlan, APathThatLeadsNowhereIsReportedAtThePath) {
  const ReadScenario read = read_scenario_text(
      "x.json", text_with(R"("sweep": { "axes": { "t": { "path": "/faults/crush/at",
    "values": ["20 s"] } } })"));
  ASSERT_TRUE(read.scenario) << read.errors();
  Messages messages;
  const auto plan = plan_sweep(*read.scenario->sweep, read.tree, messages);
  ASSERT_TRUE(plan);
  EXPECT_TRUE(scenarios_of(read, *plan, messages).empty());
  EXPECT_NE(messages.render(read.sources).find("\"crush\" in the path of axis \"t\""),
            std::string::npos);
}

TEST(SweepPlan, TheBlockSurvivesPrintingAndReading) {
  const Planned p = planned(std::string(kTwoAxes) + R"(}, "exclude": [ { "at": "1 s" } ],
    "measure": ["job.restarts"], "answer": [ { "choose": "at", "minimise": "job.restarts" } ] },
    "plot": [ { "x": "at", "y": "job.restarts", "line": "timeout" } ])");
  const ReadScenario again = read_scenario_text("y.json", print_scenario(*p.read.scenario));
  ASSERT_TRUE(again.scenario) << again.errors();
  EXPECT_EQ(*again.scenario, *p.read.scenario);
}

TEST(SweepPlan, ValuesOfTheCommandLineAreRead) {
  ReadScenario read = read_scenario_text("x.json", text_with("\"seed\": 3"));
  put_values(read, {"/flink/heartbeat.timeout=20 s", "/cluster/cores=2"});
  ASSERT_TRUE(read.scenario) << read.errors();
  EXPECT_EQ(read.scenario->flink.duration("heartbeat.timeout"), sim::seconds(20));
  EXPECT_EQ(read.scenario->cluster.cores, 2);
  put_values(read, {"/flink/heartbeat.timeout=later"});
  EXPECT_FALSE(read.scenario);
  EXPECT_NE(read.errors().find("--set:1:"), std::string::npos) << read.errors();
}

// What a run is made of: nothing that people wrote for people, everything else.
TEST(RunKey, HangsOnTheContentTheSeedAndNothingElse) {
  const Planned p = planned(std::string(kTwoAxes) + "} }");
  Scenario other = p.points[0];
  EXPECT_EQ(content_id(other), content_id(p.points[0]));
  EXPECT_NE(content_id(p.points[1]), content_id(p.points[0]));
  other.about = "other words";
  other.seed = 9;
  EXPECT_EQ(content_id(other), content_id(p.points[0]));
  other.limits.time = sim::seconds(9);
  EXPECT_NE(content_id(other), content_id(p.points[0]));
  EXPECT_NE(run_key("a", 1), run_key("a", 2));
  EXPECT_NE(run_key("a", 1), run_key("b", 1));
  EXPECT_EQ(source_version().size(), 32u);
  EXPECT_EQ(seed_at("a", 7, true), 7u);
  EXPECT_NE(seed_at("a", 7, false), seed_at("b", 7, false));
  EXPECT_LT(seed_at("a", 7, false), uint64_t{1} << 53);
}

}  // namespace
}  // namespace drey::scenarios
