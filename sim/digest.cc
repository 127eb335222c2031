#include "sim/digest.h"

namespace drey::sim {

std::string to_hex(Digest128 digest) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text(32, '0');
  for (size_t i = 0; i < 16; ++i) {
    text[i] = kDigits[(digest.high >> (60 - 4 * i)) & 15];
    text[16 + i] = kDigits[(digest.low >> (60 - 4 * i)) & 15];
  }
  return text;
}

void Digest::fold_bytes(const void* data, size_t size) {
  const auto* bytes = static_cast<const unsigned char*>(data);
  const size_t total = size;
  while (size >= 32) {
    uint64_t w[4];
    std::memcpy(w, bytes, 32);
    fold(w[0], w[1], w[2], w[3]);
    bytes += 32;
    size -= 32;
  }
  uint64_t tail[4] = {0, 0, 0, 0};
  if (size > 0) std::memcpy(tail, bytes, size);
  // The length closes the tail, so that trailing zero bytes count.
  fold(tail[0] ^ total, tail[1], tail[2], tail[3]);
}

}  // namespace drey::sim
