// A sweep of 1,000 runs: killed ten times and resumed, and as seven shards, it merges to the bytes
// of one that was never killed; and what the sweep itself costs is at most 5 % of its runs.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>
#include <map>
#include <nlohmann/json.hpp>

#include "tests/tools/sweep_process.h"

namespace drey {
namespace {

namespace fs = std::filesystem;

TEST(SweepOfAThousand, KilledTenTimesAndInShardsIsTheSame) {
  const fs::path root =
      fs::path(testing::TempDir()) / ("drey-thousand-" + std::to_string(getpid()));
  fs::remove_all(root);
  fs::create_directories(root);
  const std::string file = std::string(DREY_SOURCE_DIR) + "/tests/data/sweep-thousand.json";
  const auto sweep = [&](const std::string& out, const std::string& shard) {
    std::vector<std::string> words{"sweep",  file, "--out", (root / out).string(),
                                   "--jobs", "2",  "-q"};
    if (!shard.empty()) words.insert(words.end(), {"--shard", shard});
    return words;
  };
  const auto merged = [&](const std::vector<std::string>& folders) {
    std::vector<std::string> words{"merge", "-q", "-o", (root / "merged.db").string()};
    for (const std::string& folder : folders) words.push_back((root / folder).string());
    EXPECT_EQ(run_drey(words), 0);
    const std::string bytes = bytes_of(root / "merged.db");
    fs::remove(root / "merged.db");
    return bytes;
  };
  ASSERT_EQ(run_drey(sweep("whole", "")), 0);
  ASSERT_EQ(lines_in(root / "whole"), 1000u);
  const std::string whole = merged({"whole"});
  ASSERT_TRUE(killed_and_resumed(sweep("killed", ""), root / "killed", 1000, 10));
  EXPECT_EQ(merged({"killed"}), whole);
  std::vector<std::string> shards;
  for (const int shard : {3, 6, 0, 5, 1, 4, 2}) {
    shards.push_back(std::to_string(shard));
    ASSERT_EQ(run_drey(sweep(shards.back(), shards.back() + "/7")), 0);
  }
  EXPECT_EQ(merged(shards), whole);
  fs::remove_all(root);
}

double children_seconds() {
  rusage all{};
  getrusage(RUSAGE_CHILDREN, &all);
  return static_cast<double>(all.ru_utime.tv_sec + all.ru_stime.tv_sec) +
         static_cast<double>(all.ru_utime.tv_usec + all.ru_stime.tv_usec) / 1e6;
}

// On a core, and with `waiting` also ready for one. 0: the process has ended.
double scheduled_seconds(const std::string& process, bool waiting) {
  double on_core = 0, ready = 0;
  std::ifstream(process + "/schedstat") >> on_core >> ready;
  return (on_core + (waiting ? ready : 0)) / 1e9;
}

// Processor time, not the clock: whatever else the machine does. Everything that is not a run
// counts as the sweep's own: reading, processes, records, table and page.
TEST(SweepOfAThousand, TheSweepCostsLittleBesideItsRuns) {
  const fs::path root = fs::path(testing::TempDir()) / ("drey-cost-" + std::to_string(getpid()));
  fs::remove_all(root);
  const std::string file = std::string(DREY_SOURCE_DIR) + "/tests/data/sweep-thousand.json";
  const double before = children_seconds();
  ASSERT_EQ(run_drey({"sweep", file, "--out", root.string(), "--jobs", "2", "-q"}), 0);
  const double spent = children_seconds() - before;
  const auto timing = nlohmann::json::parse(bytes_of(root / "timing.json"));
  const double runs = timing["runs_cpu_s"].get<double>();
  const double own = timing["own_cpu_s"].get<double>();
  EXPECT_EQ(timing["runs"], 1000);
  EXPECT_GT(runs, 1.0);
  EXPECT_GT(own, 0.0);
  EXPECT_LE(own, 0.05 * runs);
  EXPECT_NEAR(own + runs, spent, 0.02 * spent + 0.05);  // nothing is left out
  fs::remove_all(root);
}

// The runs' processes never wait for work: they have a core, or would take one.
TEST(SweepOfAThousand, BothCoresAreUsed) {
  const fs::path root = fs::path(testing::TempDir()) / ("drey-cores-" + std::to_string(getpid()));
  fs::remove_all(root);
  const std::string file = std::string(DREY_SOURCE_DIR) + "/tests/data/sweep-thousand.json";
  const auto start = std::chrono::steady_clock::now();
  const pid_t sweep = start_drey({"sweep", file, "--out", root.string(), "--jobs", "2", "-q"});
  const std::string own = "/proc/" + std::to_string(sweep);
  double own_s = 0;
  std::map<pid_t, double> workers;
  while (waitpid(sweep, nullptr, WNOHANG) == 0) {
    own_s = scheduled_seconds(own, false);
    std::ifstream children(own + "/task/" + std::to_string(sweep) + "/children");
    for (pid_t worker = 0; children >> worker;)
      if (const double s = scheduled_seconds("/proc/" + std::to_string(worker), true); s > 0)
        workers[worker] = s;
    usleep(3000);
  }
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
  double used = own_s;
  for (const auto& [worker, seconds] : workers) used += seconds;
  EXPECT_GE(workers.size(), 2u);
  EXPECT_GE(used, 0.95 * 2 * wall.count());
  fs::remove_all(root);
}

}  // namespace
}  // namespace drey
