#pragma once
// The JobMaster's slots: what it requires, what it has been given, and which slots are free or
// reserved.
//
// Requirements are declared to the ResourceManager as totals per profile. Each change starts the
// timer of slot.request.max-interval anew, and the declaration goes out when it fires;
// set_requirements declares at once and leaves a running timer alone. "Stable" means that no change
// waits for its declaration.
//
// An offered slot is accepted if it matches a requirement that is not fulfilled yet, first one of
// its own profile, then UNKNOWN; the pool remembers which, and counts the slot for it. While the
// job restarts, the caller registers slots instead: all are accepted, and what matches nothing
// counts as ANY.
//
// The pool has no clock: the caller passes the time, and calls on_time when next_declaration is
// due. `fulfilled` counts all slots of the pool, free and reserved.
//
// Upstream: DefaultDeclarativeSlotPool, AllocatedSlotPool, RequirementMatcher.
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/cluster/resource_profile.h"
#include "model/task/deployment.h"
#include "sim/time.h"

namespace drey::model {

// What the pool asks of its owner; called synchronously.
class SlotPoolOutput {
 public:
  virtual ~SlotPoolOutput() = default;
  virtual void declare_requirements(const ResourceCounter& requirements) = 0;
  virtual void requirements_stable() = 0;
  // Slots that have just become free, in the order of the offer.
  virtual void slots_available(const std::vector<AllocationId>& slots) = 0;
  // The slot left the pool and goes back to its TaskManager.
  virtual void give_back(AllocationId slot, const std::string& owner) = 0;
};

struct OfferedSlot {
  AllocationId id;
  ResourceProfile profile = kUnknownProfile;  // sized
};

struct PooledSlot {
  AllocationId id;
  std::string owner;  // resource id of its TaskManager
  ResourceProfile profile = kUnknownProfile;
  ResourceProfile fulfils = kUnknownProfile;  // the requirement that it counts for
  bool reserved = false;
  sim::Time free_since;
};

class DeclarativeSlotPool {
 public:
  struct Options {
    sim::Duration request_max_interval =
        sim::milliseconds(20);                      // slot.request.max-interval; 0: declare at once
    sim::Duration idle_timeout = sim::seconds(50);  // slot.idle.timeout
  };

  DeclarativeSlotPool(const Options& options, SlotPoolOutput& output)
      : options_(options), output_(output) {}
  DeclarativeSlotPool(const DeclarativeSlotPool&) = delete;
  DeclarativeSlotPool& operator=(const DeclarativeSlotPool&) = delete;

  void increase(const ResourceCounter& requirements, sim::Time now);
  void decrease(const ResourceCounter& requirements, sim::Time now);
  void set_requirements(const ResourceCounter& requirements);
  // When on_time has something to do; nothing: no declaration waits.
  std::optional<sim::Time> next_declaration() const { return declare_at_; }
  void on_time(sim::Time now);
  bool is_stable() const { return stable_; }

  // The accepted slots, in order; those that the pool has already are accepted again.
  std::vector<AllocationId> offer(const std::string& owner, const std::vector<OfferedSlot>& slots,
                                  sim::Time now);
  std::vector<AllocationId> register_while_restarting(const std::string& owner,
                                                      const std::vector<OfferedSlot>& slots,
                                                      sim::Time now);

  // The slot is free and matches the profile (checked). If it counted for another requirement, the
  // requirements are re-balanced so that the total stays right.
  void reserve(AllocationId slot, const ResourceProfile& profile, sim::Time now);
  // Free again, still in the pool. Answers what it counted for; empty if it was not reserved.
  ResourceCounter free_reserved(AllocationId slot, sim::Time now);
  // Lost or failed slots leave the pool. Answer what those of them counted for that were reserved.
  ResourceCounter release(AllocationId slot);
  ResourceCounter release(const std::set<AllocationId>& slots);
  // Free slots beyond the requirements that have been idle for idle_timeout go back. How many.
  uint32_t release_idle(sim::Time now);

  const ResourceCounter& required() const { return required_; }
  const ResourceCounter& fulfilled() const { return fulfilled_; }
  const std::map<AllocationId, PooledSlot>& slots() const { return slots_; }
  bool has_slots_of(const std::string& owner) const;

 private:
  std::optional<ResourceProfile> unfulfilled_match(const ResourceProfile& slot) const;
  std::vector<AllocationId> take(const std::string& owner, const std::vector<OfferedSlot>& slots,
                                 bool take_all, sim::Time now);
  void requirements_changed(sim::Time now);
  void count_for(PooledSlot& slot, const ResourceProfile& requirement);
  void remove(AllocationId slot);

  Options options_;
  SlotPoolOutput& output_;
  ResourceCounter required_;
  ResourceCounter fulfilled_;
  std::map<AllocationId, PooledSlot> slots_;
  std::optional<sim::Time> declare_at_;
  bool stable_ = true;
};

}  // namespace drey::model
