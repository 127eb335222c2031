// Every message matters: the first of each kind is lost (request and, of an ask, its answer), one
// run each. Every loss changes the hash, and every run ends verified: no record lost or doubled,
// nothing left behind, and the job at its end.
#include <fmt/core.h>

#include <set>
#include <vector>

#include "tests/scenarios/bare_run.h"

namespace drey::scenarios {
namespace {

using nlohmann::json;

// 4 tasks in each of 2 TaskManagers that talk to each other, one failure with a restore: so that
// deployment, exchange, cancelling and reading state back are among the messages. The failure is
// optional: a job that a loss made late reads its whole log at once and may end before its second
// checkpoint. The time is enough for the longest time-out (2 min).
json small(bool high_availability) {
  json changes = {{"job",
                   {{"vertices",
                     {{"src", {{"parallelism", 4}, {"records", 3200}}},
                      {"agg", {{"parallelism", 4}}},
                      {"sink", {{"parallelism", 4}}}}}}},
                  {"limits", {{"time", "10 min"}}},
                  {"faults",
                   {{{"id", "bug"},
                     {"when", "checkpoint.completed >= 2"},
                     {"fail", "agg/0"},
                     {"optional", true}}}},
                  {"expect", {"job.state == FINISHED"}}};
  if (high_availability) {
    changes["cluster"] = {{"job_managers", 2}};
    changes["flink"] = {{"high-availability.zookeeper.client.session-timeout", "4 s"}};
  }
  return changes;
}

struct Outcome {
  bool lost = false;  // there was such a message
  json result;
};

Outcome lose_first(bool high_availability, const std::string& kind, const char* part) {
  json changes = small(high_availability);
  changes["faults"].push_back({{"id", "lost"}, {"at", "0 s"}, {"lose", kind}, {"part", part}});
  Outcome outcome;
  outcome.result = result_of(scenario_with("bounded/finishes.json", changes));
  for (const json& fault : outcome.result["faults"])
    if (fault["id"] == "lost") outcome.lost = fault["landed"].get<bool>();
  return outcome;
}

// Returns how many kinds were lost at least once.
size_t lose_each_kind(bool high_availability) {
  const json clean = result_of(scenario_with("bounded/finishes.json", small(high_availability)));
  EXPECT_EQ(clean["verdict"], "pass");
  std::set<std::string> kinds;
  for (const auto& [kind, count] : clean["messages"].items()) {
    for (const char* part : {"request", "answer"}) {
      const auto [lost, result] = lose_first(high_availability, kind, part);
      if (!lost)
        continue;  // an answer's own kind is lost as the answer of its ask; a tell has none
      kinds.insert(kind);
      fmt::print("{:36} {:8} {} {:9} restarts {}  {:6.1f} s\n", kind, part,
                 result["verdict"].get<std::string>(), result["job_state"].get<std::string>(),
                 result["failovers"].size(), result["sim_time_ns"].get<double>() / 1e9);
      EXPECT_NE(result["hash"], clean["hash"]) << kind << " " << part;
      EXPECT_EQ(result["verdict"], "pass") << kind << " " << part << " " << result["violations"];
      EXPECT_EQ(result["ledger"]["lost"], 0) << kind << " " << part;
      EXPECT_EQ(result["ledger"]["doubled"], 0) << kind << " " << part;
      EXPECT_EQ(result["ledger"]["compared"], 3200) << kind << " " << part;
    }
  }
  return kinds.size();
}

TEST(LostMessage, FirstOfEachKindWithOneJobManager) { EXPECT_GE(lose_each_kind(false), 30u); }
TEST(LostMessage, FirstOfEachKindWithAStandby) { EXPECT_GE(lose_each_kind(true), 40u); }

}  // namespace
}  // namespace drey::scenarios
