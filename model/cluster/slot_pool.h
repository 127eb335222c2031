#pragma once
// What the JobMaster asks for slots: requests, each served by one slot of the declarative pool, at
// once if a free one fits, else when one arrives.
//
// A request adds its profile to the declared requirements until it is released. A slot that becomes
// free goes to the first waiting request that it matches. While the job restarts, every offered
// slot is taken.
//
// taskmanager.load-balance.mode: with SLOTS the choice among free slots spreads out; with TASKS (of
// a streaming job) nothing is chosen from free slots, but all waiting requests are served at once,
// by load, when the declaration is out and there are enough free slots (control-plane.md 6.7).
//
// Upstream: DeclarativeSlotPoolBridge, PhysicalSlotProviderImpl, FreeSlotTracker.
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/cluster/declarative_slot_pool.h"
#include "model/cluster/resource_allocation.h"
#include "model/cluster/slot_selection.h"
#include "sim/time.h"

namespace drey::model {

using SlotRequestId = uint64_t;  // the caller's number, increasing

class SlotPool final : private SlotPoolOutput {
 public:
  // Called synchronously, also from inside the calls below.
  class Output {
   public:
    virtual ~Output() = default;
    virtual void declare_requirements(const ResourceCounter& requirements) = 0;
    // A request that had to wait has its slot.
    virtual void slot_arrived(SlotRequestId request, AllocationId slot) = 0;
    virtual void free_slot(AllocationId slot, const std::string& owner) = 0;
  };

  SlotPool(const DeclarativeSlotPool::Options& options, Output& output,
           LoadBalance mode = LoadBalance::none)
      : mode_(mode), output_(output), pool_(options, *this) {}

  // The slot, if a free one fits; else the request waits for slot_arrived. `load`: how many
  // subtasks will be in it.
  std::optional<AllocationId> request(SlotRequestId request, const ResourceProfile& profile,
                                      const std::vector<TaskManagerPlace>& preferred, sim::Time now,
                                      uint32_t load = 1);
  // Gives the slot back, or gives up waiting for it; unknown requests do nothing.
  void release(SlotRequestId request, sim::Time now);

  // The accepted slots; the TaskManager frees the others.
  std::vector<AllocationId> offer(const TaskManagerPlace& owner,
                                  const std::vector<OfferedSlot>& slots, sim::Time now);
  // The requests whose slots are lost; they are forgotten here.
  std::vector<SlotRequestId> lose_slot(AllocationId slot, sim::Time now);
  std::vector<SlotRequestId> lose_task_manager(const std::string& owner, sim::Time now);
  // The ResourceManager cannot give what is missing: the waiting requests, which are given up.
  std::vector<SlotRequestId> fail_waiting(sim::Time now);

  void set_job_restarting(bool restarting) { restarting_ = restarting; }
  uint32_t release_idle(sim::Time now) { return pool_.release_idle(now); }
  std::optional<sim::Time> next_declaration() const { return pool_.next_declaration(); }
  void on_time(sim::Time now) { pool_.on_time(now); }

  const DeclarativeSlotPool& pool() const { return pool_; }
  size_t waiting() const { return waiting_.size(); }
  std::optional<AllocationId> slot_of(SlotRequestId request) const;
  // Empty for a TaskManager that has none here.
  std::set<AllocationId> slots_of(const std::string& owner) const;
  std::vector<std::string> owners() const;

 private:
  struct Owner {  // a TaskManager with slots here
    std::string host;
    std::set<AllocationId> slots;
    std::set<AllocationId> free;
    uint64_t load = 0;  // of the requests that it serves
  };
  struct Waiting {
    ResourceProfile profile = kUnknownProfile;
    uint32_t load = 1;
  };
  struct Served {
    AllocationId slot;
    uint32_t load = 1;
  };

  void declare_requirements(const ResourceCounter& requirements) override;
  void requirements_stable() override { match_balanced_if_due(); }
  void slots_available(const std::vector<AllocationId>& slots) override;
  void give_back(AllocationId slot, const std::string& owner) override;

  std::optional<AllocationId> choose(const ResourceProfile& profile,
                                     const std::vector<TaskManagerPlace>& preferred) const;
  std::optional<AllocationId> first_free(const Owner& owner, const ResourceProfile& profile) const;
  void serve(SlotRequestId request, const Waiting& waiting, AllocationId slot);
  void serve_waiting(SlotRequestId request, AllocationId slot);
  void match_balanced_if_due();
  std::vector<SlotRequestId> forget_served_by(const std::set<AllocationId>& slots);

  LoadBalance mode_;
  Output& output_;
  DeclarativeSlotPool pool_;
  std::map<SlotRequestId, Waiting> waiting_;  // in request order
  std::map<SlotRequestId, Served> served_;
  std::map<std::string, Owner> owners_;  // by resource
  std::map<std::string, std::string> host_of_;
  std::map<std::string, std::set<std::string>> on_host_;  // resources with slots here
  std::set<AllocationId> free_;
  bool restarting_ = false;
  sim::Time now_;  // of the call that runs
};

}  // namespace drey::model
