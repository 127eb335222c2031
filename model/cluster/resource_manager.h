#pragma once
// The ResourceManager (standalone): TaskManagers and JobMasters register with it; it matches what
// jobs declare to need with the slots that it knows, and asks TaskManagers to give them. It never
// starts workers and never stops idle ones.
//
// Who gets which slot is decided by the SlotManager; here are its messages, the registrations and
// the heartbeats. Rules: control-plane.md 6.8, 7.2 (losses), 7.6 (start-up period). Upstream:
// StandaloneResourceManager.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model/cluster/flink_options.h"
#include "model/cluster/leadership.h"
#include "model/cluster/messages.h"
#include "model/cluster/registration.h"
#include "model/cluster/slot_manager.h"
#include "sim/endpoint.h"

namespace drey::model {

class ResourceManager : public sim::Endpoint,
                        private Contender,
                        private HeartbeatListener,
                        private SlotManagerOutput {
 public:
  ResourceManager(sim::World& world, sim::ProcessId process, const FlinkOptions& options,
                  Leadership& leadership);
  ~ResourceManager() override;

 private:
  enum Then : uint16_t { slot_requested, heartbeat_to_tm, heartbeat_to_jm, leader_of_job, none };
  enum TimerKind : uint8_t {
    tm_heartbeat_timer,
    jm_heartbeat_timer,
    slot_timer,
    start_up_timer,
  };

  struct TaskManager {
    sim::Address address;
    WorkerId registration = 0;
    uint32_t slots = 0;
    ResourceProfile slot;
  };
  struct Job {
    sim::Address address;
    sim::FencingToken token;
    std::string resource;  // heartbeat name
    bool connected = false;
    uint64_t epoch = 0;  // of losing it: an old leader time-out is stale
  };

  void on_call(const sim::Call& call, const sim::Message& body, const sim::Body& shared) override;
  void on_reply(sim::Continuation then, const sim::Reply& reply) override;
  void on_later(sim::Continuation then) override;
  void on_timer(uint8_t kind) override;

  void on_granted(const std::string& component, sim::FencingToken session) override;
  void on_revoked(const std::string& component) override;

  void register_task_executor(const sim::Call& call, const RegisterTaskExecutor& message);
  void register_job_master(const sim::Call& call, const RegisterJobMaster& message);
  void first_slot_report(const sim::Call& call, const SlotReport& report);
  std::vector<ReportedSlot> allocated_in(const TaskManager& task_manager,
                                         const std::vector<SlotStatus>& slots) const;
  void slot_available(const SlotAvailable& message);
  void declare(const sim::Call& call, const DeclareRequiredResources& message);
  void rearm_slot_timer();

  // SlotManagerOutput
  AllocationId new_allocation() override;
  void request_slot(const SlotOrder& order) override;
  void not_enough_resources(JobId job, const ResourceCounter& acquired) override;
  void declare_workers(uint32_t needed, const std::vector<WorkerId>& unwanted) override;
  void ask_release(WorkerId worker) override;
  void free_inactive_slots(WorkerId worker, JobId job) override;
  const TaskManager& registered_as(WorkerId worker) const;

  void lose_task_manager(const std::string& resource, bool tell_it);
  void lose_job(JobId job, bool tell_it);
  void remove_job(JobId job);
  JobId job_of(const std::string& resource) const;

  void send_heartbeat_request(const ResourceId& target, sim::Time now) override;
  void heartbeat_timed_out(const ResourceId& target, sim::Time now) override;
  void target_unreachable(const ResourceId& target, sim::Time now) override;
  void lost(const ResourceId& target, bool unreachable);
  void rearm_heartbeats();
  void heartbeat_ended(HeartbeatManager& manager, uint64_t number, const sim::Reply& reply);

  const FlinkOptions& options_;
  Leadership& leadership_;
  std::string resource_;  // its own heartbeat name
  std::map<std::string, TaskManager> task_managers_;
  std::map<WorkerId, std::string> resource_of_;  // by registration
  std::map<JobId, Job> jobs_;
  std::unique_ptr<SlotManager> slots_;                // while it leads
  std::map<uint64_t, std::string> heartbeat_target_;  // by number of the ask
  uint64_t next_number_ = 0;
  uint64_t allocations_ = 0;
  HeartbeatManager tm_heartbeats_;
  HeartbeatManager jm_heartbeats_;
};

}  // namespace drey::model
