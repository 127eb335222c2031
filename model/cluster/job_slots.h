#pragma once
// The slots of one job in its JobMaster: what is required, what TaskManagers have offered, and
// which subtasks share which slot. A slot sharing group of subtasks (one of each vertex at most)
// takes one physical slot; it is asked for when its first subtask is scheduled and given back when
// its last one has ended.
//
// Requirements are a count (all slots are of the default profile); the JobMaster declares it to the
// ResourceManager after slot.request.max-interval without a change. Offers beyond the requirement
// are refused, except while the job restarts. Rules: control-plane.md 6.4 to 6.6, and table 7.2 for
// the loss of a TaskManager. Upstream: DeclarativeSlotPoolBridge, DefaultDeclarativeSlotPool,
// SlotSharingExecutionSlotAllocator, SharedSlot.
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "model/cluster/job_scheduler.h"
#include "model/cluster/messages.h"

namespace drey::model {

class JobSlotsHost {
 public:
  virtual ~JobSlotsHost() = default;
  virtual void slot_granted(SubtaskIndex subtask, const AssignedSlot& slot) = 0;
  virtual void slot_refused(SubtaskIndex subtask, const Cause& cause) = 0;
  virtual void slot_lost(SubtaskIndex subtask, AllocationId allocation, const Cause& cause) = 0;
  virtual void requirements_changed() = 0;
  virtual void free_slot_at(const AssignedSlot& slot) = 0;
};

class JobSlots {
 public:
  JobSlots(const ExecutionTopology& topology, JobSlotsHost& host);

  uint32_t required() const { return required_; }
  size_t slots() const { return slots_.size(); }
  bool has(AllocationId allocation) const { return slots_.count(allocation) != 0; }
  std::vector<SlotStatus> allocated_at(const std::string& task_manager) const;
  bool holds_slots_of(const std::string& task_manager) const;

  void request(const std::vector<SubtaskIndex>& subtasks);
  void cancel_request(SubtaskIndex subtask);
  void release(SubtaskIndex subtask, AllocationId allocation, sim::Time now);

  // Returns the offers that are taken. `restarting`: all are.
  std::vector<SlotOffer> offer(const AssignedSlot& task_manager,
                               const std::vector<SlotOffer>& offers, bool restarting,
                               sim::Time now);
  void fail_slot(AllocationId allocation, const Cause& cause);
  void lose_task_manager(const std::string& task_manager, const Cause& cause);
  void fail_pending(const Cause& cause);
  bool anything_pending() const;
  // Frees slots beyond the requirement that have been idle for `timeout`.
  void release_idle(sim::Time now, sim::Duration timeout);
  // The job is over: everything goes back.
  void free_all();

 private:
  struct Group {  // of subtasks that share a slot
    enum class State : uint8_t { none, pending, assigned } state = State::none;
    AllocationId allocation;
    std::vector<SubtaskIndex> subtasks;  // requested or holding, in order
  };
  struct Slot {
    AssignedSlot at;
    uint32_t index = 0;
    uint32_t group = UINT32_MAX;  // UINT32_MAX = free
    sim::Time idle_since;
  };

  void assign_groups(const ExecutionTopology& topology);
  void match();
  void grant(uint32_t group);
  void drop_requirement();
  void payload_fails(const Slot& slot, const Cause& cause);

  JobSlotsHost& host_;
  std::vector<uint32_t> group_of_;  // by subtask
  std::vector<Group> groups_;
  std::vector<uint32_t> pending_;  // groups, in order of request
  std::map<AllocationId, Slot> slots_;
  uint32_t required_ = 0;
};

}  // namespace drey::model
