#pragma once
// Who leads: how components find the Dispatcher ("dispatcher"), the ResourceManager
// ("resource-manager") and a job's JobMaster ("job-1"), and how these become leaders. Two
// implementations: without high availability the address is fixed and so is the token
// (StandaloneLeadership); with it both come from the pointer store (PointerStoreLeadership).
//
// One instance per process. Callbacks come on events of the process, never from inside a call to
// this interface.
//
// Upstream: HighAvailabilityServices, LeaderRetrievalService, LeaderElection, LeaderContender.
#include <optional>
#include <string>
#include <string_view>

#include "model/task/deployment.h"
#include "sim/message.h"

namespace drey::model {

class PointerAccess;

struct Leader {
  sim::Address address;
  sim::FencingToken token;
  friend bool operator==(const Leader&, const Leader&) = default;
};

inline constexpr std::string_view kDispatcherComponent = "dispatcher";
inline constexpr std::string_view kResourceManagerComponent = "resource-manager";
std::string job_component(JobId job);  // "job-1"

class LeaderListener {
 public:
  virtual ~LeaderListener() = default;
  // The leader of `component` may have changed; look it up again.
  virtual void on_leader_changed(const std::string& component) = 0;
};

class Contender {
 public:
  virtual ~Contender() = default;
  virtual void on_granted(const std::string& component, sim::FencingToken session) = 0;
  virtual void on_revoked(const std::string& component) = 0;
  // A part of the process that was being stopped has stopped (Leadership::stop_is_over).
  virtual void on_stopped() {}
};

class Leadership {
 public:
  virtual ~Leadership() = default;

  virtual void watch(const std::string& component, LeaderListener& listener) = 0;
  virtual void unwatch(const std::string& component, LeaderListener& listener) = 0;
  // As known in this process now; nothing while there is no leader, or none is known.
  virtual std::optional<Leader> leader(const std::string& component) const = 0;

  virtual void contend(const std::string& component, Contender& contender) = 0;
  virtual void withdraw(const std::string& component) = 0;
  // The answer to a grant: publishes the address under the session.
  virtual void confirm(const std::string& component, sim::FencingToken session,
                       sim::Address address) = 0;

  // A part of this process is being stopped, as its leadership is lost: a process that ends itself
  // after a fatal error waits for all of them (ClusterEntrypoint.closeAsync). Contenders hear of
  // the end on an event of its own.
  virtual void stop_begins() {}
  virtual void stop_is_over() {}

  // The pointer store; null without high availability.
  virtual PointerAccess* store() { return nullptr; }
};

}  // namespace drey::model
