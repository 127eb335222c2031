#pragma once
// What the job's operators do to a record: pure functions of the record and the job's description,
// so that the judge can compute the same (design.md section 4).
//
//   map        changes nothing (it costs time)
//   filter     keeps a record by a hash of its provenance, `keep` of `out_of` on average
//   flat_map   emits `copies` of a record; copy number c carries the ordinal c in bits 40..47 of
//   its provenance keyed      running sum per key: output value = sum so far, the rest of the
//   record is the input's window     one output per key and window: value = sum, event time =
//   window end - 1,
//              provenance = sum modulo 2^64 of provenance_hash over its records
#include <cstdint>

#include "sim/digest.h"
#include "sim/random.h"
#include "sim/record.h"
#include "state/accumulator.h"
#include "state/java_hash.h"
#include "state/key_group.h"

namespace drey::model {

inline constexpr int kOrdinalShift = 40;
inline constexpr uint64_t kOrdinalMask = uint64_t{0xff} << kOrdinalShift;

constexpr bool filter_keeps(const sim::Record& record, uint64_t salt, uint32_t keep,
                            uint32_t out_of) {
  const uint64_t h = sim::mix(record.provenance ^ salt, 0x9e3779b97f4a7c15u);
  return static_cast<uint32_t>(((h >> 32) * out_of) >> 32) < keep;
}

constexpr sim::Record flat_map_copy(const sim::Record& record, uint32_t copies, uint32_t copy) {
  sim::Record out = record;
  const uint64_t ordinal = ((record.provenance & kOrdinalMask) >> kOrdinalShift) * copies + copy;
  out.provenance =
      (record.provenance & ~kOrdinalMask) | ((ordinal << kOrdinalShift) & kOrdinalMask);
  return out;
}

// Keys are Java Longs.
constexpr uint16_t key_group_of(uint64_t key, int32_t max_parallelism) {
  return static_cast<uint16_t>(
      state::key_group_of_hash(state::java_hash_int64(static_cast<int64_t>(key)), max_parallelism));
}

}  // namespace drey::model
