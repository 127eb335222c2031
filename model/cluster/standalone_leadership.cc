#include "model/cluster/standalone_leadership.h"

#include <algorithm>

namespace drey::model {

namespace {
constexpr sim::FencingToken kFixedToken{0, 0};  // HighAvailabilityServices.DEFAULT_LEADER_ID
}  // namespace

std::string job_component(JobId job) { return "job-" + std::to_string(job); }

StandaloneLeadership::StandaloneLeadership(sim::World& world, sim::ProcessId self,
                                           sim::ProcessId job_manager)
    : world_(world), job_manager_(job_manager) {
  sim::Kernel& kernel = world_.kernel();
  id_ = kernel.add(*this, kernel.intern(world_.machines().name(self) + "/leadership"), self);
}

StandaloneLeadership::~StandaloneLeadership() { world_.kernel().remove(id_); }

void StandaloneLeadership::watch(const std::string& component, LeaderListener& listener) {
  watches_.push_back({component, &listener});
  to_tell_.push_back({component, &listener});
  world_.kernel().post({}, id_, 0, 0, sim::Priority::task);
}

void StandaloneLeadership::unwatch(const std::string& component, LeaderListener& listener) {
  const auto same = [&](const Watch& w) {
    return w.component == component && w.listener == &listener;
  };
  watches_.erase(std::remove_if(watches_.begin(), watches_.end(), same), watches_.end());
  to_tell_.erase(std::remove_if(to_tell_.begin(), to_tell_.end(), same), to_tell_.end());
}

// Connecting by host and port finds whichever incarnation runs there now.
std::optional<Leader> StandaloneLeadership::leader(const std::string& component) const {
  return Leader{
      {job_manager_, world_.machines().incarnation(job_manager_), sim::endpoint_id(component)},
      kFixedToken};
}

void StandaloneLeadership::contend(const std::string& component, Contender& contender) {
  contenders_[component] = &contender;
  to_grant_.push_back(component);
  world_.kernel().post({}, id_, 1, 0, sim::Priority::task);
}

void StandaloneLeadership::withdraw(const std::string& component) { contenders_.erase(component); }

void StandaloneLeadership::confirm(const std::string&, sim::FencingToken, sim::Address) {}

void StandaloneLeadership::on_event(const sim::Event& event) {
  if (event.kind() == 0) {
    if (to_tell_.empty()) return;
    const Watch next = to_tell_.front();
    to_tell_.erase(to_tell_.begin());
    next.listener->on_leader_changed(next.component);
    return;
  }
  if (to_grant_.empty()) return;
  const std::string component = to_grant_.front();
  to_grant_.erase(to_grant_.begin());
  const auto found = contenders_.find(component);
  if (found != contenders_.end()) found->second->on_granted(component, kFixedToken);
}

}  // namespace drey::model
