#include "model/checkpoint/checkpoint_activation.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/conformance/vectors.h"

namespace drey::conformance {
namespace {

Outcome judge(const Json& one_case, const Json&) {
  model::CheckpointActivation activation;
  std::map<std::string, model::TaskRef> executions;
  bool periodic = false;
  const Json& events = one_case.at("events");
  for (size_t i = 0; i < events.size(); ++i) {
    auto change = model::CheckpointActivation::Change::none;
    if (events[i].at("op") == "job") {
      change = activation.on_job_status(events[i].at("status") == "RUNNING");
    } else {
      const std::string name = events[i].at("name").get<std::string>();
      const model::TaskRef fresh{0, static_cast<uint32_t>(executions.size()), 0};
      const Json& state = events[i].at("state");
      change = activation.on_execution(executions.try_emplace(name, fresh).first->second,
                                       state == "RUNNING" || state == "FINISHED");
    }
    if (change == model::CheckpointActivation::Change::start) periodic = true;
    if (change == model::CheckpointActivation::Change::stop) periodic = false;
    const Json& step = one_case.at("expected").at("steps")[i];
    if (!step.contains("periodic")) continue;
    const Outcome outcome =
        expect_equal(step.at("periodic"), Json(periodic), "step " + std::to_string(i));
    if (outcome.kind != Outcome::Kind::passed) return outcome;
  }
  return passed();
}

TEST(CheckpointActivation, Asserted) { run_vectors("checkpoint-activation-asserted.json", judge); }

}  // namespace
}  // namespace drey::conformance
