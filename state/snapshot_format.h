#pragma once
// The file of a full snapshot: a header, then one block per key group in order; the offsets of the
// blocks are in the handle, so that a reader of some groups skips the rest. Content is a function
// of the state alone.
//
//   header: magic, format version, max parallelism's prefix size, number of states, per state:
//   kind, function, window size, name
//           (reducing, value, list, map and timer services, each sorted by name within its class:
//           states, then services)
//   block:  group, then per state: its number, count of entries, entries (length and bytes of key;
//   length and bytes of value)
//
// All integers big endian. Keys are composite keys as in RocksDB; timers are timer bytes. A block
// or header that does not parse is `corrupt`; flipped bits in a value go unnoticed here, as
// upstream. Upstream: HeapSnapshotStrategy, KeyedBackendSerializationProxy, HeapRestoreOperation
// (same contents, own bytes).
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "state/keyed_backend.h"
#include "state/reduce_table.h"

namespace drey::state {

class SnapshotWriter {
 public:
  // `states` and `services` in the order of their names.
  SnapshotWriter(int prefix_bytes, const std::vector<StateDescriptor>& states,
                 const std::vector<std::string>& services);
  void begin_group(int32_t group);
  void begin_state(uint32_t number, uint64_t count);  // services follow the states in numbering
  void entry(std::string_view key, std::string_view value);
  // The same bytes for all entries of a reducing state in one key group: composite key and
  // accumulator. `window_size` 0: void namespace.
  void reduce_entries(int32_t group, const ReduceTable& table, int64_t window_size);
  uint64_t reduce_entry_bytes(bool windowed) const;
  void reserve(uint64_t bytes) { bytes_.reserve(bytes); }

  const std::vector<uint64_t>& offsets() const { return offsets_; }
  std::string take_bytes() { return std::move(bytes_); }

 private:
  template <int prefix_bytes, bool windowed>
  void reduce_entries_as(int32_t group, const ReduceTable& table, int64_t window_size);

  int prefix_bytes_;
  std::string bytes_;
  std::vector<uint64_t> offsets_;
};

// The padding of values (`state_per_key`) in such a file: behind the blocks stand `value_padding`
// bytes per entry of reducing state, all of one shared chunk of zeros, then the length of what
// precedes them (8 bytes). Stored, sent and read it counts in full and takes no memory. Without
// padding nothing is added.
sim::FileContent padded(std::string bytes, uint64_t value_padding, uint64_t reduce_entries);
// What precedes the padding; nothing if that does not parse.
std::optional<std::string> without_padding(const sim::FileContent& file, uint64_t value_padding);

// A timer as an entry's key, and back; the namespace is void (one byte 00) or start and end.
std::string timer_entry(const Timer& timer);
std::optional<Timer> parse_timer(int32_t group, std::string_view bytes);
// False: neither void nor a window.
bool read_name_space(std::string_view bytes, TimeWindow& window);

struct SnapshotHeader {
  int prefix_bytes = 1;
  std::vector<StateDescriptor> states;
  std::vector<std::string> services;
};

// Receives the entries of the blocks that were asked for.
class SnapshotReceiver {
 public:
  virtual ~SnapshotReceiver() = default;
  virtual bool on_header(const SnapshotHeader& header) = 0;  // false: not compatible
  // False: malformed.
  virtual bool on_entry(int32_t group, uint32_t number, std::string_view key,
                        std::string_view value) = 0;
};

// Feeds the groups of `handle` (already cut to what is wanted) to the receiver.
Outcome read_snapshot(const KeyedStateHandle& handle, std::string_view bytes,
                      SnapshotReceiver& receiver);

}  // namespace drey::state
