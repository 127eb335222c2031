#include <gtest/gtest.h>

#include <algorithm>

#include "reports/write_github.h"
#include "reports/write_junit.h"

namespace drey::reports {
namespace {

RunResult failed_run(uint64_t seed) {
  RunResult result;
  result.scenario = "a,b:c.json";
  result.seed = seed;
  result.reproduce = "drey run a.json --seed 1";
  result.faults.push_back({.id = "kill", .landed = 1, .where = {"a.json", 31}});
  result.add(ExpectationResult{.id = "e0",
                               .text = "job.restarts == 1",
                               .outcome = ExpectationResult::Outcome::violated,
                               .left = "100 %",
                               .right = "1",
                               .because = "why\nnot",
                               .where = {"parent.json", 17}});
  result.conclude();
  return result;
}

TEST(GitHub, AnAnnotationStandsAtTheLineOfTheExpectation) {
  const std::string text = github_annotations(failed_run(1));
  EXPECT_EQ(
      text,
      "::error file=parent.json,line=17,title=expectation e0::job.restarts == 1: observed 100 "
      "%25 against 1; why%0Anot%0Adrey run a.json --seed 1\n");
}

TEST(GitHub, ThePropertiesOfACommandAreEscaped) {
  RunResult result = failed_run(1);
  result.expectations.clear();
  result.limit = "events";
  EXPECT_EQ(github_annotations(result).find("::error file=a%2Cb%3Ac.json,line=1,title=limit::"),
            0u);
}

TEST(GitHub, TenOfAKindAndTheLastSaysHowManyMore) {
  std::vector<std::string> runs;
  for (uint64_t seed = 1; seed <= 10; ++seed) runs.push_back(github_annotations(failed_run(seed)));
  const auto lines = [](const std::string& text) {
    return std::count(text.begin(), text.end(), '\n');
  };
  EXPECT_EQ(lines(limited_annotations(runs)), 10);
  EXPECT_EQ(limited_annotations(runs).find("more like these"), std::string::npos);
  for (int i = 0; i < 30; ++i) runs.push_back(runs.front());
  EXPECT_EQ(lines(limited_annotations(runs)), 10);
  EXPECT_NE(limited_annotations(runs).find("and 31 more like these"), std::string::npos);
}

TEST(GitHub, TheSummaryStaysBelowItsLimitAndShowsFailuresFirst) {
  RunResult passed;
  passed.scenario = "ok.json";
  std::vector<std::string> rows(40'000, github_row(passed));
  rows.push_back(github_row(failed_run(7)));
  const std::string summary = github_summary(rows, "fail");
  EXPECT_LE(summary.size(), kSummaryBytesMax);
  EXPECT_LT(summary.find("| fail |"), summary.find("| pass |"));
  EXPECT_NE(summary.find("More runs than"), std::string::npos);
}

TEST(JUnit, CasesNameFileAndLine) {
  const std::string suite = to_junit_suite(failed_run(1));
  EXPECT_NE(suite.find("name=\"fault kill landed\" file=\"a.json\" line=\"31\""), std::string::npos)
      << suite;
  EXPECT_NE(suite.find("file=\"parent.json\" line=\"17\""), std::string::npos) << suite;
}

}  // namespace
}  // namespace drey::reports
