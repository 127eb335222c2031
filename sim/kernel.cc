#include "sim/kernel.h"

#include "sim/check.h"

namespace drey::sim {

namespace {
constexpr uint32_t kTimerArmBit = 0x800000u;  // arm != 0 marks a timer's event
}  // namespace

Kernel::Kernel(KernelOptions options) : options_(std::move(options)) {}
Kernel::~Kernel() = default;

PathId Kernel::intern(std::string_view path) {
  const auto known = ids_by_name_.find(path);
  if (known != ids_by_name_.end()) return {known->second};
  const PathId id{static_cast<uint32_t>(names_.size())};
  names_.emplace_back(path);
  path_hashes_.push_back(name_hash(path));
  ids_by_name_.emplace(names_.back(), id.index);
  return id;
}

EntityId Kernel::add(Entity& entity, PathId path, ProcessId owner) {
  const EntityId id{static_cast<uint32_t>(slots_.size())};
  slots_.emplace_back();
  slots_.back().entity = &entity;
  slots_.back().path = path;
  slots_.back().owner = owner;
  return id;
}

void Kernel::remove(EntityId entity) {
  Slot& slot = slots_[entity.index];
  slot.entity = nullptr;
  slot.timers = {};
}

uint16_t Kernel::tie(EntityId target) const {
  if (options_.tie_salt == 0) return 0;
  // Of the pair (sender, receiver), never of one event: a connection stays FIFO under any
  // permutation.
  const uint64_t from = running_.valid() ? path_hashes_[slots_[running_.index].path.index] : 0;
  const uint64_t to = path_hashes_[slots_[target.index].path.index];
  return static_cast<uint16_t>(mix(options_.tie_salt ^ from, to | 1u));
}

void Kernel::push(Time at, EntityId target, uint8_t kind, uint32_t arm, uint64_t argument,
                  Priority priority) {
  queue_.push({at, event_order(priority, tie(target), sequence_++), target,
               (uint32_t{kind} << 24) | arm, argument});
}

void Kernel::post(Duration delay, EntityId target, uint8_t kind, uint64_t argument,
                  Priority priority) {
  CHECK(delay.ns >= 0, "an event may not be posted into the past");
  push(now_ + delay, target, kind, 0, argument, priority);
}

uint64_t Kernel::reserve(EntityId target, Priority priority, uint64_t events) {
  const uint64_t first = event_order(priority, tie(target), sequence_);
  sequence_ += events;
  return first;
}

void Kernel::post_reserved(Time at, EntityId target, uint8_t kind, uint64_t argument,
                           uint64_t order) {
  CHECK(at >= now_, "an event may not be posted into the past");
  queue_.push({at, order, target, uint32_t{kind} << 24, argument});
}

void Kernel::arm(EntityId target, uint8_t kind, Duration delay, Priority priority) {
  CHECK(delay.ns >= 0, "a timer may not be armed for the past");
  std::vector<Timer>& timers = slots_[target.index].timers;
  if (timers.size() <= kind) timers.resize(kind + 1u);
  Timer& timer = timers[kind];
  timer.deadline = now_ + delay;
  timer.priority = priority;
  if (timer.pending <= timer.deadline) return;  // the pending event will re-post itself
  timer.arm = (timer.arm + 1) & (kTimerArmBit - 1);
  timer.pending = timer.deadline;
  push(timer.pending, target, kind, timer.arm | kTimerArmBit, 0, priority);
}

void Kernel::disarm(EntityId target, uint8_t kind) {
  std::vector<Timer>& timers = slots_[target.index].timers;
  if (kind < timers.size()) timers[kind].deadline = kEndOfTime;
}

// Whether a timer's event is to be handled now; an early one goes on to its new deadline.
bool Kernel::timer_due(Slot& slot, const Event& event) {
  Timer& timer = slot.timers[event.kind()];
  if ((event.arm() & (kTimerArmBit - 1)) != timer.arm || timer.pending == kEndOfTime) return false;
  timer.pending = kEndOfTime;
  if (timer.deadline == kEndOfTime) return false;
  if (timer.deadline <= now_) {
    timer.deadline = kEndOfTime;
    return true;
  }
  timer.arm = (timer.arm + 1) & (kTimerArmBit - 1);
  timer.pending = timer.deadline;
  push(timer.pending, event.target, event.kind(), timer.arm | kTimerArmBit, 0, timer.priority);
  return false;
}

void Kernel::post_urgent(EntityId target, uint8_t kind, uint64_t argument) {
  urgent_.push_back({now_, 0, target, uint32_t{kind} << 24, argument});
}

void Kernel::freeze(ProcessId process) {
  if (frozen_.size() <= process.index) frozen_.resize(process.index + 1u);
  if (frozen_[process.index] == nullptr)
    frozen_[process.index] = std::make_unique<std::vector<Event>>();
}

void Kernel::thaw(ProcessId process) {
  if (!frozen(process)) return;
  const std::unique_ptr<std::vector<Event>> held = std::move(frozen_[process.index]);
  for (const Event& event : *held)
    queue_.push({now_, event_order(Priority::timer, 0, sequence_++), event.target,
                 event.kind_and_arm, event.argument});
}

void Kernel::dispatch(const Event& event) {
  Slot& slot = slots_[event.target.index];
  if (slot.entity == nullptr) {
    ++dropped_;
    return;
  }
  if (slot.owner.valid() && frozen(slot.owner)) {
    frozen_[slot.owner.index]->push_back(event);
    return;
  }
  if ((event.arm() & kTimerArmBit) != 0 && !timer_due(slot, event)) return;
  running_ = event.target;
  ++events_run_;
  slot.entity->on_event(event);
}

// Urgent work first, then the departures, until neither leaves anything to do.
void Kernel::settle() {
  for (size_t i = 0; i < urgent_.size(); ++i) {
    const Event event = urgent_[i];
    dispatch(event);
  }
  urgent_.clear();
  if (departures_ != nullptr) departures_->depart();
}

Kernel::Stop Kernel::run(Time until) {
  stop_requested_ = false;
  settle();  // what was set up before the first event
  for (;;) {
    if (stop_requested_) return Stop::requested;
    if (queue_.empty()) return Stop::quiescent;
    if (queue_.next_time() > until) {
      now_ = until;
      return Stop::time_limit;
    }
    if (events_run_ >= options_.event_limit) return Stop::event_limit;
    const Event event = queue_.pop();
    now_ = event.at;
    dispatch(event);
    settle();
    running_ = {};
  }
}

uint32_t Kernel::choose(std::string_view site, PathId entity, uint64_t n,
                        std::span<const uint32_t> weights) {
  uint64_t total = 0;
  for (const uint32_t weight : weights) total += weight;
  CHECK(total > 0, "a choice needs an alternative with a weight");
  uint64_t rest = scale_draw(draw(name_hash("choose"), entity, name_hash(site), n), total);
  uint32_t chosen = 0;
  while (rest >= weights[chosen]) rest -= weights[chosen++];
  for (const Choice& forced : options_.forced)
    if (forced.n == n && forced.site == site && forced.entity == name(entity))
      chosen = forced.alternative < weights.size() ? forced.alternative : 0;
  if (chosen != 0) choices_.push_back({std::string(site), name(entity), n, chosen});
  return chosen;
}

void Kernel::add_sink(TraceSink* sink) {
  sinks_.push_back(sink);
  listeners_.clear();
}

const std::vector<TraceSink*>& Kernel::find_listeners(uint16_t kind) {
  if (kind >= listeners_.size()) listeners_.resize(kind + 1u);
  Listeners& found = listeners_[kind];
  found.known = true;
  const uint64_t group = interest(fact_group(kind));
  for (TraceSink* sink : sinks_)
    if ((sink->interests() & group) != 0 && sink->wants(kind)) found.sinks.push_back(sink);
  return found.sinks;
}

FactNumber Kernel::announce(Fact fact) {
  fact.at = now_;
  const PathId subject = fact.subject.valid() ? fact.subject : fact.entity;
  if (options_.hash) trace_.fold(fact, path_hashes_[subject.index], {});
  const FactNumber number = ++facts_;
  for (TraceSink* sink : listeners(fact.kind)) sink->on(fact, number);
  return number;
}

FactNumber Kernel::announce_batch(Fact head, std::span<const Record> records) {
  return announce_batch(head, records, options_.hash ? records_digest(records) : Digest128{});
}

FactNumber Kernel::announce_batch(Fact head, std::span<const Record> records, Digest128 content) {
  head.at = now_;
  const BatchFact batch{head, content, records};
  const PathId subject = head.subject.valid() ? head.subject : head.entity;
  if (options_.hash) trace_.fold(head, path_hashes_[subject.index], batch.content);
  const FactNumber number = ++facts_;
  for (TraceSink* sink : listeners(head.kind)) sink->on_batch(batch, number);
  return number;
}

}  // namespace drey::sim
