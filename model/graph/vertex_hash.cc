#include "model/graph/vertex_hash.h"

#include <algorithm>
#include <array>

namespace drey::model {

namespace {

constexpr uint64_t rotate(uint64_t x, int by) { return (x << by) | (x >> (64 - by)); }

constexpr uint64_t finish(uint64_t k) {
  k ^= k >> 33;
  k *= 0xff51afd7ed558ccdu;
  k ^= k >> 33;
  k *= 0xc4ceb9fe1a85ec53u;
  return k ^ (k >> 33);
}

uint64_t little_endian(std::string_view bytes, size_t from, size_t count) {
  uint64_t value = 0;
  for (size_t i = 0; i < count; ++i)
    value |= uint64_t{static_cast<unsigned char>(bytes[from + i])} << (8 * i);
  return value;
}

constexpr uint64_t big_endian_of(uint64_t word) {
  uint64_t turned = 0;
  for (int i = 0; i < 8; ++i) turned = (turned << 8) | ((word >> (8 * i)) & 0xff);
  return turned;
}

// MurmurHash3 x64 128 with seed 0.
std::array<uint64_t, 2> murmur3_128(std::string_view bytes) {
  constexpr uint64_t c1 = 0x87c37b91114253d5u;
  constexpr uint64_t c2 = 0x4cf5ad432745937fu;
  uint64_t h1 = 0;
  uint64_t h2 = 0;
  const auto mix_first = [&](uint64_t k) { h1 ^= rotate(k * c1, 31) * c2; };
  const auto mix_second = [&](uint64_t k) { h2 ^= rotate(k * c2, 33) * c1; };
  size_t at = 0;
  for (; at + 16 <= bytes.size(); at += 16) {
    mix_first(little_endian(bytes, at, 8));
    h1 = (rotate(h1, 27) + h2) * 5 + 0x52dce729u;
    mix_second(little_endian(bytes, at + 8, 8));
    h2 = (rotate(h2, 31) + h1) * 5 + 0x38495ab5u;
  }
  const size_t rest = bytes.size() - at;
  if (rest > 8) mix_second(little_endian(bytes, at + 8, rest - 8));
  if (rest > 0) mix_first(little_endian(bytes, at, std::min<size_t>(rest, 8)));
  h1 ^= bytes.size();
  h2 ^= bytes.size();
  h1 += h2;
  h2 += h1;
  h1 = finish(h1);
  h2 = finish(h2);
  h1 += h2;
  h2 += h1;
  return {h1, h2};
}

}  // namespace

uint32_t java_hash_of_vertex(std::string_view uid) {
  uint32_t hash = 0;
  for (const uint64_t half : murmur3_128(uid)) {
    const uint64_t part = big_endian_of(half);
    hash ^= static_cast<uint32_t>(part ^ (part >> 32));
  }
  return hash;
}

std::vector<uint32_t> java_hash_map_order(const std::vector<uint32_t>& hashes) {
  uint32_t capacity = 16;
  while (hashes.size() * 4 > uint64_t{capacity} * 3) capacity *= 2;
  const auto bucket = [&](uint32_t i) { return (hashes[i] ^ (hashes[i] >> 16)) & (capacity - 1); };
  std::vector<uint32_t> order;
  for (uint32_t i = 0; i < hashes.size(); ++i) order.push_back(i);
  std::stable_sort(order.begin(), order.end(),
                   [&](uint32_t a, uint32_t b) { return bucket(a) < bucket(b); });
  return order;
}

}  // namespace drey::model
