// The binary itself: exit codes, streams, suggestions.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/scenarios/catalogue.h"

namespace drey {
namespace {

struct Ran {
  int exit_code = -1;
  std::string out;
};

// Runs a shell line; `drey` in it stands for the binary.
Ran shell(const std::string& arguments) {
  Ran ran;
  FILE* pipe = popen((std::string(DREY_BINARY_DIR) + "/drey " + arguments).c_str(), "r");
  if (pipe == nullptr) return ran;
  std::array<char, 4096> buffer{};
  for (size_t got = 0; (got = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    ran.out.append(buffer.data(), got);
  const int status = pclose(pipe);
  ran.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ran;
}

std::string catalogue(const std::string& name) {
  return std::string(DREY_SOURCE_DIR) + "/scenarios/catalogue/" + name;
}

TEST(CommandLine, EveryBadScenarioIsExitCodeTwo) {
  for (const std::string& file : scenarios::bad_files()) {
    const Ran ran = shell("check '" + file + "' 2>/dev/null");
    EXPECT_EQ(ran.exit_code, 2) << file;
    EXPECT_EQ(ran.out, "") << file;
  }
  EXPECT_EQ(shell("check /no/such/file.json 2>/dev/null").exit_code, 2);
  EXPECT_EQ(shell("run '" + scenarios::bad_files().front() + "' 2>/dev/null").exit_code, 2);
}

TEST(CommandLine, BadUsageIsExitCodeTwoWithASuggestion) {
  Ran ran = shell("rnu x.json 2>&1 >/dev/null");
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_NE(ran.out.find("did you mean \"run\"?"), std::string::npos) << ran.out;
  ran = shell("run --sed 3 x.json 2>&1 >/dev/null");
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_NE(ran.out.find("did you mean \"--seed\"?"), std::string::npos) << ran.out;
  EXPECT_EQ(shell("2>/dev/null").exit_code, 2);
  EXPECT_EQ(shell("run 2>/dev/null").exit_code, 2);
  EXPECT_EQ(shell("run " + catalogue("quickstart.json") + " --seeds 5..1 2>/dev/null").exit_code,
            2);
  EXPECT_EQ(
      shell("run " + catalogue("quickstart.json") + " --seed 5 --seeds 1..2 2>/dev/null").exit_code,
      2);
  EXPECT_EQ(shell("run " + catalogue("quickstart.json") + " --mutant nobody 2>/dev/null").exit_code,
            2);
  EXPECT_EQ(shell("--help").exit_code, 0);
  EXPECT_EQ(shell("run --help").exit_code, 0);
}

TEST(CommandLine, CheckExplainSchemaVersionMutants) {
  Ran ran =
      shell("check " + catalogue("quickstart.json") + " " + catalogue("quickstart-heap.json"));
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_NE(ran.out.find("quickstart-heap.json: ok"), std::string::npos);
  ran = shell("check --json " + catalogue("quickstart.json"));
  EXPECT_TRUE(nlohmann::json::parse(ran.out)[0]["ok"].get<bool>());
  ran = shell("explain " + catalogue("quickstart-heap.json"));
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_NE(ran.out.find("quickstart.json:"), std::string::npos);
  const Ran strict = shell("explain --json " + catalogue("quickstart-heap.json"));
  EXPECT_EQ(nlohmann::json::parse(strict.out)["job"]["vertices"]["agg"]["keys"], 50000);
  EXPECT_EQ(nlohmann::json::parse(shell("schema").out)["$schema"],
            "http://json-schema.org/draft-07/schema#");
  EXPECT_EQ(nlohmann::json::parse(shell("version --json").out)["flink"], "2.3.0");
  EXPECT_TRUE(nlohmann::json::parse(shell("mutants --json").out).is_array());
}

TEST(CommandLine, RegionsOfAScenarioAndOfARun) {
  const std::string batch = catalogue("restart/batch-first-stage-fails.json");
  const Ran text = shell("explain --regions " + batch);
  EXPECT_EQ(text.exit_code, 0);
  EXPECT_NE(text.out.find("region 1 (1 subtask): src/0\n"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("src -> agg  hash, all-to-all, BLOCKING, 4 channels"), std::string::npos)
      << text.out;
  EXPECT_EQ(nlohmann::json::parse(shell("explain --regions --json " + batch).out)["detail"],
            "subtasks");
  const std::string folder = testing::TempDir() + "drey_regions";
  EXPECT_EQ(shell("explain --regions " + batch + " --out " + folder + " >/dev/null").exit_code, 0);
  EXPECT_EQ(shell("run -q " + batch + " --out " + folder).exit_code, 0);
  std::ifstream dot(folder + "/graph.dot");
  std::string drawn{std::istreambuf_iterator<char>(dot), {}};
  EXPECT_NE(drawn.find("src/0\\n1: failed-region"), std::string::npos) << drawn;
  std::ifstream boxes(folder + "/graph.json");
  EXPECT_EQ(nlohmann::json::parse(boxes)["nodes"][0]["marks"][0]["rule"], "failed-region");
  EXPECT_EQ(shell("explain --out " + folder + " " + batch + " 2>/dev/null").exit_code, 2);
  std::filesystem::remove_all(folder);
}

TEST(CommandLine, StandardInput) {
  EXPECT_EQ(shell("explain --json " + catalogue("quickstart.json") + " | " + DREY_BINARY_DIR +
                  "/drey check -")
                .exit_code,
            0);
}

}  // namespace
}  // namespace drey
