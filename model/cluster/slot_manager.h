#pragma once
// The slots of the cluster as the ResourceManager sees them: registered TaskManagers and what is
// allocated on them, workers that are asked for but have not come, and what jobs require. It asks
// TaskManagers for slots, asks for workers where it can (requests_workers: YARN, Kubernetes; a
// standalone cluster cannot), and says which jobs cannot be served.
//
// A change of requirements or slots is followed by one check after check_delay, which later changes
// join. A slot counts for its job from the request on; a refused request is lost again and checked
// again. Pending workers count as empty in every check; a registering TaskManager that matches one
// gets what the last check promised on it, even if the requirement is lower by now.
//
// No clock: the caller passes the time and calls on_time when next_timer is due. TaskManagers are
// tried in the order of their numbers (upstream: hash order).
//
// Kept from 2.3.0: redundant workers together with a maximum. A check in which a worker without
// promises is refused fails (upstream: NullPointerException) after it has asked for workers; with a
// check delay no check ever runs again. See failed_checks().
//
// Upstream: FineGrainedSlotManager, FineGrainedTaskManagerTracker, DefaultResourceTracker,
// DefaultSlotStatusSyncer.
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "model/cluster/job_resource_tracker.h"
#include "model/cluster/resource_allocation.h"
#include "model/mutants.h"
#include "model/task/deployment.h"
#include "sim/time.h"

namespace drey::model {

using WorkerId = uint64_t;  // InstanceID: number of a registration, increasing

struct SlotOrder {
  AllocationId allocation;
  WorkerId worker = 0;
  JobId job = 0;
  ResourceProfile profile = kZeroProfile;
};

// What the manager asks of its owner; called synchronously.
class SlotManagerOutput {
 public:
  virtual ~SlotManagerOutput() = default;
  virtual AllocationId new_allocation() = 0;
  virtual void request_slot(const SlotOrder& order) = 0;  // answer: slot_answered, also at once
  virtual void not_enough_resources(JobId job, const ResourceCounter& acquired) = 0;
  // How many workers there shall be, and which registered ones are not wanted any more.
  virtual void declare_workers(uint32_t needed, const std::vector<WorkerId>& unwanted) = 0;
  // Does it hold results that are still read? Answer: release_answered.
  virtual void ask_release(WorkerId worker) = 0;
  virtual void free_inactive_slots(WorkerId worker, JobId job) = 0;
};

struct ReportedSlot {  // one that is allocated
  AllocationId allocation;
  JobId job = 0;
  ResourceProfile profile = kZeroProfile;
};

class SlotManager {
 public:
  struct Options {
    AllocationOptions allocation;
    std::optional<ResourceProfile> max_total;  // slotmanager.number-of-slots.max and others
    sim::Duration check_delay = sim::milliseconds(50);  // slotmanager.requirement-check.delay
    sim::Duration declare_delay =
        sim::milliseconds(50);                      // slotmanager.declare-needed-resource.delay
    sim::Duration idle_timeout = sim::seconds(30);  // resourcemanager.taskmanager-timeout
    bool requests_workers = false;
    Mutant mutant = Mutant::none;
  };
  enum class Registration : uint8_t { success, known, rejected };

  SlotManager(const Options& options, SlotManagerOutput& output, sim::Time now);
  SlotManager(const SlotManager&) = delete;
  SlotManager& operator=(const SlotManager&) = delete;

  // During the start-up period of a cluster nobody is told that resources are missing; the end of
  // it tells whom it concerns by the last check.
  void tell_unfulfillable(bool tell);

  Registration register_worker(WorkerId worker, const ResourceProfile& total,
                               const ResourceProfile& default_slot,
                               const std::vector<ReportedSlot>& allocated, sim::Time now);
  void unregister_worker(WorkerId worker, sim::Time now);
  void report(WorkerId worker, const std::vector<ReportedSlot>& allocated, sim::Time now);

  // False: upstream throws (see JobResourceTracker).
  bool require(JobId job, const ResourceCounter& requirements, sim::Time now);
  // The job is gone for good: its inactive slots are freed, too.
  void clear(JobId job);

  void free_slot(AllocationId allocation, sim::Time now);
  void slot_answered(AllocationId allocation, bool acknowledged, sim::Time now);
  void release_answered(WorkerId worker, bool may, sim::Time now);

  std::optional<sim::Time> next_timer() const;
  void on_time(sim::Time now);

  bool knows(WorkerId worker) const { return workers_.count(worker) != 0; }
  uint32_t registered_slots() const;
  uint32_t free_slots() const;
  ResourceCounter acquired(JobId job) const;
  size_t used_slots(WorkerId worker) const { return workers_.at(worker).slots.size(); }
  size_t pending_workers() const { return pending_.size(); }
  // The allocation with the smallest number, for tests; invalid: none.
  AllocationId any_slot_of(WorkerId worker) const;
  uint32_t failed_checks() const { return failed_checks_; }

 private:
  struct Worker {
    ResourceProfile total = kZeroProfile;
    ResourceProfile available = kZeroProfile;
    ResourceProfile default_slot = kZeroProfile;
    std::set<AllocationId> slots;
    sim::Time idle_since;
    bool unwanted = false;
  };
  struct Slot {
    WorkerId worker = 0;
    JobId job = 0;
    ResourceProfile profile = kZeroProfile;
    bool pending = true;
  };
  struct Pending {  // a worker that is asked for; all have the same size
    std::vector<JobAllocation> promises;
  };
  struct Timer {
    std::optional<sim::Time> at;
    uint64_t number = 0;  // decides between timers of one instant
  };

  void add_slot(AllocationId allocation, const Slot& slot);
  void remove_slot(AllocationId allocation, sim::Time now, bool counts_no_more = true);
  bool apply_report(WorkerId worker, const std::vector<ReportedSlot>& allocated, sim::Time now);
  std::optional<size_t> matching_pending(const ResourceProfile& total,
                                         const ResourceProfile& default_slot) const;
  bool exceeds_maximum(const ResourceProfile& added) const;

  void check_later(sim::Time now);
  void check(sim::Time now);
  std::vector<JobShortage> shortages() const;
  void carry_out(const AllocationPlan& plan, sim::Time now);
  void allocate(WorkerId worker, const std::vector<JobAllocation>& allocations);
  void allocations_made(sim::Time now);
  bool collect_unfulfillable(const AllocationPlan& plan, const std::vector<size_t>& refused);
  bool reconcile(sim::Time now);
  void declare_later(sim::Time now);
  void declare();
  void set(Timer& timer, sim::Time at);

  Options options_;
  SlotManagerOutput& output_;
  std::map<WorkerId, Worker> workers_;
  std::map<AllocationId, Slot> slots_;
  std::map<JobId, JobResourceTracker> jobs_;
  std::vector<Pending> pending_;
  std::set<JobId> unfulfillable_;
  bool tells_unfulfillable_ = true;
  bool check_runs_or_waits_ = false;  // only with a delay
  bool allocating_ = false;
  bool allocation_failed_ = false;  // while allocating
  uint32_t failed_checks_ = 0;
  Timer check_timer_;
  Timer declare_timer_;
  Timer reconcile_timer_;
  uint64_t timers_ = 0;
};

}  // namespace drey::model
