#pragma once
// The slots of one job in its JobMaster: which subtasks share a slot (SlotSharing), their logical
// slots (SharedSlotAllocator), the physical slots that the job has and waits for (SlotPool), and
// the time-outs of what it waits for (SlotRequestBulkCheck). Here they are put together, and here
// it is decided where a slot would best be: where the subtask's state is, else where its inputs
// are made.
//
// No clock and no messages: the caller passes the time, SlotProviderHost carries out. Rules:
// control-plane.md 6.3 to 6.7, and table 7.2 for the loss of a TaskManager.
//
// Upstream: SlotSharingExecutionSlotAllocator, PhysicalSlotProviderImpl, DeclarativeSlotPoolBridge,
// MergingSharedSlotProfileRetriever, DefaultPreferredLocationsRetriever.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/cluster/job_scheduler.h"
#include "model/cluster/messages.h"
#include "model/cluster/shared_slots.h"
#include "model/cluster/slot_pool.h"
#include "model/cluster/slot_sharing.h"

namespace drey::model {

class SlotProviderHost {
 public:
  virtual ~SlotProviderHost() = default;
  virtual void slot_granted(SubtaskIndex subtask, const AssignedSlot& slot) = 0;
  virtual void slot_refused(SubtaskIndex subtask, const Cause& cause) = 0;
  virtual void slot_lost(SubtaskIndex subtask, AllocationId allocation, const Cause& cause) = 0;
  virtual void declare_requirements(const ResourceCounter& requirements) = 0;
  virtual void free_slot_at(const AssignedSlot& slot, const Cause& cause) = 0;
  // Call on_time then; nothing: no declaration waits.
  virtual void arm_declaration(std::optional<sim::Time> at) = 0;
  // Call check_bulk then.
  virtual void arm_bulk_check(BulkId bulk, sim::Time at) = 0;
  // The subtask's next attempt restores state.
  virtual bool restores_state(SubtaskIndex subtask) const = 0;
  // The subtask's attempt has, or had, a slot.
  virtual bool is_placed(SubtaskIndex subtask) const = 0;
};

class SlotProvider : private SharedSlotAllocator::Output, private SlotPool::Output {
 public:
  struct Options {
    DeclarativeSlotPool::Options pool;
    sim::Duration request_timeout = sim::minutes(5);  // slot.request.timeout
    LoadBalance mode = LoadBalance::none;             // taskmanager.load-balance.mode
    // Its tasks hold their slots until the job ends or fails.
    bool streaming = true;
  };
  // `topology` and `host` outlive this.
  SlotProvider(const Options& options, const ExecutionTopology& topology, SlotProviderHost& host);
  SlotProvider(const SlotProvider&) = delete;
  SlotProvider& operator=(const SlotProvider&) = delete;

  const ResourceCounter& required() const { return pool_.pool().required(); }
  bool has(AllocationId allocation) const { return pool_.pool().slots().count(allocation) != 0; }
  bool has_slots_of(const std::string& task_manager) const;
  std::vector<SlotStatus> allocated_at(const std::string& task_manager) const;

  // Logical slots for these subtasks, one bulk.
  void request(const std::vector<SubtaskIndex>& subtasks, sim::Time now);
  void cancel_request(SubtaskIndex subtask, sim::Time now);
  void release(SubtaskIndex subtask, AllocationId allocation, sim::Time now);

  // Returns the offers that are taken.
  std::vector<SlotOffer> offer(const AssignedSlot& task_manager, const std::string& host,
                               const std::vector<SlotOffer>& offers, sim::Time now);
  void fail_slot(AllocationId allocation, const Cause& cause, sim::Time now);
  void lose_task_manager(const std::string& task_manager, const Cause& cause, sim::Time now);
  // The ResourceManager cannot give what is missing. A batch job goes on waiting: its own slots may
  // become free.
  void not_enough_resources(sim::Time now);

  void set_job_restarting(bool restarting) { pool_.set_job_restarting(restarting); }
  void on_time(sim::Time now);
  void check_bulk(BulkId bulk, sim::Time now);
  void release_idle(sim::Time now);
  // The job is over: everything goes back, nothing more is declared.
  void free_all(sim::Time now);

 private:
  struct Group {  // of subtasks that share a slot
    std::optional<SlotRequestId> request;
    AllocationId slot;
  };
  struct TaskManager {
    AssignedSlot at;
    std::map<AllocationId, uint32_t> index_of;  // of its slots there
  };

  // SharedSlotAllocator::Output
  void request_physical_slot(uint32_t group, const ResourceProfile& profile) override;
  void return_physical_slot(uint32_t group) override;
  void logical_slot_ready(SubtaskIndex subtask, AllocationId slot) override;
  void logical_slot_failed(SubtaskIndex subtask) override;
  void payload_terminated(SubtaskIndex subtask) override;

  // SlotPool::Output
  void declare_requirements(const ResourceCounter& requirements) override;
  void slot_arrived(SlotRequestId request, AllocationId slot) override;
  void free_slot(AllocationId slot, const std::string& owner) override;

  void slots_lost(const std::vector<SlotRequestId>& requests, const Cause& cause);
  std::optional<uint32_t> forget(SlotRequestId request);
  AssignedSlot assigned(AllocationId slot) const;
  std::vector<TaskManagerPlace> preferred_places(uint32_t group) const;
  std::vector<uint32_t> input_places(SubtaskIndex subtask) const;
  std::vector<PoolSlotView> view() const;
  uint32_t place_number(const TaskManagerPlace& place);
  void rearm();

  Options options_;
  const ExecutionTopology& topology_;
  SlotProviderHost& host_;
  SlotSharing sharing_;
  SharedSlotAllocator allocator_;
  SlotPool pool_;
  std::vector<Group> groups_;
  std::map<SlotRequestId, uint32_t> group_of_;
  std::map<BulkId, SlotRequestBulkCheck> checks_;
  std::map<std::string, TaskManager> task_managers_;  // by resource

  std::vector<TaskManagerPlace> places_;  // every TaskManager that ever gave a slot
  std::map<std::string, uint32_t> place_of_;
  std::vector<uint32_t> last_place_;  // by subtask: where its last slot was; UINT32_MAX: none
  std::vector<uint32_t> bulk_of_;     // by subtask: the last bulk that it was in, from 1
  uint32_t bulk_now_ = 0;
  SlotRequestId requests_ = 0;
  Cause cause_;                     // of what fails now
  std::optional<Cause> freed_for_;  // why slots go back now; nothing: they are returned
  AllocationId lost_;               // likewise
  std::optional<sim::Time> armed_;
  bool closed_ = false;
  sim::Time now_;  // of the call that runs
};

}  // namespace drey::model
