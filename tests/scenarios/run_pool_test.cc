#include "scenarios/run_pool.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <vector>

namespace drey::scenarios {
namespace {

std::vector<RunRequest> requests(uint64_t count) {
  std::vector<RunRequest> all;
  for (uint64_t seed = 1; seed <= count; ++seed)
    all.push_back({nullptr, "x.json", seed, {}, false});
  return all;
}

RunOutcome outcome_of(const RunRequest& request) {
  RunOutcome outcome;
  outcome.exit_code = 0;
  outcome.verdict = "pass";
  outcome.json =
      std::to_string(request.seed) + std::string(200'000, 'x');  // more than a pipe holds
  return outcome;
}

TEST(RunPool, OrderIsThatOfTheRequestsNotOfFinishing) {
  const std::vector<RunRequest> all = requests(9);
  std::vector<uint64_t> order;
  run_pool(
      all, 3,
      [](const RunRequest& request) {
        if (request.seed % 3 == 1) usleep(20'000);  // the first of each three finishes last
        return outcome_of(request);
      },
      [&](const RunRequest& request, const RunOutcome& outcome) {
        EXPECT_EQ(outcome, outcome_of(request));
        order.push_back(request.seed);
        return true;
      });
  EXPECT_EQ(order, (std::vector<uint64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST(RunPool, ACrashIsOneResultNotTheEnd) {
  const std::vector<RunRequest> all = requests(4);
  std::vector<int> codes;
  run_pool(
      all, 2,
      [](const RunRequest& request) {
        if (request.seed == 2) raise(SIGKILL);
        if (request.seed == 3) _exit(3);
        return outcome_of(request);
      },
      [&](const RunRequest&, const RunOutcome& outcome) {
        codes.push_back(outcome.exit_code);
        return true;
      });
  EXPECT_EQ(codes, (std::vector<int>{0, 3, 3, 0}));
}

TEST(RunPool, TheSinkCanStopIt) {
  const std::vector<RunRequest> all = requests(1000);
  size_t seen = 0;
  run_pool(all, 2, outcome_of, [&](const RunRequest&, const RunOutcome&) { return ++seen < 5; });
  EXPECT_EQ(seen, 5u);
}

TEST(Verdict, TheWorstWins) {
  EXPECT_EQ(worse_verdict("pass", "vacuous"), "vacuous");
  EXPECT_EQ(worse_verdict("fail", "limit"), "fail");
  EXPECT_EQ(worse_verdict("fail", "nondeterministic"), "nondeterministic");
  EXPECT_EQ(exit_code_of("limit"), 4);
  EXPECT_EQ(exit_code_of("nondeterministic"), 5);
}

}  // namespace
}  // namespace drey::scenarios
