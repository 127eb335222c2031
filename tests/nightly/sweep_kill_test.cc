// A sweep of 1,000 runs: killed ten times and resumed, and as seven shards, it merges to the bytes
// of one that was never killed; and what the sweep itself costs is at most 5 % of its runs.
#include <gtest/gtest.h>

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

// Processor time, not the clock: whatever else the machine does.
TEST(SweepOfAThousand, TheSweepCostsLittleBesideItsRuns) {
  const fs::path root = fs::path(testing::TempDir()) / ("drey-cost-" + std::to_string(getpid()));
  fs::remove_all(root);
  const std::string file = std::string(DREY_SOURCE_DIR) + "/tests/data/sweep-thousand.json";
  ASSERT_EQ(run_drey({"sweep", file, "--out", root.string(), "--jobs", "2", "-q"}), 0);
  const auto timing = nlohmann::json::parse(bytes_of(root / "timing.json"));
  const double runs = timing["runs_cpu_s"].get<double>();
  EXPECT_EQ(timing["runs"], 1000);
  EXPECT_GT(runs, 1.0);
  EXPECT_LE(timing["own_cpu_s"].get<double>(), 0.05 * runs);
  fs::remove_all(root);
}

}  // namespace
}  // namespace drey
