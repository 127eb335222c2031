#include "scenarios/run_pool.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <map>
#include <set>
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

// Runs that say in which process they were.
RunOutcome process_of(const RunRequest& request) {
  RunOutcome outcome;
  outcome.exit_code = 0;
  outcome.verdict = "pass";
  outcome.summary = std::to_string(request.seed);
  outcome.cost_us = getpid();
  return outcome;
}

TEST(RunPool, AProcessDoesAsManyRunsAsItMay) {
  const std::vector<RunRequest> all = requests(50);
  std::map<int64_t, size_t> runs_in;
  std::set<std::string> seeds;
  run_pool(all, 2, process_of,
           [&](const RunRequest& request, const RunOutcome& outcome) {
             EXPECT_EQ(outcome.summary, std::to_string(request.seed));
             seeds.insert(outcome.summary);
             ++runs_in[outcome.cost_us];
             return true;
           },
           {.order = HandOn::as_finished, .runs_per_process = 8});
  EXPECT_EQ(seeds.size(), 50u);
  EXPECT_GE(runs_in.size(), 7u);  // 50 / 8, rounded up
  EXPECT_LE(runs_in.size(), 8u);
  EXPECT_EQ(runs_in.count(getpid()), 0u);
  for (const auto& [process, runs] : runs_in) EXPECT_LE(runs, 8u);
}

// What waits behind it in the same process is done by another.
TEST(RunPool, ACrashTakesNoOtherRunOfItsProcessAlong) {
  const std::vector<RunRequest> all = requests(60);
  for (const HandOn order : {HandOn::as_finished, HandOn::in_order}) {
    std::map<uint64_t, RunOutcome> outcomes;
    run_pool(
        all, 2,
        [](const RunRequest& request) {
          if (request.seed % 10 == 7) raise(request.seed == 27 ? SIGSEGV : SIGKILL);
          if (request.seed == 60) _exit(3);
          return process_of(request);
        },
        [&](const RunRequest& request, const RunOutcome& outcome) {
          EXPECT_TRUE(outcomes.emplace(request.seed, outcome).second);
          return true;
        },
        {.order = order, .runs_per_process = 1000});
    ASSERT_EQ(outcomes.size(), 60u);
    for (const auto& [seed, outcome] : outcomes) {
      const bool crashes = seed % 10 == 7 || seed == 60;
      EXPECT_EQ(outcome.verdict, crashes ? "error" : "pass") << seed;
    }
    EXPECT_EQ(outcomes[17].broke, "killed by signal 9");
    EXPECT_EQ(outcomes[60].broke, "exit code 3");
  }
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
