#include "reports/series.h"

#include <algorithm>
#include <bit>
#include <numeric>

namespace drey::reports {
namespace {

Ratio whole(int64_t n) { return {n, 1}; }

Ratio fraction(int64_t numerator, int64_t denominator) {
  const int64_t common = std::gcd(numerator, denominator);
  return {numerator / common, denominator / common};
}

std::optional<uint64_t> percent_of(std::string_view name) {
  if (name == "p50") return 50;
  if (name == "p95") return 95;
  if (name == "p99") return 99;
  return std::nullopt;
}

// Which of `count` samples in order is the percentile: nearest rank, from 0.
uint64_t rank_of(uint64_t percent, uint64_t count) { return (percent * count + 99) / 100 - 1; }

}  // namespace

std::optional<Ratio> Series::aggregate(std::string_view name) const {
  const auto count = static_cast<int64_t>(samples_.size());
  const int64_t sum = std::accumulate(samples_.begin(), samples_.end(), int64_t{0});
  if (name == "count") return whole(count);
  if (name == "sum") return whole(sum);
  if (samples_.empty()) return std::nullopt;
  if (name == "min") return whole(*std::min_element(samples_.begin(), samples_.end()));
  if (name == "max") return whole(*std::max_element(samples_.begin(), samples_.end()));
  if (name == "mean") return fraction(sum, count);
  if (name == "last") return whole(samples_.back());
  const auto percent = percent_of(name);
  if (!percent) return std::nullopt;
  std::vector<int64_t> ordered = samples_;
  std::stable_sort(ordered.begin(), ordered.end());
  return whole(ordered[static_cast<size_t>(rank_of(*percent, ordered.size()))]);
}

size_t Histogram::bucket_of(uint64_t sample) {
  if (sample < (uint64_t{1} << kSubBits)) return static_cast<size_t>(sample);
  const int shift = static_cast<int>(std::bit_width(sample)) - 1 - kSubBits;
  return (static_cast<size_t>(shift + 1) << kSubBits) +
         static_cast<size_t>((sample >> shift) - (uint64_t{1} << kSubBits));
}

uint64_t Histogram::highest_of(size_t bucket) {
  if (bucket < (size_t{1} << kSubBits)) return bucket;
  const size_t shift = (bucket >> kSubBits) - 1;
  const uint64_t low = (uint64_t{1} << kSubBits) + (bucket & ((size_t{1} << kSubBits) - 1));
  return (low << shift) + ((uint64_t{1} << shift) - 1);
}

void Histogram::add(uint64_t sample) {
  ++buckets_[bucket_of(sample)];
  ++count_;
  sum_ += sample;
  lowest_ = std::min(lowest_, sample);
  highest_ = std::max(highest_, sample);
}

uint64_t Histogram::quantile(uint64_t percent) const {
  uint64_t left = rank_of(percent, count_) + 1;
  for (size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    if (buckets_[bucket] >= left) return std::min(highest_of(bucket), highest_);
    left -= buckets_[bucket];
  }
  return highest_;
}

std::optional<Ratio> Histogram::aggregate(std::string_view name) const {
  if (name == "count") return whole(static_cast<int64_t>(count_));
  if (name == "sum") return whole(static_cast<int64_t>(sum_));
  if (count_ == 0) return std::nullopt;
  if (name == "min") return whole(static_cast<int64_t>(lowest_));
  if (name == "max") return whole(static_cast<int64_t>(highest_));
  if (name == "mean") return fraction(static_cast<int64_t>(sum_), static_cast<int64_t>(count_));
  const auto percent = percent_of(name);
  if (!percent) return std::nullopt;
  return whole(static_cast<int64_t>(quantile(*percent)));
}

}  // namespace drey::reports
