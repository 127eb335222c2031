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
  uint32_t millicores = 0;
  uint32_t heap_mib = 0;  // task heap
  friend constexpr auto operator<=>(const ResourceProfile&, const ResourceProfile&) = default;
};

inline constexpr ResourceProfile kUnknownProfile{};
inline constexpr ResourceProfile kAnyProfile{ResourceProfile::Kind::any, 0, 0};

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
  return have.millicores >= wanted.millicores && have.heap_mib >= wanted.heap_mib;
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
