// Savepoints that the client asks for: what becomes of the job, of its periodic checkpoints, and of
// the files.
#include <set>
#include <string>
#include <vector>

#include "model/graph/execution_state.h"
#include "model/savepoint_facts.h"
#include "sim/object_store.h"
#include "tests/scenarios/bare_run.h"

namespace drey::scenarios {
namespace {

using model::SavepointFact;
using nlohmann::json;

class Seen : public sim::TraceSink {
 public:
  explicit Seen(const sim::Kernel& kernel) : kernel_(kernel) {}
  uint64_t interests() const override {
    return interest(sim::FactGroup::control) | interest(sim::FactGroup::checkpoint) |
           interest(sim::FactGroup::store);
  }
  void on(const sim::Fact& fact, sim::FactNumber) override {
    if (fact.kind == fact_kind(model::ControlFact::job_status))
      statuses.push_back(static_cast<model::JobStatus>(fact.a));
    if (fact.kind == fact_kind(model::CheckpointFact::completed)) {
      completed.push_back(fact.a);
      if (!ended.empty()) ++completed_since_ended;
    }
    if (fact.kind == model::fact_kind(SavepointFact::ended)) ended.push_back(fact.b);
    if (fact.kind == fact_kind(sim::ObjectFact::put)) objects.insert(kernel_.name(fact.subject));
    if (fact.kind == fact_kind(sim::ObjectFact::deleted)) objects.erase(kernel_.name(fact.subject));
  }
  // What there is of savepoints.
  size_t files(const std::string& end = {}) const {
    size_t count = 0;
    for (const std::string& key : objects) {
      const bool fits =
          key.size() >= end.size() && key.compare(key.size() - end.size(), end.size(), end) == 0;
      if (fits && key.find("savepoints/") != std::string::npos) ++count;
    }
    return count;
  }

  std::vector<model::JobStatus> statuses;
  std::vector<uint64_t> completed;
  std::vector<uint64_t> ended;  // checkpoint of each operation, 0: it failed
  size_t completed_since_ended = 0;
  std::set<std::string> objects;

