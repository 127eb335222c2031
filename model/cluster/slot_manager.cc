#include "model/cluster/slot_manager.h"

#include <algorithm>

#include "sim/check.h"

namespace drey::model {

SlotManager::SlotManager(const Options& options, SlotManagerOutput& output, sim::Time now)
    : options_(options), output_(output) {
  if (options_.requests_workers) set(reconcile_timer_, now);
}

void SlotManager::tell_unfulfillable(bool tell) {
  tells_unfulfillable_ = tell;
  if (!tell) return;
  for (const JobId job : unfulfillable_) output_.not_enough_resources(job, acquired(job));
}

// ---- slots

void SlotManager::add_slot(AllocationId allocation, const Slot& slot) {
  CHECK(slots_.emplace(allocation, slot).second, "an allocation exists once");
  Worker& worker = workers_.at(slot.worker);
  worker.slots.insert(allocation);
  worker.available = minus(worker.available, slot.profile);
  jobs_[slot.job].acquired(slot.profile);
}

void SlotManager::remove_slot(AllocationId allocation, sim::Time now, bool counts_no_more) {
  const auto at = slots_.find(allocation);
  const Slot slot = at->second;
  slots_.erase(at);
  Worker& worker = workers_.at(slot.worker);
  worker.slots.erase(allocation);
  worker.available = plus(worker.available, slot.profile);
  if (worker.slots.empty()) worker.idle_since = now;
  if (!counts_no_more) return;
  JobResourceTracker& job = jobs_.at(slot.job);
  job.lost(slot.profile);
  if (job.empty() && job.have().empty()) jobs_.erase(slot.job);
}

void SlotManager::free_slot(AllocationId allocation, sim::Time now) {
  if (slots_.count(allocation) == 0) return;
  remove_slot(allocation, now);
  check_later(now);
}

void SlotManager::slot_answered(AllocationId allocation, bool acknowledged, sim::Time now) {
  const auto at = slots_.find(allocation);
  if (at == slots_.end() || !at->second.pending) return;
  if (acknowledged) {
    at->second.pending = false;
    return;
  }
  remove_slot(allocation, now, options_.mutant != Mutant::refused_request_still_counts);
  if (allocating_)
    allocation_failed_ = true;
  else
    check_later(now);
}

// An allocated slot that the report does not show is free; one that it shows and that is not known
// is allocated, and a pending one that it shows has been acknowledged. False: something was new.
bool SlotManager::apply_report(WorkerId worker, const std::vector<ReportedSlot>& allocated,
                               sim::Time now) {
  std::set<AllocationId> reported;
  for (const ReportedSlot& slot : allocated) reported.insert(slot.allocation);
  bool as_known = true;
  const std::set<AllocationId> held = workers_.at(worker).slots;
  for (const AllocationId allocation : held) {
    if (reported.count(allocation) != 0 || slots_.at(allocation).pending) continue;
    remove_slot(allocation, now);
    as_known = false;
  }
  for (const ReportedSlot& slot : allocated) {
    const auto known = slots_.find(slot.allocation);
    if (known != slots_.end()) {
      CHECK(known->second.worker == worker, "an allocation is on one TaskManager");
      known->second.pending = false;
      continue;
    }
    add_slot(slot.allocation, {worker, slot.job, slot.profile, false});
    as_known = false;
  }
  return as_known;
}

void SlotManager::report(WorkerId worker, const std::vector<ReportedSlot>& allocated,
                         sim::Time now) {
  if (!knows(worker)) return;
  if (!apply_report(worker, allocated, now)) check_later(now);
}

// ---- TaskManagers

std::optional<size_t> SlotManager::matching_pending(const ResourceProfile& total,
                                                    const ResourceProfile& default_slot) const {
  const AllocationOptions& options = options_.allocation;
  if (total != options.worker ||
      default_slot != default_slot_profile(options.worker, options.slots_per_worker) ||
      pending_.empty())
    return std::nullopt;
  for (size_t i = 0; i < pending_.size(); ++i)
    if (!pending_[i].promises.empty()) return i;
  return 0;
}

bool SlotManager::exceeds_maximum(const ResourceProfile& added) const {
  if (!options_.max_total.has_value()) return false;
  ResourceProfile total = plus(times(options_.allocation.worker, pending_.size()), added);
  for (const auto& [id, worker] : workers_) total = plus(total, worker.total);
  return !is_at_least(*options_.max_total, total);
}

SlotManager::Registration SlotManager::register_worker(WorkerId id, const ResourceProfile& total,
                                                       const ResourceProfile& default_slot,
                                                       const std::vector<ReportedSlot>& allocated,
                                                       sim::Time now) {
  if (knows(id)) {
    report(id, allocated, now);
    return Registration::known;
  }
  const std::optional<size_t> match =
      allocated.empty() ? matching_pending(total, default_slot) : std::nullopt;
  if (!match.has_value() && exceeds_maximum(total)) return Registration::rejected;
  Worker worker;
  worker.total = total;
  worker.available = total;
  worker.default_slot = default_slot;
  worker.idle_since = now;
  workers_.emplace(id, std::move(worker));
  if (!allocated.empty()) apply_report(id, allocated, now);
  if (!match.has_value()) {
    check_later(now);
    return Registration::success;
  }
  const std::vector<JobAllocation> promises = std::move(pending_[*match].promises);
  pending_.erase(pending_.begin() + static_cast<ptrdiff_t>(*match));
  allocate(id, promises);
  allocations_made(now);
  return Registration::success;
}

void SlotManager::unregister_worker(WorkerId id, sim::Time now) {
  const auto at = workers_.find(id);
  if (at == workers_.end()) return;
  const std::set<AllocationId> slots = at->second.slots;
  const bool count_no_more = options_.mutant != Mutant::lost_slots_still_count;
  for (const AllocationId slot : slots) remove_slot(slot, now, count_no_more);
  workers_.erase(id);
  if (!slots.empty()) check_later(now);
}

// ---- requirements

bool SlotManager::require(JobId job, const ResourceCounter& requirements, sim::Time now) {
  const auto known = jobs_.find(job);
  // An empty declaration of a job that requires nothing is skipped.
  if (requirements.empty() && (known == jobs_.end() || known->second.requirements().empty()))
    return true;
  JobResourceTracker& tracker = jobs_[job];
  if (!tracker.set_requirements(requirements)) return false;
  if (tracker.empty() && tracker.have().empty()) jobs_.erase(job);
  check_later(now);
  return true;
}

void SlotManager::clear(JobId job) {
  const auto known = jobs_.find(job);
  if (known != jobs_.end()) {
    known->second.set_requirements({});
    if (known->second.have().empty()) jobs_.erase(known);
  }
  for (Pending& pending : pending_) {
    std::vector<JobAllocation>& promises = pending.promises;
    promises.erase(std::remove_if(promises.begin(), promises.end(),
                                  [&](const JobAllocation& each) { return each.job == job; }),
                   promises.end());
  }
  for (const auto& [id, worker] : workers_) {
    const bool holds = std::any_of(worker.slots.begin(), worker.slots.end(),
                                   [&](AllocationId slot) { return slots_.at(slot).job == job; });
    if (holds) output_.free_inactive_slots(id, job);
  }
}

// ---- the check

void SlotManager::check_later(sim::Time now) {
  if (options_.check_delay.ns <= 0) {
    check(now);
    return;
  }
  if (check_runs_or_waits_) return;
  check_runs_or_waits_ = true;
  set(check_timer_, now + options_.check_delay);
}

std::vector<JobShortage> SlotManager::shortages() const {
  std::vector<JobShortage> shortages;
  for (const auto& [job, tracker] : jobs_) {
    const ResourceCounter missing = tracker.missing();
    if (missing.empty()) continue;
    shortages.push_back({job, {missing.counts().begin(), missing.counts().end()}});
  }
  return shortages;
}

void SlotManager::check(sim::Time now) {
  const std::vector<JobShortage> jobs = shortages();
  if (jobs.empty()) {
    if (!options_.requests_workers || pending_.empty()) return;
    for (Pending& pending : pending_) pending.promises.clear();
    reconcile(now);
    declare_later(now);
    return;
  }
  std::vector<RegisteredWorker> registered;
  for (const auto& [id, worker] : workers_)
    registered.push_back({worker.total, worker.available, worker.default_slot, false});
  const std::vector<ResourceProfile> pending(pending_.size(), options_.allocation.worker);
  carry_out(fulfil_requirements(options_.allocation, registered, pending, jobs), now);
}

void SlotManager::carry_out(const AllocationPlan& plan, sim::Time now) {
  std::vector<WorkerId> ids;
  for (const auto& [id, worker] : workers_) ids.push_back(id);
  for (size_t i = 0; i < ids.size(); ++i) allocate(ids[i], plan.on_registered[i]);
  allocations_made(now);

  const size_t known = plan.on_pending.size() - plan.new_workers;
  std::vector<size_t> refused;  // new workers, by index into on_pending
  if (options_.requests_workers) {
    for (size_t i = 0; i < known && i < pending_.size(); ++i)
      pending_[i].promises = plan.on_pending[i];
    for (size_t i = known; i < plan.on_pending.size(); ++i) {
      if (exceeds_maximum(options_.allocation.worker))
        refused.push_back(i);
      else
        pending_.push_back({plan.on_pending[i]});
    }
  } else {
    for (size_t i = known; i < plan.on_pending.size(); ++i) refused.push_back(i);
  }
  if (!collect_unfulfillable(plan, refused)) return;
  if (tells_unfulfillable_) {
    const std::set<JobId> jobs = unfulfillable_;
    for (const JobId job : jobs) output_.not_enough_resources(job, acquired(job));
  }
  if (!options_.requests_workers) return;
  reconcile(now);
  declare_later(now);
}

// False: the check fails here, see the top of the header.
bool SlotManager::collect_unfulfillable(const AllocationPlan& plan,
                                        const std::vector<size_t>& refused) {
  unfulfillable_.clear();
  unfulfillable_.insert(plan.unfulfillable.begin(), plan.unfulfillable.end());
  for (const size_t index : refused) {
    if (plan.on_pending[index].empty()) {
      ++failed_checks_;
      return false;
    }
    for (const JobAllocation& each : plan.on_pending[index]) unfulfillable_.insert(each.job);
  }
  return true;
}

void SlotManager::allocate(WorkerId worker, const std::vector<JobAllocation>& allocations) {
  allocating_ = true;
  for (const JobAllocation& each : allocations) {
    for (uint32_t i = 0; i < each.count; ++i) {
      const AllocationId allocation = output_.new_allocation();
      add_slot(allocation, {worker, each.job, each.profile, true});
      output_.request_slot({allocation, worker, each.job, each.profile});
    }
  }
  allocating_ = false;
}

// Refusals that were answered at once are looked at when all requests are out.
void SlotManager::allocations_made(sim::Time now) {
  const bool failed = allocation_failed_;
  allocation_failed_ = false;
  if (failed) check_later(now);
}

bool SlotManager::reconcile(sim::Time now) {
  std::vector<WorkerId> ids;
  std::vector<IdleWorker> registered;
  for (const auto& [id, worker] : workers_) {
    const bool idle = worker.slots.empty() && now - worker.idle_since >= options_.idle_timeout;
    ids.push_back(id);
    registered.push_back({worker.total, worker.available, idle});
  }
  std::vector<PendingWorker> pending;
  for (const Pending& each : pending_) {
    ResourceProfile unused = options_.allocation.worker;
    for (const JobAllocation& promise : each.promises)
      unused = minus(unused, times(promise.profile, promise.count));
    pending.push_back({options_.allocation.worker, unused, !each.promises.empty()});
  }
  const ReconcilePlan plan = reconcile_workers(options_.allocation, registered, pending);
  for (size_t i = plan.release_pending.size(); i-- > 0;)
    pending_.erase(pending_.begin() + static_cast<ptrdiff_t>(plan.release_pending[i]));
  for (const size_t index : plan.release) output_.ask_release(ids[index]);
  for (uint32_t i = 0; i < plan.new_workers; ++i)
    if (!exceeds_maximum(options_.allocation.worker)) pending_.emplace_back();
  return plan.anything();
}

void SlotManager::release_answered(WorkerId id, bool may, sim::Time now) {
  const auto at = workers_.find(id);
  if (at == workers_.end() || !may || !at->second.slots.empty()) return;
  if (now - at->second.idle_since < options_.idle_timeout) return;  // it was used meanwhile
  at->second.unwanted = true;
  declare_later(now);
}

void SlotManager::declare_later(sim::Time now) {
  if (options_.declare_delay.ns <= 0) {
    declare();
    return;
  }
  if (!declare_timer_.at.has_value()) set(declare_timer_, now + options_.declare_delay);
}

void SlotManager::declare() {
  std::vector<WorkerId> unwanted;
  for (const auto& [id, worker] : workers_)
    if (worker.unwanted) unwanted.push_back(id);
  const size_t needed = workers_.size() - unwanted.size() + pending_.size();
  output_.declare_workers(static_cast<uint32_t>(needed), unwanted);
}

// ---- timers

void SlotManager::set(Timer& timer, sim::Time at) {
  timer.at = at;
  timer.number = ++timers_;
}

std::optional<sim::Time> SlotManager::next_timer() const {
  std::optional<sim::Time> next;
  for (const Timer* timer : {&check_timer_, &declare_timer_, &reconcile_timer_})
    if (timer->at.has_value() && (!next.has_value() || *timer->at < *next)) next = timer->at;
  return next;
}

void SlotManager::on_time(sim::Time now) {
  while (true) {
    Timer* due = nullptr;
    for (Timer* timer : {&check_timer_, &declare_timer_, &reconcile_timer_}) {
      if (!timer->at.has_value() || *timer->at > now) continue;
      const bool earlier = due == nullptr || *timer->at < *due->at ||
                           (*timer->at == *due->at && timer->number < due->number);
      if (earlier) due = timer;
    }
    if (due == nullptr) return;
    due->at.reset();
    if (due == &check_timer_) {
      const uint32_t failed = failed_checks_;
      check(now);
      // A check that failed never ends for upstream: it absorbs all later ones.
      if (failed_checks_ == failed) check_runs_or_waits_ = false;
    } else if (due == &declare_timer_) {
      declare();
    } else {
      set(reconcile_timer_, now + options_.idle_timeout);
      if (reconcile(now)) declare_later(now);
    }
  }
}

// ---- answers

uint32_t SlotManager::registered_slots() const {
  uint32_t slots = 0;
  for (const auto& [id, worker] : workers_)
    slots += slots_that_fit(worker.total, worker.default_slot);
  return slots;
}

uint32_t SlotManager::free_slots() const {
  uint32_t slots = 0;
  for (const auto& [id, worker] : workers_) {
    const uint32_t all = slots_that_fit(worker.total, worker.default_slot);
    const auto used = static_cast<uint32_t>(worker.slots.size());
    slots += all > used ? all - used : 0;
  }
  return slots;
}

ResourceCounter SlotManager::acquired(JobId job) const {
  const auto at = jobs_.find(job);
  return at == jobs_.end() ? ResourceCounter() : at->second.have();
}

AllocationId SlotManager::any_slot_of(WorkerId worker) const {
  const Worker& found = workers_.at(worker);
  return found.slots.empty() ? AllocationId{} : *found.slots.begin();
}

}  // namespace drey::model
