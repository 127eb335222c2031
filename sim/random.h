#pragma once
// Draws are not a sequence: each is a function of (seed, stream, entity path, purpose, n) through
// Philox4x32-10, so that adding a component or a fault changes no other draw (design.md 2.3). `n`
// is a domain number (checkpoint id, attempt, offset, message number on its connection), never a
// hidden counter.
#include <cstdint>

namespace drey::sim {

struct DrawKey {
  uint64_t stream = 0;       // name_hash("network/latency")
  uint64_t entity_path = 0;  // hash of the path
  uint64_t purpose = 0;
  uint64_t n = 0;
};

// The 128-bit block of Philox4x32-10 under `key` at `counter`, its first 64 bits.
uint64_t philox(uint64_t key, uint64_t counter_high, uint64_t counter_low);

uint64_t draw_value(uint64_t seed, const DrawKey& key);

// Uniform in [0, bound) by a 64 x 64 multiply; the bias is below bound / 2^64. bound > 0.
constexpr uint64_t scale_draw(uint64_t draw, uint64_t bound) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<uint64_t>((Wide{draw} * bound) >> 64);
}

}  // namespace drey::sim
