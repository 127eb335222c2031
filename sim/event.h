#pragma once
// An event: 32 bytes of plain data, carried by value (design.md 2.2). The total order is (at,
// order) and nothing else; `order` packs priority:4 | tie:16 | sequence:44, so that one 128-bit
// comparison decides. 2^44 sequences last ten days at 20 M events a second. Sequence numbers and
// arguments are never folded into the hash.
#include <cstdint>
#include <type_traits>

#include "sim/id.h"
#include "sim/time.h"

namespace drey::sim {

// Classes of events of one instant, in the order in which they run.
enum class Priority : uint8_t { fault, delivery, timer, task, background };

struct Event {
  Time at;
  uint64_t order = 0;
  EntityId target;
  uint32_t kind_and_arm =
      0;  // kind:8 (the target's own enum), arm:24 (a timer is stale when its arm differs)
  uint64_t argument = 0;  // a small value, or a pool index of the target

  uint8_t kind() const { return static_cast<uint8_t>(kind_and_arm >> 24); }
  uint32_t arm() const { return kind_and_arm & 0xffffffu; }
};
static_assert(sizeof(Event) == 32 && std::is_trivially_copyable_v<Event>);

constexpr uint64_t event_order(Priority priority, uint16_t tie, uint64_t sequence) {
  return (static_cast<uint64_t>(priority) << 60) | (uint64_t{tie} << 44) | sequence;
}

constexpr bool earlier(const Event& a, const Event& b) {
  __extension__ using Wide = unsigned __int128;
  return ((Wide{static_cast<uint64_t>(a.at.ns)} << 64) | a.order) <
         ((Wide{static_cast<uint64_t>(b.at.ns)} << 64) | b.order);
}

// Anything that events are for. Built by its process and destroyed when the process dies: there is
// no on_crash() that could forget a field.
class Entity {
 public:
  virtual ~Entity() = default;
  virtual void on_event(const Event& event) = 0;
};

}  // namespace drey::sim
