// drey sweep and merge as processes: killed and resumed, in shards, in any order.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/tools/sweep_process.h"

namespace drey {
namespace {

namespace fs = std::filesystem;

class SweepCommand : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::path(testing::TempDir()) /
            ("drey-sweep-" + std::to_string(getpid()) + "-" +
             testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(root_);
    fs::create_directories(root_);
  }
  void TearDown() override { fs::remove_all(root_); }

  std::string at(const std::string& name) const { return (root_ / name).string(); }
  std::vector<std::string> sweep(const std::string& out, std::vector<std::string> more = {}) const {
    std::vector<std::string> words{"sweep", file_, "--out", at(out), "--jobs", "2", "-q"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  std::string merged(const std::vector<std::string>& folders, const std::string& name,
                     int expected = 0) const {
    std::vector<std::string> words{"merge"};
    for (const std::string& folder : folders) words.push_back(at(folder));
    for (const char* word : {"-q", "-o"}) words.emplace_back(word);
    words.push_back(at(name));
    EXPECT_EQ(run_drey(words), expected);
    return bytes_of(root_ / name);
  }

  std::string file_ = std::string(DREY_SOURCE_DIR) + "/tests/data/sweep-small.json";
  static constexpr size_t kRuns = 60;  // 3 x 5 points, 4 seeds
  fs::path root_;
};

TEST_F(SweepCommand, KilledAndResumedIsTheSameAsNeverKilledAndAsShardsInAnyOrder) {
  ASSERT_EQ(run_drey(sweep("whole")), 0);
  EXPECT_EQ(lines_in(root_ / "whole"), kRuns);
  const std::string whole = merged({"whole"}, "whole.db");
  ASSERT_GT(whole.size(), 10'000u);

  ASSERT_TRUE(killed_and_resumed(sweep("killed"), root_ / "killed", kRuns, 3));
  EXPECT_EQ(merged({"killed"}, "killed.db"), whole);
  EXPECT_EQ(bytes_of(root_ / "killed/sweep.json"), bytes_of(root_ / "whole/sweep.json"));

  std::vector<std::string> shards;
  for (const int shard : {4, 0, 6, 2, 5, 1, 3}) {
    shards.push_back("shard-" + std::to_string(shard));
    ASSERT_EQ(run_drey(sweep(shards.back(), {"--shard", std::to_string(shard) + "/7"})), 0);
  }
  EXPECT_EQ(merged(shards, "shards.db"), whole);
  std::reverse(shards.begin(), shards.end());
  for (const std::string& shard : shards) merged({shard}, "one-by-one.db");
  EXPECT_EQ(bytes_of(root_ / "one-by-one.db"), whole);
  EXPECT_EQ(merged({"whole.db", "killed"}, "again.db"), whole);
}

TEST_F(SweepCommand, WhatIsDoneIsNotDoneAgainAndATornLineIsRepaired) {
  ASSERT_EQ(run_drey(sweep("a")), 0);
  const fs::path records = root_ / "a/runs-0-of-1.jsonl";
  const std::string before = bytes_of(records);
  ASSERT_EQ(run_drey(sweep("a")), 0);
  EXPECT_EQ(bytes_of(records), before);
  // The last line torn in its middle, as by a kill: this one run is done again.
  const std::string whole = merged({"a"}, "a.db");
  fs::resize_file(records, before.size() - 100);
  ASSERT_EQ(run_drey(sweep("a")), 0);
  EXPECT_EQ(lines_in(root_ / "a"), kRuns + 1);
  EXPECT_EQ(merged({"a"}, "b.db"), whole);
}

// A process that dies takes its run with it and no other; the run is recorded as such, and the same
// command does it again.
TEST_F(SweepCommand, ARunWhoseProcessWasKilledIsRecordedAsSuchAndDoneAgain) {
  ASSERT_EQ(run_drey(sweep("whole")), 0);
  int code = 0;
  // Between its last record and the next run there is a moment in which its death costs nothing.
  for (int attempt = 0; attempt < 5 && code == 0; ++attempt) {
    fs::remove_all(root_ / "a");
    const pid_t process = start_drey(sweep("a"));
    bool killed = false;
    while (!killed && waitpid(process, nullptr, WNOHANG) == 0) {
      if (lines_in(root_ / "a") < 10) continue;
      pid_t worker = 0;
      std::ifstream("/proc/" + std::to_string(process) + "/task/" + std::to_string(process) +
                    "/children") >>
          worker;
      killed = worker > 0 && kill(worker, SIGKILL) == 0;
    }
    ASSERT_TRUE(killed);
    code = wait_for(process);
  }
  EXPECT_EQ(code, 3);
  const std::string records = bytes_of(root_ / "a/runs-0-of-1.jsonl");
  EXPECT_NE(records.find("{\"failed\":"), std::string::npos);
  EXPECT_NE(records.find("\"why\":\"killed by signal 9\""), std::string::npos);
  EXPECT_EQ(lines_in(root_ / "a"), kRuns);
  const std::string whole = merged({"whole"}, "whole.db");
  EXPECT_NE(merged({"a"}, "a.db"), whole);
  ASSERT_EQ(run_drey(sweep("a")), 0);
  EXPECT_EQ(lines_in(root_ / "a"), kRuns + 1);
  EXPECT_EQ(merged({"a"}, "b.db"), whole);
}

TEST_F(SweepCommand, OneKeyWithTwoResultsIsAConflict) {
  ASSERT_EQ(run_drey(sweep("a")), 0);
  fs::create_directories(root_ / "b");
  std::string text = bytes_of(root_ / "a/runs-0-of-1.jsonl");
  text.resize(text.find('\n') + 1);
  // Another result with a digest that fits it: what a program that is not deterministic writes.
  nlohmann::ordered_json line = nlohmann::ordered_json::parse(text);
  const nlohmann::ordered_json good = line;
  std::string other = bytes_of(root_ / "a/runs-0-of-1.jsonl");
  other = other.substr(other.find('\n') + 1);
  other.resize(other.find('\n'));
  line = nlohmann::ordered_json::parse(other);
  line["key"] = good["key"];
  std::ofstream(root_ / "b/runs-0-of-1.jsonl") << line.dump() << "\n";
  const std::string conflict = merged({"a", "b"}, "ab.db", 5);
  EXPECT_EQ(merged({"b", "a"}, "ba.db", 5), conflict);
  EXPECT_NE(conflict, merged({"a"}, "a.db"));
}

TEST_F(SweepCommand, TheSummaryHoldsPointsPlotsAndAnswers) {
  ASSERT_EQ(run_drey(sweep("a")), 0);
  const auto json = nlohmann::json::parse(bytes_of(root_ / "a/sweep.json"));
  EXPECT_EQ(json["format"], "drey-sweep");
  EXPECT_EQ(json["complete"], true);
  EXPECT_EQ(json["points"].size(), 15u);
  EXPECT_EQ(json["points"][14]["params"]["delay"], "1600 ms");
  EXPECT_EQ(json["points"][0]["samples"]["job.downtime.max"].size(), 4u);
  EXPECT_EQ(json["axes"][1]["numbers"][4], 1.6);
  EXPECT_EQ(json["plots"][0]["line"], "interval");
  ASSERT_EQ(json["answers"][0]["choices"].size(), 3u);
  EXPECT_EQ(json["answers"][0]["choices"][0]["value"], "100 ms");
  // A longer delay is a longer downtime, by as much.
  const auto& last = json["points"][4]["metrics"]["job.downtime.max"]["mean"];
  const auto& first = json["points"][0]["metrics"]["job.downtime.max"]["mean"];
  EXPECT_NEAR(last.get<double>() - first.get<double>(), 1.5e9, 0.2e9);
}

TEST_F(SweepCommand, BadUsageIsExitCodeTwo) {
  EXPECT_EQ(run_drey({"sweep", file_}), 2);
  EXPECT_EQ(run_drey({"sweep", file_, "--out", at("a"), "--shard", "7/7"}), 2);
  EXPECT_EQ(run_drey({"sweep", file_, "--emit", "slrum"}), 2);
  EXPECT_EQ(run_drey({"merge", at("nothing"), "-o", at("x.db")}), 2);
  EXPECT_EQ(
      run_drey({"sweep", std::string(DREY_SOURCE_DIR) + "/scenarios/catalogue/quickstart.json",
                "--out", at("a")}),
      2);
}

// The scripts are good shell and YAML, and their shards run by hand give the same bytes.
TEST_F(SweepCommand, EmittedScriptsAreSoundAndTheirShardsAddUp) {
  const std::string drey = std::string(DREY_BINARY_DIR) + "/drey";
  const auto emit = [&](const std::string& kind) {
    return std::system((drey + " sweep '" + file_ + "' --out \"" + at("it's out") + "\" --emit " +
                        kind + " --shards 3 > '" + at(kind) + "'")
                           .c_str());
  };
  for (const char* kind : {"slurm", "parallel", "k8s"}) ASSERT_EQ(emit(kind), 0);
  if (std::system("command -v shellcheck > /dev/null") == 0) {
    EXPECT_EQ(std::system(("shellcheck '" + at("slurm") + "' '" + at("parallel") + "'").c_str()),
              0);
  }
  if (std::system("python3 -c 'import yaml' 2> /dev/null") == 0) {
    EXPECT_EQ(std::system(("python3 -c 'import sys, yaml; job = yaml.safe_load(open(sys.argv[1])); "
                           "assert job[\"spec\"][\"completions\"] == 3' '" +
                           at("k8s") + "'")
                              .c_str()),
              0);
  }
  // Slurm's own variables, as an array of three would set them; `drey` by the path.
  const std::string here = "PATH=" + std::string(DREY_BINARY_DIR) + ":$PATH ";
  const auto shell = [&](const std::string& command) {
    return std::system((here + command + " > /dev/null 2>&1").c_str());
  };
  for (const char* task : {"2", "0", "1"})
    ASSERT_EQ(shell("SLURM_ARRAY_TASK_ID=" + std::string(task) + " bash '" + at("slurm") + "'"), 0);
  ASSERT_EQ(run_drey(sweep("whole")), 0);
  const std::string whole = merged({"whole"}, "whole.db");
  EXPECT_EQ(merged({"it's out"}, "slurm.db"), whole);

  // What a pod runs, with the index that Kubernetes sets; the claim's folder is not there.
  fs::remove_all(root_ / "it's out");
  const std::string text = bytes_of(root_ / "k8s");
  const size_t from = text.find("cd /sweep && "), end = text.find('\n', from);
  ASSERT_NE(from, std::string::npos);
  std::string pod;
  for (size_t i = from + 13; i + 1 < end; ++i) {
    if (text[i] == '\\') ++i;
    pod += text[i];
  }
  std::ofstream(root_ / "pod") << pod << "\n";
  for (const char* index : {"1", "2", "0"})
    ASSERT_EQ(shell("JOB_COMPLETION_INDEX=" + std::string(index) + " sh '" + at("pod") + "'"), 0);
  EXPECT_EQ(merged({"it's out"}, "k8s.db"), whole);

  // GNU parallel, or what it does with our arguments where it is not installed.
  fs::remove_all(root_ / "it's out");
  if (std::system("command -v parallel > /dev/null") != 0) {
    std::ofstream(root_ / "parallel.sh")
        << "parallel() { while [ \"$1\" != drey ]; do shift; done; while read -r n; do "
           "\"${@//\\{\\}/$n}\" < /dev/null || return; done; }\n. '" +
               at("parallel") + "'\n";
    ASSERT_EQ(shell("bash '" + at("parallel.sh") + "'"), 0);
  } else {
    ASSERT_EQ(shell("bash '" + at("parallel") + "'"), 0);
  }
  EXPECT_EQ(bytes_of(root_ / "it's out/runs.db"), whole);
}

}  // namespace
}  // namespace drey
