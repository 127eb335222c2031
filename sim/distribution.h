#pragma once
// Integer-only distributions: a variate is a function of one 64-bit draw, with no libm and no
// double, since libm changes bits between CPUs (spec/engines-and-style.md 2.5). Used for latencies
// and pauses; values are in the user's unit (ns).
#include <cstdint>
#include <utility>
#include <vector>

namespace drey::sim {

class Distribution {
 public:
  enum class Kind : uint8_t { constant, uniform, exponential, two_point, empirical, weighted };

  static Distribution constant(int64_t value);
  static Distribution uniform(int64_t low, int64_t high);  // both ends included
  // minimum + an exponential of this mean; cut at 64 ln 2 = 44 means by the width of a draw.
  static Distribution exponential(int64_t minimum, int64_t mean);
  // `high` with probability numerator / denominator, else `low`: a tail.
  static Distribution two_point(int64_t low, int64_t high, uint64_t numerator,
                                uint64_t denominator);
  // Values at equally spaced quantiles, ascending, at least two; linear between them.
  static Distribution empirical(std::vector<int64_t> quantiles);

  // One of these values, by weight; not empty, weights not all zero.
  static Distribution weighted(std::vector<std::pair<int64_t, uint32_t>> table);

  int64_t sample(uint64_t draw) const;
  Kind kind() const { return kind_; }
  int64_t low() const { return low_; }
  int64_t high() const { return high_; }

 private:
  Kind kind_ = Kind::constant;
  int64_t low_ = 0;
  int64_t high_ = 0;
  uint64_t numerator_ = 0;
  uint64_t denominator_ = 1;
  std::vector<int64_t> quantiles_;
  std::vector<std::pair<int64_t, uint32_t>> table_;
};

// -ln((draw + 1) / 2^64) in units of 2^-32; relative error below 2e-6.
uint64_t negative_log(uint64_t draw);

}  // namespace drey::sim
