#include "model/cluster/resource_allocation.h"

#include <algorithm>

#include "sim/check.h"

namespace drey::model {

namespace {

struct Candidate {
  ResourceProfile total = kZeroProfile;
  ResourceProfile available = kZeroProfile;
  ResourceProfile default_slot = kZeroProfile;
  std::vector<JobAllocation>* allocations = nullptr;
};

void record(std::vector<JobAllocation>& allocations, JobId job, const ResourceProfile& profile) {
  for (JobAllocation& each : allocations) {
    if (each.job != job || each.profile != profile) continue;
    ++each.count;
    return;
  }
  allocations.push_back({job, profile, 1});
}

ResourceProfile effective(const ResourceProfile& wanted, const ResourceProfile& default_slot) {
  return is_unknown(wanted) ? default_slot : wanted;
}

bool try_allocate(Candidate& candidate, JobId job, const ResourceProfile& wanted) {
  const ResourceProfile profile = effective(wanted, candidate.default_slot);
  if (!is_at_least(candidate.available, profile)) return false;
  candidate.available = minus(candidate.available, profile);
  record(*candidate.allocations, job, profile);
  return true;
}

// The larger of the used shares of cpu and memory, as a fraction. (Upstream divides doubles.)
struct Share {
  uint64_t used = 0;
  uint64_t total = 1;
};
bool less(const Share& a, const Share& b) {
  // Profiles of real workers are far below 2^63, their products need more.
  __extension__ using Wide = unsigned __int128;
  return Wide{a.used} * b.total < Wide{b.used} * a.total;
}
Share utilisation(const Candidate& candidate) {
  const Share cpu{candidate.total.cpu - candidate.available.cpu,
                  std::max<uint64_t>(candidate.total.cpu, 1)};
  const Share heap{candidate.total.heap - candidate.available.heap,
                   std::max<uint64_t>(candidate.total.heap, 1)};
  return less(cpu, heap) ? heap : cpu;
}

// A binary heap with the moves of java.util.PriorityQueue, which decide ties.
class CandidateQueue {
 public:
  CandidateQueue(std::vector<Candidate>& candidates, bool most_utilised_first)
      : candidates_(candidates), most_first_(most_utilised_first) {
    for (size_t i = 0; i < candidates.size(); ++i) push(i);
  }

  bool empty() const { return heap_.empty(); }

  void push(size_t index) {
    size_t at = heap_.size();
    heap_.push_back({utilisation(candidates_[index]), index});
    const Entry entry = heap_[at];
    while (at > 0 && before(entry, heap_[(at - 1) / 2])) {
      heap_[at] = heap_[(at - 1) / 2];
      at = (at - 1) / 2;
    }
    heap_[at] = entry;
  }

  size_t pop() {
    const size_t top = heap_.front().index;
    const Entry last = heap_.back();
    heap_.pop_back();
    if (heap_.empty()) return top;
    size_t at = 0;
    while (2 * at + 1 < heap_.size()) {
      size_t child = 2 * at + 1;
      if (child + 1 < heap_.size() && before(heap_[child + 1], heap_[child])) ++child;
      if (!before(heap_[child], last)) break;
      heap_[at] = heap_[child];
      at = child;
    }
    heap_[at] = last;
    return top;
  }

 private:
  struct Entry {
    Share share;
    size_t index = 0;
  };
  bool before(const Entry& a, const Entry& b) const {
    return most_first_ ? less(b.share, a.share) : less(a.share, b.share);
  }

  std::vector<Candidate>& candidates_;
  bool most_first_;
  std::vector<Entry> heap_;
};

// Each answers how many are still missing.
uint32_t serve_in_order(std::vector<Candidate>& candidates, JobId job,
                        const ResourceProfile& wanted, uint32_t missing) {
  size_t kept = 0;
  for (size_t i = 0; i < candidates.size(); ++i) {
    while (missing > 0 && try_allocate(candidates[i], job, wanted)) --missing;
    // What is used up leaves the list, so that later requirements do not look at it again.
    if (candidates[i].available != kZeroProfile) candidates[kept++] = candidates[i];
  }
  candidates.resize(kept);
  return missing;
}

uint32_t serve_by_utilisation(std::vector<Candidate>& candidates, JobId job,
                              const ResourceProfile& wanted, uint32_t missing,
                              bool most_utilised_first) {
  CandidateQueue queue(candidates, most_utilised_first);
  while (missing > 0 && !queue.empty()) {
    const size_t index = queue.pop();
    if (!try_allocate(candidates[index], job, wanted)) continue;
    --missing;
    if (candidates[index].available != kZeroProfile) queue.push(index);
  }
  return missing;
}

class Planner {
 public:
  Planner(const AllocationOptions& options, const std::vector<RegisteredWorker>& registered,
          const std::vector<ResourceProfile>& pending)
      : options_(options),
        default_slot_(default_slot_profile(options.worker, options.slots_per_worker)) {
    plan_.on_registered.resize(registered.size());
    plan_.on_pending.resize(pending.size());
    for (size_t i = 0; i < registered.size(); ++i) {
      const RegisteredWorker& worker = registered[i];
      if (worker.blocked) continue;
      total_ = plus(total_, worker.total);
      registered_.push_back(
          {worker.total, worker.available, worker.default_slot, &plan_.on_registered[i]});
    }
    for (size_t i = 0; i < pending.size(); ++i) {
      total_ = plus(total_, pending[i]);
      pending_.push_back({pending[i], pending[i], default_slot_, nullptr});
      pending_index_.push_back(i);
    }
  }

