// checkpoint-activation-asserted.json: CheckpointActivation is what the JobMaster asks.
#include "model/checkpoint/checkpoint_activation.h"

#include <gtest/gtest.h>

#include "tests/conformance/vectors.h"

namespace drey::conformance {
namespace {

std::optional<model::ExecutionState> execution_state(const std::string& name) {
  for (uint8_t i = 0; i < 10; ++i)
    if (name_of(static_cast<model::ExecutionState>(i)) == name)
      return static_cast<model::ExecutionState>(i);
  return {};
}

std::optional<model::JobStatus> job_status(const std::string& name) {
  for (uint8_t i = 0; i < 11; ++i)
    if (name_of(static_cast<model::JobStatus>(i)) == name)
      return static_cast<model::JobStatus>(i);
  return {};
}

Outcome judge(const Json& one_case, const Json&) {
  model::CheckpointActivation activation(false);
  std::map<std::string, model::AttemptId> attempts;
  const Json& steps = one_case.at("expected").at("steps");
  size_t step = 0;
  for (const Json& event : one_case.at("events")) {
    if (event.at("op") == "execution") {
      const auto name = event.at("name").get<std::string>();
      if (attempts.count(name) == 0)
        attempts[name] = {1, 0, static_cast<uint32_t>(attempts.size()), 0};
      const auto state = execution_state(event.at("state").get<std::string>());
      if (!state.has_value()) return failed("unknown state " + event.dump());
      (void)activation.on_execution(attempts[name], *state);
    } else {
      const auto status = job_status(event.at("status").get<std::string>());
      if (!status.has_value()) return failed("unknown status " + event.dump());
      (void)activation.on_job(*status);
    }
    const Json& expected = steps.at(step);
    const auto periodic = expected.find("periodic");
    if (periodic != expected.end() && periodic->get<bool>() != activation.started())
      return failed("step " + std::to_string(step) + ": " + expected.dump());
    ++step;
  }
  return passed();
}

TEST(CheckpointActivationVectors, Asserted) {
  run_vectors("checkpoint-activation-asserted.json", judge);
}

}  // namespace
}  // namespace drey::conformance