 private:
  const sim::Kernel& kernel_;
};

struct Outcome {
  explicit Outcome(Scenario given)
      : scenario(std::move(given)), run(scenario, {.seed = 2}), seen(run.kernel()) {
    run.add_sink(seen);
    run.go();
  }
  Scenario scenario;
  BareRun run;
  Seen seen;
};

// Every snapshot of agg takes so long from the third checkpoint on.
json slow_snapshots() {
  return {
      {"vertices",
       {{"agg",
         {{"user_code", {{{"action", "slow_snapshot"}, {"checkpoint", 4}, {"time", "3 s"}}}}}}}}};
}

TEST(Savepoint, GoesOnAndIsTheUsers) {
  const Outcome out(scenario_with("savepoint/goes-on.json"));
  ASSERT_EQ(out.seen.ended.size(), 1u);
  EXPECT_GT(out.seen.ended[0], 0u);
  EXPECT_EQ(out.seen.statuses.back(), model::JobStatus::finished);
  EXPECT_EQ(out.seen.files("/_metadata"), 1u);
  EXPECT_GT(out.seen.files(), 2u);
  // It has an id of its own and is none of the completed checkpoints.
  for (const uint64_t id : out.seen.completed) EXPECT_NE(id, out.seen.ended[0]);
}

TEST(Savepoint, StopCommitsWhatWasReadAndNothingMore) {
  const Outcome out(scenario_with("savepoint/stop.json"));
  ASSERT_EQ(out.seen.ended.size(), 1u);
  EXPECT_GT(out.seen.ended[0], 0u);
  EXPECT_EQ(out.seen.completed_since_ended, 0u);
  EXPECT_EQ(out.seen.statuses.back(), model::JobStatus::finished);
  EXPECT_EQ(out.seen.files("/_metadata"), 1u);
}

TEST(Savepoint, StopOfAnEndlessJob) {
  const json result = result_of(
      scenario_with(
          "savepoint/stop.json",
          {{"job", {{"vertices", {{"src", {{"records", nullptr}}}}}}},
           {"expect", {"job.state == FINISHED", "sink.committed_records == src.emitted_records"}}}),
      2);
  EXPECT_EQ(result["verdict"], "pass") << result.dump(1);
}

// The windows that are open fire with what they have, and no record beyond the savepoint is in one.
TEST(Savepoint, DrainFiresOpenWindows) {
  const json drained = result_of(scenario_with("savepoint/drain.json"), 1);
  EXPECT_EQ(drained["verdict"], "pass") << drained.dump(1);
  json fault = {{"id", "stop"},
                {"when", "checkpoint.completed >= 3"},
                {"after", "300 ms"},
                {"stop_with_savepoint", "job"}};
  const json stopped =
      result_of(scenario_with("savepoint/drain.json", {{"faults", json::array({fault})}}), 1);
  EXPECT_EQ(stopped["verdict"], "pass") << stopped.dump(1);
  EXPECT_GT(drained["ledger"]["compared"], stopped["ledger"]["compared"]);
}

TEST(Savepoint, FailedStopStartsPeriodicCheckpointsAgain) {
  const Outcome out(scenario_with("savepoint/stop-fails.json"));
  EXPECT_EQ(out.seen.ended, std::vector<uint64_t>{0});
  EXPECT_GE(out.seen.completed_since_ended, 4u);
  EXPECT_EQ(out.seen.files(), 0u);
}

TEST(Savepoint, CancelComesAfterIt) {
  const Outcome out(scenario_with("savepoint/cancel.json"));
  ASSERT_EQ(out.seen.ended.size(), 1u);
  EXPECT_GT(out.seen.ended[0], 0u);
  EXPECT_EQ(out.seen.statuses.back(), model::JobStatus::canceled);
  EXPECT_EQ(out.seen.files("/_metadata"), 1u);
}

// A task is lost while the savepoint is taken: it fails, what it had stored is removed, and the job
// goes on from its newest checkpoint.
TEST(Savepoint, InterruptedByALostTaskManager) {
  const Outcome out(
      scenario_with("bounded/finishes.json", {{"job", slow_snapshots()},
                                              {"faults",
                                               {{{"id", "stop"},
                                                 {"when", "checkpoint.completed >= 3"},
                                                 {"after", "300 ms"},
                                                 {"stop_with_savepoint", "job"}},
                                                {{"id", "crash"},
                                                 {"when", "fault.stop == landed"},
                                                 {"after", "1 s"},
                                                 {"kill", "task(agg/0)"},
                                                 {"back_after", "1 s"}}}}}));
  EXPECT_EQ(out.seen.ended, std::vector<uint64_t>{0});
  EXPECT_EQ(out.seen.statuses.back(), model::JobStatus::finished);
  EXPECT_EQ(out.seen.files("/_metadata"), 0u);
}

// The Dispatcher that knew of the operation is gone; the job is not.
TEST(Savepoint, UnknownToTheNextLeader) {
  const Outcome out(
      scenario_with("job_manager/failover-standby.json", {{"job", slow_snapshots()},
                                                          {"expect", json::array()},
                                                          {"faults",
                                                           {{{"id", "savepoint"},
                                                             {"when", "checkpoint.completed >= 3"},
                                                             {"after", "300 ms"},
                                                             {"savepoint", "job"}},
                                                            {{"id", "leader-dies"},
                                                             {"when", "fault.savepoint == landed"},
                                                             {"after", "1 s"},
                                                             {"kill", "leader"}}}}}));
  EXPECT_EQ(out.seen.ended, std::vector<uint64_t>{0});
  EXPECT_EQ(out.seen.statuses.back(), model::JobStatus::finished);
}

TEST(Savepoint, RefusedWithoutCheckpointing) {
  const Outcome out(scenario_with("batch/one-slot.json", {{"faults",
                                                           {{{"id", "savepoint"},
                                                             {"when", "job.state == RUNNING"},
                                                             {"after", "200 ms"},
                                                             {"savepoint", "job"}}}},
                                                          {"expect", json::array()}}));
  EXPECT_EQ(out.seen.ended, std::vector<uint64_t>{0});
  EXPECT_EQ(out.seen.statuses.back(), model::JobStatus::finished);
}

}  // namespace
}  // namespace drey::scenarios
