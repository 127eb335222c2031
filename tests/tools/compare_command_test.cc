// drey compare as a user meets it: runs, a run against a baseline with a tolerance, sweeps.
#include <gtest/gtest.h>

#include <array>
#include <nlohmann/json.hpp>

#include "tests/tools/sweep_process.h"

namespace drey {
namespace {

namespace fs = std::filesystem;

struct Said {
  int code = -1;
  std::string out, err;
  bool has(const std::string& text) const { return out.find(text) != std::string::npos; }
};

class CompareCommand : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    root() = fs::path(testing::TempDir()) / ("drey-compare-" + std::to_string(getpid()));
    fs::remove_all(root());
    fs::create_directories(root());
    ASSERT_EQ(run({"--seed", "1", "--out", at("a")}), 0);
    ASSERT_EQ(run({"--seed", "1", "--out", at("again")}), 0);
    ASSERT_EQ(run({"--seed", "1", "--set", "/flink/heartbeat.interval=7s", "--out", at("b")}), 0);
  }
  static void TearDownTestSuite() { fs::remove_all(root()); }

  static fs::path& root() {
    static fs::path path;
    return path;
  }
  static std::string at(const std::string& name) { return (root() / name).string(); }
  static int run(std::vector<std::string> more) {
    std::vector<std::string> words{
        "run", std::string(DREY_SOURCE_DIR) + "/scenarios/catalogue/bench/small-recovery.json",
        "-q"};
    words.insert(words.end(), more.begin(), more.end());
    return run_drey(words);
  }
  static Said compare(const std::string& arguments) {
    const std::string command = "cd '" + root().string() + "' && '" + std::string(DREY_BINARY_DIR) +
                                "/drey' compare " + arguments + " > out.txt 2> err.txt";
    const int status = std::system(command.c_str());
    return {WEXITSTATUS(status), bytes_of(root() / "out.txt"), bytes_of(root() / "err.txt")};
  }
  static std::vector<std::string> lines(const std::string& file) {
    std::ifstream in(root() / file);
    std::vector<std::string> all;
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
  }
};

TEST_F(CompareCommand, TheSameRunTwiceIsEqual) {
  const Said said = compare("a again --tolerance 0%");
  EXPECT_EQ(said.code, 0);
  EXPECT_TRUE(said.has("The traces are equal, to the last bit.")) << said.out;
  EXPECT_FALSE(said.has("relative")) << "a table of nothing: " << said.out;
  EXPECT_TRUE(compare("a again --all").has("job.restarts"));
}

// The event is found by this test in its own way.
TEST_F(CompareCommand, TheFirstEventThatDiffersIsNamed) {
  const std::vector<std::string> a = lines("a/log.txt"), b = lines("b/log.txt");
  size_t at = 0;
  while (a.at(at) == b.at(at)) ++at;
  const std::string expected = "The first event that differs (line " + std::to_string(at + 1) +
                               " of the logs):\n  A  " + a[at] + "\n  B  " + b[at] + "\n";
  EXPECT_GT(at, 10u);
  EXPECT_TRUE(compare("a b").has(expected)) << expected;
  EXPECT_TRUE(compare("a/result.json b").has(expected)) << "the log lies beside the result";
}

TEST_F(CompareCommand, NumbersAreThoseOfTheResultsWithDifferenceAndRelative) {
  const auto value = [](const std::string& folder) {
    const auto json = nlohmann::json::parse(bytes_of(root() / folder / "result.json"));
    return json["metrics"]["values"]["job.restarts"].get<int>();
  };
  const int a = value("a"), b = value("b");
  ASSERT_NE(a, b);
  std::array<char, 64> relative{};
  std::snprintf(relative.data(), relative.size(), "%+.1f %%", 100.0 * (b - a) / a);
  const Said said = compare("a b --metrics job.restarts --format csv");
  EXPECT_EQ(said.out, "metric,A,B,difference,relative\njob.restarts," + std::to_string(a) + "," +
                          std::to_string(b) + "," + std::to_string(b - a) + "," + relative.data() +
                          "\n");
  EXPECT_TRUE(compare("a b --metrics job.restarts --format markdown").has("| job.restarts |"));
}

