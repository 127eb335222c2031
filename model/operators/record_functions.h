#pragma once
// What the job's operators do to a record. The stateless ones: graph/record_functions.h.
//
//   keyed      running sum per key: output value = sum so far, the rest of the record is the
//              input's
//   window     one output per key and window: value = sum, event time = window end - 1,
//              provenance = sum modulo 2^64 of provenance_hash over its records
#include <cstdint>

#include "model/graph/record_functions.h"
#include "sim/reciprocal.h"
#include "sim/record.h"
#include "state/accumulator.h"
#include "state/java_hash.h"
#include "state/key_group.h"

namespace drey::model {

// Keys are Java Longs.
constexpr uint16_t key_group_of(uint64_t key, int32_t max_parallelism) {
  return static_cast<uint16_t>(
      state::key_group_of_hash(state::java_hash_int64(static_cast<int64_t>(key)), max_parallelism));
}

// The same for many records, without a division for each.
constexpr uint16_t key_group_of(uint64_t key, const sim::Reciprocal& max_parallelism) {
  const int32_t hash = state::murmur(state::java_hash_int64(static_cast<int64_t>(key)));
  return static_cast<uint16_t>(max_parallelism.remainder(static_cast<uint64_t>(hash)));
}

}  // namespace drey::model
