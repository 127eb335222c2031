#pragma once
// Leadership without high availability: components live at well-known endpoints of one JobManager
// process, found by host and port as a configuration file names them, and the fencing tokens are
// fixed. A grant is immediate and never revoked. Upstream: StandaloneHaServices,
// StandaloneLeaderElection, StandaloneLeaderRetrievalService.
#include <map>
#include <string>
#include <vector>

#include "model/cluster/leadership.h"
#include "sim/world.h"

namespace drey::model {

class StandaloneLeadership : public Leadership, public sim::Entity {
 public:
  // `self` is the process this instance lives in; `job_manager` the one where the components are.
  StandaloneLeadership(sim::World& world, sim::ProcessId self, sim::ProcessId job_manager);
  ~StandaloneLeadership() override;

  void watch(const std::string& component, LeaderListener& listener) override;
  void unwatch(const std::string& component, LeaderListener& listener) override;
  std::optional<Leader> leader(const std::string& component) const override;
  void contend(const std::string& component, Contender& contender) override;
  void withdraw(const std::string& component) override;
  void confirm(const std::string& component, sim::FencingToken session,
               sim::Address address) override;
  void on_event(const sim::Event& event) override;

 private:
  struct Watch {
    std::string component;
    LeaderListener* listener;
  };
  sim::World& world_;
  sim::ProcessId job_manager_;
  sim::EntityId id_;
  std::vector<Watch> watches_;
  std::vector<Watch> to_tell_;
  std::map<std::string, Contender*> contenders_;
  std::vector<std::string> to_grant_;
};

}  // namespace drey::model
