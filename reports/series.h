#pragma once
// Samples of a metric, and their aggregates in integers: quantiles by nearest rank, mean as an
// exact fraction. Histogram: the same for very many samples, in buckets of 1/64 of their power of
// two, so that a quantile is at most 1.6 % too high; minimum, maximum and mean are exact.
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "reports/quantity.h"

namespace drey::reports {

class Series {
 public:
  void add(int64_t sample) { samples_.push_back(sample); }
  size_t count() const { return samples_.size(); }
  // "min", "max", "mean", "sum", "count", "last", "p50", "p95", "p99"; empty without samples,
  // except for count and sum.
  std::optional<Ratio> aggregate(std::string_view name) const;

 private:
  std::vector<int64_t> samples_;
};

class Histogram {
 public:
  void add(uint64_t sample);
  std::optional<Ratio> aggregate(std::string_view name) const;  // as above, without "last"

 private:
  static constexpr int kSubBits = 6;
  static size_t bucket_of(uint64_t sample);
  static uint64_t highest_of(size_t bucket);
  uint64_t quantile(uint64_t percent) const;

  std::array<uint64_t, (64 - kSubBits + 1) << kSubBits> buckets_{};
  uint64_t count_ = 0;
  uint64_t sum_ = 0;
  uint64_t lowest_ = UINT64_MAX;
  uint64_t highest_ = 0;
};

}  // namespace drey::reports
