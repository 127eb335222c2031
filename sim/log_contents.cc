#include "sim/log_contents.h"

#include <algorithm>
#include <utility>

#include "sim/check.h"
#include "sim/digest.h"
#include "sim/random.h"

namespace drey::sim {

namespace {
__extension__ using Wide = unsigned __int128;
constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kLargestOffset = uint64_t{1} << 48;

// a x b / c, which must fit.
uint64_t times_over(uint64_t a, uint64_t b, uint64_t c) {
  uint64_t product = 0;
  if (!__builtin_mul_overflow(a, b, &product)) [[likely]]
    return product / c;
  return static_cast<uint64_t>(Wide{a} * b / c);
}
}  // namespace

LogContents::LogContents(LogSpec spec, uint16_t first_split)
    : spec_(spec), first_split_(first_split) {
  CHECK(spec_.splits > 0 && spec_.keys > 0 && spec_.values > 0,
        "a log has splits, keys and values");
  CHECK(spec_.pattern != KeyPattern::hot ||
            (spec_.hot_share_denominator > 0 && spec_.hot_keys > 0 && spec_.hot_keys < spec_.keys),
        "hot keys are some of the keys");
  event_rate_ =
      spec_.records_per_second != 0 ? spec_.records_per_second : spec_.event_records_per_second;
  CHECK(event_rate_ > 0, "event times advance");
  per_event_rate_ = Reciprocal(event_rate_);
  disorder_ms_ = static_cast<uint64_t>(to_millis(spec_.disorder));
  plain_ = spec_.pattern == KeyPattern::uniform && spec_.event_step_ms <= 0 && disorder_ms_ == 0;
}

LogContents::LogContents(LogSpec spec, std::vector<Record> rows, uint16_t first_split)
    : LogContents(spec, first_split) {
  rows_ = std::move(rows);
  table_ = true;
  spec_.records = rows_.size();
  for (size_t g = 0; g < rows_.size(); ++g)
    rows_[g].provenance =
        make_provenance(number_through(static_cast<uint32_t>(g % spec_.splits)), g / spec_.splits);
}

uint64_t LogContents::size(uint16_t split) const {
  if (spec_.records == 0 && !table_) return kUnbounded;
  return (spec_.records + spec_.splits - 1 - split) / spec_.splits;
}

uint64_t LogContents::available(uint16_t split, Time at) const {
  const uint64_t end = std::min(size(split), kLargestOffset);
  const Duration since = at - (Time{} + spec_.start);
  if (since.ns < 0) return 0;
  if (spec_.records_per_second == 0) return end;
  const uint64_t all =
      times_over(static_cast<uint64_t>(since.ns), spec_.records_per_second, kSecond);
  if (all <= split) return 0;
  return std::min((all - split - 1) / spec_.splits + 1, end);
}

Time LogContents::available_at(uint16_t split, uint64_t offset) const {
  if (offset >= size(split)) return kEndOfTime;
  const Time start = Time{} + spec_.start;
  if (spec_.records_per_second == 0) return start;
  const Wide g = Wide{offset} * spec_.splits + split;
  const Wide rate = spec_.records_per_second;
  const Wide ns = ((g + 1) * kSecond + rate - 1) / rate;
  if (ns > static_cast<uint64_t>(kForever.ns)) return kEndOfTime;
  return start + Duration{static_cast<int64_t>(static_cast<uint64_t>(ns))};
}

uint64_t LogContents::key(uint16_t split, uint64_t offset, uint64_t draw) const {
  switch (spec_.pattern) {
    case KeyPattern::uniform:
      return scale_draw(draw, spec_.keys);
    case KeyPattern::sequential:
      return (offset * spec_.splits + split) % spec_.keys;
    case KeyPattern::stride:
      return (offset * spec_.key_stride + split * spec_.split_stride) % spec_.keys;
    case KeyPattern::hot:
      break;
  }
  const uint64_t second = mix(draw, 0xa0761d6478bd642fu);
  if (scale_draw(second, spec_.hot_share_denominator) < spec_.hot_share_numerator)
    return scale_draw(draw, spec_.hot_keys);
  return spec_.hot_keys + scale_draw(draw, spec_.keys - spec_.hot_keys);
}

int64_t LogContents::stepped_event_time(uint64_t offset) const {
  int64_t time = spec_.first_event_time + spec_.event_step_ms * static_cast<int64_t>(offset);
  if (disorder_ms_ > 0) time -= static_cast<int64_t>(offset * spec_.event_shuffle % disorder_ms_);
  const bool late = (spec_.late_every > 0 && (offset + 1) % spec_.late_every == 0) ||
                    (offset >= spec_.late_from && offset < spec_.late_to);
  return late ? time - spec_.late_by_ms : time;
}

namespace {
struct Draws {
  uint64_t key = 0;
  uint64_t other = 0;
};

// Mixes, not Philox: this runs once per record. Equal on every machine all the same.
inline Draws draws_of(uint64_t seed, uint64_t index) {
  const uint64_t one = mix(seed ^ 0x9e3779b97f4a7c15u, index ^ 0xe7037ed1a0b428dbu);
  const uint64_t draw = mix(one ^ index, 0x8ebc6af09c88c6e3u ^ seed);
  return {draw, mix(draw ^ 0x589965cc75374cc3u, one | 1u)};
}

// When the index-th record of a log of `rate` records a second comes: `per_rate` divides by that.
inline uint64_t milliseconds_of(uint64_t index, Reciprocal per_rate, uint64_t rate) {
  uint64_t product = 0;
  if (!__builtin_mul_overflow(index, uint64_t{1000}, &product)) [[likely]]
    return per_rate.divide(product);
  return static_cast<uint64_t>(Wide{index} * 1000 / rate);
}
}  // namespace

Record LogContents::generate(uint16_t split, uint64_t offset) const {
  const uint64_t index = offset * spec_.splits + split;
  const auto [draw, other] = draws_of(spec_.seed, index);
  Record record;
  record.key = key(split, offset, draw);
  record.value = static_cast<int64_t>(scale_draw(other, spec_.values));
  record.provenance = make_provenance(number_through(split), offset);
  if (spec_.event_step_ms > 0) {
    record.event_time = stepped_event_time(offset);
    return record;
  }
  const auto nominal = static_cast<int64_t>(milliseconds_of(index, per_event_rate_, event_rate_));
  const auto late = static_cast<int64_t>(
      disorder_ms_ == 0 ? 0 : scale_draw(mix(other, draw | 1u), disorder_ms_ + 1));
  record.event_time = spec_.first_event_time + std::max<int64_t>(nominal - late, 0);
  return record;
}

namespace {
// The same for the usual log. What it needs stands on the stack: of the log itself a compiler has
// to believe that each record it writes changes it.
struct PlainLog {
  PlainLog(const LogSpec& spec, Reciprocal per_event_rate, uint64_t event_rate, uint16_t first)
      : seed(spec.seed),
        splits(spec.splits),
        first_name(make_provenance(first, 0)),
        keys(spec.keys),
        values(spec.values),
        first_event_time(spec.first_event_time),
        rate(event_rate),
        per_rate(per_event_rate) {}

