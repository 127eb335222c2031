#pragma once
// The slots of a TaskManager: free, allocated to a job (inactive until a JobMaster accepts the
// offer, and freed if that takes longer than taskmanager.slot.timeout), active, or releasing until
// the last task has left. Upstream: TaskSlotTableImpl, TaskSlot.
#include <cstdint>
#include <optional>
#include <vector>

#include "model/cluster/messages.h"
#include "sim/time.h"

namespace drey::model {

class TaskSlotTable {
 public:
  enum class State : uint8_t { free, allocated, active, releasing };
  struct Slot {
    State state = State::free;
    JobId job = 0;
    AllocationId allocation;
    sim::Time deadline = sim::kEndOfTime;  // of an inactive allocation
    uint32_t tasks = 0;
  };

  // All slots are of this size.
  TaskSlotTable(uint32_t slots, const ResourceProfile& profile)
      : slots_(slots), profile_(profile) {}

  size_t size() const { return slots_.size(); }
  const ResourceProfile& profile() const { return profile_; }
  const Slot& slot(size_t index) const { return slots_[index]; }
  std::optional<uint32_t> find(AllocationId allocation) const;

  // Takes a free slot. False: there is none, or another job has this allocation.
  bool allocate(JobId job, AllocationId allocation, sim::Time deadline);
  // False: no such allocation of that job, or it is releasing.
  bool mark_active(AllocationId allocation, JobId job);
  void mark_inactive(AllocationId allocation, sim::Time deadline);
  void add_task(AllocationId allocation);
  // True: the slot was releasing and is free now.
  bool remove_task(AllocationId allocation);
  enum class Freed : uint8_t { unknown, freed, waits_for_tasks };
  Freed free(AllocationId allocation);

  std::vector<SlotStatus> report() const;
  std::vector<SlotOffer> inactive_of(JobId job) const;
  std::vector<AllocationId> all_of(JobId job) const;
  std::vector<AllocationId> active_of(JobId job) const;
  bool has_allocated(JobId job) const;
  sim::Time next_deadline() const;
  std::vector<AllocationId> expired(sim::Time now) const;

 private:
  std::vector<Slot> slots_;
  ResourceProfile profile_;
};

}  // namespace drey::model