  AllocationPlan run(const std::vector<JobShortage>& jobs) {
    for (const JobShortage& job : jobs) {
      MissingResources rest;
      for (const auto& [wanted, count] : job.missing) {
        const uint32_t missing = serve_registered(job.job, wanted, count);
        if (missing > 0) rest.emplace_back(wanted, missing);
      }
      for (const auto& [wanted, count] : rest) serve_pending(job.job, wanted, count);
    }
    fill_up();
    return std::move(plan_);
  }

 private:
  uint32_t serve_registered(JobId job, const ResourceProfile& wanted, uint32_t missing) {
    switch (options_.mode) {
      case LoadBalance::none:
      case LoadBalance::tasks:
        return serve_in_order(registered_, job, wanted, missing);
      case LoadBalance::slots:
        return serve_by_utilisation(registered_, job, wanted, missing, false);
      case LoadBalance::min_resources:
        return serve_by_utilisation(registered_, job, wanted, missing, true);
    }
    return missing;
  }

  // Always in order: as few workers as possible, the others can be cancelled.
  void serve_pending(JobId job, const ResourceProfile& wanted, uint32_t missing) {
    size_t kept = 0;
    for (size_t i = 0; i < pending_.size(); ++i) {
      pending_[i].allocations = &plan_.on_pending[pending_index_[i]];
      while (missing > 0 && try_allocate(pending_[i], job, wanted)) --missing;
      if (pending_[i].available == kZeroProfile) continue;
      pending_[kept] = pending_[i];
      pending_index_[kept++] = pending_index_[i];
    }
    pending_.resize(kept);
    pending_index_.resize(kept);
    const ResourceProfile profile = effective(wanted, default_slot_);
    if (!is_at_least(options_.worker, profile)) {
      if (std::find(plan_.unfulfillable.begin(), plan_.unfulfillable.end(), job) ==
          plan_.unfulfillable.end())
        plan_.unfulfillable.push_back(job);
      return;
    }
    while (missing > 0) missing = serve_new(job, profile, missing);
  }

  uint32_t serve_new(JobId job, const ResourceProfile& profile, uint32_t missing) {
    ++plan_.new_workers;
    plan_.on_pending.emplace_back();
    total_ = plus(total_, options_.worker);
    Candidate worker{options_.worker, options_.worker, default_slot_, &plan_.on_pending.back()};
    while (missing > 0 && try_allocate(worker, job, profile)) --missing;
    if (worker.available != kZeroProfile) {
      pending_.push_back(worker);
      pending_index_.push_back(plan_.on_pending.size() - 1);
    }
    return missing;
  }

  // Redundant workers and the minimum.
  void fill_up() {
    ResourceProfile available = kZeroProfile;
    for (const Candidate& each : registered_) available = plus(available, each.available);
    for (const Candidate& each : pending_) available = plus(available, each.available);
    while (!is_at_least(available, times(options_.worker, options_.redundant)) ||
           !is_at_least(total_, options_.min_total)) {
      ++plan_.new_workers;
      plan_.on_pending.emplace_back();
      available = plus(available, options_.worker);
      total_ = plus(total_, options_.worker);
    }
  }

  const AllocationOptions& options_;
  ResourceProfile default_slot_;
  std::vector<Candidate> registered_;
  std::vector<Candidate> pending_;  // old and new workers with something left
  std::vector<size_t> pending_index_;
  ResourceProfile total_ = kZeroProfile;
  AllocationPlan plan_;
};

// What is kept must cover the redundant workers (what is available) and the minimum (the total).
class Reconciliation {
 public:
  explicit Reconciliation(const AllocationOptions& options) : options_(options) {}

  bool enough() const {
    return is_at_least(available_, times(options_.worker, options_.redundant)) &&
           is_at_least(total_, options_.min_total);
  }
  void keep(const ResourceProfile& available, const ResourceProfile& total) {
    available_ = plus(available_, available);
    total_ = plus(total_, total);
  }

 private:
  const AllocationOptions& options_;
  ResourceProfile available_ = kZeroProfile;
  ResourceProfile total_ = kZeroProfile;
};

}  // namespace

AllocationPlan fulfil_requirements(const AllocationOptions& options,
                                   const std::vector<RegisteredWorker>& registered,
                                   const std::vector<ResourceProfile>& pending,
                                   const std::vector<JobShortage>& jobs) {
  CHECK(options.slots_per_worker > 0, "a worker has slots");
  return Planner(options, registered, pending).run(jobs);
}

ReconcilePlan reconcile_workers(const AllocationOptions& options,
                                const std::vector<IdleWorker>& registered,
                                const std::vector<PendingWorker>& pending) {
  ReconcilePlan plan;
  Reconciliation kept(options);
  for (const IdleWorker& worker : registered)
    if (!worker.idle_for_long) kept.keep(worker.available, worker.total);
  if (!kept.enough()) {
    for (const PendingWorker& worker : pending)
      if (worker.promised) kept.keep(worker.unused, worker.total);
  }
  for (size_t i = 0; i < registered.size(); ++i) {
    if (!registered[i].idle_for_long) continue;
    if (kept.enough())
      plan.release.push_back(i);
    else
      kept.keep(registered[i].available, registered[i].total);
  }
  for (size_t i = 0; i < pending.size(); ++i) {
    if (pending[i].promised) continue;
    if (kept.enough())
      plan.release_pending.push_back(i);
    else
      kept.keep(pending[i].unused, pending[i].total);
  }
  while (!kept.enough()) {
    ++plan.new_workers;
    kept.keep(options.worker, options.worker);
  }
  return plan;
}

}  // namespace drey::model
