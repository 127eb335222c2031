#pragma once
// The kernel: simulated time, the event loop, entities, timers, chance, and the trace. It knows
// nothing of Flink.
//
// A handler runs to completion. Then, before anything that it sent leaves its process, urgent work
// runs (a fault whose condition the handler's facts fulfilled), and only then the departures: so
// "decided, and nobody told" is reachable and the possible crash points are exactly the event
// boundaries (design.md 2.6).
//
// Cost: about 60 ns per event with two draws and the hash on (spec/engines-and-style.md 2.8).
#include <array>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/event.h"
#include "sim/event_queue.h"
#include "sim/random.h"
#include "sim/trace.h"

namespace drey::sim {

// Where tests change one step by the least amount, to show that the hash sees it (design.md section
// 5).
enum class Perturbation : uint8_t {
  none,
  value,
  latency,
  state_byte,
  message_field,
  disk_operation
};
inline constexpr size_t kPerturbations = 6;

// A decision taken against its default, or forced by the scenario: the format of replay and
// shrinking.
struct Choice {
  std::string site;
  std::string entity;
  uint64_t n = 0;
  uint32_t alternative = 0;
};

struct KernelOptions {
  uint64_t seed = 0;
  uint64_t tie_salt = 0;  // 0 = events of one instant in order of posting
  uint64_t event_limit = UINT64_MAX;
  std::vector<Choice> forced;  // overrides of choose() by name
  Perturbation perturb = Perturbation::none;
  uint64_t perturb_at = 0;  // which occurrence of it, from 1
  bool hash = true;         // off only in benchmarks, to measure its cost
};

// Runs after each handler and its urgent work: the network lets messages leave.
class Departures {
 public:
  virtual ~Departures() = default;
  virtual void depart() = 0;
};

class Kernel {
 public:
  explicit Kernel(KernelOptions options);
  ~Kernel();
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;

  Time now() const { return now_; }
  uint64_t seed() const { return options_.seed; }
  uint64_t events_run() const { return events_run_; }
  size_t pending() const { return queue_.size(); }

  // Paths are identities: the same name gives the same id for the whole run.
  PathId intern(std::string_view path);
  const std::string& name(PathId path) const { return names_[path.index]; }
  uint64_t path_hash(PathId path) const { return path_hashes_[path.index]; }

  // A new id each time, never re-used; events for a removed entity are dropped and counted. `owner`
  // invalid = the world.
  EntityId add(Entity& entity, PathId path, ProcessId owner);
  void remove(EntityId entity);
  PathId path(EntityId entity) const { return slots_[entity.index].path; }
  uint64_t dropped_events() const { return dropped_; }

  void post(Duration delay, EntityId target, uint8_t kind, uint64_t argument, Priority priority);
  // For many events to one target of which only the next lies in the queue: the order that posting
  // them all now would give. The i-th of them has the one returned + i.
  uint64_t reserve(EntityId target, Priority priority, uint64_t events);
  void post_reserved(Time at, EntityId target, uint8_t kind, uint64_t argument, uint64_t order);
  // One pending event per (entity, kind) timer; re-arming replaces, also to an earlier time. kind
  // < 32.
  void arm(EntityId target, uint8_t kind, Duration delay, Priority priority);
  void disarm(EntityId target, uint8_t kind);
  // Runs after the current handler, before its messages leave. Only for faults.
  void post_urgent(EntityId target, uint8_t kind, uint64_t argument);
  // Probably the next event, for a handler that fetches ahead what it will read; may be null.
  const Event* likely_next() const { return queue_.known_next(); }
  void set_departures(Departures* departures) { departures_ = departures; }

  // A frozen process keeps its events; thawing runs them in their order, now.
  void freeze(ProcessId process);
  void thaw(ProcessId process);
  bool frozen(ProcessId process) const {
    return process.index < frozen_.size() && frozen_[process.index] != nullptr;
  }

  // The one door of chance. Alternative 0 is the quiet one; `weights` are relative and not all
  // zero.
  uint32_t choose(std::string_view site, PathId entity, uint64_t n,
                  std::span<const uint32_t> weights);
  uint64_t draw(uint64_t stream, PathId entity, uint64_t purpose, uint64_t n) const {
    return draw_value(options_.seed, {stream, path_hashes_[entity.index], purpose, n});
  }
  const std::vector<Choice>& choices() const { return choices_; }  // those other than 0
  // 1 when this is the step that a test asked to change, else 0.
  uint64_t perturbed(Perturbation kind) {
    if (options_.perturb != kind) [[likely]]
      return 0;
    return ++perturb_seen_ == options_.perturb_at ? 1 : 0;
  }
  uint64_t perturbations_seen() const { return perturb_seen_; }

  FactNumber announce(Fact fact);
  FactNumber announce_batch(Fact head, std::span<const Record> records);
  // Of records whose digest (records_digest) the caller has already.
  FactNumber announce_batch(Fact head, std::span<const Record> records, Digest128 content);
  void add_sink(TraceSink* sink);  // in order of adding; must outlive the run
  const TraceHash& trace_hash() const { return trace_; }
  std::span<const std::string> names() const { return names_; }
  Digest128 hash() const { return trace_.root(names_); }

  enum class Stop : uint8_t { quiescent, time_limit, event_limit, requested };
  Stop run(Time until);
  void stop() { stop_requested_ = true; }  // after the current event

 private:
  struct Timer {
    uint32_t arm = 0;            // of the one pending event
    Time pending = kEndOfTime;   // when it fires; kEndOfTime = none
    Time deadline = kEndOfTime;  // when it should; kEndOfTime = disarmed
    Priority priority = Priority::timer;
  };
  struct Slot {
    Entity* entity = nullptr;
    PathId path;
    ProcessId owner;
    std::vector<Timer> timers;
  };

  void push(Time at, EntityId target, uint8_t kind, uint32_t arm, uint64_t argument,
            Priority priority);
  uint16_t tie(EntityId target) const;
  bool timer_due(Slot& slot, const Event& event);
  const std::vector<TraceSink*>& listeners(uint16_t kind) {
    if (kind < listeners_.size() && listeners_[kind].known) [[likely]]
      return listeners_[kind].sinks;
    return find_listeners(kind);
  }
  const std::vector<TraceSink*>& find_listeners(uint16_t kind);
  void dispatch(const Event& event);
  void settle();

  KernelOptions options_;
  Time now_{0};
  EventQueue queue_;
  uint64_t sequence_ = 0;
  uint64_t events_run_ = 0;
  uint64_t dropped_ = 0;
  std::vector<Slot> slots_;
  EntityId running_;
  std::vector<Event> urgent_;
  Departures* departures_ = nullptr;
  std::vector<std::unique_ptr<std::vector<Event>>> frozen_;  // by process

  std::vector<std::string> names_;
  std::vector<uint64_t> path_hashes_;
  std::map<std::string, uint32_t, std::less<>> ids_by_name_;

  std::vector<Choice> choices_;
  uint64_t perturb_seen_ = 0;
  TraceHash trace_;
  std::vector<TraceSink*> sinks_;
  struct Listeners {  // to one kind of fact, in the order of adding
    bool known = false;
    std::vector<TraceSink*> sinks;
  };
  std::vector<Listeners> listeners_;  // by kind
  FactNumber facts_ = 0;
  bool stop_requested_ = false;
};

}  // namespace drey::sim
