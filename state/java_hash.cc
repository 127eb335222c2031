#include "state/java_hash.h"

namespace drey::state {

namespace {

constexpr char32_t kReplacement = 0xfffd;

// Reads one code point from text[at..] and moves `at` behind it.
char32_t next_code_point(std::string_view text, size_t& at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at++);
  if (lead < 0x80) return lead;
  int more = 0;
  char32_t point = 0;
  if ((lead & 0xe0) == 0xc0) {
    more = 1;
    point = lead & 0x1fu;
  } else if ((lead & 0xf0) == 0xe0) {
    more = 2;
    point = lead & 0x0fu;
  } else if ((lead & 0xf8) == 0xf0) {
    more = 3;
    point = lead & 0x07u;
  } else {
    return kReplacement;
  }
  for (; more > 0; --more, ++at) {
    if (at >= text.size() || (byte(at) & 0xc0) != 0x80) return kReplacement;
    point = (point << 6) | (byte(at) & 0x3fu);
  }
  return point <= 0x10ffff ? point : kReplacement;
}

}  // namespace

std::u16string utf16_of(std::string_view utf8) {
  std::u16string units;
  units.reserve(utf8.size());
  for (size_t at = 0; at < utf8.size();) {
    const char32_t point = next_code_point(utf8, at);
    if (point < 0x10000) {
      units.push_back(static_cast<char16_t>(point));
      continue;
    }
    units.push_back(static_cast<char16_t>(0xd800 + ((point - 0x10000) >> 10)));
    units.push_back(static_cast<char16_t>(0xdc00 + ((point - 0x10000) & 0x3ff)));
  }
  return units;
}

int32_t java_hash_string(std::string_view utf8) {
  uint32_t h = 0;
  for (const char16_t unit : utf16_of(utf8)) h = 31u * h + unit;
  return static_cast<int32_t>(h);
}

}  // namespace drey::state
