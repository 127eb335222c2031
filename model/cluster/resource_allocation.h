#pragma once
// How the ResourceManager serves what jobs miss: from registered TaskManagers, then from workers
// that are asked for already, then from new workers; and what it gives back when nothing is
// missing.
//
// A slot here fits if each of its fields is at least the required one (is_at_least); UNKNOWN stands
// for the default slot of the TaskManager. Candidates are tried in the order in which the caller
// lists them (upstream: the order of a hash map), or, with SLOTS and MIN_RESOURCES, by utilisation;
// ties then follow upstream's priority queue, filled in that order. Workers that have not come yet
// count as empty: each plan makes all promises on them anew. A pure function of its arguments.
//
// Upstream: DefaultResourceAllocationStrategy, ResourceAllocationResult, ResourceReconcileResult.
#include <cstdint>
#include <utility>
#include <vector>

#include "model/cluster/resource_profile.h"
#include "model/task/deployment.h"

namespace drey::model {

// taskmanager.load-balance.mode. TASKS differs from NONE in the JobMaster only.
enum class LoadBalance : uint8_t { none, slots, min_resources, tasks };

struct AllocationOptions {
  ResourceProfile worker = kZeroProfile;  // total of a new TaskManager
  uint32_t slots_per_worker = 1;
  LoadBalance mode = LoadBalance::none;
  uint32_t redundant = 0;                    // slotmanager.redundant-taskmanager-num
  ResourceProfile min_total = kZeroProfile;  // slotmanager.min-total-resource.*
};

struct RegisteredWorker {
  ResourceProfile total = kZeroProfile;
  ResourceProfile available = kZeroProfile;
  ResourceProfile default_slot = kZeroProfile;
  bool blocked = false;
};

using MissingResources = std::vector<std::pair<ResourceProfile, uint32_t>>;
struct JobShortage {
  JobId job = 0;
  MissingResources missing;  // in order
};

struct JobAllocation {
  JobId job = 0;
  ResourceProfile profile = kZeroProfile;
  uint32_t count = 0;
};

struct AllocationPlan {
  std::vector<std::vector<JobAllocation>> on_registered;  // by index of the argument
  // By index of the argument, then the new workers.
  std::vector<std::vector<JobAllocation>> on_pending;
  uint32_t new_workers = 0;
  std::vector<JobId> unfulfillable;  // jobs that need more than an empty worker has
};

struct IdleWorker {  // as reconcile sees a registered TaskManager
  ResourceProfile total = kZeroProfile;
  ResourceProfile available = kZeroProfile;
  bool idle_for_long = false;
};
struct PendingWorker {
  ResourceProfile total = kZeroProfile;
  ResourceProfile unused = kZeroProfile;
  bool promised = false;
};

struct ReconcilePlan {
  std::vector<size_t> release;          // registered, by index
  std::vector<size_t> release_pending;  // by index
  uint32_t new_workers = 0;
  bool anything() const { return !release.empty() || !release_pending.empty() || new_workers > 0; }
};

// `pending`: total of each worker that is asked for.
AllocationPlan fulfil_requirements(const AllocationOptions& options,
                                   const std::vector<RegisteredWorker>& registered,
                                   const std::vector<ResourceProfile>& pending,
                                   const std::vector<JobShortage>& jobs);

ReconcilePlan reconcile_workers(const AllocationOptions& options,
                                const std::vector<IdleWorker>& registered,
                                const std::vector<PendingWorker>& pending);

}  // namespace drey::model
