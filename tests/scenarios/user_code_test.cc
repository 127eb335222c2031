// What a job's own code does wrong, bound to a record or a checkpoint; readers with a pace of their
// own; and what a client and an operator of a cluster do: cancel, terminate, add a TaskManager
// later.
#include <map>
#include <utility>

#include "model/task/task_runtime.h"
#include "tests/scenarios/bare_run.h"

namespace drey::scenarios {
namespace {

using model::ControlFact;
using nlohmann::json;

class Seen : public sim::TraceSink {
 public:
  explicit Seen(const sim::Kernel& kernel) : kernel_(kernel) {}
  uint64_t interests() const override {
    return interest(sim::FactGroup::control) | interest(sim::FactGroup::task) |
           interest(sim::FactGroup::checkpoint) | interest(sim::FactGroup::machine) |
           interest(sim::FactGroup::data);
  }
  void on(const sim::Fact& fact, sim::FactNumber) override {
    if (fact.kind == fact_kind(ControlFact::failure))
      failures.push_back({kernel_.name(fact.subject), static_cast<model::Cause::Kind>(fact.b)});
    if (fact.kind == fact_kind(ControlFact::job_status))
      statuses.push_back(static_cast<model::JobStatus>(fact.a));
    if (fact.kind == fact_kind(ControlFact::execution_state)) attempts = std::max(attempts, fact.a);
    if (fact.kind == fact_kind(ControlFact::deployed)) last_deployed = fact.at;
    if (fact.kind == model::fact_kind(model::CheckpointFact::completed))
      completed_at[fact.a] = fact.at;
    if (fact.kind == fact_kind(sim::MachineFact::process_stopped)) exit_codes.push_back(fact.c);
  }
  void on_batch(const sim::BatchFact& batch, sim::FactNumber) override {
    if (batch.head.kind == fact_kind(model::DataFact::source_emitted)) last_record = batch.head.at;
  }

  std::vector<std::pair<std::string, model::Cause::Kind>> failures;
  std::vector<model::JobStatus> statuses;
  uint64_t attempts = 0;
  sim::Time last_deployed, last_record;
  std::map<uint64_t, sim::Time> completed_at;
  std::vector<uint64_t> exit_codes;

