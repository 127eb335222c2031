#include "model/cluster/slot_selection.h"

#include <algorithm>
#include <map>

#include "sim/check.h"

namespace drey::model {

std::string_view name_of(Locality locality) {
  switch (locality) {
    case Locality::unconstrained:
      return "UNCONSTRAINED";
    case Locality::local:
      return "LOCAL";
    case Locality::host_local:
      return "HOST_LOCAL";
    case Locality::non_local:
      return "NON_LOCAL";
  }
  return "";
}

namespace {

struct Score {
  int64_t value = 0;
  Locality locality = Locality::unconstrained;
};

// Upstream's weights (10 and 1; 20, 2 and the utilisation when spreading out), scaled to keep the
// utilisation whole.
Score score_of(const SlotCandidate& slot, const std::vector<TaskManagerPlace>& preferred,
               bool spread_out) {
  constexpr int64_t kUnit = 1'000'000;
  int64_t same_task_manager = 0;
  int64_t same_host = 0;
  for (const TaskManagerPlace& place : preferred) {
    same_task_manager += place.resource == slot.place.resource ? 1 : 0;
    same_host += place.host == slot.place.host ? 1 : 0;
  }
  Score score;
  score.value =
      spread_out ? (20 * same_task_manager + 2 * same_host) * kUnit - int64_t{slot.utilisation_ppm}
                 : (10 * same_task_manager + same_host) * kUnit;
  if (preferred.empty()) {
    score.locality = Locality::unconstrained;
  } else if (same_task_manager > 0) {
    score.locality = Locality::local;
  } else {
    score.locality = same_host > 0 ? Locality::host_local : Locality::non_local;
  }
  return score;
}

}  // namespace

std::optional<SelectedSlot> select_slot(const std::vector<SlotCandidate>& free,
                                        const ResourceProfile& wanted,
                                        const std::vector<TaskManagerPlace>& preferred,
                                        bool spread_out) {
  std::optional<SelectedSlot> best;
  int64_t best_score = 0;
  for (size_t i = 0; i < free.size(); ++i) {
    if (!is_matching(free[i].profile, wanted)) continue;
    const Score score = score_of(free[i], preferred, spread_out);
    if (best.has_value() && score.value <= best_score) continue;
    best = SelectedSlot{i, score.locality};
    best_score = score.value;
  }
  return best;
}

std::vector<std::pair<size_t, size_t>> match_in_order(
    const std::vector<ResourceProfile>& slots, const std::vector<ResourceProfile>& requests) {
  std::vector<std::pair<size_t, size_t>> pairs;
  std::vector<size_t> waiting(requests.size());
  for (size_t r = 0; r < waiting.size(); ++r) waiting[r] = r;
  for (size_t s = 0; s < slots.size() && !waiting.empty(); ++s) {
    const auto at = first_match(slots[s], waiting.begin(), waiting.end(),
                                [&](size_t r) { return requests[r]; });
    if (at == waiting.end()) continue;
    pairs.emplace_back(*at, s);
    waiting.erase(at);
  }
  return pairs;
}

std::vector<std::pair<size_t, size_t>> match_balanced(const std::vector<PlacedSlot>& slots,
                                                      const std::vector<LoadedRequest>& requests,
                                                      std::vector<uint64_t> loads) {
  std::vector<std::pair<size_t, size_t>> pairs;
  if (slots.size() < requests.size()) return pairs;
  // Per profile: slots that no request of exactly this size will need. Only these are open to
  // UNKNOWN requests.
  std::map<ResourceProfile, int64_t> spare;
  for (const PlacedSlot& slot : slots) ++spare[slot.profile];
  for (const LoadedRequest& request : requests) {
    if (!is_unknown(request.profile) && --spare[request.profile] < 0) return pairs;
  }
  std::vector<size_t> order(requests.size());
  for (size_t r = 0; r < order.size(); ++r) order[r] = r;
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return requests[a].load > requests[b].load; });
  std::vector<bool> taken(slots.size(), false);
  for (const size_t r : order) {
    std::optional<size_t> best;
    for (size_t s = 0; s < slots.size(); ++s) {
      if (taken[s] || !is_matching(slots[s].profile, requests[r].profile)) continue;
      if (is_unknown(requests[r].profile) && spare[slots[s].profile] == 0) continue;
      if (!best.has_value() || loads[slots[s].task_manager] < loads[slots[*best].task_manager])
        best = s;
    }
    CHECK(best.has_value(), "enough slots of each size were counted before");
    if (is_unknown(requests[r].profile)) --spare[slots[*best].profile];
    taken[*best] = true;
    loads[slots[*best].task_manager] += requests[r].load;
    pairs.emplace_back(r, *best);
  }
  return pairs;
}

}  // namespace drey::model
