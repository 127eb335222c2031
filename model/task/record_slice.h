#pragma once
// What travels between tasks in a data buffer: records with their key groups, and between them the
// elements that Flink serialises into the same stream (watermarks and their status).
//
// A BufferContent is written by one producer from front to back and never rewritten; a RecordSlice
// is a part of it that a consumer was given, so it may be read while the producer appends behind
// it. A record and an inline element count as one unit each in a buffer: of kUnitBytes (Flink: 29
// bytes for a record of two longs with a time stamp, plus its key) unless the job says otherwise
// (TaskOptions::record_bytes).
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "model/task/watermark_valve.h"
#include "sim/record.h"
#include "sim/trace.h"

namespace drey::model {

inline constexpr uint32_t kUnitBytes = 32;

struct InlineElement {
  uint32_t before = 0;  // stands in front of the record of this index
  bool is_status = false;
  WatermarkStatus status = WatermarkStatus::active;  // of a status
  int64_t watermark = 0;                             // ms; of a watermark
  template <class Visitor>
  void visit(Visitor& v) const {
    v(before, is_status, status, watermark);
  }
};

struct BufferContent {
  explicit BufferContent(uint32_t units, uint32_t bytes_each = kUnitBytes)
      : records(new sim::Record[units]),
        groups(new uint16_t[units]),
        capacity(units),
        unit_bytes(bytes_each) {}
  std::unique_ptr<sim::Record[]> records;
  std::unique_ptr<uint16_t[]> groups;  // key group of each record, computed once, by the router
  uint32_t capacity = 0;
  uint32_t unit_bytes = kUnitBytes;  // on the wire
};

struct RecordSlice {
  std::shared_ptr<const BufferContent> content;
  uint32_t first = 0;
  uint32_t count = 0;                    // records
  std::vector<InlineElement> elements;   // in order, `before` counts from `first`
  std::optional<sim::Digest128> digest;  // once sealed

  std::span<const sim::Record> records() const {
    return content == nullptr ? std::span<const sim::Record>{}
                              : std::span<const sim::Record>{content->records.get() + first, count};
  }
  std::span<const uint16_t> groups() const {
    return content == nullptr ? std::span<const uint16_t>{}
                              : std::span<const uint16_t>{content->groups.get() + first, count};
  }
  uint64_t wire_bytes() const {
    return uint64_t{content == nullptr ? kUnitBytes : content->unit_bytes} * units();
  }
  // The digest of the records, made once for those who announce the slice and those who send it.
  void seal() { digest = sim::records_digest(records()); }
  sim::Digest128 content_digest() const {
    return digest.has_value() ? *digest : sim::records_digest(records());
  }
  uint32_t units() const { return count + static_cast<uint32_t>(elements.size()); }
};

}  // namespace drey::model
