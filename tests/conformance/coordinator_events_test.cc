#include <gtest/gtest.h>

#include <deque>
#include <map>

#include "model/checkpoint/operator_coordinator_holder.h"
#include "tests/conformance/vectors.h"

namespace drey::conformance {
namespace {

using namespace model;

class EventOutput final : public OperatorCoordinatorOutput {
 public:
  OperatorCoordinatorHolder* holder = nullptr;
  bool manual = false;
  std::map<uint32_t, std::vector<int64_t>> delivered;
  std::map<CheckpointId, std::string> futures;
  std::deque<uint64_t> open_rpcs;
  int64_t global_failures = 0;

  void send_event(uint64_t rpc, uint32_t subtask, uint32_t,
                  const OperatorEventPtr& event) override {
    delivered[subtask].push_back(static_cast<int64_t>(event->argument));
    if (manual)
      open_rpcs.push_back(rpc);
    else
      holder->on_event_delivered(rpc);
  }
  void begin_snapshot(CheckpointId id) override { futures[id] = "OPEN"; }
  void snapshot_result(CheckpointId id, bool succeeded, std::optional<CoordinatorState>) override {
    futures[id] = succeeded ? "DONE" : "FAILED";
  }
  void event_was_lost(uint32_t, uint32_t) override {}
  void fail_job() override { ++global_failures; }
};

bool apply(const Json& event, OperatorCoordinatorHolder& holder, EventOutput& output) {
  const std::string op = event.at("op").get<std::string>();
  const auto subtask = event.value("subtask", uint32_t{0});
  const auto id = event.value("id", int64_t{0});
  if (op == "checkpoint")
    holder.checkpoint(id);
  else if (op == "done")
    holder.on_snapshot(id, CoordinatorState{"state"});
  else if (op == "event")
    holder.send_event(subtask, std::make_shared<OperatorEvent>(OperatorEvent{
                                   .argument = event.at("value").get<uint64_t>(), .bytes = {}}));
  else if (op == "op_ack")
    holder.on_subtask_acknowledged(subtask, id);
  else if (op == "abort_triggering")
    holder.abort_current_triggering();
  else if (op == "reset")
    holder.reset();
  else if (op == "fail_job")
    holder.fail_job();
  else if ((op == "rpc_fail" && !event.value("late", false)) || op == "rpc_fail_handled") {
    holder.on_event_lost(output.open_rpcs.front());
    output.open_rpcs.pop_front();
  } else if (op == "rpc_ack") {
    holder.on_event_delivered(output.open_rpcs.front());
    output.open_rpcs.pop_front();
  } else {
    return op == "rpc_fail";  // late: handled at rpc_fail_handled
  }
  return true;
}

Outcome judge(const Json& one_case, const Json&) {
  EventOutput output;
  output.manual = one_case.at("given").at("rpc") == "MANUAL";
  OperatorCoordinatorHolder holder(one_case.at("given").at("subtasks").get<uint32_t>(), output);
  output.holder = &holder;
  const Json& events = one_case.at("events");
  for (size_t i = 0; i < events.size(); ++i) {
    if (!apply(events[i], holder, output)) return failed("unknown op " + events[i].dump());
    for (const auto& [field, value] : one_case.at("expected").at("steps")[i].items()) {
      Json actual = Json::object();
      if (field == "delivered")
        for (const auto& [subtask, values] : value.items())
          actual[subtask] = output.delivered[static_cast<uint32_t>(std::stoul(subtask))];
      else if (field == "future")
        actual = output.futures.rbegin()->second;
      else if (field == "global_failures")
        actual = output.global_failures;
      else
        return failed("unknown field " + field);
      const Outcome outcome =
          expect_equal(value, actual, "step " + std::to_string(i) + " " + field);
      if (outcome.kind != Outcome::Kind::passed) return outcome;
    }
  }
  return passed();
}

TEST(OperatorCoordinatorHolder, Asserted) {
  run_vectors("coordinator-events-asserted.json", judge);
}

}  // namespace
}  // namespace drey::conformance
