#pragma once
// Which slot serves which request. A slot fits only an equal profile or UNKNOWN (is_matching).
//
// Upstream: LocationPreferenceSlotSelectionStrategy (default and evenly spread out),
// SimpleRequestSlotMatchingStrategy, TasksBalancedRequestSlotMatchingStrategy.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/cluster/resource_profile.h"

namespace drey::model {

enum class Locality : uint8_t { unconstrained, local, host_local, non_local };
std::string_view name_of(Locality locality);  // "HOST_LOCAL"

struct TaskManagerPlace {
  std::string resource;
  std::string host;
};

struct SlotCandidate {
  TaskManagerPlace place;
  ResourceProfile profile = kUnknownProfile;
  uint32_t utilisation_ppm =
      0;  // used share of its TaskManager's slots; only read when spreading out
};

struct SelectedSlot {
  size_t slot = 0;  // index into the free slots
  Locality locality = Locality::unconstrained;
};

// `preferred`: one entry per preference; the same TaskManager may be there several times. The first
// best slot wins. With `spread_out` (taskmanager.load-balance.mode: SLOTS) the least utilised
// TaskManager decides among equals.
std::optional<SelectedSlot> select_slot(const std::vector<SlotCandidate>& free,
                                        const ResourceProfile& wanted,
                                        const std::vector<TaskManagerPlace>& preferred,
                                        bool spread_out);

// Where in [begin, end) the first request is that the slot matches; `profile_of(*it)` is what it
// asks for.
template <class Iterator, class ProfileOf>
Iterator first_match(const ResourceProfile& slot, Iterator begin, Iterator end,
                     ProfileOf profile_of) {
  while (begin != end && !is_matching(slot, profile_of(*begin))) ++begin;
  return begin;
}

// Pairs (request, slot), in the order of the slots: each slot goes to the first request that it
// matches.
std::vector<std::pair<size_t, size_t>> match_in_order(const std::vector<ResourceProfile>& slots,
                                                      const std::vector<ResourceProfile>& requests);

// All requests or none: the heaviest first, each to a slot on the TaskManager with the least load.
// UNKNOWN requests leave slots alone that a request of exactly that size needs.
// taskmanager.load-balance.mode: TASKS.
struct LoadedRequest {
  ResourceProfile profile = kUnknownProfile;
  uint32_t load = 1;  // number of its subtasks
};
struct PlacedSlot {
  size_t task_manager = 0;  // index into the loads
  ResourceProfile profile = kUnknownProfile;
};
std::vector<std::pair<size_t, size_t>> match_balanced(const std::vector<PlacedSlot>& slots,
                                                      const std::vector<LoadedRequest>& requests,
                                                      std::vector<uint64_t> loads);

}  // namespace drey::model
