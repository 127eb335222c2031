#pragma once
// Logical slots of subtasks on physical slots that they share. One shared slot per group of
// subtasks (SlotSharing), made when the first of them asks and used by later requests; it sends one
// physical request, whose profile covers the whole group. Its last logical slot or request to go
// takes it along.
//
// A logical slot is pending (its physical slot has not come) or assigned. Cancel is for pending
// ones, release for assigned ones. If the physical request fails, all its logical requests fail; if
// the physical slot is lost, the payloads of all its logical slots are terminated; the next
// allocation asks again in both cases.
//
// Also the bulk: the physical requests of one allocation (one region) time out together, see
// SlotRequestBulkCheck.
//
// Upstream: SlotSharingExecutionSlotAllocator, SharedSlot, SharingPhysicalSlotRequestBulk,
// PhysicalSlotRequestBulkCheckerImpl.
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "model/cluster/resource_profile.h"
#include "model/cluster/slot_sharing.h"
#include "model/task/deployment.h"
#include "sim/time.h"

namespace drey::model {

using BulkId = uint32_t;  // number of the allocation, from 0

class SharedSlotAllocator {
 public:
  // Called synchronously, from inside the calls below.
  class Output {
   public:
    virtual ~Output() = default;
    virtual void request_physical_slot(uint32_t group, const ResourceProfile& profile) = 0;
    // Cancels the request, or gives the slot back.
    virtual void return_physical_slot(uint32_t group) = 0;
    virtual void logical_slot_ready(SubtaskIndex subtask, AllocationId slot) = 0;
    virtual void logical_slot_failed(SubtaskIndex subtask) = 0;
    virtual void payload_terminated(SubtaskIndex subtask) = 0;
  };

  // `profiles`: of the physical slot of each group. `java_hashes`: of the subtasks' ids
  // (graph/vertex_hash.h); upstream's logical slots lie in a HashMap, so they say in which order
  // the payloads of a lost slot end; empty: in the order of their requests. `sharing` and `output`
  // outlive this.
  SharedSlotAllocator(const SlotSharing& sharing, std::vector<ResourceProfile> profiles,
                      Output& output, std::vector<uint32_t> java_hashes = {})
      : sharing_(sharing),
        profiles_(std::move(profiles)),
        output_(output),
        java_hashes_(std::move(java_hashes)) {}

  // Logical slots for these subtasks, one bulk. Who has one already keeps it (and is told again).
  BulkId allocate(const std::vector<SubtaskIndex>& subtasks);
  void cancel(SubtaskIndex subtask);   // does nothing to an assigned slot
  void release(SubtaskIndex subtask);  // does nothing to a pending request
  // All pending requests of the bulk fail.
  void cancel_bulk(BulkId bulk);

  // The group's physical request has no answer yet.
  bool waits_for_slot(uint32_t group) const {
    const auto at = shared_.find(group);
    return at != shared_.end() && !at->second.physical.has_value();
  }
  void physical_slot_ready(uint32_t group, AllocationId slot);
  void physical_request_failed(uint32_t group);
  void physical_slot_lost(uint32_t group);

  // The profiles that the bulk still waits for, and how many came.
  std::vector<ResourceProfile> pending_of(BulkId bulk) const;
  uint32_t fulfilled_of(BulkId bulk) const { return bulks_[bulk].fulfilled; }
  // Slots that the bulk has already; they serve none of its other requests.
  const std::vector<AllocationId>& slots_of(BulkId bulk) const { return bulks_[bulk].slots; }

 private:
  struct SharedSlot {
    std::optional<AllocationId> physical;
    std::vector<SubtaskIndex> logical;  // pending while `physical` is absent
    BulkId bulk = 0;
  };
  struct Bulk {
    std::vector<uint32_t> pending;  // groups
    std::vector<AllocationId> slots;
    uint32_t fulfilled = 0;
  };

  void remove_logical(SubtaskIndex subtask, SharedSlot& shared);
  void forget_pending(uint32_t group, BulkId bulk);

  const SlotSharing& sharing_;
  std::vector<ResourceProfile> profiles_;
  Output& output_;
  std::vector<uint32_t> java_hashes_;
  std::map<uint32_t, SharedSlot> shared_;  // by group
  std::vector<Bulk> bulks_;
};

// The profile of a shared slot: the slot sharing group's own, else the sum over all its subtasks,
// also those that did not ask; UNKNOWN as soon as one of them is.
ResourceProfile sum_of(const std::vector<ResourceProfile>& profiles);

// When the requests of one bulk are given up: once no set of distinct usable slots could serve them
// for `timeout`. A slot is usable if nobody holds it indefinitely; a streaming task holds its slot
// indefinitely, so a streaming bulk fails one timeout after its request. Checked every `timeout`,
// first after one.
class SlotRequestBulkCheck {
 public:
  enum class Verdict : uint8_t { fulfilled, pending, timeout };

  SlotRequestBulkCheck(sim::Duration timeout, sim::Time requested_at)
      : timeout_(timeout), unfulfillable_since_(requested_at), next_(requested_at + timeout) {}

  Verdict check(sim::Time now, bool nothing_pending, bool fulfillable);
  sim::Time next_check() const { return next_; }

 private:
  sim::Duration timeout_;
  std::optional<sim::Time> unfulfillable_since_;
  sim::Time next_;
};

enum class SlotOccupation : uint8_t { none, temporary, indefinite };
struct PoolSlotView {
  AllocationId id;
  ResourceProfile profile = kUnknownProfile;
  SlotOccupation occupation = SlotOccupation::none;
};
// Each pending profile finds a slot of its own, greedily in order.
bool is_bulk_fulfillable(const std::vector<ResourceProfile>& pending,
                         const std::vector<PoolSlotView>& slots,
                         const std::vector<AllocationId>& already_in_bulk);

}  // namespace drey::model
