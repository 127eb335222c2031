#include "model/cluster/slot_provider.h"

#include <algorithm>

#include "model/graph/vertex_hash.h"
#include "sim/check.h"

namespace drey::model {

namespace {

// Upstream looks at no more: beyond that every place is as good as another.
constexpr size_t kMaxConsumers = 8;
constexpr size_t kMaxPlaces = 8;
constexpr uint32_t kNowhere = UINT32_MAX;

SlotSharing share_slots(const ExecutionTopology& topology, LoadBalance mode, bool streaming) {
  const bool balanced = mode == LoadBalance::tasks && streaming;
  return balanced ? share_slots_by_task_balance(topology) : share_slots_by_local_input(topology);
}

// Only a streaming job is matched by load later on.
LoadBalance mode_of_pool(const SlotProvider::Options& options) {
  const bool deferred = options.mode == LoadBalance::tasks;
  return deferred && !options.streaming ? LoadBalance::none : options.mode;
}

}  // namespace

namespace {
std::vector<uint32_t> java_hashes_of(const ExecutionTopology& topology) {
  std::vector<uint32_t> hashes(topology.subtasks());
  for (JobVertexIndex v = 0; v < topology.job().vertices.size(); ++v) {
    const JobVertex& vertex = topology.job().vertices[v];
    const uint32_t hash = java_hash_of_vertex(vertex.uid.empty() ? vertex.id : vertex.uid);
    for (uint32_t i = 0; i < vertex.parallelism; ++i)
      hashes[topology.subtask(v, i)] = java_hash_of_subtask(hash, i);
  }
  return hashes;
}
}  // namespace

SlotProvider::SlotProvider(const Options& options, const ExecutionTopology& topology,
                           SlotProviderHost& host)
    : options_(options),
      topology_(topology),
      host_(host),
      sharing_(share_slots(topology, options.mode, options.streaming)),
      allocator_(sharing_, std::vector<ResourceProfile>(sharing_.groups.size(), kUnknownProfile),
                 *this, java_hashes_of(topology)),
      pool_(options.pool, *this, mode_of_pool(options)),
      groups_(sharing_.groups.size()),
      last_place_(topology.subtasks(), kNowhere),
      bulk_of_(topology.subtasks(), 0) {}

bool SlotProvider::has_slots_of(const std::string& task_manager) const {
  return !pool_.slots_of(task_manager).empty();
}

std::vector<SlotStatus> SlotProvider::allocated_at(const std::string& task_manager) const {
  std::vector<SlotStatus> slots;
  const auto at = task_managers_.find(task_manager);
  if (at == task_managers_.end()) return slots;
  for (const AllocationId slot : pool_.slots_of(task_manager))
    slots.push_back({at->second.index_of.at(slot), 0, slot});
  return slots;
}

// ---- requests

void SlotProvider::request(const std::vector<SubtaskIndex>& subtasks, sim::Time now) {
  now_ = now;
  ++bulk_now_;
  for (const SubtaskIndex subtask : subtasks) bulk_of_[subtask] = bulk_now_;
  const BulkId bulk = allocator_.allocate(subtasks);
  if (!allocator_.pending_of(bulk).empty()) {
    const SlotRequestBulkCheck check(options_.request_timeout, now);
    checks_.emplace(bulk, check);
    host_.arm_bulk_check(bulk, check.next_check());
  }
  rearm();
}

void SlotProvider::request_physical_slot(uint32_t group, const ResourceProfile& profile) {
  // Those before it in the bulk may have set off a failure that cancelled it.
  if (!allocator_.waits_for_slot(group)) return;
  const SlotRequestId request = ++requests_;
  groups_[group] = {request, {}};
  group_of_.emplace(request, group);
  const auto load = static_cast<uint32_t>(sharing_.groups[group].size());
  const std::optional<AllocationId> slot =
      pool_.request(request, profile, preferred_places(group), now_, load);
  if (slot.has_value()) slot_arrived(request, *slot);
}

void SlotProvider::slot_arrived(SlotRequestId request, AllocationId slot) {
  const auto at = group_of_.find(request);
  CHECK(at != group_of_.end(), "a slot arrives for a request of ours");
  const uint32_t group = at->second;
  groups_[group].slot = slot;
  allocator_.physical_slot_ready(group, slot);
}

std::optional<uint32_t> SlotProvider::forget(SlotRequestId request) {
  const auto at = group_of_.find(request);
  if (at == group_of_.end()) return std::nullopt;
  const uint32_t group = at->second;
  group_of_.erase(at);
  groups_[group] = {};
  return group;
}

void SlotProvider::return_physical_slot(uint32_t group) {
  if (!groups_[group].request.has_value()) return;
  const SlotRequestId request = *groups_[group].request;
  forget(request);
  pool_.release(request, now_);
}

void SlotProvider::cancel_request(SubtaskIndex subtask, sim::Time now) {
  now_ = now;
  // A failover cancels requests in the middle of the loss of a TaskManager: those whose slots it
  // has not come to yet still fail for the loss.
  const Cause before = cause_;
  cause_ = {.kind = Cause::Kind::no_resources, .text = "the request was cancelled"};
  allocator_.cancel(subtask);
  cause_ = before;
  rearm();
}

void SlotProvider::release(SubtaskIndex subtask, AllocationId allocation, sim::Time now) {
  now_ = now;
  if (groups_[sharing_.group_of[subtask]].slot != allocation) return;
  allocator_.release(subtask);
  rearm();
}

void SlotProvider::logical_slot_ready(SubtaskIndex subtask, AllocationId slot) {
  if (!has(slot)) return;  // lost meanwhile: its payload is told
  const AssignedSlot at = assigned(slot);
  last_place_[subtask] = place_of_.at(at.task_manager);
  host_.slot_granted(subtask, at);
}

void SlotProvider::logical_slot_failed(SubtaskIndex subtask) {
  const Cause cause = cause_;
  host_.slot_refused(subtask, cause);
}

void SlotProvider::payload_terminated(SubtaskIndex subtask) {
  const Cause cause = cause_;
  host_.slot_lost(subtask, lost_, cause);
}

// ---- where

std::vector<TaskManagerPlace> SlotProvider::preferred_places(uint32_t group) const {
  std::vector<TaskManagerPlace> places;
  for (const SubtaskIndex subtask : sharing_.groups[group]) {
    if (host_.restores_state(subtask) && last_place_[subtask] != kNowhere) {
      places.push_back(places_[last_place_[subtask]]);
      continue;
    }
    for (const uint32_t place : input_places(subtask)) places.push_back(places_[place]);
  }
  return places;
}

// Of the input edge whose producers are in the fewest places. Producers of the same bulk have none
// yet.
std::vector<uint32_t> SlotProvider::input_places(SubtaskIndex subtask) const {
  std::vector<uint32_t> best;
  topology_.for_each_consumed_group(subtask, [&](GroupIndex index) {
    const PartitionGroup& group = topology_.group(index);
    if (group.consumers.last - group.consumers.first + 1 > kMaxConsumers) return;
    std::vector<uint32_t> places;
    for (PartitionIndex p = group.partitions.first; p <= group.partitions.last; ++p) {
      const SubtaskIndex producer = topology_.producer_of(p);
      if (bulk_of_[producer] == bulk_now_ || last_place_[producer] == kNowhere) continue;
      if (!host_.is_placed(producer)) continue;
      places.push_back(last_place_[producer]);
      if (places.size() > kMaxPlaces) return;
    }
    if (best.empty() || (!places.empty() && places.size() < best.size())) best = places;
  });
  return best;
}

uint32_t SlotProvider::place_number(const TaskManagerPlace& place) {
  const auto [at, is_new] =
      place_of_.emplace(place.resource, static_cast<uint32_t>(places_.size()));
  if (is_new) places_.push_back(place);
  return at->second;
}

// ---- slots

AssignedSlot SlotProvider::assigned(AllocationId slot) const {
  AssignedSlot at = task_managers_.at(pool_.pool().slots().at(slot).owner).at;
  at.allocation = slot;
  return at;
}

std::vector<SlotOffer> SlotProvider::offer(const AssignedSlot& task_manager,
                                           const std::string& host,
                                           const std::vector<SlotOffer>& offers, sim::Time now) {
  now_ = now;
  if (closed_) return {};
  TaskManager& entry = task_managers_[task_manager.task_manager];
  entry.at = task_manager;
  const TaskManagerPlace place{task_manager.task_manager, host};
  place_number(place);
  std::vector<OfferedSlot> slots;
  for (const SlotOffer& each : offers) {
    if (each.profile.kind != ResourceProfile::Kind::sized) continue;
    slots.push_back({each.allocation, each.profile});
    entry.index_of[each.allocation] = each.index;
  }
  const std::vector<AllocationId> taken = pool_.offer(place, slots, now);
  std::vector<SlotOffer> accepted;
  for (const SlotOffer& each : offers) {
    if (std::find(taken.begin(), taken.end(), each.allocation) != taken.end())
      accepted.push_back(each);
    else
      entry.index_of.erase(each.allocation);
  }
  rearm();
  return accepted;
}

void SlotProvider::slots_lost(const std::vector<SlotRequestId>& requests, const Cause& cause) {
  for (const SlotRequestId request : requests) {
    const auto at = group_of_.find(request);
    if (at == group_of_.end()) continue;
    const AllocationId slot = groups_[at->second].slot;
    const uint32_t group = *forget(request);
    cause_ = cause;
    lost_ = slot;
    allocator_.physical_slot_lost(group);
  }
}

void SlotProvider::fail_slot(AllocationId allocation, const Cause& cause, sim::Time now) {
  now_ = now;
  slots_lost(pool_.lose_slot(allocation, now), cause);
  rearm();
}

// All slots leave the pool first, then one payload after the other fails.
void SlotProvider::lose_task_manager(const std::string& task_manager, const Cause& cause,
                                     sim::Time now) {
  now_ = now;
  freed_for_ = cause;
  const std::vector<SlotRequestId> requests = pool_.lose_task_manager(task_manager, now);
  freed_for_.reset();
  task_managers_.erase(task_manager);
  slots_lost(requests, cause);
  rearm();
}

void SlotProvider::not_enough_resources(sim::Time now) {
  if (!options_.streaming) return;
  now_ = now;
  for (const SlotRequestId request : pool_.fail_waiting(now)) {
    const std::optional<uint32_t> group = forget(request);
    if (!group.has_value()) continue;
    cause_ = {.kind = Cause::Kind::no_resources, .text = "not enough resources"};
    allocator_.physical_request_failed(*group);
  }
  rearm();
}

void SlotProvider::free_slot(AllocationId slot, const std::string& owner) {
  const auto at = task_managers_.find(owner);
  if (at == task_managers_.end()) return;
  AssignedSlot freed = at->second.at;
  freed.allocation = slot;
  const Cause returned = {.kind = Cause::Kind::slot_lost, .text = "freed by the JobMaster"};
  host_.free_slot_at(freed, freed_for_.value_or(returned));
  at->second.index_of.erase(slot);
}

void SlotProvider::release_idle(sim::Time now) {
  now_ = now;
  pool_.release_idle(now);
}

void SlotProvider::free_all(sim::Time now) {
  now_ = now;
  closed_ = true;
  group_of_.clear();
  for (Group& group : groups_) group = {};
  checks_.clear();
  pool_.fail_waiting(now);
  for (const std::string& owner : pool_.owners()) pool_.lose_task_manager(owner, now);
  host_.arm_declaration(std::nullopt);
}

// ---- time

void SlotProvider::declare_requirements(const ResourceCounter& requirements) {
  if (!closed_) host_.declare_requirements(requirements);
}

void SlotProvider::rearm() {
  if (closed_ || pool_.next_declaration() == armed_) return;
  armed_ = pool_.next_declaration();
  host_.arm_declaration(armed_);
}

void SlotProvider::on_time(sim::Time now) {
  now_ = now;
  armed_.reset();
  pool_.on_time(now);
  rearm();
}

std::vector<PoolSlotView> SlotProvider::view() const {
  std::vector<PoolSlotView> slots;
  for (const auto& [id, slot] : pool_.pool().slots()) {
    SlotOccupation occupation = SlotOccupation::none;
    if (slot.reserved)
      occupation = options_.streaming ? SlotOccupation::indefinite : SlotOccupation::temporary;
    slots.push_back({id, slot.profile, occupation});
  }
  return slots;
}

void SlotProvider::check_bulk(BulkId bulk, sim::Time now) {
  now_ = now;
  const auto at = checks_.find(bulk);
  if (at == checks_.end()) return;
  const std::vector<ResourceProfile> pending = allocator_.pending_of(bulk);
  const bool fulfillable =
      pending.empty() || is_bulk_fulfillable(pending, view(), allocator_.slots_of(bulk));
  switch (at->second.check(now, pending.empty(), fulfillable)) {
    case SlotRequestBulkCheck::Verdict::fulfilled:
      checks_.erase(at);
      return;
    case SlotRequestBulkCheck::Verdict::pending:
      host_.arm_bulk_check(bulk, at->second.next_check());
      return;
    case SlotRequestBulkCheck::Verdict::timeout:
      checks_.erase(at);
      cause_ = {.kind = Cause::Kind::no_resources,
                .text = "not allocated within slot.request.timeout"};
      allocator_.cancel_bulk(bulk);
      rearm();
      return;
  }
}

}  // namespace drey::model
