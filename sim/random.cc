#include "sim/random.h"

#include "sim/digest.h"

namespace drey::sim {

uint64_t philox(uint64_t key, uint64_t counter_high, uint64_t counter_low) {
  constexpr uint32_t kMultiply0 = 0xD2511F53u;
  constexpr uint32_t kMultiply1 = 0xCD9E8D57u;
  constexpr uint32_t kWeyl0 = 0x9E3779B9u;
  constexpr uint32_t kWeyl1 = 0xBB67AE85u;
  auto k0 = static_cast<uint32_t>(key);
  auto k1 = static_cast<uint32_t>(key >> 32);
  uint32_t c[4] = {static_cast<uint32_t>(counter_low), static_cast<uint32_t>(counter_low >> 32),
                   static_cast<uint32_t>(counter_high), static_cast<uint32_t>(counter_high >> 32)};
  for (int round = 0; round < 10; ++round) {
    const uint64_t product0 = uint64_t{kMultiply0} * c[0];
    const uint64_t product1 = uint64_t{kMultiply1} * c[2];
    const uint32_t next[4] = {
        static_cast<uint32_t>(product1 >> 32) ^ c[1] ^ k0, static_cast<uint32_t>(product1),
        static_cast<uint32_t>(product0 >> 32) ^ c[3] ^ k1, static_cast<uint32_t>(product0)};
    for (int i = 0; i < 4; ++i) c[i] = next[i];
    k0 += kWeyl0;
    k1 += kWeyl1;
  }
  return (uint64_t{c[1]} << 32) | c[0];
}

uint64_t draw_value(uint64_t seed, const DrawKey& key) {
  const uint64_t name =
      mix(mix(key.stream ^ 0x9e3779b97f4a7c15u, key.entity_path | 1u) ^ key.purpose,
          0xd1b54a32d192ed03u);
  return philox(seed, name, key.n);
}

}  // namespace drey::sim
