#include <gtest/gtest.h>

#include "model/checkpoint/failure_manager.h"
#include "tests/conformance/vectors.h"

namespace drey::conformance {
namespace {

using model::CheckpointFailureManager;
using model::CheckpointProperties;
using model::FailureVerdict;

CheckpointProperties props_of(const std::string& kind) {
  if (kind == "SP") return CheckpointProperties::for_savepoint(true);
  if (kind == "STOP") return CheckpointProperties::for_sync_savepoint(true, true);
  return CheckpointProperties::for_checkpoint(model::RetentionPolicy::no_externalized_checkpoints);
}

Json verdict_json(FailureVerdict verdict) {
  switch (verdict) {
    case FailureVerdict::tolerate:
      return nullptr;
    case FailureVerdict::fail_job:
      return "job";
    case FailureVerdict::fail_task:
      return "task";
  }
  return "?";
}

model::CheckpointFailureReason reason_of(const Json& name) {
  return model::checkpoint_failure_reason(name.get<std::string>()).value();
}

Json table_of(model::CheckpointFailureReason reason) {
  Json actual = Json::object();
  actual["pre_flight"] = model::is_pre_flight(reason);
  for (const char* kind : {"CP", "SP", "STOP"}) {
    for (const bool by_task : {false, true}) {
      CheckpointFailureManager manager(0, mutant_under_test());
      actual[std::string(kind) + (by_task ? "_task" : "_job")] =
          verdict_json(manager.on_failure(1, props_of(kind), reason, by_task));
    }
  }
  CheckpointFailureManager manager(0, mutant_under_test());
  actual["no_id"] =
      verdict_json(manager.on_failure(model::kNoCheckpoint, props_of("CP"), reason, false));
  actual["counts"] = model::counts_as_failure(reason);
  return actual;
}

Outcome judge(const Json& one_case, const Json&) {
  if (one_case.at("kind") == "table")
    return expect_equal(one_case.at("expected"), table_of(reason_of(one_case.at("reason"))),
                        "table");
  CheckpointFailureManager manager(one_case.at("tolerable").get<int64_t>(), mutant_under_test());
  Json actual = Json::array();
  for (const Json& event : one_case.at("events")) {
    if (event[0] == "ok") {
      manager.on_success(event[1].get<int64_t>());
      actual.push_back(nullptr);
      continue;
    }
    const FailureVerdict verdict =
        manager.on_failure(event[1].get<int64_t>(), props_of(event[3].get<std::string>()),
                           reason_of(event[2]), event[4].get<bool>());
    actual.push_back(verdict_json(verdict));
  }
  return expect_equal(one_case.at("expected"), actual, "verdicts");
}

Outcome judge_asserted(const Json& one_case, const Json&) {
  CheckpointFailureManager manager(one_case.at("given").at("tolerable").get<int64_t>());
  int64_t fail_job = 0;
  const Json& events = one_case.at("events");
  for (size_t i = 0; i < events.size(); ++i) {
    const int64_t id = events[i].at("id").get<int64_t>();
    if (events[i].at("op") == "success") {
      manager.on_success(id);
    } else if (events[i].at("op") == "failure") {
      const FailureVerdict verdict =
          manager.on_failure(id, props_of("CP"), reason_of(events[i].at("reason")), false);
      if (verdict == FailureVerdict::fail_job) ++fail_job;
    } else {
      return failed("unknown op " + events[i].dump());
    }
    const Json& step = one_case.at("expected").at("steps")[i];
    if (!step.contains("fail_job")) continue;
    const Outcome outcome =
        expect_equal(step.at("fail_job"), Json(fail_job), "step " + std::to_string(i));
    if (outcome.kind != Outcome::Kind::passed) return outcome;
  }
  return passed();
}

TEST(FailureManager, Conformance) { run_vectors("failure-manager.json", judge); }
TEST(FailureManager, Asserted) { run_vectors("failure-manager-asserted.json", judge_asserted); }

TEST(FailureManager, MutantFails) {
  expect_mutant_fails(model::Mutant::expiry_not_counted, "failure-manager.json", judge);
}

}  // namespace
}  // namespace drey::conformance
