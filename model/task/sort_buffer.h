#pragma once
// The records of a stored result that wait to be written, in the order in which they came. Drained,
// they become regions: sorted by subpartition, each subpartition's records in order. An element
// that all subpartitions get (a watermark) ends a region and is written once, as a broadcast.
//
// Memory is that of the records, however many subpartitions there are. Limits are counted in
// buffers of `units_per_buffer`. Upstream: SortBuffer, DataBuffer.
#include <cstdint>
#include <vector>

#include "model/task/spilled_region.h"

namespace drey::model {

// Told of each data buffer that is drained, in the order in which they are written.
class DrainListener {
 public:
  virtual ~DrainListener() = default;
  virtual void drained(uint32_t target, const RecordSlice& slice) = 0;
};

struct SortBufferOptions {
  uint32_t subpartitions = 1;
  uint32_t units_per_buffer = 1024;
  uint64_t buffers = 256;  // full when it holds so many
  uint64_t order = 0;      // 0: as it came; else records of a subpartition begin somewhere else
};

class SortBuffer {
 public:
  explicit SortBuffer(const SortBufferOptions& options) : options_(options) {}

  void add(uint32_t target, const sim::Record& record, uint16_t group) {
    entries_.push_back({record, target, group});
  }
  void add_element(const InlineElement& element) {
    elements_.push_back({entries_.size(), element});
  }
  bool full() const {
    return entries_.size() >= options_.buffers * uint64_t{options_.units_per_buffer};
  }
  bool empty() const { return entries_.empty() && elements_.empty(); }

  // In the order in which they are to be written; empties the buffer.
  std::vector<SpilledRegion> drain(DrainListener& listener);

 private:
  struct Entry {
    sim::Record record;
    uint32_t target = 0;
    uint16_t group = 0;
  };
  struct Element {
    size_t at = 0;  // in front of this entry
    InlineElement element;
  };
  SpilledRegion region_of(size_t from, size_t to, DrainListener& listener) const;

  void turn(std::vector<uint32_t>& order, size_t from) const;

  SortBufferOptions options_;
  std::vector<Entry> entries_;
  std::vector<Element> elements_;
};

}  // namespace drey::model
