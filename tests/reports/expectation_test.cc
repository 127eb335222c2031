#include "reports/expectation.h"

#include <gtest/gtest.h>

#include <map>

namespace drey::reports {
namespace {

const ExpectationNames& names() {
  static const auto* all = new ExpectationNames{{"src", "agg", "only-lost"}, {"crash", "f1"}};
  return *all;
}

class Lookup final : public MetricLookup {
 public:
  std::map<std::string, MetricValue> values;
  std::optional<MetricValue> metric(const Expression& m) const override {
    return find(m.scope + ":" + m.vertex + ":" + m.metric + ":" + m.aggregate);
  }
  std::optional<MetricValue> function(std::string_view name,
                                      std::string_view argument) const override {
    return find(std::string(name) + "(" + std::string(argument) + ")");
  }

 private:
  std::optional<MetricValue> find(const std::string& key) const {
    const auto found = values.find(key);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  }
};

Evaluation judge(std::string_view text, const Lookup& lookup) {
  TextProblem problem;
  const auto comparison = parse_comparison(text, names(), problem);
  EXPECT_TRUE(comparison) << text << ": " << problem.message;
  return comparison ? evaluate(*comparison, lookup) : Evaluation{};
}

TEST(Expectation, ArithmeticIsExactAndHasPrecedence) {
  Lookup lookup;
  lookup.values["job::restarts:"] = {{7, 1}, {}};
  EXPECT_EQ(judge("1 + 2 * 3 == job.restarts", lookup).verdict, Verdict::held);
  EXPECT_EQ(judge("(1 + 2) * 3 == job.restarts", lookup).verdict, Verdict::violated);
  EXPECT_EQ(judge("job.restarts / 3 * 3 == 7", lookup).verdict, Verdict::held);
  EXPECT_EQ(judge("-job.restarts < -6.5", lookup).verdict, Verdict::held);
  EXPECT_EQ(judge("10 - 2 - 1 == job.restarts", lookup).verdict, Verdict::held);
}

TEST(Expectation, QuantitiesAndStates) {
  Lookup lookup;
  lookup.values["job::downtime:max"] = {{61'000'000'000, 1}, {}};
  lookup.values["job::state:"] = {{}, "FINISHED"};
  lookup.values["vertex:only-lost:records_out:"] = {{500, 1}, {}};
  lookup.values["restarted_tasks(agg)"] = {{2, 1}, {}};
  const Evaluation late = judge("job.downtime.max <= 60 s", lookup);
  EXPECT_EQ(late.verdict, Verdict::violated);
  EXPECT_EQ(late.left, "61 s");
  EXPECT_EQ(late.right, "1 min");
  EXPECT_EQ(judge("job.downtime.max < 2 * 31 s", lookup).verdict, Verdict::held);
  EXPECT_EQ(judge("job.state == FINISHED", lookup).verdict, Verdict::held);
  EXPECT_EQ(judge("FAILED != job.state", lookup).verdict, Verdict::held);
  EXPECT_EQ(judge("only-lost.records_out >= 500", lookup).verdict, Verdict::held);
  EXPECT_EQ(judge("restarted_tasks(agg) == 2", lookup).verdict, Verdict::held);
}

TEST(Expectation, WithoutValueNothingHolds) {
  const Lookup nothing;
  EXPECT_EQ(judge("checkpoint.duration.p99 < 5 s", nothing).verdict, Verdict::no_value);
  Lookup lookup;
  lookup.values["job::restarts:"] = {{0, 1}, {}};
  EXPECT_EQ(judge("5 / job.restarts == 1", lookup).verdict, Verdict::no_value);
  lookup.values["job::restarts:"] = {{INT64_MAX, 1}, {}};
  EXPECT_EQ(judge("job.restarts * job.restarts > 1", lookup).verdict, Verdict::no_value);
}

TEST(Expectation, ProblemsKnowTheirPlace) {
  TextProblem problem;
  EXPECT_FALSE(parse_comparison("agg.records_in == 5 s", names(), problem));
  EXPECT_EQ(problem.offset, 18u);
  EXPECT_FALSE(parse_comparison("ag.records_in == 5", names(), problem));
  EXPECT_EQ(problem.suggestion, "agg");
  EXPECT_EQ(problem.length, 2u);
  EXPECT_FALSE(parse_comparison(std::string(5000, '('), names(), problem));
  EXPECT_EQ(problem.message, "nested too deeply");
  EXPECT_FALSE(parse_comparison("", names(), problem));
  EXPECT_FALSE(parse_comparison("landed(nobody) == 1", names(), problem));
  EXPECT_FALSE(parse_comparison("job.state < FINISHED", names(), problem));
}

TEST(Expectation, SubtasksAndDivision) {
  TextProblem problem;
  const auto subtask = parse_comparison("agg/1.records_in == 5", names(), problem);
  ASSERT_TRUE(subtask) << problem.message;
  EXPECT_EQ(subtask->left.vertex, "agg");
  EXPECT_EQ(subtask->left.subtask, 1);
  const auto division = parse_comparison("agg.records_in/2 == 5", names(), problem);
  ASSERT_TRUE(division) << problem.message;
  EXPECT_EQ(division->left.kind, Expression::Kind::divide);
}

}  // namespace
}  // namespace drey::reports
