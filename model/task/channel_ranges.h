#pragma once
// What the data endpoints of TaskManagers with null tasks say to each other: requests, barriers and
// ends of whole ranges of channels. All that one TaskManager has for another at one flush travels
// as one message (design.md 2.7), so ten thousand producers and consumers on a thousand
// TaskManagers cost a million messages and not a hundred million.
//
// The messages of one flush share one body, which names everybody that it is for; each receiver
// takes what stands at its own address, and only the bytes of that have been on its wire, as many
// as its channels have with Flink. Lists of a range are immutable and shared by all who name them.
// Upstream: as data_messages.h.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "model/task/span_list.h"
#include "sim/shared_message.h"

namespace drey::model {

// Some producers or some readers, and the data endpoint where they are.
struct ProducerPlace {
  sim::Address at;
  ProducerSpans producers;
  template <class Visitor>
  void visit(Visitor& v) const {
    v(at, producers);
  }
};
struct ReaderPlace {
  sim::Address at;
  ReaderSpans readers;
  friend bool operator==(const ReaderPlace& a, const ReaderPlace& b) {
    return a.at == b.at && a.readers == b.readers;
  }
  template <class Visitor>
  void visit(Visitor& v) const {
    v(at, readers);
  }
};
// Ascending by address.
using ProducerPlaces = std::shared_ptr<const std::vector<ProducerPlace>>;
using ReaderPlaces = std::shared_ptr<const std::vector<ReaderPlace>>;

// Calls `use` with each of the places that are at this address. They mostly name neighbouring
// processes, so the first guess mostly hits.
template <class Place, class Use>
void for_each_at(const std::vector<Place>& places, const sim::Address& at, Use&& use) {
  if (places.empty()) return;
  size_t i = size_t{at.process.index} - places.front().at.process.index;
  if (i >= places.size() || places[i].at != at || (i > 0 && places[i - 1].at == at))
    i = static_cast<size_t>(
        std::lower_bound(places.begin(), places.end(), at,
                         [](const Place& place, const sim::Address& to) { return place.at < to; }) -
        places.begin());
  for (; i < places.size() && places[i].at == at; ++i) use(places[i]);
}

// What some readers of one group want of its producers, wherever these are.
struct ReadersRange {
  enum class Kind : uint8_t {
    request,
    cancel,  // the readers have ended
  } kind = Kind::request;
  JobId job = 0;
  GroupIndex group = 0;
  ReaderSpans readers;
  ProducerPlaces producers;
  template <class Visitor>
  void visit(Visitor& v) const {
    v(kind, group, job, readers, producers);
  }
};

// What some producers of one group have for its readers, wherever these are.
struct ProducersRange {
  enum class Kind : uint8_t {
    barrier,
    end,              // EndOfPartition; `checkpoint` = of the last barrier before it
    not_found,        // the producers' TaskManager does not have these partitions
    producer_failed,  // the producing task failed
  } kind = Kind::barrier;
  JobId job = 0;
  GroupIndex group = 0;
  CheckpointId checkpoint = 0;
  ProducerSpans producers;
  ReaderPlaces readers;
  template <class Visitor>
  void visit(Visitor& v) const {
    v(kind, checkpoint, job, group, producers, readers);
  }
};

inline constexpr uint64_t kBytesPerRequest = 68;  // frame header and PartitionRequest
inline constexpr uint64_t kBytesPerEvent = 79;    // frame header, BufferResponse, the event

// At the first contact of two processes the connection has to be made (Endpoint::connect_each).
struct RequestRanges : sim::SharedMessageOf<RequestRanges> {
  static constexpr std::string_view kName = "request_channel_ranges";
  std::vector<ReadersRange> entries;
  template <class Visitor>
  void visit(Visitor& v) const {
    v(entries);
  }
};

struct ChannelRanges : sim::SharedMessageOf<ChannelRanges> {
  static constexpr std::string_view kName = "channel_ranges";
  std::vector<ReadersRange> canceled;
  std::vector<ProducersRange> entries;
  template <class Visitor>
  void visit(Visitor& v) const {
    v(canceled, entries);
  }
};

}  // namespace drey::model
