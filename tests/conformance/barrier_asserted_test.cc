// barrier-aligned-asserted.json and barrier-tracker-asserted.json: what Flink's own tests assert
// about the barrier handlers. Each case is a trace; a field absent from a step means that nothing
// of the kind happened.
#include <gtest/gtest.h>

#include "model/task/barrier_tracker.h"
#include "model/task/single_barrier_handler.h"
#include "tests/conformance/barrier_recorder.h"
#include "tests/conformance/vectors.h"

namespace drey::conformance {
namespace {

constexpr std::string_view kPrefix = "CHECKPOINT_";

void feed(const Json& event, const Json& given, const char* option, model::BarrierHandler& handler,
          BarrierRecorder& recorder) {
  const auto op = event["op"].get<std::string>();
  if (op == "advance") {
    recorder.now = recorder.now + sim::milliseconds(event["ms"].get<int64_t>());
    return;
  }
  const auto channel = event["ch"].get<uint32_t>();
  if (op == "data")
    handler.processed(given.value("buffer_bytes", int64_t{0}));
  else if (op == "barrier")
    handler.barrier(channel,
                    barrier_of(event["id"].get<int64_t>(), option,
                               given.value("barrier_created_ms", int64_t{0})),
                    model::BarrierOrigin::channel, recorder.now);
  else if (op == "cancel")
    handler.cancellation(channel, event["id"].get<int64_t>(), recorder.now);
  else
    handler.end_of_partition(channel, recorder.now);
}

// The recorded actions as a step of the trace.
Json step_of(const BarrierRecorder& recorder, const model::BarrierHandler& handler) {
  Json step = Json::object();
  for (const Json& action : recorder.actions) {
    if (action[0] == "trigger") step["trigger"].push_back(action[1]);
    if (action[0] == "abort")
      step["abort"].push_back(
          {{"id", action[1]}, {"reason", action[2].get<std::string>().substr(kPrefix.size())}});
  }
  if (const auto* single = dynamic_cast<const model::SingleBarrierHandler*>(&handler))
    single->blocked().for_each([&](uint32_t channel) { step["blocked"].push_back(channel); });
  return step;
}

Json end_of(const Json& expected, const BarrierRecorder& recorder,
            const model::BarrierHandler& handler) {
  Json end = Json::object();
  if (expected.contains("pending"))
    end["pending"] = dynamic_cast<const model::BarrierTracker&>(handler).pending_checkpoints();
  if (expected.contains("open")) end["open"] = handler.open_channels();
  if (expected.contains("metrics")) {
    const Json& last = recorder.metrics.back();
    end["metrics"] = {{"bytes_during_alignment", last[3]},
                      {"alignment_ms", last[2]},
                      {"start_delay_ms", last[1]}};
  }
  const Json alignment = expected.value("alignment_ms", Json::object());
  for (const auto& item : alignment.items()) {
    for (const Json& row : recorder.metrics)
      if (std::to_string(row[0].get<int64_t>()) == item.key())
        end["alignment_ms"][item.key()] = row[2];
  }
  return end;
}

Outcome judge(const Json& one_case, model::BarrierMode mode, const char* option) {
  BarrierRecorder recorder;
  const Json& given = one_case["given"];
  const auto handler =
      model::make_barrier_handler({.mode = mode,
                                   .channels = given["channels"].get<uint32_t>(),
                                   .checkpoints_after_tasks_finish = given["finish"].get<bool>()},
                                  recorder);
  const Json& expected = one_case["expected"];
  const Json& events = one_case["events"];
  for (size_t i = 0; i < events.size(); ++i) {
    recorder.actions = Json::array();
    feed(events[i], given, option, *handler, recorder);
    if (!expected.contains("steps")) continue;
    const auto outcome = expect_equal(expected["steps"][i], step_of(recorder, *handler),
                                      "event " + std::to_string(i) + " " + events[i].dump());
    if (outcome.kind != Outcome::Kind::passed) return outcome;
  }
  Json asserted = expected;
  asserted.erase("steps");
  return expect_equal(asserted, end_of(asserted, recorder, *handler), "at the end");
}

TEST(Conformance, BarrierAlignedAsserted) {
  run_vectors("barrier-aligned-asserted.json", [](const Json& one_case, const Json&) {
    return judge(one_case, model::BarrierMode::aligned, "A");
  });
}

TEST(Conformance, BarrierTrackerAsserted) {
  run_vectors("barrier-tracker-asserted.json", [](const Json& one_case, const Json&) {
    return judge(one_case, model::BarrierMode::tracker, "L");
  });
}

}  // namespace
}  // namespace drey::conformance
