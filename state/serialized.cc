#include "state/serialized.h"

#include "state/java_hash.h"

namespace drey::state {

namespace {

// The number of bytes is a constant, so that the loop becomes one swap.
template <int bytes>
void put_big_endian(std::string& out, uint64_t v) {
  char buffer[bytes];
  for (int i = bytes - 1; i >= 0; --i, v >>= 8) buffer[i] = static_cast<char>(v & 0xff);
  out.append(buffer, static_cast<size_t>(bytes));
}

void put_seven_bits(std::string& out, uint32_t v) {
  for (; v >= 0x80; v >>= 7) out.push_back(static_cast<char>(static_cast<uint8_t>(v | 0x80)));
  out.push_back(static_cast<char>(static_cast<uint8_t>(v)));
}

bool boundary_is_ambiguous(Part key, Part name_space) {
  return key.variable && name_space.variable;
}

}  // namespace

void put_u8(std::string& out, uint8_t v) { out.push_back(static_cast<char>(v)); }
void put_u16(std::string& out, uint16_t v) { put_big_endian<2>(out, v); }
void put_u32(std::string& out, uint32_t v) { put_big_endian<4>(out, v); }
void put_u64(std::string& out, uint64_t v) { put_big_endian<8>(out, v); }

void put_java_string(std::string& out, std::string_view utf8) {
  const std::u16string units = utf16_of(utf8);
  put_seven_bits(out, static_cast<uint32_t>(units.size()) + 1);
  for (const char16_t unit : units) put_seven_bits(out, unit);
}

void put_variable_length(std::string& out, uint64_t length) {
  do {
    put_u8(out, static_cast<uint8_t>(length));
    length >>= 8;
  } while (length != 0);
}

void put_key_group(std::string& out, int32_t group, int prefix_bytes) {
  if (prefix_bytes == 2) put_u8(out, static_cast<uint8_t>(group >> 8));
  put_u8(out, static_cast<uint8_t>(group));
}

void put_window(std::string& out, TimeWindow window) {
  if (window == kNoWindow) {
    put_u8(out, 0);
    return;
  }
  put_i64(out, window.start);
  put_i64(out, window.end);
}

void append_list_element(std::string& list, std::string_view element) {
  if (!list.empty()) list.push_back(kListDelimiter);
  list.append(element);
}

std::string composite_key(int32_t group, int prefix_bytes, Part key, Part name_space,
                          std::string_view user_key) {
  std::string out;
  out.reserve(key.bytes.size() + name_space.bytes.size() + user_key.size() + 8);
  put_key_group(out, group, prefix_bytes);
  out.append(key.bytes);
  if (boundary_is_ambiguous(key, name_space)) put_variable_length(out, key.bytes.size());
  out.append(name_space.bytes);
  if (boundary_is_ambiguous(key, name_space)) put_variable_length(out, name_space.bytes.size());
  out.append(user_key);
  return out;
}

std::string timer_bytes(int64_t timestamp, std::string_view key, std::string_view name_space) {
  std::string out;
  put_u64(out, static_cast<uint64_t>(timestamp) ^ (uint64_t{1} << 63));
  out.append(key);
  out.append(name_space);
  return out;
}

std::string_view ByteReader::bytes(size_t count) {
  if (!ok_ || count > rest_.size()) {
    ok_ = false;
    return {};
  }
  const std::string_view taken = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return taken;
}

uint64_t ByteReader::number(size_t count) {
  if (!ok_ || count > rest_.size()) {
    ok_ = false;
    return 0;
  }
  uint64_t v = 0;
  for (size_t i = 0; i < count; ++i) v = (v << 8) | static_cast<uint8_t>(rest_[i]);
  rest_.remove_prefix(count);
  return v;
}

}  // namespace drey::state
