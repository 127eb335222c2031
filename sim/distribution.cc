#include "sim/distribution.h"

#include <array>
#include <bit>

#include "sim/check.h"
#include "sim/random.h"

namespace drey::sim {

namespace {

__extension__ using Wide = unsigned __int128;

constexpr int kTableBits = 8;
constexpr uint64_t kLn2 = 2977044471u;  // ln 2 in units of 2^-32

// ln(1 + i / 256) in units of 2^-32, by ln(x) = 2 atanh((x - 1) / (x + 1)) in integers.
constexpr std::array<uint64_t, 1u << kTableBits> make_log_table() {
  std::array<uint64_t, 1u << kTableBits> table{};
  for (uint64_t i = 0; i < table.size(); ++i) {
    const uint64_t ratio = (i << 48) / (512 + i);  // (x - 1) / (x + 1) in 2^-48
    const auto square = static_cast<uint64_t>((Wide{ratio} * ratio) >> 48);
    uint64_t power = ratio;
    uint64_t sum = 0;
    for (uint64_t n = 1; n < 30; n += 2) {
      sum += power / n;
      power = static_cast<uint64_t>((Wide{power} * square) >> 48);
    }
    table[i] = (2 * sum) >> 16;
  }
  return table;
}
constexpr auto kLogTable = make_log_table();

}  // namespace

uint64_t negative_log(uint64_t draw) {
  const uint64_t u = draw == UINT64_MAX ? draw : draw + 1;
  const int zeros = std::countl_zero(u);
  const uint64_t mantissa = u << zeros;  // 2^63 <= mantissa: m = mantissa / 2^63 in [1, 2)
  const uint64_t index = (mantissa >> (63 - kTableBits)) & ((1u << kTableBits) - 1);
  // m = (1 + index / 256)(1 + r), r < 1/256, in units of 2^-40.
  const uint64_t rest = mantissa & ((uint64_t{1} << (63 - kTableBits)) - 1);
  const auto r = static_cast<uint64_t>((Wide{rest} << 8 << 40) / (Wide{256 + index} << 63));
  const auto r2 = static_cast<uint64_t>((Wide{r} * r) >> 40);
  const auto r3 = static_cast<uint64_t>((Wide{r2} * r) >> 40);
  const auto r4 = static_cast<uint64_t>((Wide{r3} * r) >> 40);
  const uint64_t log_rest = (r - r2 / 2 + r3 / 3 - r4 / 4) >> 8;
  const uint64_t log_mantissa = kLogTable[index] + log_rest;
  // u = 2^(63 - zeros) m, so -ln(u / 2^64) = (zeros + 1) ln 2 - ln m.
  return static_cast<uint64_t>(zeros + 1) * kLn2 - log_mantissa;
}

Distribution Distribution::constant(int64_t value) {
  Distribution d;
  d.low_ = d.high_ = value;
  return d;
}

Distribution Distribution::uniform(int64_t low, int64_t high) {
  CHECK(low <= high, "a uniform distribution has its ends in order");
  Distribution d;
  d.kind_ = Kind::uniform;
  d.low_ = low;
  d.high_ = high;
  return d;
}

Distribution Distribution::exponential(int64_t minimum, int64_t mean) {
  Distribution d;
  d.kind_ = Kind::exponential;
  d.low_ = minimum;
  d.high_ = mean;
  return d;
}

Distribution Distribution::two_point(int64_t low, int64_t high, uint64_t numerator,
                                     uint64_t denominator) {
  CHECK(denominator > 0, "a probability has a denominator");
  Distribution d;
  d.kind_ = Kind::two_point;
  d.low_ = low;
  d.high_ = high;
  d.numerator_ = numerator;
  d.denominator_ = denominator;
  return d;
}

Distribution Distribution::empirical(std::vector<int64_t> quantiles) {
  CHECK(quantiles.size() >= 2, "an empirical table has two quantiles at least");
  Distribution d;
  d.kind_ = Kind::empirical;
  d.low_ = quantiles.front();
  d.high_ = quantiles.back();
  d.quantiles_ = std::move(quantiles);
  return d;
}

Distribution Distribution::weighted(std::vector<std::pair<int64_t, uint32_t>> table) {
  CHECK(!table.empty(), "a table of values is not empty");
  Distribution d;
  d.kind_ = Kind::weighted;
  d.low_ = d.high_ = table.front().first;
  for (const auto& [value, weight] : table) {
    d.denominator_ += weight;
    if (value < d.low_) d.low_ = value;
    if (value > d.high_) d.high_ = value;
  }
  d.denominator_ -= 1;  // it starts at 1
  CHECK(d.denominator_ > 0, "a table of values has a weight");
  d.table_ = std::move(table);
  return d;
}

int64_t Distribution::sample(uint64_t draw) const {
  switch (kind_) {
    case Kind::constant:
      return low_;
    case Kind::uniform:
      return low_ + static_cast<int64_t>(scale_draw(draw, static_cast<uint64_t>(high_ - low_) + 1));
    case Kind::exponential:
      return low_ +
             static_cast<int64_t>((Wide{negative_log(draw)} * static_cast<uint64_t>(high_)) >> 32);
    case Kind::two_point:
      return scale_draw(draw, denominator_) < numerator_ ? high_ : low_;
    case Kind::empirical: {
      const uint64_t position = scale_draw(draw, uint64_t{quantiles_.size() - 1} << 32);
      const auto index = static_cast<size_t>(position >> 32);
      const uint64_t fraction = position & 0xffffffffu;
      const auto step = static_cast<uint64_t>(quantiles_[index + 1] - quantiles_[index]);
      return quantiles_[index] + static_cast<int64_t>((Wide{step} * fraction) >> 32);
    }
    case Kind::weighted: {
      uint64_t rest = scale_draw(draw, denominator_);
      for (const auto& [value, weight] : table_) {
        if (rest < weight) return value;
        rest -= weight;
      }
      return high_;
    }
  }
  return low_;
}

}  // namespace drey::sim
