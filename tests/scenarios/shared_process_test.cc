// A run's result is the same in a process that did other runs before and in one of its own: what a
// run leaves behind in its process would be a hole in determinism (design.md 2.17).
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "scenarios/read_scenario.h"
#include "scenarios/run_pool.h"
#include "tests/scenarios/catalogue.h"

namespace drey::scenarios {
namespace {

// One scenario of each theme: heap and RocksDB, batch and streaming, faults of every room.
constexpr std::string_view kFiles[] = {"aggregate/max.json",
                                       "batch/three-regions.json",
                                       "bounded/finishes.json",
                                       "job_manager/session-expires.json",
                                       "network/partition-short.json",
                                       "regions/diamond.json",
                                       "sink/commit-answer-lost.json",
                                       "storage/put-error.json",
                                       "task_manager/crash-rocksdb.json",
                                       "window/tumbling-crash.json"};

struct Library {
  std::vector<Scenario> scenarios;
  std::vector<RunRequest> requests;

  explicit Library(bool backwards) {
    for (const std::string_view file : kFiles) {
      ReadScenario read =
          read_scenario_file(DREY_SOURCE_DIR "/scenarios/catalogue/" + std::string(file));
      if (read.scenario) scenarios.push_back(std::move(*read.scenario));
    }
    for (const uint64_t seed : {uint64_t{1}, uint64_t{2}}) {
      for (const Scenario& scenario : scenarios) {
        RunRequest request;
        request.scenario = &scenario;
        request.file = scenario.name;
        request.seed = seed;
        requests.push_back(std::move(request));
      }
    }
    if (backwards) std::reverse(requests.begin(), requests.end());
  }

  // The whole result document, by scenario and seed.
  std::map<std::pair<std::string, uint64_t>, std::string> results(const RunFunction& run,
                                                                  size_t runs_per_process) const {
    std::map<std::pair<std::string, uint64_t>, std::string> all;
    run_pool(requests, 1, run,
             [&](const RunRequest& request, const RunOutcome& outcome) {
               all[{request.file, request.seed}] = outcome.json;
               return true;
             },
             {.order = HandOn::as_finished, .runs_per_process = runs_per_process});
    return all;
  }
};

TEST(SharedProcess, ARunIsTheSameAfterOthersAndAlone) {
  const Library forwards(false), backwards(true);
  ASSERT_EQ(forwards.scenarios.size(), std::size(kFiles));
  const auto alone = forwards.results(run_once, 1);
  ASSERT_EQ(alone.size(), 2 * std::size(kFiles));
  const auto shared = forwards.results(run_once, 1000);
  const auto reversed = backwards.results(run_once, 1000);
  for (const auto& [run, document] : alone) {
    EXPECT_FALSE(document.empty()) << run.first;
    EXPECT_EQ(shared.at(run), document) << run.first << ", seed " << run.second;
    EXPECT_EQ(reversed.at(run), document) << run.first << ", seed " << run.second;
  }
}

// The comparison above sees a run that knows of another: planted here.
TEST(SharedProcess, ARunThatRemembersAnotherIsSeen) {
  const Library library(false);
  int runs_before = 0;
  const auto leaking = [&](const RunRequest& request) {
    RunRequest changed = request;
    if (runs_before > 0) changed.seed += 1000;
    ++runs_before;
    return run_once(changed);
  };
  const auto alone = library.results(leaking, 1);
  const auto shared = library.results(leaking, 1000);
  size_t different = 0;
  for (const auto& [run, document] : alone) different += shared.at(run) == document ? 0 : 1;
  EXPECT_EQ(different, library.requests.size() - 1);
}

}  // namespace
}  // namespace drey::scenarios
