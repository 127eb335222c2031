#pragma once
// What the data endpoints of TaskManagers with null tasks say to each other: requests, barriers and
// ends of whole ranges of channels. All that one TaskManager has for another at one flush travels
// as one message (design.md 2.7), and a range is named once for everybody who reads or produces it,
// so ten thousand producers and consumers cost a million messages and not a hundred million. On the
// modelled wire a range still has the bytes of its channels.
//
// Lists of a range are immutable and shared by the messages that name them.
// Upstream: as data_messages.h.
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "model/task/deployment.h"
#include "sim/message.h"

namespace drey::model {

struct ProducerSpan {  // partitions first..last of one data set, each of this attempt of its task
  PartitionIndex first = 0;
  PartitionIndex last = 0;
  uint32_t attempt = 0;
  uint32_t size() const { return last - first + 1; }
  friend bool operator==(const ProducerSpan&, const ProducerSpan&) = default;
  template <class Visitor>
  void visit(Visitor& v) const {
    v(first, last, attempt);
  }
};

struct ReaderSpan {  // subtasks first..last of the consuming vertex
  uint32_t first = 0;
  uint32_t last = 0;
  uint32_t attempt = 0;
  uint32_t size() const { return last - first + 1; }
  friend bool operator==(const ReaderSpan&, const ReaderSpan&) = default;
  template <class Visitor>
  void visit(Visitor& v) const {
    v(first, last, attempt);
  }
};

using ProducerSpans = std::shared_ptr<const std::vector<ProducerSpan>>;
using ReaderSpans = std::shared_ptr<const std::vector<ReaderSpan>>;

inline uint64_t size_of(const std::vector<ProducerSpan>& spans) {
  uint64_t size = 0;
  for (const ProducerSpan& span : spans) size += span.size();
  return size;
}
inline uint64_t size_of(const std::vector<ReaderSpan>& spans) {
  uint64_t size = 0;
  for (const ReaderSpan& span : spans) size += span.size();
  return size;
}

// Grows the last span where the next one follows it.
inline void append(std::vector<ProducerSpan>& spans, PartitionIndex partition, uint32_t attempt) {
  if (!spans.empty() && spans.back().last + 1 == partition && spans.back().attempt == attempt)
    spans.back().last = partition;
  else
    spans.push_back({partition, partition, attempt});
}

inline void append(std::vector<ReaderSpan>& spans, uint32_t index, uint32_t attempt) {
  if (!spans.empty() && spans.back().last + 1 == index && spans.back().attempt == attempt)
    spans.back().last = index;
  else
    spans.push_back({index, index, attempt});
}

// The channels between some producers and some readers of one group: each with each.
struct ChannelRange {
  enum class Kind : uint8_t {
    request,          // consumer to producer
    cancel,           // likewise: the readers have ended
    barrier,          // producer to consumer
    end,              // EndOfPartition; `checkpoint` = of the last barrier before it
    not_found,        // the producers' TaskManager does not have these partitions
    producer_failed,  // the producing task failed
  } kind = Kind::request;
  JobId job = 0;
  GroupIndex group = 0;
  CheckpointId checkpoint = 0;
  ProducerSpans producers;
  ReaderSpans readers;

  uint64_t channels() const { return size_of(*producers) * size_of(*readers); }
  template <class Visitor>
  void visit(Visitor& v) const {
    v(kind, checkpoint, job, group, producers, readers);
  }
};

inline constexpr uint64_t kBytesPerRequest = 68;  // frame header and PartitionRequest
inline constexpr uint64_t kBytesPerEvent = 79;    // frame header, BufferResponse, the event

// Asked at the first contact of two processes, because a connection has to be made; told
// afterwards.
struct RequestRanges : sim::MessageOf<RequestRanges> {
  static constexpr std::string_view kName = "request_channel_ranges";
  std::vector<ChannelRange> entries;
  uint64_t wire_size() const override {
    uint64_t bytes = 0;
    for (const ChannelRange& entry : entries) bytes += kBytesPerRequest * entry.channels();
    return bytes;
  }
  template <class Visitor>
  void visit(Visitor& v) const {
    v(entries);
  }
};

struct ChannelRanges : sim::MessageOf<ChannelRanges> {
  static constexpr std::string_view kName = "channel_ranges";
  std::vector<ChannelRange> entries;
  uint64_t wire_size() const override {
    uint64_t bytes = 0;
    for (const ChannelRange& entry : entries) bytes += kBytesPerEvent * entry.channels();
    return bytes;
  }
  template <class Visitor>
  void visit(Visitor& v) const {
    v(entries);
  }
};

}  // namespace drey::model
