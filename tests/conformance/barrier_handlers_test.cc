// barrier-handlers.json: the barrier handlers fed event by event.
#include <gtest/gtest.h>

#include <memory>

#include "model/task/barrier_tracker.h"
#include "model/task/single_barrier_handler.h"
#include "tests/conformance/barrier_recorder.h"
#include "tests/conformance/gate_script.h"
#include "tests/conformance/vectors.h"

namespace drey::conformance {
namespace {

model::BarrierMode mode_of(const std::string& name) {
  if (name == "aligned") return model::BarrierMode::aligned;
  if (name == "unaligned") return model::BarrierMode::unaligned;
  if (name == "alternating") return model::BarrierMode::alternating;
  return model::BarrierMode::tracker;
}

Json state_of(const model::BarrierHandler& handler) {
  const int during = handler.during_alignment() ? 1 : 0;
  if (const auto* tracker = dynamic_cast<const model::BarrierTracker*>(&handler))
    return {tracker->pending_checkpoints(), handler.open_channels(), during};
  const auto& single = dynamic_cast<const model::SingleBarrierHandler&>(handler);
  Json blocked = Json::array();
  single.blocked().for_each([&](uint32_t channel) { blocked.push_back(channel); });
  return {handler.latest_checkpoint(),
          handler.checkpoint_pending() ? 1 : 0,
          handler.open_channels(),
          blocked,
          static_cast<int>(single.all_barriers()),
          during};
}

void feed(const Json& event, model::BarrierHandler& handler, BarrierRecorder& recorder) {
  const auto kind = event[0].get<std::string>();
  if (kind == "T" || kind == "W") {
    recorder.now = recorder.now + sim::milliseconds(event[1].get<int64_t>());
    if (kind == "T") recorder.run_due_timer(handler);
    return;
  }
  const auto channel = event[1].get<uint32_t>();
  if (kind == "B" || kind == "R" || kind == "N") {
    const auto barrier = barrier_of(event[2].get<int64_t>(), event[3], event[4].get<int64_t>());
    if (kind == "N")
      handler.announcement(channel, barrier, event[5].get<uint32_t>(), recorder.now);
    else
      handler.barrier(channel, barrier,
                      kind == "R" ? model::BarrierOrigin::rpc : model::BarrierOrigin::channel,
                      recorder.now);
  } else if (kind == "C") {
    handler.cancellation(channel, event[2].get<int64_t>(), recorder.now);
  } else if (kind == "E") {
    handler.end_of_partition(channel, recorder.now);
  } else {
    handler.processed(event[2].get<int64_t>());
  }
}

Outcome judge_handler(const Json& one_case) {
  BarrierRecorder recorder;
  recorder.now = sim::Time{} + sim::milliseconds(1000);
  const auto handler =
      model::make_barrier_handler({.mode = mode_of(one_case["mode"].get<std::string>()),
                                   .channels = one_case["channels"].get<uint32_t>(),
                                   .checkpoints_after_tasks_finish = one_case["finish"].get<bool>(),
                                   .mutant = mutant_under_test()},
                                  recorder);
  const Json& events = one_case["events"];
  for (size_t i = 0; i < events.size(); ++i) {
    recorder.actions = Json::array();
    feed(events[i], *handler, recorder);
    Json actual = Json::array({recorder.actions});
    for (const Json& field : state_of(*handler)) actual.push_back(field);
    const auto outcome = expect_equal(one_case["expected"][i], actual,
                                      "event " + std::to_string(i) + " " + events[i].dump());
    if (outcome.kind != Outcome::Kind::passed) return outcome;
  }
  return expect_equal(one_case["metrics"], recorder.metrics, "metrics");
}

Json feed_gate(const Json& event, GateScript& script) {
  const auto kind = event[0].get<std::string>();
  if (kind == "poll") return script.poll();
  if (kind == "T") {
    script.now = script.now + sim::milliseconds(event[1].get<int64_t>());
    script.run_due_timer(script.handler());
    return nullptr;
  }
  const auto channel = event[1].get<uint32_t>();
  if (kind == "B")
    script.barrier(channel, barrier_of(event[2].get<int64_t>(), event[3], event[4].get<int64_t>()));
  else if (kind == "C")
    script.cancel(channel, event[2].get<int64_t>());
  else if (kind == "E")
    script.end(channel);
  else
    script.data(channel, event[2].get<uint32_t>());
  return nullptr;
}

Outcome judge_gate(const Json& one_case) {
  GateScript script(one_case["channels"].get<uint32_t>(),
                    mode_of(one_case["mode"].get<std::string>()), one_case["finish"].get<bool>());
  script.now = sim::Time{} + sim::milliseconds(1000);
  const Json& events = one_case["events"];
  for (size_t i = 0; i < events.size(); ++i) {
    script.actions = Json::array();
    const Json polled = feed_gate(events[i], script);
    if (events[i][0] != "poll" && one_case["priority_mail"].get<bool>())
      script.process_priority_events();
    Json actual = Json::array({polled, script.actions});
    for (const Json& field : state_of(script.handler())) actual.push_back(field);
    const auto outcome = expect_equal(one_case["expected"][i], actual,
                                      "event " + std::to_string(i) + " " + events[i].dump());
    if (outcome.kind != Outcome::Kind::passed) return outcome;
  }
  return expect_equal(one_case["metrics"], script.metrics, "metrics");
}

Outcome judge(const Json& one_case, const Json&) {
  if (one_case["kind"] == "gate") return judge_gate(one_case);
  return judge_handler(one_case);
}

TEST(Conformance, BarrierHandlers) { run_vectors("barrier-handlers.json", judge); }

TEST(Conformance, BarrierMutantsFail) {
  for (const model::Mutant mutant :
       {model::Mutant::consume_past_barrier, model::Mutant::stale_barrier_accepted})
    expect_mutant_fails(mutant, "barrier-handlers.json", judge);
}

}  // namespace
}  // namespace drey::conformance
