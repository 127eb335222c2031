#pragma once
// What a task writes of one result at a time: buffers of real bytes, in the order of the
// subpartitions, and where each of them lies.
//
// A broadcast region is read by every subpartition: the events at the end of a result are written
// once, however many subpartitions there are. Units: bytes; offsets count from the region's start.
// A buffer that cannot be decoded (truncated or overwritten) is an error value: nothing.
//
// Upstream: PartitionedFile (regions and index entries), BufferReaderWriterUtil, SortBuffer.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/task/channel_event.h"
#include "model/task/record_slice.h"

namespace drey::model {

struct StoredBuffer {
  BufferType type = BufferType::data_buffer;
  RecordSlice slice;   // of a data buffer
  ChannelEvent event;  // else
};

struct SpilledRegion {
  struct Buffer {
    uint64_t offset = 0;
    uint32_t bytes = 0;
    uint32_t records = 0;
  };
  struct Range {  // of one subpartition: which of the buffers
    uint32_t subpartition = 0;
    uint32_t first = 0;
    uint32_t count = 0;
  };
  bool broadcast = false;
  std::vector<Range> ranges;  // ascending; of a broadcast: one
  std::vector<Buffer> buffers;
  std::string bytes;

  // Buffers are added subpartition by subpartition.
  void add(uint32_t subpartition, const StoredBuffer& buffer);
  // What this subpartition reads of it; count 0: nothing.
  Range of(uint32_t subpartition) const;
  void drop_last();  // for a mutant
  bool empty() const { return buffers.empty(); }
  uint64_t records() const;
  // What the index file holds of it.
  std::string index_bytes() const;
};

void encode_buffer(const StoredBuffer& buffer, std::string& out);
std::optional<StoredBuffer> decode_buffer(std::string_view bytes);

}  // namespace drey::model
