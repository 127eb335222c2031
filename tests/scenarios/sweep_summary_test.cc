// Tables and answers of made-up records: what is recommended, and how sure it is.
#include "scenarios/sweep_summary.h"

#include <gtest/gtest.h>

#include "reports/run_database.h"
#include "scenarios/merge_records.h"

namespace drey::scenarios {
namespace {

constexpr std::string_view kText = R"({
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
  "sweep": {
    "axes": {
      "load": { "path": "/job/vertices/src/rate", "values": ["100/s", "200/s"] },
      "timeout": { "path": "/flink/heartbeat.timeout", "values": ["20 s", "30 s", "40 s"] }
    },
    "seeds": { "first": 1, "count": 5 },
    "common_random_numbers": PAIRED,
    "answer": [
      { "question": "Which?", "choose": "timeout", "minimise": "job.downtime.max",
        "where": ["job.restarts <= 1"] },
      { "choose": "timeout", "pick": "largest", "where": ["job.downtime.max < 20 s"] }
    ]
  }
})";

class SweepSummaryTest : public testing::Test {
 protected:
  // Downtime: a level of the world (by seed, large) plus an effect of the time-out (small).
  void make(bool paired) {
    std::string text(kText);
    text.replace(text.find("PAIRED"), 6, paired ? "true" : "false");
    read_ = read_scenario_text("x.json", text);
    ASSERT_TRUE(read_.scenario) << read_.errors();
    Messages messages;
    plan_ = *plan_sweep(*read_.scenario->sweep, read_.tree, messages);
    for (size_t point = 0; point < plan_.points.size(); ++point) {
      for (int64_t seed = 0; seed < 5; ++seed) {
        RunRecord record;
        record.key = std::string(32, static_cast<char>('a' + point));
        record.seed = static_cast<uint64_t>(seed + 1);
        record.verdict = "pass";
        const int64_t world = (seed * 7 % 5) * 4'000'000'000;
        const auto timeout = static_cast<int64_t>(plan_.points[point][1]);
        const int64_t effect = 1'000'000'000 * (3 - timeout) + seed * 1'000'000;
        record.metrics.emplace_back("job.downtime.max",
                                    reports::MetricValue{{world + effect, 1}, {}});
        // The best time-out fails the demand at the higher load.
        const bool bad = plan_.points[point][0] == 1 && timeout == 2;
        record.metrics.emplace_back("job.restarts", reports::MetricValue{{bad ? 2 : 1, 1}, {}});
        records_.push_back(std::move(record));
      }
    }
    summary_ = summarise(*read_.scenario, plan_,
                         [&](size_t point, size_t seed) { return &records_[point * 5 + seed]; });
  }

  ReadScenario read_;
  SweepPlan plan_;
  std::vector<RunRecord> records_;
  SweepSummary summary_;
};

TEST_F(SweepSummaryTest, RecommendsForEachCombinationOfTheOtherAxes) {
  make(true);
  ASSERT_EQ(summary_.answers.size(), 2u);
  const std::vector<std::string>& text = summary_.answers[0].text;
  ASSERT_EQ(text.size(), 2u);
  EXPECT_EQ(text[0].find("load = 100/s: timeout = 40 s: job.downtime.max is"), 0u) << text[0];
  EXPECT_EQ(text[1].find("load = 200/s: timeout = 30 s: job.downtime.max is"), 0u) << text[1];
  EXPECT_NE(text[1].find("left out: 40 s (job.restarts <= 1 holds in 0 of 5 runs)"),
            std::string::npos)
      << text[1];
  EXPECT_EQ(*summary_.answers[1].choices[0].point, 2u);
}

TEST_F(SweepSummaryTest, PairingTakesTheWorldOutOfTheDifference) {
  make(true);
  const auto width = [&] {
    for (const SweepDifference& d : summary_.differences)
      if (summary_.measures[d.measure].text == "job.downtime.max" && d.axis == 1 && d.to == 1)
        return *d.statistic.half_width;
    return -1.0;
  };
  const double paired = width();
  EXPECT_GE(paired, 0);
  EXPECT_NEAR(summary_.differences.back().statistic.mean, -2e9, 1e6);
  records_.clear();
  make(false);
  EXPECT_LE(paired, width() / 2);
  // Apart, the same numbers cannot be told from each other.
  EXPECT_NE(summary_.answers[0].text[0].find("not told apart from it: 20 s, 30 s"),
            std::string::npos)
      << summary_.answers[0].text[0];
}

