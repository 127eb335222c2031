#include <gtest/gtest.h>

#include <map>

#include "model/checkpoint/request_decider.h"
#include "tests/conformance/vectors.h"

namespace drey::conformance {
namespace {

using model::CheckpointProperties;
using model::CheckpointRequest;
using model::CheckpointRequestDecider;
using model::Decision;

sim::Time at(int64_t ms) { return sim::Time{} + sim::milliseconds(ms); }

CheckpointProperties props_of(bool savepoint, bool forced) {
  return savepoint ? CheckpointProperties::for_savepoint(forced)
                   : CheckpointProperties::for_checkpoint(
                         model::RetentionPolicy::no_externalized_checkpoints);
}

// CKp CKm SPf SPfp SPn SPnp
CheckpointRequest request_of(uint64_t number, const std::string& kind, int64_t timestamp) {
  const bool savepoint = kind.substr(0, 2) == "SP";
  CheckpointRequest request;
  request.number = number;
  request.props = props_of(savepoint, savepoint && kind[2] == 'f');
  request.periodic = kind.back() == 'p';
  request.timestamp = at(timestamp);
  return request;
}

void set_field(CheckpointRequestDecider::Situation& situation, const std::string& name,
               const Json& value) {
  if (name == "triggering") situation.triggering = value.get<bool>();
  if (name == "pending") situation.pending = value.get<uint32_t>();
  if (name == "cleaning") situation.cleaning = value.get<uint32_t>();
  if (name == "last") situation.last_completion = at(value.get<int64_t>());
  if (name == "now") situation.now = at(value.get<int64_t>());
}

Outcome judge_script(const Json& one_case, const Json&) {
  const Json& setup = one_case.at("setup");
  CheckpointRequestDecider decider({.max_concurrent = setup[0].get<uint32_t>(),
                                    .max_queued = setup[1].get<uint32_t>(),
                                    .min_pause = sim::milliseconds(setup[2].get<int64_t>())});
  CheckpointRequestDecider::Situation situation{.triggering = false,
                                                .pending = setup[3].get<uint32_t>(),
                                                .cleaning = 0,
                                                .last_completion = at(setup[5].get<int64_t>()),
                                                .now = at(setup[4].get<int64_t>())};
  Json actual = Json::array();
  for (const Json& event : one_case.at("events")) {
    Decision decision;
    const std::string op = event[0].get<std::string>();
    if (op == "submit")
      decision = decider.submit(request_of(event[1].get<uint64_t>(), event[2].get<std::string>(),
                                           event[3].get<int64_t>()),
                                situation);
    else if (op == "choose")
      decision = decider.choose(situation);
    else if (op == "abort")
      decision.failed = decider.abort_all(model::CheckpointFailureReason::job_failover_region);
    else
      set_field(situation, event[1].get<std::string>(), event[2]);
    std::map<uint64_t, std::string> failed;
    for (const auto& one : decision.failed) failed[one.request.number] = to_string(one.reason);
    Json failed_json = Json::array();
    for (const auto& [number, reason] : failed) failed_json.push_back({number, reason});
    Json rearm = Json::array();
    if (decision.rearm_after.has_value())
      rearm.push_back({to_millis(situation.now - sim::Time{}), to_millis(*decision.rearm_after)});
    const Json chosen = decision.chosen ? Json(decision.chosen->number) : Json(nullptr);
    actual.push_back(Json::array({chosen, failed_json, decider.queued(), rearm}));
  }
  // "abort" reasons are whatever the caller gives: compare the numbers only.
  Json expected = one_case.at("expected");
  for (size_t i = 0; i < expected.size(); ++i)
    if (one_case.at("events")[i][0] == "abort")
      for (size_t k = 0; k < expected[i][1].size() && k < actual[i][1].size(); ++k)
        actual[i][1][k][1] = expected[i][1][k][1];
  for (size_t i = 0; i < expected.size(); ++i) {
    const Outcome outcome = expect_equal(expected[i], actual[i], "event " + std::to_string(i));
    if (outcome.kind != Outcome::Kind::passed) return outcome;
  }
  return passed();
}

uint32_t limit(const Json& value) { return value.is_null() ? UINT32_MAX : value.get<uint32_t>(); }

Outcome judge_asserted(const Json& one_case, const Json&) {
  const Json& given = one_case.at("given");
  CheckpointRequestDecider decider(
      {.max_concurrent = limit(given.at("max_pending")),
       .max_queued = limit(given.at("max_queued")),
       .min_pause = sim::milliseconds(given.at("min_pause_ms").get<int64_t>())});
  CheckpointRequestDecider::Situation situation{
      .triggering = given.at("triggering").get<bool>(),
      .pending = given.at("pending").get<uint32_t>(),
      .cleaning = given.at("cleaning").get<uint32_t>(),
      .last_completion = at(given.at("last_completion_ms").get<int64_t>()),
      .now = at(given.at("now_ms").get<int64_t>())};
  std::vector<std::string> names;
  Json failed = Json::object();
  const Json& events = one_case.at("events");
  for (size_t i = 0; i < events.size(); ++i) {
    const Json& event = events[i];
    const std::string op = event.at("op").get<std::string>();
    Decision decision;
    if (op == "submit") {
      names.push_back(event.at("request").get<std::string>());
      CheckpointRequest request;
      request.number = names.size() - 1;
      request.props = props_of(event.at("kind") == "SAVEPOINT", event.at("forced").get<bool>());
      request.periodic = event.at("periodic").get<bool>();
      request.timestamp = situation.now;
      decision = decider.submit(request, situation);
    } else if (op == "choose") {
      decision = decider.choose(situation);
    } else {
      set_field(situation, op.substr(4), event.at("value"));
    }
    for (const auto& one : decision.failed)
      failed[names[one.request.number]] = to_string(one.reason);
    const Json& step = one_case.at("expected").at("steps")[i];
    Json actual = Json::object();
    for (const auto& [field, value] : step.items()) {
      if (field == "chosen")
        actual[field] = decision.chosen ? Json(names[decision.chosen->number]) : Json(nullptr);
      else if (field == "failed")
        actual[field] = failed;
      else if (field == "rearm_ms")
        actual[field] =
            decision.rearm_after ? Json(to_millis(*decision.rearm_after)) : Json(nullptr);
      else
        return conformance::failed("unknown field " + field);
    }
    const Outcome outcome = expect_equal(step, actual, "step " + std::to_string(i));
    if (outcome.kind != Outcome::Kind::passed) return outcome;
  }
  return passed();
}

TEST(RequestDecider, Conformance) { run_vectors("request-decider.json", judge_script); }
TEST(RequestDecider, Asserted) { run_vectors("request-decider-asserted.json", judge_asserted); }

}  // namespace
}  // namespace drey::conformance
