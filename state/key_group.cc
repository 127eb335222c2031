#include "state/key_group.h"

#include <fmt/core.h>

namespace drey::state {

std::optional<std::string> range_error(int32_t first, int32_t last) {
  if (first >= 0 && first <= last) return std::nullopt;
  return fmt::format("key groups [{}, {}] are no range", first, last);
}

std::optional<std::string> parallelism_error(int64_t max_parallelism, int64_t parallelism) {
  if (parallelism < 1) return fmt::format("parallelism {} is below 1", parallelism);
  if (max_parallelism > kMaxMaxParallelism)
    return fmt::format("max parallelism {} is above {}", max_parallelism, kMaxMaxParallelism);
  if (parallelism > max_parallelism)
    return fmt::format("parallelism {} is above max parallelism {}", parallelism, max_parallelism);
  return std::nullopt;
}

std::optional<KeyGroupRange> intersect(KeyGroupRange a, KeyGroupRange b) {
  const KeyGroupRange both{std::max(a.first, b.first), std::min(a.last, b.last)};
  if (both.first > both.last) return std::nullopt;
  return both;
}

}  // namespace drey::state