TEST_F(CompareCommand, AgainstABaselineATolerancePassesOrFails) {
  const Said far = compare("a/result.json b --metrics job.downtime.max --tolerance 5%");
  EXPECT_EQ(far.code, 1);
  EXPECT_NE(far.err.find("job.downtime.max"), std::string::npos) << far.err;
  EXPECT_EQ(compare("a/result.json b --metrics job.downtime.max --tolerance 300%").code, 0);
  EXPECT_EQ(compare("a/result.json again --tolerance 0%").code, 0);
  EXPECT_EQ(compare("a b --metrics job.downtime.max").code, 0) << "without tolerance nothing fails";
  EXPECT_EQ(compare("a b --tolerance much").code, 2);
}

// Must show 6: the known effect, 200 ms, lies in both intervals; with common random numbers the
// interval is at most half as wide.
TEST_F(CompareCommand, CommonRandomNumbersHalveTheIntervalOfAKnownEffect) {
  struct Interval {
    double mean = 0, half_width = 0;
  };
  const auto effect = [&](const std::string& name, const std::string& measure) {
    const std::string file = std::string(DREY_SOURCE_DIR) + "/tests/data/" + name + ".json";
    if (!fs::exists(root() / name / "sweep.json")) {
      EXPECT_EQ(run_drey({"sweep", file, "--out", at(name), "--jobs", "2", "-q"}), 0);
    }
    const auto json = nlohmann::json::parse(bytes_of(root() / name / "sweep.json"));
    for (const auto& difference : json["differences"])
      if (difference["measure"] == measure)
        return Interval{difference["mean"].get<double>(), difference["half_width"].get<double>()};
    ADD_FAILURE() << "no difference of " << measure;
    return Interval{};
  };
  const std::string measure = "latency.p99";
  const Interval paired = effect("sweep-paired", measure);
  const Interval unpaired = effect("sweep-unpaired", measure);
  constexpr double kEffect = 200e6;
  EXPECT_NEAR(paired.mean, kEffect, paired.half_width + 1e6);
  EXPECT_NEAR(unpaired.mean, kEffect, 2 * unpaired.half_width);
  EXPECT_GT(unpaired.half_width, 0);
  EXPECT_LE(paired.half_width, unpaired.half_width / 2);
}

TEST_F(CompareCommand, SweepsAreComparedPointByPoint) {
  const std::string small = std::string(DREY_SOURCE_DIR) + "/tests/data/sweep-paired.json";
  ASSERT_EQ(run_drey({"sweep", small, "--out", at("s"), "--jobs", "2", "-q"}), 0);
  const Said same = compare("s s --tolerance 0%");
  EXPECT_EQ(same.code, 0);
  EXPECT_TRUE(same.has("2 points of 2 and 2 are in both")) << same.out;
  const std::string other = std::string(DREY_SOURCE_DIR) + "/tests/data/sweep-small.json";
  EXPECT_EQ(compare("s a").code, 2) << "one is a sweep, the other a run";
  // The same sweep with one sample changed by half: named, and beyond the tolerance.
  auto json = nlohmann::ordered_json::parse(bytes_of(root() / "s/sweep.json"));
  fs::create_directories(root() / "t");
  for (auto& sample : json["points"][1]["samples"]["latency.p99"])
    sample = sample.get<double>() * 1.5;
  std::ofstream(root() / "t/sweep.json") << json.dump();
  const Said moved = compare("s t --tolerance 10%");
  EXPECT_EQ(moved.code, 1);
  EXPECT_TRUE(moved.has("delay = 300 ms")) << moved.out;
  EXPECT_TRUE(moved.has("+50.0 %")) << moved.out;
  EXPECT_FALSE(moved.has("delay = 100 ms")) << moved.out;
  EXPECT_EQ(compare("s t --tolerance 60%").code, 0);
}

TEST_F(CompareCommand, WhatIsNoResultIsBadUsage) {
  EXPECT_EQ(compare("a nowhere").code, 2);
  std::ofstream(root() / "broken.json") << "{\"format\": ";
  EXPECT_EQ(compare("a broken.json").code, 2);
}

}  // namespace
}  // namespace drey
