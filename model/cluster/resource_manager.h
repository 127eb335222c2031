#pragma once
// The ResourceManager (standalone): TaskManagers and JobMasters register with it; it matches what
// jobs declare to need with the slots that it knows, and asks TaskManagers to give them. It never
// starts workers and never stops idle ones.
//
// All slots are of one size: the default slot profile (fine-grained resources are not modelled), so
// matching is counting. Rules: control-plane.md 6.8 (checks coalesce over
// slotmanager.requirement-check.delay), 7.2 (losses), 7.6 (start-up period). Upstream:
// StandaloneResourceManager, FineGrainedSlotManager.
#include <map>
#include <string>
#include <vector>

#include "model/cluster/flink_options.h"
#include "model/cluster/leadership.h"
#include "model/cluster/messages.h"
#include "model/cluster/registration.h"
#include "sim/endpoint.h"

namespace drey::model {

class ResourceManager : public sim::Endpoint, private Contender, private HeartbeatListener {
 public:
  ResourceManager(sim::World& world, sim::ProcessId process, const FlinkOptions& options,
                  Leadership& leadership);
  ~ResourceManager() override;

 private:
  enum Then : uint16_t { slot_requested, heartbeat_to_tm, heartbeat_to_jm, leader_of_job, none };
  enum TimerKind : uint8_t { tm_heartbeat_timer, jm_heartbeat_timer, check_timer };

  enum class SlotState : uint8_t { free, pending, allocated };
  struct Slot {
    SlotState state = SlotState::free;
    JobId job = 0;
    AllocationId allocation;
  };
  struct TaskManager {
    sim::Address address;
    uint64_t registration = 0;
    bool reported = false;  // its slots count only after its first report
    std::vector<Slot> slots;
  };
  struct Job {
    sim::Address address;
    sim::FencingToken token;
    std::string resource;  // heartbeat name
    bool connected = false;
    uint32_t required = 0;
    uint64_t epoch = 0;  // of losing it: an old leader time-out is stale
  };
  struct PendingRequest {
    std::string resource;
    uint64_t registration = 0;
    uint32_t slot = 0;
    AllocationId allocation;
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
  void apply_report(TaskManager& task_manager, const std::vector<SlotStatus>& slots);
  void declare(const sim::Call& call, const DeclareRequiredResources& message);

  void check_later();
  void check();
  uint32_t acquired(JobId job) const;
  bool allocate_one(JobId job);
  void slot_request_ended(uint64_t number, const sim::Reply& reply);
  void free(Slot& slot);

  void lose_task_manager(const std::string& resource, bool tell_it);
  void lose_job(JobId job, bool tell_it);
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
  std::map<JobId, Job> jobs_;
  std::map<uint64_t, PendingRequest> requests_;
  std::map<uint64_t, std::string> heartbeat_target_;  // by number of the ask
  uint64_t next_number_ = 0;
  uint64_t allocations_ = 0;
  sim::Time start_up_over_;
  bool check_pending_ = false;
  HeartbeatManager tm_heartbeats_;
  HeartbeatManager jm_heartbeats_;
};

}  // namespace drey::model
