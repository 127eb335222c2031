#pragma once
// Key groups: the unit in which keyed state is distributed and re-distributed. All arithmetic as in
// Flink, 32-bit and wrapping where Java's is, since it decides which subtask owns a key.
//
//   group   = murmur(java hash of the key) mod max parallelism
//   subtask = group * parallelism / max parallelism
//
// Bounds: 1 <= parallelism <= max parallelism <= 32768; the caller checks them with
// parallelism_error. Upstream: KeyGroupRangeAssignment, KeyGroupRange, MathUtils.
#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>
#include <string>

namespace drey::state {

inline constexpr int32_t kMaxMaxParallelism = 32768;
inline constexpr int32_t kMinDefaultMaxParallelism = 128;

// Inclusive on both sides, 0 <= first <= last.
struct KeyGroupRange {
  int32_t first = 0;
  int32_t last = 0;
  constexpr int32_t count() const { return last - first + 1; }
  constexpr bool contains(int32_t group) const { return first <= group && group <= last; }
  friend constexpr bool operator==(KeyGroupRange, KeyGroupRange) = default;
};

// Nothing when the bounds are legal, else what is wrong.
std::optional<std::string> range_error(int32_t first, int32_t last);
std::optional<std::string> parallelism_error(int64_t max_parallelism, int64_t parallelism);

// Nothing when they have no group in common.
std::optional<KeyGroupRange> intersect(KeyGroupRange a, KeyGroupRange b);

// MurmurHash3 of one 4-byte block, made non-negative by the absolute value (not by masking the
// sign).
constexpr int32_t murmur(int32_t code) {
  uint32_t h = static_cast<uint32_t>(code) * 0xcc9e2d51u;
  h = std::rotl(h, 15) * 0x1b873593u;
  h = std::rotl(h, 13) * 5u + 0xe6546b64u;
  h ^= 4u;
  h = (h ^ (h >> 16)) * 0x85ebca6bu;
  h = (h ^ (h >> 13)) * 0xc2b2ae35u;
  h ^= h >> 16;
  const auto s = static_cast<int32_t>(h);
  if (s >= 0) return s;
  return s == INT32_MIN ? 0 : -s;
}

constexpr int32_t key_group_of_hash(int32_t java_hash, int32_t max_parallelism) {
  return murmur(java_hash) % max_parallelism;
}
constexpr int32_t subtask_of_group(int32_t group, int32_t max_parallelism, int32_t parallelism) {
  return group * parallelism / max_parallelism;
}
constexpr KeyGroupRange key_groups_of_subtask(int32_t subtask, int32_t max_parallelism,
                                              int32_t parallelism) {
  return {(subtask * max_parallelism + parallelism - 1) / parallelism,
          ((subtask + 1) * max_parallelism - 1) / parallelism};
}

// The max parallelism of a vertex that configures none.
constexpr int32_t default_max_parallelism(int32_t parallelism) {
  const auto wanted = static_cast<uint32_t>(parallelism + parallelism / 2);
  return std::clamp(static_cast<int32_t>(std::bit_ceil(wanted)), kMinDefaultMaxParallelism,
                    kMaxMaxParallelism);
}

// Bytes of the key-group prefix of a composite key.
constexpr int key_group_prefix_bytes(int32_t max_parallelism) {
  return max_parallelism > 128 ? 2 : 1;
}

}  // namespace drey::state
