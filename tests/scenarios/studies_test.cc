// The studies on a thinned grid (first and last value of each axis, one seed): each has a question,
// a plot and an answer; and the answer is what its table says, found here once more by other means.
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "scenarios/run.h"
#include "scenarios/sweep_summary.h"
#include "tests/scenarios/catalogue.h"

namespace drey::scenarios {
namespace {

struct Study {
  ReadScenario read;
  SweepPlan plan;
  std::vector<RunRecord> records;  // by point
  SweepSummary summary;
};

void thin(SweepPlan& plan) {
  std::vector<std::vector<size_t>> kept;
  for (const std::vector<size_t>& point : plan.points) {
    bool outer = true;
    for (size_t axis = 0; axis < point.size(); ++axis)
      outer &= point[axis] == 0 || point[axis] + 1 == plan.axes[axis].values.size();
    if (outer) kept.push_back(point);
  }
  plan.points = std::move(kept);
}

void run_study(const std::string& file, Study& study) {
  study.read = read_scenario_file(file);
  ASSERT_TRUE(study.read.scenario) << study.read.errors();
  Scenario& scenario = *study.read.scenario;
  ASSERT_TRUE(scenario.sweep) << file;
  scenario.sweep->seeds = Seeds{.first = 1, .count = 1};
  Messages messages;
  auto plan = plan_sweep(*scenario.sweep, study.read.tree, messages);
  ASSERT_TRUE(plan);
  study.plan = std::move(*plan);
  thin(study.plan);
  const std::vector<Scenario> points = scenarios_of(study.read, study.plan, messages);
  ASSERT_EQ(points.size(), study.plan.points.size());
  for (const Scenario& point : points) {
    RunRequest request;
    request.scenario = &point;
    request.file = file;
    request.latency = true;
    study.records.push_back(record_of(RunRecord{}, result_of(request)));
  }
  study.summary =
      summarise(scenario, study.plan, [&](size_t point, size_t) { return &study.records[point]; });
}

reports::ExpectationNames names_of(const Scenario& scenario) {
  reports::ExpectationNames names;
  for (const VertexSpec& vertex : scenario.job.vertices) names.vertices.push_back(vertex.id);
  for (const FaultSpec& fault : scenario.faults) names.faults.push_back(fault.id);
  return names;
}

// Of one run, as a number; empty when it has none.
std::optional<double> value_at(const Study& study, size_t point, const std::string& text) {
  reports::TextProblem problem;
  const auto expression = reports::parse_expression(text, names_of(*study.read.scenario), problem);
  if (!expression) return std::nullopt;
  const auto value =
      reports::evaluate(*expression, reports::StoredMetrics(study.records[point].metrics));
  if (!value || !value->word.empty()) return std::nullopt;
  return static_cast<double>(value->number.numerator) /
         static_cast<double>(value->number.denominator);
}

bool will_do(const Study& study, size_t point, const AnswerSpec& spec) {
  for (const std::string& text : spec.where) {
    reports::TextProblem problem;
    const auto comparison =
        reports::parse_comparison(text, names_of(*study.read.scenario), problem);
    if (!comparison) return false;
    const reports::StoredMetrics metrics(study.records[point].metrics);
    if (reports::evaluate(*comparison, metrics).verdict != reports::Verdict::held) return false;
  }
  return true;
}

// Which points differ from this one in the chosen axis only (and what is zipped with it).
std::vector<size_t> rivals_of(const Study& study, const SweepChoice& choice) {
  std::vector<size_t> rivals;
  for (size_t point = 0; point < study.plan.points.size(); ++point) {
    bool fits = true;
    for (const auto& [axis, label] : choice.context) fits &= study.plan.label(point, axis) == label;
    if (fits) rivals.push_back(point);
  }
  return rivals;
}

void check_choice(const Study& study, const AnswerSpec& spec, const SweepChoice& choice) {
  const std::vector<size_t> rivals = rivals_of(study, choice);
  const std::string& wanted = spec.minimise.empty() ? spec.maximise : spec.minimise;
  size_t able = 0;
  for (const size_t rival : rivals) {
    const bool able_here =
        will_do(study, rival, spec) && (wanted.empty() || value_at(study, rival, wanted));
    able += able_here ? 1 : 0;
    if (!able_here || !choice.point) continue;
    if (wanted.empty()) {
      EXPECT_TRUE(spec.pick == AnswerPick::smallest ? *choice.point <= rival
                                                    : *choice.point >= rival);
      continue;
    }
    const double best = *value_at(study, *choice.point, wanted);
    const double other = *value_at(study, rival, wanted);
    EXPECT_TRUE(spec.minimise.empty() ? best >= other : best <= other) << best << " " << other;
  }
  EXPECT_EQ(choice.point.has_value(), able > 0);
  if (choice.point) {
    EXPECT_TRUE(will_do(study, *choice.point, spec));
  }
}

void check_study(const std::string& file) {
  SCOPED_TRACE(file);
  Study study;
  run_study(file, study);
  if (testing::Test::HasFatalFailure()) return;
  const Scenario& scenario = *study.read.scenario;
  EXPECT_FALSE(scenario.about.empty());
  EXPECT_FALSE(scenario.plot.empty());
  EXPECT_FALSE(study.summary.answers.empty());
  EXPECT_TRUE(study.summary.complete);
  for (const PlotSpec& plot : scenario.plot) {
    size_t drawn = 0;
    for (size_t point = 0; point < study.records.size(); ++point)
      drawn += value_at(study, point, plot.y) ? 1 : 0;
    EXPECT_GT(drawn, 0u) << "nothing to draw of " << plot.y;
  }
  for (const RunRecord& record : study.records)
    EXPECT_TRUE(record.verdict == "pass" || record.verdict == "fail") << record.verdict;
  for (const SweepAnswer& answer : study.summary.answers) {
    EXPECT_FALSE(answer.spec->question.empty());
    EXPECT_FALSE(answer.text.empty());
    if (answer.spec->young_daly) continue;  // computed, not chosen
    for (const SweepChoice& choice : answer.choices) check_choice(study, *answer.spec, choice);
  }
  const std::string page = sweep_for_page(sweep_to_json(study.summary));
  for (const PlotSpec& plot : scenario.plot)
    EXPECT_NE(page.find(plot.title), std::string::npos) << plot.title;
}

std::string study_file(const std::string& question) {
  for (const std::string& file : json_files(DREY_SOURCE_DIR "/scenarios/studies"))
    if (file.find("/" + question + "-") != std::string::npos) return file;
  return {};
}

class Studies : public testing::TestWithParam<const char*> {};

TEST_P(Studies, AnswerWhatTheirTableSays) {
  const std::string file = study_file(GetParam());
  ASSERT_FALSE(file.empty());
  check_study(file);
}

INSTANTIATE_TEST_SUITE_P(Questions, Studies,
                         testing::Values("q1", "q4", "q9", "q10", "q11", "q12", "q15", "q16",
                                         "q20"));

// What must be seen to fail: an answer that the table contradicts.
TEST(StudyCheck, SeesAnAnswerThatTheTableContradicts) {
  Study study;
  run_study(study_file("q10"), study);
  SweepAnswer& answer = study.summary.answers.front();
  ASSERT_FALSE(answer.spec->minimise.empty());
  const auto wrong = [&](const SweepChoice& choice) {
    SweepChoice other = choice;
    double worst = 0;
    for (const size_t rival : rivals_of(study, choice)) {
      const double value = value_at(study, rival, answer.spec->minimise).value_or(0);
      if (value > worst) other.point = rival;
      worst = std::max(worst, value);
    }
    return other;
  };
  const SweepChoice bad = wrong(answer.choices.back());
  testing::TestPartResultArray failures;
  {
    testing::ScopedFakeTestPartResultReporter catcher(
        testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &failures);
    check_choice(study, *answer.spec, bad);
  }
  EXPECT_GT(failures.size(), 0);
}

TEST(YoungDaly, AsTheirPapersSay) {
  // C = 60 s, M = 3000 s: Young 600 s; Daly's series by hand.
  const IntervalAdvice advice = interval_advice(60e9, 3000e9);
  EXPECT_NEAR(advice.young, 600e9, 1);
  EXPECT_NEAR(advice.daly, 600e9 * (1 + 0.1 / 3 + 0.01 / 9) - 60e9, 1e3);
  // Where a checkpoint costs more than twice the time between failures, Daly says: M.
  EXPECT_EQ(interval_advice(7e9, 3e9).daly, 3e9);
}

}  // namespace
}  // namespace drey::scenarios
