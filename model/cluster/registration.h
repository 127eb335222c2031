#pragma once
// The retry rule of every registration (TaskManager or JobMaster at the ResourceManager,
// TaskManager at a JobMaster). First the address is connected to, within the ask time-out; a
// failure waits for the error delay and connects again. Then attempts to register: the ask's
// time-out doubles from attempt to attempt and a timed-out attempt is repeated at once; an error or
// a refusal waits and begins anew with the first time-out, over the same connection.
// Upstream: RetryingRegistration (startRegistration, register, registerLater),
// RetryingRegistrationConfiguration.
#include <algorithm>

#include "model/cluster/flink_options.h"
#include "sim/network.h"

namespace drey::model {

// How a heartbeat RPC ended, for HeartbeatManager::rpc_finished: only a peer that is not there
// counts against it.
constexpr HeartbeatRpcOutcome heartbeat_outcome(sim::CallFailure failure) {
  switch (failure) {
    case sim::CallFailure::none:
      return HeartbeatRpcOutcome::ok;
    case sim::CallFailure::unreachable:
      return HeartbeatRpcOutcome::unreachable;
    case sim::CallFailure::timeout:
    case sim::CallFailure::fenced_off:
    case sim::CallFailure::endpoint_stopped:
    case sim::CallFailure::handler_failed:
      return HeartbeatRpcOutcome::other;
  }
  return HeartbeatRpcOutcome::other;
}

class RegistrationRetry {
 public:
  explicit RegistrationRetry(const FlinkOptions& options)
      : options_(options), timeout_(options.registration_initial_timeout) {}

  void restart() { timeout_ = options_.registration_initial_timeout; }
  // Of the attempt that is made now.
  sim::Duration timeout() const { return timeout_; }
  // How long to wait after an attempt that ended so.
  sim::Duration delay_after(sim::CallFailure failure) {
    if (failure == sim::CallFailure::timeout) {
      timeout_ = std::min(timeout_ * 2, options_.registration_max_timeout);
      return {};
    }
    restart();
    return options_.registration_error_delay;
  }
  sim::Duration delay_after_refusal() {
    restart();
    return options_.registration_refused_delay;
  }
  sim::Duration delay_after_failed_connect() const { return options_.registration_error_delay; }

 private:
  const FlinkOptions& options_;
  sim::Duration timeout_;
};

}  // namespace drey::model