TEST_F(SweepSummaryTest, SaysWhatIsMissing) {
  make(true);
  const SweepSummary half = summarise(*read_.scenario, plan_, [&](size_t point, size_t seed) {
    return seed < 2 ? &records_[point * 5 + seed] : nullptr;
  });
  EXPECT_FALSE(half.complete);
  EXPECT_NE(sweep_text(half).find("not complete"), std::string::npos);
  const JsonNode json = sweep_to_json(half);
  EXPECT_EQ(json.at("/points/0/runs")->text, "2");
  EXPECT_EQ(json.at("/points/0/samples/job.downtime.max/4")->kind, JsonNode::Kind::null);
  EXPECT_EQ(json.at("/axes/1/numbers/2")->text, "40");
  EXPECT_EQ(json.at("/axes/1/unit")->text, "s");
}

RunRecord record(uint64_t seed, uint64_t restarts) {
  RunRecord planned;
  planned.key = run_key("content", seed);
  planned.scenario = "x";
  planned.scenario_id = "content";
  planned.params = {{"load", "100/s"}};
  planned.seed = seed;
  reports::RunResult result;
  result.hash = std::string(32, '0');
  result.metrics.push_back(
      {"job.restarts", reports::Dimension::count, {{static_cast<int64_t>(restarts), 1}, {}}});
  result.metrics.push_back(
      {"checkpoint.duration.mean", reports::Dimension::duration, {{10, 3}, {}}});
  result.metrics.push_back({"job.state", reports::Dimension::word, {{}, "FINISHED"}});
  // A series: one list in the line, with a gap where an aggregate is missing.
  result.metrics.push_back({"job.lag.min", reports::Dimension::duration, {{-4, 1}, {}}});
  result.metrics.push_back({"job.lag.max", reports::Dimension::duration, {{70, 1}, {}}});
  result.metrics.push_back({"job.lag.p50", reports::Dimension::duration, {{25, 2}, {}}});
  return record_of(planned, result);
}

TEST(RunRecord, SurvivesPrintingAndATornLineIsNone) {
  const RunRecord one = record(3, 1);
  const std::string line = print_record(one);
  const auto read = parse_record(line);
  ASSERT_TRUE(read);
  EXPECT_EQ(print_record(*read), line);
  EXPECT_NE(line.find(R"("job.lag":[-4,70,null,null,null,null,12.5]})"), std::string::npos) << line;
  EXPECT_NE(print_metrics(one).find(R"("job.lag.min":-4,"job.lag.max":70,"job.lag.p50":12.5})"),
            std::string::npos);
  ASSERT_EQ(read->metrics.size(), one.metrics.size());
  EXPECT_EQ(read->metrics.back().first, "job.lag.p50");
  const MetricNames wanted{"job.lag.p50", "job.restarts"};
  const auto part = parse_record(line, &wanted);
  ASSERT_TRUE(part);
  const PrintedRecord both = print_both(one, wanted);
  EXPECT_EQ(both.line, line);
  const auto brief = parse_brief(both.brief);
  ASSERT_TRUE(brief);
  EXPECT_EQ(brief->digest, read->digest);
  for (const RunRecord* some : {&*part, &*brief}) {
    ASSERT_EQ(some->metrics.size(), 2u);
    EXPECT_EQ(some->metrics[0].first, "job.restarts");
    EXPECT_EQ(some->metrics[1].second.number.numerator, 25);
  }
  for (size_t cut = 0; cut + 1 < line.size(); ++cut)
    EXPECT_FALSE(parse_record(line.substr(0, cut))) << cut;
  std::string forged = line;
  forged.replace(forged.find("\"job.restarts\":1"), 16, "\"job.restarts\":2");
  EXPECT_FALSE(parse_record(forged));
}

TEST(RecordMerger, OrderMakesNoDifferenceAndAConflictIsKept) {
  const std::string a = print_record(record(1, 1)), b = print_record(record(2, 1)),
                    other_b = print_record(record(2, 5));
  RecordMerger forward, backward;
  for (const std::string& line : {a, b, other_b, a}) forward.add_lines(line);
  backward.add_lines(other_b + b.substr(0, 20) + "\n" + b + a);
  EXPECT_EQ(backward.torn(), 1u);
  EXPECT_EQ(forward.torn(), 0u);
  const reports::RunDatabase one = forward.database(), two = backward.database();
  ASSERT_EQ(one.runs.size(), 2u);
  ASSERT_EQ(one.conflicts.size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(one.runs[i].key, two.runs[i].key);
    EXPECT_EQ(one.runs[i].metrics, two.runs[i].metrics);
    EXPECT_EQ(one.conflicts[i].record, two.conflicts[i].record);
  }
}

}  // namespace
}  // namespace drey::scenarios
