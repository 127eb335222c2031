#pragma once
// What reducing state holds per key (and window): the user's value and the evidence of the records
// folded into it (design.md 2.13). What loses bytes loses evidence. All sums wrap modulo 2^64.
// Serialised: value, count, sum of provenance, sum of hash(provenance), 8 bytes each, big endian.
#include <algorithm>
#include <cstdint>
#include <string>

#include "sim/record.h"
#include "state/serialized.h"

namespace drey::state {

enum class ReduceFunction : uint8_t { sum, minimum, maximum, count };

struct Accumulator {
  int64_t value = 0;
  uint64_t count = 0;  // records folded in; 0 = nothing stored
  uint64_t provenance_sum = 0;
  uint64_t hash_sum = 0;
  friend constexpr bool operator==(const Accumulator&, const Accumulator&) = default;
};
inline constexpr size_t kAccumulatorBytes = 32;

constexpr int64_t wrapping_add(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}

template <ReduceFunction function>
constexpr void fold_value(Accumulator& into, int64_t value) {
  if constexpr (function == ReduceFunction::sum) into.value = wrapping_add(into.value, value);
  if constexpr (function == ReduceFunction::count) into.value = wrapping_add(into.value, 1);
  if constexpr (function == ReduceFunction::minimum)
    into.value = into.count == 0 ? value : std::min(into.value, value);
  if constexpr (function == ReduceFunction::maximum)
    into.value = into.count == 0 ? value : std::max(into.value, value);
}

template <ReduceFunction function>
constexpr void fold_record(Accumulator& into, const sim::Record& record) {
  fold_value<function>(into, record.value);
  ++into.count;
  into.provenance_sum += record.provenance;
  into.hash_sum += sim::provenance_hash(record.provenance);
}

constexpr void fold_record(ReduceFunction function, Accumulator& into, const sim::Record& record) {
  switch (function) {
    case ReduceFunction::sum:
      return fold_record<ReduceFunction::sum>(into, record);
    case ReduceFunction::minimum:
      return fold_record<ReduceFunction::minimum>(into, record);
    case ReduceFunction::maximum:
      return fold_record<ReduceFunction::maximum>(into, record);
    case ReduceFunction::count:
      return fold_record<ReduceFunction::count>(into, record);
  }
}

inline void put_accumulator(std::string& out, const Accumulator& a) {
  put_i64(out, a.value);
  put_u64(out, a.count);
  put_u64(out, a.provenance_sum);
  put_u64(out, a.hash_sum);
}
inline Accumulator read_accumulator(ByteReader& in) {
  Accumulator a;
  a.value = in.i64();
  a.count = in.u64();
  a.provenance_sum = in.u64();
  a.hash_sum = in.u64();
  return a;
}

}  // namespace drey::state