 private:
  const sim::Kernel& kernel_;
};

// 2,000 records in two splits at 500 a second each, by the reader.
json small_job(json agg_code = json::array()) {
  return {{"job",
           {{"vertices",
             {{"src",
               {{"pace", "reader"},
                {"rate", "1000/s"},
                {"records", 2000},
                {"splits", 2},
                {"parallelism", 2},
                {"key_distribution", "stride"},
                {"key_stride", 31},
                {"split_stride", 7}}},
              {"agg", {{"parallelism", 2}, {"user_code", std::move(agg_code)}}},
              {"sink", {{"parallelism", 2}}}}}}},
          {"faults", json::array()},
          {"expect", json::array()},
          {"flink",
           {{"execution.checkpointing.interval", "500 ms"},
            {"restart-strategy.type", "fixed-delay"},
            {"restart-strategy.fixed-delay.attempts", 10},
            {"restart-strategy.fixed-delay.delay", "1 s"},
            {"heartbeat.interval", "1 s"},
            {"heartbeat.timeout", "5 s"}}}};
}

struct Outcome {
  explicit Outcome(Scenario given)
      : scenario(std::move(given)), run(scenario, {.seed = 3}), seen(run.kernel()) {
    run.add_sink(seen);
    run.go();
  }
  Scenario scenario;
  BareRun run;
  Seen seen;
};

TEST(UserCode, ThrowsAtItsRecordOnceAndTheReaderDoesNotCatchUp) {
  const Scenario scenario = scenario_with(
      "bounded/finishes.json",
      small_job(
          {{{"action", "throw"}, {"split", 1}, {"offset", 700}, {"while_attempt_below", 1}}}));
  const Outcome out(scenario);
  ASSERT_EQ(out.seen.failures.size(), 1u);
  EXPECT_EQ(out.seen.failures[0].second, model::Cause::Kind::user);
  EXPECT_EQ(out.seen.attempts, 1u);
  EXPECT_EQ(out.seen.statuses.back(), model::JobStatus::finished);
  // 700 records of a split take 1.4 s, the restart 1 s; then what the newest checkpoint does not
  // cover and the rest take their time again: at least 2 + 1 s in all.
  EXPECT_GT(out.seen.last_record - sim::Time{}, sim::milliseconds(3000));
  const json result = result_of(scenario, 3);
  EXPECT_EQ(result["verdict"], "pass");
  EXPECT_EQ(result["ledger"]["lost"], 0);
}

TEST(UserCode, ThrowsForEverUntilTheBudgetIsUsedUp) {
  json changes = small_job(
      {{{"action", "throw"}, {"split", 0}, {"offset", 300}, {"while_attempt_below", 1000}}});
  changes["flink"]["restart-strategy.fixed-delay.attempts"] = 2;
  const Outcome out(scenario_with("bounded/finishes.json", changes));
  EXPECT_EQ(out.seen.failures.size(), 3u);
  EXPECT_EQ(out.seen.statuses.back(), model::JobStatus::failed);
}

TEST(UserCode, ThrowsInTheSnapshotOfOneCheckpoint) {
  const Outcome out(
      scenario_with("bounded/finishes.json", small_job({{{"action", "throw_in_snapshot"},
                                                         {"subtask", 1},
                                                         {"checkpoint", 2},
                                                         {"while_attempt_below", 1}}})));
  ASSERT_EQ(out.seen.failures.size(), 1u);
  EXPECT_EQ(out.seen.failures[0].first, "job-1/agg/1");
  EXPECT_EQ(out.seen.completed_at.count(2), 0u);
  EXPECT_EQ(out.seen.statuses.back(), model::JobStatus::finished);
}

TEST(UserCode, SlowSnapshotDelaysItsCheckpoint) {
  const json code = {{{"action", "slow_snapshot"}, {"checkpoint", 2}, {"time", "700 ms"}}};
  const Outcome quick(scenario_with("bounded/finishes.json", small_job()));
  const Outcome slow(scenario_with("bounded/finishes.json", small_job(code)));
  EXPECT_EQ(slow.seen.failures.size(), 0u);
  const sim::Duration later = slow.seen.completed_at.at(2) - quick.seen.completed_at.at(2);
  EXPECT_GE(later, sim::milliseconds(690));
  EXPECT_LE(later, sim::milliseconds(800));
}

// Its thread sleeps, so that its next part of a checkpoint comes late; the reader makes up for it.
TEST(UserCode, PausesSomeTimeAfterItsPartOfACheckpoint) {
  json changes = small_job();
  const Outcome quick(scenario_with("bounded/finishes.json", changes));
  changes["job"]["vertices"]["src"]["user_code"] = {{{"action", "pause_after_snapshot"},
                                                     {"checkpoint", 1},
                                                     {"after", "700 ms"},
                                                     {"time", "600 ms"}}};
  const Outcome paused(scenario_with("bounded/finishes.json", changes));
  EXPECT_EQ(paused.seen.failures.size(), 0u);
  const sim::Duration later = paused.seen.completed_at.at(3) - quick.seen.completed_at.at(3);
  EXPECT_GE(later, sim::milliseconds(250));
  EXPECT_LE(later, sim::milliseconds(350));
  EXPECT_LE(paused.seen.last_record - quick.seen.last_record, sim::milliseconds(100));
}

// A task that hangs cannot be cancelled: its TaskManager ends itself, and the job goes on
// elsewhere.
TEST(UserCode, HangingTaskIsEndedByTheWatchdog) {
  json changes =
      small_job({{{"action", "hang"}, {"split", 0}, {"offset", 300}, {"while_attempt_below", 1}},
                 {{"action", "throw"}, {"split", 1}, {"offset", 700}, {"while_attempt_below", 1}}});
  changes["flink"]["task.cancellation.timeout"] = "2 s";
  changes["cluster"]["task_managers"] = 3;
  const Outcome out(scenario_with("bounded/finishes.json", changes));
  EXPECT_EQ(out.seen.statuses.back(), model::JobStatus::finished);
  EXPECT_EQ(std::count(out.seen.exit_codes.begin(), out.seen.exit_codes.end(), 1u), 1);
}

TEST(ClusterFaults, CancelledByItsClient) {
  json changes = small_job();
  changes["faults"] = {{{"id", "stop"}, {"when", "checkpoint.completed >= 1"}, {"cancel", "job"}}};
  const Outcome out(scenario_with("bounded/finishes.json", changes));
  EXPECT_EQ(out.seen.statuses.back(), model::JobStatus::canceled);
  EXPECT_EQ(out.run.faults().reports()[0].landed, 1u);
}

// SIGTERM is told, so it is noticed at once; the two heartbeat rounds of a kill are not waited for.
TEST(ClusterFaults, TerminatedTaskManagerSaysGoodbye) {
  json changes = small_job();
  changes["cluster"]["task_managers"] = 3;
  changes["faults"] = {
      {{"id", "term"}, {"when", "checkpoint.completed >= 1"}, {"terminate", "task(agg/0)"}}};
  const Outcome out(scenario_with("bounded/finishes.json", changes));
  ASSERT_FALSE(out.seen.failures.empty());
  EXPECT_EQ(out.seen.failures[0].second, model::Cause::Kind::task_manager_lost);
  EXPECT_EQ(out.seen.attempts, 1u);
  EXPECT_EQ(out.seen.statuses.back(), model::JobStatus::finished);
}

// Two slots are missing until the spare TaskManager comes.
TEST(ClusterFaults, SpareTaskManagerComesLate) {
  json changes = small_job();
  changes["cluster"] = {{"task_managers", 1}, {"slots_each", 1}, {"spare_task_managers", 1}};
  changes["job"]["submit_after"] = "1 s";
  changes["faults"] = {{{"id", "more"}, {"at", "4 s"}, {"restart", "tm-2"}}};
  const Outcome out(scenario_with("bounded/finishes.json", changes));
  EXPECT_GE(out.seen.last_deployed - sim::Time{}, sim::seconds(4));
  EXPECT_EQ(out.seen.attempts, 0u);
  EXPECT_EQ(out.seen.statuses.back(), model::JobStatus::finished);
}

}  // namespace
}  // namespace drey::scenarios
