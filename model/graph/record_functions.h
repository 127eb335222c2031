#pragma once
// What the job's stateless operators do to a record: pure functions of the record and the job's
// description, beside it so that the judge computes with the same (design.md section 4).
//
//   map        changes nothing (it costs time)
//   filter     keeps a record by a hash of its provenance, `keep` of `out_of` on average; the salt
//              is the name_hash of the operator's id
//   keyed      keeps an aggregate of the values of each key and emits it with each record
//   flat_map   emits `copies` of a record; copy number c carries the ordinal c in bits 40..47 of
//              its provenance
//
// So an offset has 40 bits here, and the product of the copies along a path fits only up to 256.
#include <algorithm>
#include <cstdint>

#include "model/graph/job_spec.h"
#include "sim/digest.h"
#include "sim/record.h"

namespace drey::model {

// What is kept of no value at all; sums wrap.
constexpr int64_t aggregate_of_nothing(Aggregate aggregate) {
  if (aggregate == Aggregate::min) return INT64_MAX;
  if (aggregate == Aggregate::max) return INT64_MIN;
  return 0;
}

constexpr int64_t fold_aggregate(Aggregate aggregate, int64_t kept, int64_t value) {
  switch (aggregate) {
    case Aggregate::sum:
      return static_cast<int64_t>(static_cast<uint64_t>(kept) + static_cast<uint64_t>(value));
    case Aggregate::count:
      return static_cast<int64_t>(static_cast<uint64_t>(kept) + 1);
    case Aggregate::min:
      return std::min(kept, value);
    case Aggregate::max:
      return std::max(kept, value);
  }
  return kept;
}

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

}  // namespace drey::model
