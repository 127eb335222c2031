#pragma once
// Java's hashCode of the key types that a job may use: it decides the key group, so it has to be
// the same number. Strings come as UTF-8 and are hashed by UTF-16 unit (a character above U+FFFF
// counts twice). Byte arrays are missing on purpose: a Java array has no content hash and is no
// legal key.
#include <cstdint>
#include <string>
#include <string_view>

namespace drey::state {

constexpr int32_t java_hash_int32(int32_t v) { return v; }
constexpr int32_t java_hash_int64(int64_t v) {
  const auto bits = static_cast<uint64_t>(v);
  return static_cast<int32_t>(static_cast<uint32_t>(bits ^ (bits >> 32)));
}
constexpr int32_t java_hash_bool(bool v) { return v ? 1231 : 1237; }
// Of the bits, not of the value: 0.0 and -0.0 differ. NaNs are expected in canonical form.
constexpr int32_t java_hash_double_bits(uint64_t bits) {
  return java_hash_int64(static_cast<int64_t>(bits));
}
constexpr int32_t java_hash_tuple2(int32_t hash0, int32_t hash1) {
  return static_cast<int32_t>(31u * static_cast<uint32_t>(hash0) + static_cast<uint32_t>(hash1));
}
int32_t java_hash_string(std::string_view utf8);

// The UTF-16 units of a UTF-8 text; malformed bytes become U+FFFD, as Java's decoder does.
std::u16string utf16_of(std::string_view utf8);

}  // namespace drey::state
