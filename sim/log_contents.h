#pragma once
// What an external log holds: records as a pure function of (seed, split, offset), or rows of a
// table, and when each becomes available. Immutable; the log's server, the readers and the judge
// all ask the same function, so records need not travel to be known.
//
// Record number g of the whole log (g = offset x splits + split) becomes available at start + (g +
// 1) / rate, rounded up. Its event time is its nominal time of availability in milliseconds, less
// up to `disorder`, not below the first one. Units: key an index below `keys`; value in [0,
// values); event_time ms.
#include <cstdint>
#include <span>
#include <vector>

#include "sim/reciprocal.h"
#include "sim/record.h"
#include "sim/time.h"

namespace drey::sim {

enum class KeyPattern : uint8_t {
  uniform,
  sequential,  // record g has key g modulo keys
  hot,         // hot_share of the records go to the first hot_keys, evenly; the rest to all others
  stride,      // (key_stride x offset + split_stride x split) modulo keys
};

struct LogSpec {
  uint64_t seed = 0;
  uint16_t splits = 1;
  uint64_t records = 0;             // of all splits together; 0 = unbounded
  uint64_t records_per_second = 0;  // of all splits together; 0 = all are there from the start
  Duration start{};                 // when the first second begins
  uint64_t keys = 1;
  KeyPattern pattern = KeyPattern::uniform;
  uint64_t hot_keys = 1;
  uint64_t hot_share_numerator = 1;
  uint64_t hot_share_denominator = 2;
  uint64_t key_stride = 1;
  uint64_t split_stride = 0;
  uint64_t values = 1000;
  Duration disorder{};
  int64_t first_event_time = 0;  // ms
  // Above 0: event times are a plain function of the offset instead,
  //   first_event_time + event_step_ms x offset - (event_shuffle x offset) modulo disorder -
  //   late_by_ms,
  // the last only where (offset + 1) is a multiple of late_every or offset lies in [late_from,
  // late_to).
  int64_t event_step_ms = 0;
  uint64_t event_shuffle = 0;
  int64_t late_by_ms = 0;
  uint64_t late_every = 0;
  uint64_t late_from = 0;
  uint64_t late_to = 0;
  uint64_t event_records_per_second =
      100'000;  // spacing of event times where records_per_second is 0
  friend bool operator==(const LogSpec&, const LogSpec&) = default;
};

class LogContents {
 public:
  static constexpr uint64_t kUnbounded = UINT64_MAX;

  explicit LogContents(LogSpec spec, uint16_t first_split = 0);
  // Rows in the order of the file, dealt to the splits in turn. Of the spec only splits, rate and
  // start count; provenance is set here.
  LogContents(LogSpec spec, std::vector<Record> rows, uint16_t first_split = 0);

  const LogSpec& spec() const { return spec_; }
  uint16_t splits() const { return spec_.splits; }
  // What its split 0 is called among the splits of all logs of the run (log_set.h): provenances
  // have these numbers, every other argument and answer of this class its own.
  uint16_t first_split() const { return first_split_; }
  uint16_t number_through(uint32_t split) const {
    return static_cast<uint16_t>(first_split_ + split);
  }
  uint16_t own_number(uint16_t through) const {
    return static_cast<uint16_t>(through - first_split_);
  }
  uint64_t size(uint16_t split) const;  // records of the split, or kUnbounded
  uint64_t total() const { return spec_.records == 0 ? kUnbounded : spec_.records; }

  // Offsets below this are there at `at`.
  uint64_t available(uint16_t split, Time at) const;
  // When `offset` becomes available; kEndOfTime beyond the end.
  Time available_at(uint16_t split, uint64_t offset) const;

  // Offsets must exist.
  Record record(uint16_t split, uint64_t offset) const;
  void fill(uint16_t split, uint64_t from, std::span<Record> out) const;
  // Of many places at once, as many as `places` has; quicker than one by one.
  struct Place {
    uint16_t split = 0;
    uint64_t offset = 0;
  };
  void records(std::span<const Place> places, Record* out) const;

 private:
  Record generate(uint16_t split, uint64_t offset) const;
  // As offset < size(split), without the division. Offsets are below 2^48, so nothing overflows.
  bool holds(const Place& place) const {
    if (place.split >= spec_.splits || place.offset >> 48 != 0) return false;
    if (spec_.records == 0 && !table_) return true;
    return place.offset * spec_.splits + place.split < spec_.records;
  }
  uint64_t key(uint16_t split, uint64_t offset, uint64_t draw) const;
  int64_t stepped_event_time(uint64_t offset) const;

  LogSpec spec_;
  uint16_t first_split_ = 0;
  std::vector<Record> rows_;
  bool table_ = false;
  bool plain_ = false;  // uniform keys, event times in the order of the log
  uint64_t event_rate_;
  Reciprocal per_event_rate_;
  uint64_t disorder_ms_;
};

}  // namespace drey::sim
