#pragma once
// Division by a number that stays the same, exact for every dividend: a multiplication and at most
// one step of correction. What is done once per record has no time for a division.
//
//   floor(2^64 / d) x n / 2^64 is at most 1 below n / d, since the part cut off is below n / 2^64.
#include <cstdint>

namespace drey::sim {

class Reciprocal {
 public:
  Reciprocal() = default;
  // divisor > 0
  explicit constexpr Reciprocal(uint64_t divisor)
      : divisor_(divisor), inverse_(divisor == 1 ? UINT64_MAX : two_to_the_64_over(divisor)) {}

  constexpr uint64_t divide(uint64_t n) const {
    const uint64_t quotient = below(n);
    return n - quotient * divisor_ >= divisor_ ? quotient + 1 : quotient;
  }
  constexpr uint64_t remainder(uint64_t n) const {
    const uint64_t rest = n - below(n) * divisor_;
    return rest >= divisor_ ? rest - divisor_ : rest;
  }

 private:
  __extension__ using Wide = unsigned __int128;

  static constexpr uint64_t two_to_the_64_over(uint64_t divisor) {
    return static_cast<uint64_t>((Wide{1} << 64) / divisor);
  }
  constexpr uint64_t below(uint64_t n) const {
    return static_cast<uint64_t>((Wide{n} * inverse_) >> 64);
  }

  uint64_t divisor_ = 1;
  uint64_t inverse_ = UINT64_MAX;
};

}  // namespace drey::sim
