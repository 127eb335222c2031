#pragma once
// A record: 32 bytes of plain columns (design.md 2.13). Evidence travels in the data: `provenance`
// names the external record that this one stems from, so what loses bytes loses evidence.
#include <cstdint>
#include <type_traits>

#include "sim/digest.h"

namespace drey::sim {

struct Record {
  uint64_t key = 0;  // a Java Long, or the interned id of another key type
  int64_t value = 0;
  int64_t event_time = 0;   // milliseconds, as Flink's time stamps
  uint64_t provenance = 0;  // split:16 (numbered through all logs, log_set.h) | offset:48

  friend constexpr bool operator==(const Record&, const Record&) = default;
};
static_assert(sizeof(Record) == 32 && std::has_unique_object_representations_v<Record>);

constexpr uint64_t make_provenance(uint16_t split, uint64_t offset) {
  return (uint64_t{split} << 48) | (offset & 0xffff'ffff'ffffu);
}
constexpr uint16_t provenance_split(uint64_t provenance) {
  return static_cast<uint16_t>(provenance >> 48);
}
constexpr uint64_t provenance_offset(uint64_t provenance) { return provenance & 0xffff'ffff'ffffu; }
// Sums of this expose a lost record and a doubled one that a plain sum of offsets could hide.
constexpr uint64_t provenance_hash(uint64_t provenance) {
  return mix(provenance ^ 0x9e3779b97f4a7c15u, 0xd1b54a32d192ed03u ^ (provenance << 7));
}

}  // namespace drey::sim
