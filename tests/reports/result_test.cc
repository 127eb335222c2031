#include "reports/run_result.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "reports/collect.h"
#include "reports/write_files.h"
#include "reports/write_json.h"
#include "reports/write_junit.h"
#include "reports/write_log.h"
#include "reports/write_terminal.h"
#include "sim/network.h"
#include "tests/reports/hand_made_run.h"

namespace drey::reports {
namespace {

using model::CheckpointFact;
using model::ControlFact;
using model::StateFact;

class Claim final : public Oracle {
 public:
  explicit Claim(std::string_view its_name) : name_(its_name) {}
  std::string_view name() const override { return name_; }
  std::string_view claim() const override { return "a < b & \"c\""; }
  uint64_t interests() const override { return 0; }
  void on(const sim::Fact&, sim::FactNumber) override {}
  Finding finish(sim::Time) override { return {}; }

 private:
  std::string_view name_;
};

RunResult verified_run() {
  RunResult result;
  result.scenario = "quickstart.json";
  result.seed = 3;
  result.hash = std::string(32, 'a');
  result.end = sim::Time{600'000'000'000};
  result.ledger.compared = 1'000'000;
  result.faults = {{.id = "f0", .landed = 1}};
  result.reproduce = "drey run quickstart.json --seed 3";
  result.add(Claim("ledger"), {.judgement = Judgement::held, .examined = 1'000'000});
  result.conclude();
  return result;
}

TEST(Verdict, FromBestToWorst) {
  EXPECT_EQ(verified_run().verdict, RunVerdict::pass);

  RunResult vacuous = verified_run();
  vacuous.add(Claim("fencing"), {.judgement = Judgement::vacuous});
  vacuous.conclude();
  EXPECT_EQ(vacuous.verdict, RunVerdict::vacuous);

  RunResult no_landing = verified_run();
  no_landing.faults.push_back({.id = "cut", .landed = 0});
  no_landing.conclude();
  EXPECT_EQ(no_landing.verdict, RunVerdict::vacuous);
  no_landing.faults.back().optional = true;
  no_landing.conclude();
  EXPECT_EQ(no_landing.verdict, RunVerdict::pass);

  vacuous.limit = "10 min";
  vacuous.conclude();
  EXPECT_EQ(vacuous.verdict, RunVerdict::limit);

  vacuous.add({.id = "e0",
               .text = "job.restarts == 1",
               .outcome = ExpectationResult::Outcome::violated,
               .left = "2",
               .right = "1",
               .because = "one kill"});
  vacuous.conclude();
  EXPECT_EQ(vacuous.verdict, RunVerdict::fail);
  EXPECT_EQ(vacuous.violations.front().oracle, "expectation:e0");

  EXPECT_EQ(exit_code_of(RunVerdict::pass), 0);
  EXPECT_EQ(exit_code_of(RunVerdict::vacuous), 4);
  EXPECT_EQ(exit_code_of(RunVerdict::limit), 4);
  EXPECT_EQ(exit_code_of(RunVerdict::fail), 1);
  EXPECT_EQ(exit_code_of(RunVerdict::nondeterministic), 5);
}

TEST(Verdict, NotCheckedIsNoVacuityButIsListed) {
  RunResult result = verified_run();
  result.add(Claim("restart-set"), {.judgement = Judgement::not_checked, .excuse = "no failure"});
  result.conclude();
  EXPECT_EQ(result.verdict, RunVerdict::pass);
  EXPECT_EQ(result.not_checked, std::vector<std::string>{"restart-set: no failure"});
}

TEST(Collector, KeepsTheHistoryOfTheJob) {
  sim::Kernel kernel({});
  Collector collector{TraceNames(kernel)};
  HandMadeRun run(collector, kernel);
  run.now = sim::Time{5};
  run.say(ControlFact::job_status, "job-1", 2, 1);
  run.say(ControlFact::deployed, "job-1/agg/0", 0, 17);
  run.now = sim::Time{9};
  run.say(ControlFact::failure, "job-1/agg/0", 0, 1);
  run.say(ControlFact::failure, "job-1", 0, 9);
  run.say(ControlFact::deployed, "job-1/agg/0", 1, 18);
  run.say(ControlFact::deployed, "job-1/src/0", 1, 18);
  run.say(ControlFact::deployed, "job-1/src/0", 0, 19);  // by the next JobMaster

  RunResult result;
  collector.fill(result, {});
  ASSERT_EQ(result.history.statuses.size(), 1u);
  EXPECT_EQ(result.history.statuses[0].status, "RUNNING");
  EXPECT_EQ(result.history.statuses[0].at.ns, 5);
  ASSERT_EQ(result.history.exceptions.size(), 2u);
  EXPECT_EQ(result.history.exceptions[0].task, "agg/0");
  EXPECT_EQ(result.history.exceptions[0].cause, "user");
  EXPECT_EQ(result.history.exceptions[1].task, "");
  EXPECT_EQ(result.history.attempts, (std::map<std::string, uint64_t>{{"agg/0", 1}}));
  EXPECT_NE(to_json(result).find("\"exceptions\""), std::string::npos);
}

TEST(Collector, CountsCheckpointsAndFailoversWithReasons) {
  sim::Kernel kernel({});
  Collector collector{TraceNames(kernel)};
  HandMadeRun run(collector, kernel);
  run.say(ControlFact::job_status, "job-1", 2, 1);
  run.say(CheckpointFact::aborted, "job-1", 1);
  run.say(CheckpointFact::aborted, "job-1", 1);
  run.say(CheckpointFact::completed, "job-1", 2, 10, 20);
  run.now = sim::Time{55};
  run.say(ControlFact::failover_begun, "job-1/agg/0", 1, (2u << 8) | 6, 1'000'000'000);
  run.say(ControlFact::restart_task, "job-1/agg/0", 1, 0, 1);
  run.say(ControlFact::restart_task, "job-1/sink/0", 1, 2, 1);
  run.say(CheckpointFact::restoring, "job-1", 2, 1);
  run.say(CheckpointFact::restoring, "job-1", 0, 2);  // nothing to restore
  run.say(StateFact::engine, "job-1/agg/0", uint64_t{1} << 32);
  run.say(StateFact::engine, "job-1/agg/0", uint64_t{1} << 32 | 1);
  run.say(StateFact::shared_files, "job-1/agg/0", 2, 700, 40);
  run.say(sim::NetworkFact::delivered, "tm-1", 77);
  run.say(sim::NetworkFact::delivered, "tm-1", 77);
  run.say(sim::NetworkFact::delivered, "tm-1", 78);

  RunResult result;
  collector.fill(result, {{77, "submit_task"}});
  EXPECT_EQ(result.job_state, "RUNNING");
  EXPECT_EQ(result.checkpoints.completed, 1u);
  EXPECT_EQ(result.checkpoints.failed, 1u);
  EXPECT_EQ(result.checkpoints.restored, 1u);
  ASSERT_EQ(result.failovers.size(), 1u);
  EXPECT_EQ(result.failovers[0].cause, "slot-lost");
  EXPECT_EQ(result.failovers[0].at.ns, 55);
  EXPECT_EQ(result.failovers[0].restarted,
            (std::vector<std::pair<std::string, std::string>>{{"agg/0", "failed-region"},
                                                              {"sink/0", "consumer"}}));
  EXPECT_EQ(result.rocksdb.flushes, 1u);
  EXPECT_EQ(result.rocksdb.compactions, 1u);
  EXPECT_EQ(result.rocksdb.checkpoint_sst_bytes, 700u);
  EXPECT_EQ(result.rocksdb.reused_sst_bytes, 40u);
  EXPECT_EQ(result.messages,
            (std::map<std::string, uint64_t>{{"0000004e", 1}, {"submit_task", 2}}));
}

TEST(Json, HasEveryFixedName) {
  RunResult result = verified_run();
  result.failovers.push_back({.number = 1,
                              .cause = "task-manager-lost",
                              .failed = "agg/0",
                              .at = sim::Time{5},
                              .restarted = {{"agg/0", "failed-region"}}});
  result.violations.push_back({"ledger", sim::Time{9}, "event", "lost", {"line \xff"}});
  result.conclude();
  const nlohmann::json document = nlohmann::json::parse(to_json(result));
  for (const char* name :
       {"verdict", "hash", "seed", "sim_time_ns", "events", "ledger", "checkpoints", "failovers",
        "faults", "violations", "rocksdb", "version", "reproduce", "build"})
    EXPECT_TRUE(document.contains(name)) << name;
  EXPECT_EQ(document["verdict"], "fail");
  EXPECT_EQ(document["sim_time_ns"], 600'000'000'000);
  EXPECT_EQ(document["ledger"]["compared"], 1'000'000);
  EXPECT_EQ(document["failovers"][0]["restarted"], nlohmann::json::array({"agg/0"}));
  EXPECT_EQ(document["failovers"][0]["reason"]["agg/0"], "failed-region");
  EXPECT_EQ(document["faults"][0],
            nlohmann::json::parse(R"({"id":"f0","landed":true,"times":1,"optional":false})"));
  EXPECT_EQ(document["violations"][0]["at_ns"], 9);
  EXPECT_EQ(document["violations"][0]["history"].size(), 1u);
  for (const char* name : {"flushes", "compactions", "checkpoint_sst_bytes", "reused_sst_bytes"})
    EXPECT_TRUE(document["rocksdb"][name].is_number()) << name;
}

TEST(Junit, OneCaseForEachClaimFaultAndExpectation) {
  RunResult result = verified_run();
  result.add(Claim("fencing"),
             {.judgement = Judgement::violated,
              .examined = 1,
              .violations = {{"fencing", sim::Time{1}, "e", "a < b\x01", {"h"}}}});
  result.add(Claim("restart-set"), {.judgement = Judgement::not_checked, .excuse = "no failure"});
  result.add({.id = "e0", .text = "job.restarts < 2", .outcome = ExpectationResult::Outcome::held});
  const std::string suite = to_junit_suite(result);
  EXPECT_NE(suite.find("tests=\"5\" failures=\"1\" skipped=\"1\""), std::string::npos) << suite;
  EXPECT_NE(suite.find("<failure message=\"a &lt; b?\">"), std::string::npos) << suite;
  EXPECT_NE(suite.find("name=\"expect e0: job.restarts &lt; 2\"/>"), std::string::npos) << suite;
  const std::string document = junit_document(std::vector<std::string>{suite, suite});
  EXPECT_TRUE(document.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"));
  EXPECT_TRUE(document.ends_with("</testsuites>\n"));
}

TEST(Terminal, SaysWhatWasVerifiedAndWhatWasNot) {
  RunResult result = verified_run();
  result.add(Claim("restart-set"), {.judgement = Judgement::not_checked, .excuse = "no failure"});
  const std::string text = to_terminal(result);
  EXPECT_TRUE(text.starts_with("PASS  quickstart.json  seed 3\n"));
  EXPECT_NE(text.find("1000000 records compared: 0 lost, 0 doubled, 0 reordered"),
            std::string::npos);
  EXPECT_NE(text.find("faults       1 of 1 landed"), std::string::npos);
  EXPECT_NE(text.find("not checked\n    restart-set: no failure"), std::string::npos);
  EXPECT_TRUE(text.ends_with("reproduce: drey run quickstart.json --seed 3\n"));
}

TEST(Log, OneLineForEachTransition) {
  sim::Kernel kernel({});
  LogWriter log{TraceNames(kernel)};
  HandMadeRun run(log, kernel);
  run.say(ControlFact::job_status, "job-1", 2, 1);
  run.say(CheckpointFact::barrier_received, "job-1/agg/0", 1);
  run.say(CheckpointFact::completed, "job-1", 1, 2, 3);
  EXPECT_EQ(log.text(),
            "1.000000000 jm-1/job-1: job-1 job_status RUNNING (was CREATED)\n"
            "1.000000000 jm-1/job-1: job-1 completed 1 (2, 3)\n");
}

TEST(Files, AppearWholeOrNotAtAll) {
  const std::string directory = testing::TempDir() + "/drey_files/deep";
  std::string problem;
  ASSERT_TRUE(write_file(directory, "result.json", "one", problem)) << problem;
  ASSERT_TRUE(write_file(directory, "result.json", "two", problem)) << problem;
  std::ifstream in(directory + "/result.json");
  std::stringstream text;
  text << in.rdbuf();
  EXPECT_EQ(text.str(), "two");
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory))
    files += entry.is_regular_file() ? 1 : 0;
  EXPECT_EQ(files, 1u);
  EXPECT_FALSE(write_file("/proc/nowhere", "result.json", "x", problem));
  EXPECT_FALSE(problem.empty());
  std::filesystem::remove_all(testing::TempDir() + "/drey_files");
}

}  // namespace
}  // namespace drey::reports
