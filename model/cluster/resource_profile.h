#pragma once
// The size of a slot, and what a request asks for. Two comparisons exist and must not be confused:
// in the job's slot pool and in location choice a slot fits only an *equal* profile or UNKNOWN
// (is_matching); "at least as large" is used only by the ResourceManager (is_at_least).
//
// Upstream: ResourceProfile, ResourceCounter.
#include <compare>
#include <cstdint>
#include <map>

namespace drey::model {

struct ResourceProfile {
  enum class Kind : uint8_t {
    sized,
    unknown,  // a request that takes any slot
    any,      // a slot that fulfils anything; what a slot taken without a requirement counts for
  };
  Kind kind = Kind::unknown;
  uint64_t cpu = 0;   // 1e-8 cores, the scale of upstream's CPUResource
  uint64_t heap = 0;  // bytes of task heap
  template <class Visitor>
  void visit(Visitor& visitor) const {
    visitor(kind, cpu, heap);
  }
  friend constexpr auto operator<=>(const ResourceProfile&, const ResourceProfile&) = default;
};

inline constexpr uint64_t kCpuPerMillicore = 100'000;
inline constexpr uint64_t kBytesPerMib = uint64_t{1} << 20;
inline constexpr ResourceProfile kUnknownProfile{};
inline constexpr ResourceProfile kAnyProfile{ResourceProfile::Kind::any, 0, 0};
inline constexpr ResourceProfile kZeroProfile{ResourceProfile::Kind::sized, 0, 0};

constexpr ResourceProfile sized_profile(uint64_t millicores, uint64_t heap_mib) {
  return {ResourceProfile::Kind::sized, millicores * kCpuPerMillicore, heap_mib * kBytesPerMib};
}

// Arithmetic of sized profiles. `minus`: `a` is at least `b`.
constexpr ResourceProfile plus(const ResourceProfile& a, const ResourceProfile& b) {
  return {ResourceProfile::Kind::sized, a.cpu + b.cpu, a.heap + b.heap};
}
constexpr ResourceProfile minus(const ResourceProfile& a, const ResourceProfile& b) {
  return {ResourceProfile::Kind::sized, a.cpu - b.cpu, a.heap - b.heap};
}
constexpr ResourceProfile times(const ResourceProfile& a, uint64_t factor) {
  return {ResourceProfile::Kind::sized, a.cpu * factor, a.heap * factor};
}

constexpr bool is_unknown(const ResourceProfile& profile) {
  return profile.kind == ResourceProfile::Kind::unknown;
}

// The slot may serve the request. A slot is never UNKNOWN (upstream:
// UnsupportedOperationException).
constexpr bool is_matching(const ResourceProfile& slot, const ResourceProfile& request) {
  return slot.kind == ResourceProfile::Kind::any || is_unknown(request) || slot == request;
}

// Each field of `have` is at least that of `wanted`.
constexpr bool is_at_least(const ResourceProfile& have, const ResourceProfile& wanted) {
  if (have.kind == ResourceProfile::Kind::any || have == wanted || is_unknown(wanted)) return true;
  if (is_unknown(have) || wanted.kind == ResourceProfile::Kind::any) return false;
  return have.cpu >= wanted.cpu && have.heap >= wanted.heap;
}

// What each slot of a worker gets; the rest of the division is lost, as upstream rounds down.
// Upstream: SlotManagerUtils.generateDefaultSlotResourceProfile.
constexpr ResourceProfile default_slot_profile(const ResourceProfile& worker, uint32_t slots) {
  return {ResourceProfile::Kind::sized, worker.cpu / slots, worker.heap / slots};
}

// How many slots of this size fit into a worker. Upstream: calculateDefaultNumSlots.
constexpr uint32_t slots_that_fit(const ResourceProfile& worker, const ResourceProfile& slot) {
  const uint64_t by_cpu = slot.cpu == 0 ? UINT32_MAX : worker.cpu / slot.cpu;
  const uint64_t by_heap = slot.heap == 0 ? UINT32_MAX : worker.heap / slot.heap;
  return static_cast<uint32_t>(by_cpu < by_heap ? by_cpu : by_heap);
}

// How many of each profile; entries are never 0.
class ResourceCounter {
 public:
  ResourceCounter() = default;
  static ResourceCounter of(const ResourceProfile& profile, uint32_t count);

  uint32_t count(const ResourceProfile& profile) const;
  void add(const ResourceProfile& profile, uint32_t count);
  void add(const ResourceCounter& other);
  // Never below 0.
  void subtract(const ResourceProfile& profile, uint32_t count);
  void subtract(const ResourceCounter& other);
  bool empty() const { return counts_.empty(); }
  uint32_t total() const;
  const std::map<ResourceProfile, uint32_t>& counts() const { return counts_; }

 private:
  std::map<ResourceProfile, uint32_t> counts_;
};

}  // namespace drey::model
