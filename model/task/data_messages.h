#pragma once
// What the data endpoints of two TaskManagers say to each other. All that one of them has for the
// other in one instant travels as one message (design.md 2.7).
//
// `receiver` is the consumer's number for one of its channels, never re-used by its process.
// Upstream: NettyMessage (PartitionRequest, AddCredit, ResumeConsumption, CancelPartitionRequest,
// AckAllUserRecordsProcessed, BufferResponse, BacklogAnnouncement, ErrorResponse); data-plane
// page 1.5.
#include <cstdint>
#include <string_view>
#include <vector>

#include "model/task/channel_event.h"
#include "model/task/deployment.h"
#include "model/task/record_slice.h"
#include "sim/message.h"

namespace drey::model {

// Consumer to producer, asked; the answer means that a server is there, not that it has the
// partition.
struct RequestPartitions : sim::MessageOf<RequestPartitions> {
  static constexpr std::string_view kName = "request_partitions";
  struct Entry {
    PartitionId partition;
    uint32_t subpartition = 0;
    uint64_t receiver = 0;
    int32_t credit = 0;
    template <class Visitor>
    void visit(Visitor& v) const {
      v(partition, subpartition, receiver, credit);
    }
  };
  std::vector<Entry> entries;
  template <class Visitor>
  void visit(Visitor& v) const {
    v(entries);
  }
};
struct PartitionsRequested : sim::MessageOf<PartitionsRequested> {
  static constexpr std::string_view kName = "partitions_requested";
  uint64_t entries = 0;
  template <class Visitor>
  void visit(Visitor& v) const {
    v(entries);
  }
};

// Consumer to producer.
struct ChannelControl : sim::MessageOf<ChannelControl> {
  static constexpr std::string_view kName = "channel_control";
  enum class Kind : uint8_t { credit, resume, processed, cancel };
  struct Entry {
    uint64_t receiver = 0;
    Kind kind = Kind::credit;
    int32_t credit = 0;
    template <class Visitor>
    void visit(Visitor& v) const {
      v(receiver, kind, credit);
    }
  };
  std::vector<Entry> entries;
  template <class Visitor>
  void visit(Visitor& v) const {
    v(entries);
  }
};

// Producer to consumer.
struct ChannelData : sim::MessageOf<ChannelData> {
  static constexpr std::string_view kName = "channel_data";
  enum class Kind : uint8_t { buffer, backlog, not_found, producer_failed };
  static constexpr uint64_t kHeaderBytes = 47;  // frame header and BufferResponse header
  struct Entry {
    uint64_t receiver = 0;
    Kind kind = Kind::buffer;
    BufferType type = BufferType::none;
    uint32_t sequence = 0;
    int32_t backlog = 0;
    RecordSlice slice;   // of a data buffer
    ChannelEvent event;  // of an event

    template <class Visitor>
    void visit(Visitor& v) const {
      v(receiver, kind, type, sequence, backlog);
      if (carries_event()) v(event);
      if (type == BufferType::data_buffer) {
        v(slice.count, slice.elements);
        v(slice.content_digest());
      }
    }
    bool carries_event() const { return is_event(type); }
  };
  std::vector<Entry> entries;
  uint64_t wire_size() const override {
    uint64_t bytes = 0;
    for (const Entry& entry : entries)
      bytes +=
          kHeaderBytes + (entry.carries_event() ? uint64_t{kUnitBytes} : entry.slice.wire_bytes());
    return bytes;
  }
  template <class Visitor>
  void visit(Visitor& v) const {
    v(entries);
  }
};

}  // namespace drey::model
