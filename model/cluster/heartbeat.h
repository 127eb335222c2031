#pragma once
// Heartbeats between two endpoints: one manager per direction of talk and endpoint, one monitor per
// target inside it. A sender asks every target at once at its start and then every interval; a
// receiver only answers. Both notice silence (no request and no answer for `timeout`) and dead
// peers (`rpc_failure_threshold` heartbeat RPCs in a row met a process that is not there; an ask
// that merely timed out does not count).
//
// Invariants: a monitor leaves `running` once and reports at most once; a target that was reported
// stays monitored and is asked on until it is unmonitored. Timers due at the same instant fire in
// the order in which they were armed.
//
// The manager holds no clock and no timers: the owner calls advance(now) when next_deadline() is
// reached, and tells how each RPC ended. A round that is late (the process was paused) is run once,
// and the next follows one interval after it.
//
// Upstream: HeartbeatManagerImpl, HeartbeatManagerSenderImpl, DefaultHeartbeatMonitor.
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "sim/time.h"

namespace drey::model {

using ResourceId = std::string;

struct HeartbeatOptions {
  sim::Duration interval = sim::seconds(10);  // heartbeat.interval
  sim::Duration timeout = sim::seconds(50);   // heartbeat.timeout
  int rpc_failure_threshold = 2;              // heartbeat.rpc-failure-threshold, -1 = off
};

enum class HeartbeatRole { receiver, sender };

// How a heartbeat RPC (request or answer) ended. `other` is any other error, an ask time-out above
// all.
enum class HeartbeatRpcOutcome { ok, unreachable, other };

// What the manager asks of the endpoint that owns it. Calls come while the manager is on the stack:
// an implementation may call unmonitor_target and monitor_target from them.
class HeartbeatListener {
 public:
  virtual ~HeartbeatListener() = default;
  virtual void send_heartbeat_request(const ResourceId& target, sim::Time now) = 0;
  virtual void heartbeat_timed_out(const ResourceId& target, sim::Time now) = 0;
  virtual void target_unreachable(const ResourceId& target, sim::Time now) = 0;
};

class HeartbeatManager {
 public:
  HeartbeatManager(HeartbeatRole role, HeartbeatOptions options, HeartbeatListener& listener,
                   sim::Time start);

  // No effect on a target that is monitored already.
  void monitor_target(const ResourceId& target, sim::Time now);
  void unmonitor_target(const ResourceId& target);
  void stop();

  // A heartbeat (answer) arrived. True: report its payload, if it has one; also when the sender is
  // not monitored.
  bool receive_heartbeat(const ResourceId& from, sim::Time now);
  // A request arrived. True: report its payload, if it has one, then send a heartbeat back. False:
  // ignore it.
  bool receive_request(const ResourceId& from, sim::Time now);
  // A heartbeat RPC to `target` ended.
  void rpc_finished(const ResourceId& target, HeartbeatRpcOutcome outcome, sim::Time now);

  // Fires what is due. To be called at next_deadline() (kEndOfTime: nothing is armed).
  void advance(sim::Time now);
  sim::Time next_deadline() const;

  // Nothing: not monitored. Time{}: no heartbeat yet.
  std::optional<sim::Time> last_heartbeat(const ResourceId& target) const;
  bool monitors(const ResourceId& target) const { return monitors_.count(target) != 0; }
  int armed_timers() const;
  int64_t cancelled_timers() const { return cancelled_timers_; }

 private:
  enum class State { running, timed_out, unreachable };

  struct Deadline {
    sim::Time at = sim::kEndOfTime;
    uint64_t order = 0;
    friend constexpr auto operator<=>(Deadline, Deadline) = default;
  };

  struct Monitor {
    State state = State::running;
    Deadline deadline;
    sim::Time last{};
    int failed_rpcs = 0;
  };

  void arm(Monitor& monitor, sim::Time now);
  bool record_heartbeat(const ResourceId& from, sim::Time now);
  void run_round(sim::Time now);

  HeartbeatRole role_;
  HeartbeatOptions options_;
  HeartbeatListener& listener_;
  std::map<ResourceId, Monitor> monitors_;
  Deadline round_;
  uint64_t next_order_ = 0;
  int64_t cancelled_timers_ = 0;
  bool stopped_ = false;
};

}  // namespace drey::model
