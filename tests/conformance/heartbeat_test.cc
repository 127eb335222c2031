#include "model/cluster/heartbeat.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tests/conformance/vectors.h"

namespace drey::conformance {
namespace {

using model::HeartbeatManager;
using model::HeartbeatOptions;
using model::HeartbeatRole;
using model::HeartbeatRpcOutcome;
using model::ResourceId;

// One heartbeat manager on a manual clock; RPCs to a target end at once as set_rpc said, or stay
// open.
class Harness final : public model::HeartbeatListener {
 public:
  Harness(HeartbeatRole role, HeartbeatOptions options) : manager_(role, options, *this, now_) {}

  void send_heartbeat_request(const ResourceId& target, sim::Time now) override {
    actions_.push_back({"send_request", id(target), 100 + id(target), sim::to_millis(now)});
    end_rpc(target);
  }
  void heartbeat_timed_out(const ResourceId& target, sim::Time now) override {
    ++timeouts;
    actions_.push_back({"timeout", id(target), sim::to_millis(now)});
  }
  void target_unreachable(const ResourceId& target, sim::Time now) override {
    ++unreachable;
    actions_.push_back({"unreachable", id(target), sim::to_millis(now)});
  }

  Json run(const Json& event) {
    actions_ = Json::array();
    apply(event);
    settle();
    return actions_;
  }

  void advance(int64_t ms) {
    const sim::Time end = now_ + sim::milliseconds(ms);
    while (manager_.next_deadline() <= end) {
      now_ = manager_.next_deadline();
      settle();
    }
    now_ = end;
  }

  void request(const ResourceId& target, const Json& payload) {
    if (!manager_.receive_request(target, now_)) return;
    if (!payload.is_null()) actions_.push_back({"payload", id(target), payload});
    actions_.push_back({"send_heartbeat", id(target), 100 + id(target)});
    end_rpc(target);
  }

  void settle() {
    manager_.advance(now_);
    // The outcome of an RPC comes back through the main thread, so after the whole round.
    while (!ended_.empty()) {
      const auto [target, outcome] = ended_.front();
      ended_.erase(ended_.begin());
      manager_.rpc_finished(target, outcome, now_);
    }
  }

  HeartbeatManager& manager() { return manager_; }
  sim::Time now() const { return now_; }
  void set_rpc(const ResourceId& target, const std::string& result) { rpc_[target] = result; }

  int timeouts = 0;
  int unreachable = 0;

 private:
  static int id(const ResourceId& target) { return std::stoi(target); }

  void end_rpc(const ResourceId& target) {
    const auto it = rpc_.find(target);
    finish(target, it == rpc_.end() ? "ok" : it->second);
  }
  void finish(const ResourceId& target, const std::string& result) {
    if (result == "pending") return;
    const auto outcome = result == "ok"            ? HeartbeatRpcOutcome::ok
                         : result == "unreachable" ? HeartbeatRpcOutcome::unreachable
                                                   : HeartbeatRpcOutcome::other;
    ended_.emplace_back(target, outcome);
  }

  void apply(const Json& event) {
    const std::string op = event.at(0);
    if (op == "stop") return manager_.stop();
    if (op == "advance") return advance(event.at(1));
    const ResourceId target = std::to_string(event.at(1).get<int>());
    if (op == "monitor") return manager_.monitor_target(target, now_);
    if (op == "unmonitor") return manager_.unmonitor_target(target);
    if (op == "set_rpc") return set_rpc(target, event.at(2));
    if (op == "finish_rpc") return finish(target, event.at(2));
    if (op == "request") return request(target, event.at(2));
    ASSERT_EQ(op, "heartbeat");
    if (manager_.receive_heartbeat(target, now_) && !event.at(2).is_null())
      actions_.push_back({"payload", id(target), event.at(2)});
  }

  sim::Time now_{};
  Json actions_ = Json::array();
  std::map<ResourceId, std::string> rpc_;
  std::vector<std::pair<ResourceId, HeartbeatRpcOutcome>> ended_;
  HeartbeatManager manager_;
};

TEST(Conformance, Heartbeat) {
  run_vectors("heartbeat.json", [](const Json& one_case, const Json&) {
    const auto role =
        one_case.at("kind") == "sender" ? HeartbeatRole::sender : HeartbeatRole::receiver;
    Harness harness(role, {.interval = sim::milliseconds(one_case.at("interval")),
                           .timeout = sim::milliseconds(one_case.at("timeout")),
                           .rpc_failure_threshold = one_case.at("failed_rpcs_until_unreachable")});
    const Json& events = one_case.at("events");
    for (size_t i = 0; i < events.size(); ++i) {
      const Outcome outcome = expect_equal(one_case.at("expected").at(i), harness.run(events[i]),
                                           "event " + std::to_string(i) + " " + events[i].dump());
      if (outcome.kind != Outcome::Kind::passed) return outcome;
    }
    return passed();
  });
}

void apply_asserted(Harness& harness, const Json& event) {
  const std::string op = event.at("op");
  if (op == "monitor") return harness.manager().monitor_target("0", harness.now());
  if (op == "unmonitor") return harness.manager().unmonitor_target("0");
  if (op == "receive") {
    harness.manager().receive_heartbeat("0", harness.now());
    return;
  }
  if (op == "advance") return harness.advance(event.at("ms"));
  if (op == "stop_target") return harness.set_rpc("0", "pending");
  if (op == "last_heartbeat") return;
  ASSERT_EQ(op, "request");
  harness.set_rpc("0", event.at("outcome") == "OK" ? "ok" : "unreachable");
  harness.request("0", nullptr);
  harness.settle();
}

Outcome check_step(Harness& harness, const Json& event, const Json& step) {
  Json actual = Json::object();
  for (const auto& [field, value] : step.items()) {
    if (field == "timeouts") actual[field] = harness.timeouts;
    if (field == "unreachable") actual[field] = harness.unreachable;
    if (field == "timers_armed") actual[field] = harness.manager().armed_timers();
    if (field == "timers_cancelled") actual[field] = harness.manager().cancelled_timers();
    if (field == "last_ms") {
      const auto last = harness.manager().last_heartbeat(event.at("known") == true ? "0" : "1");
      actual[field] = last ? sim::to_millis(*last) : -1;
    }
  }
  return expect_equal(step, actual, event.dump());
}

TEST(Conformance, HeartbeatAsserted) {
  run_vectors("heartbeat-asserted.json", [](const Json& one_case, const Json&) {
    const Json& given = one_case.at("given");
    const auto role =
        given.at("role") == "SENDER" ? HeartbeatRole::sender : HeartbeatRole::receiver;
    Harness harness(role, {.interval = sim::milliseconds(given.value("interval_ms", int64_t{1})),
                           .timeout = sim::milliseconds(given.at("timeout_ms")),
                           .rpc_failure_threshold = given.at("threshold")});
    const Json& events = one_case.at("events");
    for (size_t i = 0; i < events.size(); ++i) {
      apply_asserted(harness, events[i]);
      const Outcome outcome =
          check_step(harness, events[i], one_case.at("expected").at("steps").at(i));
      if (outcome.kind != Outcome::Kind::passed) return outcome;
    }
    return passed();
  });
}

}  // namespace
}  // namespace drey::conformance
