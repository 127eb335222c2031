#include "state/snapshot_format.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <optional>

namespace drey::state {

namespace {

constexpr uint32_t kMagic = 0x44524b53;  // "DRKS"
constexpr uint16_t kVersion = 1;
constexpr uint32_t kMostStates = 1u << 16;
// Small enough to stay in the cache of a processor while a digest reads it again and again.
constexpr uint64_t kPaddingChunk = uint64_t{32} << 10;

void put_text(std::string& out, std::string_view text) {
  put_u32(out, static_cast<uint32_t>(text.size()));
  out.append(text);
}

std::string_view read_text(ByteReader& in) { return in.bytes(in.u32()); }

std::optional<StateDescriptor> read_descriptor(ByteReader& in) {
  StateDescriptor d;
  const uint8_t kind = in.u8();
  const uint8_t function = in.u8();
  d.window_size = in.i64();
  d.name = read_text(in);
  if (!in.ok() || kind > static_cast<uint8_t>(StateKind::reducing) ||
      function > static_cast<uint8_t>(ReduceFunction::count) || d.window_size < 0)
    return std::nullopt;
  d.kind = static_cast<StateKind>(kind);
  d.function = static_cast<ReduceFunction>(function);
  return d;
}

std::optional<SnapshotHeader> read_header(ByteReader& in) {
  SnapshotHeader header;
  if (in.u32() != kMagic || in.u16() != kVersion) return std::nullopt;
  header.prefix_bytes = in.u8();
  const uint32_t states = in.u32();
  const uint32_t services = in.u32();
  if (!in.ok() || header.prefix_bytes < 1 || header.prefix_bytes > 2 || states > kMostStates ||
      services > kMostStates)
    return std::nullopt;
  for (uint32_t i = 0; i < states; ++i) {
    auto descriptor = read_descriptor(in);
    if (!descriptor) return std::nullopt;
    header.states.push_back(std::move(*descriptor));
  }
  for (uint32_t i = 0; i < services; ++i) header.services.emplace_back(read_text(in));
  if (!in.ok()) return std::nullopt;
  return header;
}

template <class Number>
Number big_endian(Number number) {
  if constexpr (sizeof number == 1 || std::endian::native == std::endian::big) return number;
  if constexpr (sizeof number == 4) return __builtin_bswap32(number);
  return static_cast<Number>(__builtin_bswap64(number));
}

// Returns the place behind it.
template <class Number>
char* put_big_endian(char* at, Number number) {
  const Number swapped = big_endian(number);
  std::memcpy(at, &swapped, sizeof swapped);
  return at + sizeof swapped;
}

// The bytes of one entry of reducing state.
template <int prefix_bytes, bool windowed>
constexpr size_t kReduceEntryBytes = 4 + prefix_bytes + 8 + (windowed ? 16 : 1) +
                                     4 + kAccumulatorBytes;

template <int prefix_bytes, bool windowed>
void put_reduce_entry(char* at, int32_t group, const ReduceEntry& entry, int64_t window_size) {
  at = put_big_endian(at, uint32_t{prefix_bytes + 8 + (windowed ? 16 : 1)});
  if constexpr (prefix_bytes == 2) at = put_big_endian(at, static_cast<uint8_t>(group >> 8));
  at = put_big_endian(at, static_cast<uint8_t>(group));
  at = put_big_endian(at, entry.key);
  if constexpr (windowed) {
    at = put_big_endian(at, static_cast<uint64_t>(entry.window_start));
    at = put_big_endian(at, static_cast<uint64_t>(wrapping_add(entry.window_start, window_size)));
  } else {
    at = put_big_endian(at, uint8_t{0});
  }
  at = put_big_endian(at, static_cast<uint32_t>(kAccumulatorBytes));
  at = put_big_endian(at, static_cast<uint64_t>(entry.accumulator.value));
  at = put_big_endian(at, entry.accumulator.count);
  at = put_big_endian(at, entry.accumulator.provenance_sum);
  put_big_endian(at, entry.accumulator.hash_sum);
}

bool read_block(ByteReader in, int32_t group, size_t sections, SnapshotReceiver& receiver) {
  if (in.u16() != group) return false;
  for (size_t section = 0; section < sections; ++section) {
    const uint32_t number = in.u32();
    const uint64_t count = in.u64();
    if (!in.ok() || number != section) return false;
    for (uint64_t i = 0; i < count; ++i) {
      const std::string_view key = read_text(in);
      const std::string_view value = read_text(in);
      if (!in.ok() || !receiver.on_entry(group, number, key, value)) return false;
    }
  }
  return true;
}

}  // namespace

sim::FileContent padded(std::string bytes, uint64_t value_padding, uint64_t reduce_entries) {
  if (value_padding == 0) return sim::FileContent::adopt(std::move(bytes));
  std::string trailer;
  put_u64(trailer, bytes.size());
  sim::FileContent file = sim::FileContent::adopt(std::move(bytes));
  uint64_t left = value_padding * reduce_entries;
  const sim::FileContent zeros =
      sim::FileContent::adopt(std::string(std::min(left, kPaddingChunk), '\0'));
  for (; left >= kPaddingChunk; left -= kPaddingChunk) file.append(zeros);
  if (left > 0) file.append(zeros.slice(0, left));
  file.append(sim::FileContent::adopt(std::move(trailer)));  // no chunk that waits for more
  return file;
}

std::optional<std::string> without_padding(const sim::FileContent& file, uint64_t value_padding) {
  if (value_padding == 0) return file.to_string();
  constexpr uint64_t kTrailer = 8;
  if (file.size() < kTrailer) return std::nullopt;
  const std::string trailer = file.slice(file.size() - kTrailer, kTrailer).to_string();
  ByteReader in(trailer);
  const uint64_t length = in.u64();
  if (length > file.size() - kTrailer) return std::nullopt;
  return file.slice(0, length).to_string();
}

std::string timer_entry(const Timer& timer) {
  std::string key;
  put_u64(key, timer.key);
  std::string name_space;
  put_window(name_space, timer.window);
  return timer_bytes(timer.timestamp, key, name_space);
}

bool read_name_space(std::string_view bytes, TimeWindow& window) {
  window = kNoWindow;
  if (bytes.size() == 1) return bytes[0] == 0;
  ByteReader in(bytes);
  window.start = in.i64();
  window.end = in.i64();
  return in.ok() && in.at_end();
}

std::optional<Timer> parse_timer(int32_t group, std::string_view bytes) {
  constexpr size_t kHead = 16;
  if (bytes.size() < kHead) return std::nullopt;
  ByteReader in(bytes.substr(0, kHead));
  Timer timer;
  timer.group = group;
  timer.timestamp = static_cast<int64_t>(in.u64() ^ (uint64_t{1} << 63));
  timer.key = in.u64();
  if (!read_name_space(bytes.substr(kHead), timer.window)) return std::nullopt;
  return timer;
}

SnapshotWriter::SnapshotWriter(int prefix_bytes, const std::vector<StateDescriptor>& states,
                               const std::vector<std::string>& services)
    : prefix_bytes_(prefix_bytes) {
  put_u32(bytes_, kMagic);
  put_u16(bytes_, kVersion);
  put_u8(bytes_, static_cast<uint8_t>(prefix_bytes));
  put_u32(bytes_, static_cast<uint32_t>(states.size()));
  put_u32(bytes_, static_cast<uint32_t>(services.size()));
  for (const StateDescriptor& d : states) {
    put_u8(bytes_, static_cast<uint8_t>(d.kind));
    put_u8(bytes_, static_cast<uint8_t>(d.function));
    put_i64(bytes_, d.window_size);
    put_text(bytes_, d.name);
  }
  for (const std::string& service : services) put_text(bytes_, service);
}

void SnapshotWriter::begin_group(int32_t group) {
  offsets_.push_back(bytes_.size());
  put_u16(bytes_, static_cast<uint16_t>(group));
}

void SnapshotWriter::begin_state(uint32_t number, uint64_t count) {
  put_u32(bytes_, number);
  put_u64(bytes_, count);
}

void SnapshotWriter::entry(std::string_view key, std::string_view value) {
  put_text(bytes_, key);
  put_text(bytes_, value);
}

uint64_t SnapshotWriter::reduce_entry_bytes(bool windowed) const {
  const uint64_t behind_prefix =
      windowed ? kReduceEntryBytes<0, true> : kReduceEntryBytes<0, false>;
  return static_cast<uint64_t>(prefix_bytes_) + behind_prefix;
}

// Snapshots are mostly these entries.
template <int prefix_bytes, bool windowed>
void SnapshotWriter::reduce_entries_as(int32_t group, const ReduceTable& table,
                                       int64_t window_size) {
  constexpr size_t kBytes = kReduceEntryBytes<prefix_bytes, windowed>;
  // Through a block that stays in the first cache: growing the string first would fill it with
  // zeros, and so write it twice.
  constexpr size_t kTogether = 64;
  std::array<char, kTogether * kBytes> block;
  size_t filled = 0;
  table.for_sorted([&](const ReduceEntry& entry) {
    put_reduce_entry<prefix_bytes, windowed>(block.data() + filled, group, entry, window_size);
    filled += kBytes;
    if (filled < block.size()) return;
    bytes_.append(block.data(), filled);
    filled = 0;
  });
  bytes_.append(block.data(), filled);
}

void SnapshotWriter::reduce_entries(int32_t group, const ReduceTable& table, int64_t window_size) {
  if (prefix_bytes_ == 1 && window_size == 0) {
    reduce_entries_as<1, false>(group, table, window_size);
  } else if (prefix_bytes_ == 1) {
    reduce_entries_as<1, true>(group, table, window_size);
  } else if (window_size == 0) {
    reduce_entries_as<2, false>(group, table, window_size);
  } else {
    reduce_entries_as<2, true>(group, table, window_size);
  }
}

Outcome read_snapshot(const KeyedStateHandle& handle, std::string_view bytes,
                      SnapshotReceiver& receiver) {
  ByteReader in(bytes);
  const auto header = read_header(in);
  if (!header || !receiver.on_header(*header)) return Outcome::corrupt;
  if (handle.offsets.size() != static_cast<size_t>(handle.range.count())) return Outcome::corrupt;
  const size_t sections = header->states.size() + header->services.size();
  for (int32_t i = 0; i < handle.range.count(); ++i) {
    const uint64_t offset = handle.offsets[static_cast<size_t>(i)];
    if (offset > bytes.size()) return Outcome::corrupt;
    if (!read_block(ByteReader(bytes.substr(offset)), handle.range.first + i, sections, receiver))
      return Outcome::corrupt;
  }
  return Outcome::ok;
}

}  // namespace drey::state
