#pragma once
// The 128-bit digest that everything deterministic is folded into: two coupled 64-bit multiply
// mixes per 32 bytes (measured: +4 % of a kernel event). Order matters. Equal on every compiler and
// library: integers only.
//
//   Digest d;  d.fold(kind, a, b, c);  Digest128 value = d.value();
#include <compare>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace drey::sim {

struct Digest128 {
  uint64_t high = 0;
  uint64_t low = 0;
  friend constexpr bool operator==(Digest128, Digest128) = default;
  friend constexpr auto operator<=>(Digest128, Digest128) = default;
};

std::string to_hex(Digest128 digest);  // 32 lower-case hex digits

// Both halves of the 128-bit product: a wide multiply is the cheapest strong mix there is.
constexpr uint64_t mix(uint64_t a, uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = Wide{a} * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

class Digest {
 public:
  constexpr void fold(uint64_t w0, uint64_t w1, uint64_t w2, uint64_t w3) {
    x_ = mix(x_ ^ w0 ^ 0x9e3779b97f4a7c15u, w1 ^ 0xd1b54a32d192ed03u ^ y_);
    y_ = mix(y_ ^ w2 ^ 0x8bb84b93962eacc9u, w3 ^ 0x2d358dccaa6c78a5u ^ x_);
  }
  constexpr void fold(uint64_t w0, uint64_t w1) { fold(w0, w1, 0x632be59bd9b4e019u, 2); }
  constexpr void fold(uint64_t w0) { fold(w0, 0x1f83d9abfb41bd6bu, 0x5be0cd19137e2179u, 1); }
  constexpr void fold(Digest128 d) { fold(d.high, d.low); }
  void fold_bytes(const void* data, size_t size);
  void fold(std::string_view text) { fold_bytes(text.data(), text.size()); }

  constexpr Digest128 value() const { return {x_, y_}; }

 private:
  uint64_t x_ = 0x243f6a8885a308d3u;
  uint64_t y_ = 0x13198a2e03707344u;
};

// A stable 64-bit hash of a name (path, site, purpose), usable in constant expressions.
constexpr uint64_t name_hash(std::string_view name) {
  uint64_t h = 0xcbf29ce484222325u;
  for (const char c : name) h = mix(h ^ static_cast<unsigned char>(c), 0x9e3779b97f4a7c15u) + 1;
  return mix(h ^ name.size(), 0xd1b54a32d192ed03u);
}

}  // namespace drey::sim
