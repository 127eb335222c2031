#include "model/cluster/heartbeat.h"

#include <algorithm>
#include <vector>

#include "sim/check.h"

namespace drey::model {

HeartbeatManager::HeartbeatManager(HeartbeatRole role, HeartbeatOptions options,
                                   HeartbeatListener& listener, sim::Time start)
    : role_(role), options_(options), listener_(listener) {
  CHECK(options.timeout.ns > 0, "the heartbeat time-out is larger than 0");
  CHECK(options.rpc_failure_threshold > 0 || options.rpc_failure_threshold == -1,
        "the number of failed heartbeat RPCs is larger than 0 or -1");
  if (role_ == HeartbeatRole::sender) round_ = {start, next_order_++};
}

void HeartbeatManager::arm(Monitor& monitor, sim::Time now) {
  monitor.deadline = {now + options_.timeout, next_order_++};
}

void HeartbeatManager::monitor_target(const ResourceId& target, sim::Time now) {
  if (stopped_) return;
  const auto [it, added] = monitors_.try_emplace(target);
  if (added) arm(it->second, now);
}

void HeartbeatManager::unmonitor_target(const ResourceId& target) {
  const auto it = monitors_.find(target);
  if (it == monitors_.end()) return;
  if (it->second.state == State::running) ++cancelled_timers_;
  monitors_.erase(it);
}

void HeartbeatManager::stop() {
  stopped_ = true;
  cancelled_timers_ += armed_timers();
  monitors_.clear();
  round_ = {};
}

bool HeartbeatManager::record_heartbeat(const ResourceId& from, sim::Time now) {
  const auto it = monitors_.find(from);
  if (it == monitors_.end()) return false;
  it->second.last = now;
  if (it->second.state == State::running) {
    ++cancelled_timers_;
    arm(it->second, now);
  }
  return true;
}

bool HeartbeatManager::receive_heartbeat(const ResourceId& from, sim::Time now) {
  if (stopped_) return false;
  record_heartbeat(from, now);
  return true;
}

bool HeartbeatManager::receive_request(const ResourceId& from, sim::Time now) {
  return !stopped_ && record_heartbeat(from, now);
}

void HeartbeatManager::rpc_finished(const ResourceId& target, HeartbeatRpcOutcome outcome,
                                    sim::Time now) {
  const auto it = monitors_.find(target);
  if (it == monitors_.end()) return;
  Monitor& monitor = it->second;
  switch (outcome) {
    case HeartbeatRpcOutcome::ok:
      monitor.failed_rpcs = 0;
      return;
    case HeartbeatRpcOutcome::other:
      return;
    case HeartbeatRpcOutcome::unreachable:
      break;
  }
  ++monitor.failed_rpcs;
  const bool enabled = options_.rpc_failure_threshold > 0;
  if (!enabled || monitor.failed_rpcs < options_.rpc_failure_threshold) return;
  if (monitor.state != State::running) return;
  monitor.state = State::unreachable;
  monitor.deadline = {};
  ++cancelled_timers_;
  // The listener may unmonitor it, and the caller's string may live in the map.
  // NOLINTNEXTLINE(performance-unnecessary-copy-initialization)
  const ResourceId name = target;
  listener_.target_unreachable(name, now);
}

// The targets are copied, as the listener may change the set while it is told.
void HeartbeatManager::run_round(sim::Time now) {
  round_ = {now + options_.interval, next_order_++};
  std::vector<ResourceId> targets;
  targets.reserve(monitors_.size());
  for (const auto& [target, monitor] : monitors_) targets.push_back(target);
  for (const ResourceId& target : targets) {
    if (monitors(target)) listener_.send_heartbeat_request(target, now);
  }
}

void HeartbeatManager::advance(sim::Time now) {
  while (!stopped_) {
    auto due = monitors_.end();
    Deadline first = round_;
    for (auto it = monitors_.begin(); it != monitors_.end(); ++it) {
      if (it->second.deadline < first) {
        first = it->second.deadline;
        due = it;
      }
    }
    if (first.at > now || first.at == sim::kEndOfTime) return;
    if (due == monitors_.end()) {
      run_round(now);
      continue;
    }
    due->second.state = State::timed_out;
    due->second.deadline = {};
    const ResourceId target = due->first;
    listener_.heartbeat_timed_out(target, now);
  }
}

sim::Time HeartbeatManager::next_deadline() const {
  sim::Time first = round_.at;
  for (const auto& [target, monitor] : monitors_) first = std::min(first, monitor.deadline.at);
  return first;
}

std::optional<sim::Time> HeartbeatManager::last_heartbeat(const ResourceId& target) const {
  const auto it = monitors_.find(target);
  if (it == monitors_.end()) return std::nullopt;
  return it->second.last;
}

int HeartbeatManager::armed_timers() const {
  int armed = 0;
  for (const auto& [target, monitor] : monitors_) armed += monitor.state == State::running ? 1 : 0;
  return armed;
}

}  // namespace drey::model