  Record record(uint16_t split, uint64_t offset) const {
    const uint64_t index = offset * splits + split;
    const auto [draw, other] = draws_of(seed, index);
    const auto nominal = static_cast<int64_t>(milliseconds_of(index, per_rate, rate));
    return {.key = scale_draw(draw, keys),
            .value = static_cast<int64_t>(scale_draw(other, values)),
            .event_time = first_event_time + std::max<int64_t>(nominal, 0),
            .provenance = first_name + make_provenance(split, offset)};
  }

  uint64_t seed;
  uint64_t splits;
  uint64_t first_name;  // provenance of its first record
  uint64_t keys;
  uint64_t values;
  int64_t first_event_time;
  uint64_t rate;
  Reciprocal per_rate;
};
}  // namespace

Record LogContents::record(uint16_t split, uint64_t offset) const {
  CHECK(split < spec_.splits && offset < size(split),
        "a record is read that the log does not hold");
  return table_ ? rows_[offset * spec_.splits + split] : generate(split, offset);
}

void LogContents::fill(uint16_t split, uint64_t from, std::span<Record> out) const {
  CHECK(split < spec_.splits && from + out.size() <= size(split),
        "a record is read that the log does not hold");
  if (table_) {
    for (size_t i = 0; i < out.size(); ++i) out[i] = rows_[(from + i) * spec_.splits + split];
    return;
  }
  if (plain_) {
    const PlainLog log(spec_, per_event_rate_, event_rate_, first_split_);
    for (size_t i = 0; i < out.size(); ++i) out[i] = log.record(split, from + i);
    return;
  }
  for (size_t i = 0; i < out.size(); ++i) out[i] = generate(split, from + i);
}

void LogContents::records(std::span<const Place> places, Record* out) const {
  for (const Place& place : places)
    CHECK(holds(place), "a record is read that the log does not hold");
  if (table_ || !plain_) {
    for (size_t i = 0; i < places.size(); ++i) out[i] = record(places[i].split, places[i].offset);
    return;
  }
  const PlainLog log(spec_, per_event_rate_, event_rate_, first_split_);
  for (size_t i = 0; i < places.size(); ++i) out[i] = log.record(places[i].split, places[i].offset);
}

}  // namespace drey::sim
