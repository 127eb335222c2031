#pragma once
// Flink's byte formats, big endian: what lies in RocksDB, in full snapshots and in the visits that
// compare backends.
//
//   composite key = key-group prefix (1 or 2 bytes) | key [| length] | namespace [| length] [| user
//   key of a map]
//
// The lengths are there only when key and namespace are both of variable size (else the boundary
// would be ambiguous); the user key of a map never gets one. A void namespace is one byte 00.
// Elements of a list are joined with ','. Byte order of composite keys is the backend-independent
// order of entries: unsigned, so negative keys come last. Upstream: SerializedCompositeKeyBuilder,
// CompositeKeySerializationUtils, ListDelimitedSerializer, TimerSerializer.
#include <cstdint>
#include <string>
#include <string_view>

namespace drey::state {

// [start, end) in ms, as Flink's TimeWindow; {0, 0} is no window and stands for the void namespace.
struct TimeWindow {
  int64_t start = 0;
  int64_t end = 0;
  constexpr int64_t max_timestamp() const { return end - 1; }
  friend constexpr bool operator==(TimeWindow, TimeWindow) = default;
  friend constexpr auto operator<=>(TimeWindow, TimeWindow) = default;
};
inline constexpr TimeWindow kNoWindow{};

inline constexpr char kListDelimiter = ',';

void put_u8(std::string& out, uint8_t v);
void put_u16(std::string& out, uint16_t v);
void put_u32(std::string& out, uint32_t v);
void put_u64(std::string& out, uint64_t v);
inline void put_i64(std::string& out, int64_t v) { put_u64(out, static_cast<uint64_t>(v)); }
void put_java_string(std::string& out,
                     std::string_view utf8);  // length + 1 and units, 7 bits a byte

// Length of a variable-size part: base 256, least significant byte first, at least one byte.
void put_variable_length(std::string& out, uint64_t length);
void put_key_group(std::string& out, int32_t group, int prefix_bytes);
// Void, or start and end (16 bytes).
void put_window(std::string& out, TimeWindow window);
// Appends one element to a serialised list.
void append_list_element(std::string& list, std::string_view element);

struct Part {
  std::string_view bytes;
  bool variable = false;  // its serializer writes values of different size
};
// `user_key` empty: none.
std::string composite_key(int32_t group, int prefix_bytes, Part key, Part name_space,
                          std::string_view user_key);
// Time stamp with flipped sign bit (so that bytes sort as time), key, namespace.
std::string timer_bytes(int64_t timestamp, std::string_view key, std::string_view name_space);

// Reads what put_* wrote. Never reads past the end: after the first short read ok() is false and
// all reads give 0.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}
  uint8_t u8() { return static_cast<uint8_t>(number(1)); }
  uint16_t u16() { return static_cast<uint16_t>(number(2)); }
  uint32_t u32() { return static_cast<uint32_t>(number(4)); }
  uint64_t u64() { return number(8); }
  int64_t i64() { return static_cast<int64_t>(number(8)); }
  std::string_view bytes(size_t count);
  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }

 private:
  uint64_t number(size_t bytes);

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace drey::state
