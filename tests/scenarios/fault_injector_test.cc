// Every verb lands and, where it lasts, heals; a conditional fault comes before the announcing
// handler's messages leave.
#include <fmt/core.h>

#include "model/cluster/messages.h"
#include "sim/network.h"
#include "tests/scenarios/bare_run.h"

namespace drey::scenarios {
namespace {

using nlohmann::json;

class FaultFacts : public sim::TraceSink {
 public:
  uint64_t interests() const override { return interest(sim::FactGroup::fault); }
  void on(const sim::Fact& fact, sim::FactNumber) override {
    if (fact.kind == fact_kind(FaultFact::landed)) landed_at.push_back(fact.at);
    if (fact.kind == fact_kind(FaultFact::healed)) healed_at.push_back(fact.at);
  }
  std::vector<sim::Time> landed_at;
  std::vector<sim::Time> healed_at;
};

struct Verb {
  json fault;
  bool heals;
};

// "at" 3500 ms unless said otherwise.
std::vector<Verb> verbs() {
  return {
      {{{"kill", "tm-1"}, {"back_after", "1 s"}}, false},
      {{{"crash", "tm-1"}, {"back_after", "1 s"}}, false},
      {{{"pause", "tm-1"}, {"for", "1 s"}}, false},
      {{{"restart", "tm-1"}}, false},
      {{{"cut", {"tm-1", "jm-1"}}, {"for", "1 s"}}, true},
      {{{"cut", {"tm-1", "jm-1"}}, {"direction", "asymmetric"}, {"for", "1 s"}}, true},
      {{{"slow_link", {"tm-1", "jm-1"}}, {"latency", "50 ms"}, {"for", "1 s"}}, true},
      {{{"reset", {"tm-1", "jm-1"}}}, false},
      {{{"lose", "AcknowledgeCheckpoint"}}, false},
      {{{"storage", "outage"}, {"for", "1500 ms"}}, true},
      {{{"storage", "error"}, {"operation", "put"}}, false},
      {{{"storage", "throttle"}, {"bandwidth", "10 kB/s"}, {"for", "1500 ms"}}, true},
      {{{"storage", "lose_answer"}, {"operation", "put"}}, false},
      {{{"broker", "outage"}, {"for", "1 s"}}, true},
      {{{"broker", "error"}, {"operation", "commit"}}, false},
      {{{"broker", "lose_answer"}, {"operation", "commit"}}, false},
      {{{"pointer_store", "outage"}, {"for", "1500 ms"}}, true},
      {{{"pointer_store", "session_expiry"}, {"from", "leader"}}, false},
      {{{"pointer_store", "lose_answer"}}, false},
      {{{"cut", {"tm-1", "jm-1"}}, {"packets", "rejected"}, {"for", "1 s"}}, true},
      {{{"slow_card", "tm-1"}, {"bandwidth", "10 kB/s"}, {"for", "1 s"}}, true},
      {{{"slow_disk", "tm-1"}, {"latency", "5 ms"}, {"for", "1 s"}}, true},
      {{{"lose_disk", "tm-1"}}, false},
      {{{"fail", "agg/0"}}, false},
  };
}

TEST(FaultInjector, EveryVerbLandsAndHealsAndTheJobFinishes) {
  const std::string quiet =
      hash_of(scenario_with("job_manager/failover-standby.json", {{"faults", json::array()}}));
  for (const Verb& verb : verbs()) {
    json fault = verb.fault;
    fault["id"] = "f";
    fault["at"] = "3500 ms";
    json changes = {{"faults", {fault}}, {"limits", {{"time", "10 min"}}}};
    changes["flink"]["execution.checkpointing.tolerable-failed-checkpoints"] = 5;
    const Scenario scenario = scenario_with("job_manager/failover-standby.json", changes);
    FaultFacts facts;
    BareRun run(scenario, {});
    run.add_sink(facts);
    run.go();
    const FaultInjector::Report report = run.faults().reports().front();
    EXPECT_GE(report.landed, 1u) << fault;
    EXPECT_TRUE(run.job_ended()) << fault;
    EXPECT_NE(run.hash(), quiet) << fault;
    ASSERT_EQ(facts.landed_at.size(), 1u) << fault;
    EXPECT_GE(facts.landed_at[0].ns, sim::milliseconds(3500).ns) << fault;
    EXPECT_EQ(report.healed, verb.heals) << fault;
    ASSERT_EQ(facts.healed_at.size(), verb.heals ? 1u : 0u) << fault;
    if (!verb.heals) continue;
    const std::string lasts = fault["for"];
    const int64_t milliseconds = lasts == "1 s" ? 1000 : 1500;
    EXPECT_EQ(facts.healed_at[0].ns, sim::milliseconds(3500 + milliseconds).ns) << fault;
  }
}

// Deliveries of a message kind at and soon after the first time that a fact of the JobMaster says
// checkpoint 3.
class AfterTrigger : public sim::TraceSink {
 public:
  uint64_t interests() const override {
    return interest(sim::FactGroup::checkpoint) | interest(sim::FactGroup::network);
  }
  void on(const sim::Fact& fact, sim::FactNumber) override {
    if (fact.kind == model::fact_kind(model::CheckpointFact::triggered) && fact.a == 3)
      triggered = true;
    if (fact.kind == fact_kind(sim::NetworkFact::delivered) &&
        fact.a == model::TriggerCheckpoint::kind_id() && fact.b == 3)
      ++delivered;
  }
  bool triggered = false;
  int delivered = 0;
};

TEST(FaultInjector, AConditionalKillComesBeforeTheAnnouncersMessagesLeave) {
  const json kill = {{"id", "k"},
                     {"when", "checkpoint.phase == triggered and checkpoint.id == 3"},
                     {"kill", "jm-1"},
                     {"back_after", "1 s"}};
  for (const bool killed : {false, true}) {
    json changes = {{"faults", killed ? json::array({kill}) : json::array()},
                    {"limits", {{"time", "5 s"}}}};
    const Scenario scenario = scenario_with("bounded/finishes.json", changes);
    AfterTrigger seen;
    BareRun run(scenario, {});
    run.add_sink(seen);
    run.go();
    EXPECT_TRUE(seen.triggered);
    EXPECT_EQ(seen.delivered, killed ? 0 : 2);  // the two sources
    EXPECT_EQ(run.faults().reports().size(), killed ? 1u : 0u);
  }
}

TEST(FaultInjector, NthAndEveryCountAsSaid) {
  const Scenario scenario =
      scenario_with("bounded/finishes.json", {{"faults",
                                               {{{"id", "third"},
                                                 {"when", "checkpoint.phase == completed"},
                                                 {"nth", 3},
                                                 {"fail", "agg/0"}},
                                                {{"id", "thrice"},
                                                 {"at", "1 s"},
                                                 {"every", "200 ms"},
                                                 {"times", 3},
                                                 {"pause", "tm-1"},
                                                 {"for", "10 ms"}}}}});
  FaultFacts facts;
  BareRun run(scenario, {});
  run.add_sink(facts);
  run.go();
  const auto reports = run.faults().reports();
  EXPECT_EQ(reports[0].landed, 1u);
  EXPECT_EQ(reports[1].landed, 3u);
}

}  // namespace
}  // namespace drey::scenarios
