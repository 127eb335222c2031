#pragma once
// The actors of credit.json: a writer of one subpartition, the producer's end of a connection, the
// consumer's gate.
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/task/input_gate.h"
#include "model/task/partition_request_queue.h"
#include "model/task/pipelined_subpartition.h"
#include "tests/conformance/vectors.h"

namespace drey::conformance {

constexpr uint32_t kEventBytes = 20;

// Writes into one subpartition in the words of the vectors.
class SubpartitionScript {
 public:
  explicit SubpartitionScript(int32_t exclusive) : subpartition(exclusive) {}

  // `op` and what follows it; false: not an operation of a writer.
  bool write(const Json& event, size_t at) {
    const auto op = event[at].get<std::string>();
    if (op == "full" || op == "open") {
      close();
      model::WriterPosition& writer = writers_.emplace_back();
      writer.committed = event[at + 1].get<uint32_t>();
      writer.finished = op == "full";
      if (op == "open") open_ = &writer;
      model::QueuedBuffer buffer;
      buffer.writer = &writer;
      subpartition.add(buffer);
    } else if (op == "append") {
      if (open_ != nullptr) open_->committed += event[at + 1].get<uint32_t>();
    } else if (op == "close") {
      close();
    } else if (op == "flush") {
      subpartition.flush();
    } else if (op == "event") {
      close();
      subpartition.add(event_of(event[at + 1].get<std::string>(), event[at + 2].get<int64_t>()));
    } else if (op == "finish") {
      close();
      subpartition.finish(event_of("end", -1));
    } else if (op == "timeout") {
      subpartition.time_out_barrier(event[at + 1].get<int64_t>());
    } else {
      return false;
    }
    return true;
  }

  static model::QueuedBuffer event_of(const std::string& name, int64_t id) {
    model::QueuedBuffer event;
    event.size = kEventBytes;
    event.checkpoint = id;
    event.type = type_of(name);
    return event;
  }

  static model::BufferType type_of(const std::string& name) {
    using model::BufferType;
    if (name == "aligned") return BufferType::aligned_checkpoint_barrier;
    if (name == "timeoutable") return BufferType::timeoutable_aligned_checkpoint_barrier;
    if (name == "priority") return BufferType::prioritized_event_buffer;
    if (name == "recovery") return BufferType::recovery_completion;
    if (name == "end_of_data") return BufferType::end_of_data;
    if (name == "end") return BufferType::end_of_partition;
    return BufferType::cancel_checkpoint_marker;
  }

  model::PipelinedSubpartition subpartition;

 private:
  void close() {
    if (open_ != nullptr) open_->finished = true;
    open_ = nullptr;
  }

  std::deque<model::WriterPosition> writers_;
  model::WriterPosition* open_ = nullptr;
};

inline Json bytes_of(const model::PolledBuffer& buffer) {
  return model::is_data(buffer.type) ? Json(buffer.size) : Json(nullptr);
}

// The producer's end: readers over scripted subpartitions; collects the messages.
class ProducerScript : public model::PartitionRequestOutput {
 public:
  ProducerScript(size_t readers, int32_t exclusive) : queue(*this) {
    for (size_t i = 0; i < readers; ++i) {
      writers.emplace_back(exclusive);
      queue.add_reader(writers.back().subpartition, exclusive);
    }
  }

  bool buffer(uint32_t reader, const model::PolledBuffer& polled) override {
    messages.push_back({"buffer", reader, std::string(model::name_of(polled.type)),
                        bytes_of(polled), polled.sequence, polled.backlog});
    in_flight.push_back({reader, polled, -1});
    return true;
  }
  void backlog(uint32_t reader, int32_t backlog) override {
    messages.push_back({"backlog", reader, backlog});
    in_flight.push_back({reader, {}, backlog});
  }

  Json state() const {
    Json rows = Json::array();
    for (uint32_t i = 0; i < writers.size(); ++i)
      rows.push_back({queue.credit(i), writers[i].subpartition.queue_length(),
                      writers[i].subpartition.blocked()});
    return rows;
  }

  struct Message {
    uint32_t reader;
    model::PolledBuffer buffer;
    int32_t backlog;  // >= 0: an announcement
  };
  std::deque<SubpartitionScript> writers;
  model::PartitionRequestQueue queue;
  Json messages = Json::array();
  std::deque<Message> in_flight;
};

// The consumer's end: a gate of remote channels, fed by hand.
class ConsumerScript : public model::RemoteChannelOutput {
 public:
  explicit ConsumerScript(const Json& one_case)
      : channels(one_case["channels"].get<uint32_t>()),
        network(one_case["network_buffers"].get<int32_t>()),
        gate({.channels = channels,
              .exclusive_per_channel = one_case["exclusive"].get<int32_t>(),
              .required_floating = one_case["floating_min"].get<int32_t>(),
              .total_floating = one_case["floating_max"].get<int32_t>()},
             network, *this, nullptr) {
    EXPECT_TRUE(gate.set_up());
    for (uint32_t i = 0; i < channels; ++i) EXPECT_TRUE(gate.connect_remote(i));
  }

  void credit_available(uint32_t channel) override {
    calls.push_back({"credit", channel});
    back.push_back({channel, true});
  }
  void resume_consumption(uint32_t channel) override {
    calls.push_back({"resume", channel});
    back.push_back({channel, false});
  }

  Json poll() {
    const auto got = gate.poll();
    if (!got.has_value()) return nullptr;
    if (got->buffer.home != model::BufferHome::none)
      held.push_back({got->channel, got->buffer.home});
    const bool data = model::is_data(got->buffer.type);
    const std::string kind = kind_of(got->buffer);
    const bool barrier = kind == "aligned" || kind == "timeoutable" || kind == "priority";
    int64_t id = barrier ? got->buffer.checkpoint : 0;
    if (got->buffer.announcement) id = got->buffer.sequence;
    return {kind, got->channel, data ? int64_t{got->buffer.size} : id, got->more_available};
  }

  void recycle(size_t which) {
    const Held buffer = held[which];
    held.erase(held.begin() + static_cast<std::ptrdiff_t>(which));
    gate.recycle(buffer.channel, buffer.home);
  }

  static std::string kind_of(const model::ReceivedBuffer& buffer) {
    using model::BufferType;
    if (buffer.announcement) return "announcement";
    switch (buffer.type) {
      case BufferType::data_buffer:
        return "data";
      case BufferType::aligned_checkpoint_barrier:
        return "aligned";
      case BufferType::timeoutable_aligned_checkpoint_barrier:
        return "timeoutable";
      case BufferType::prioritized_event_buffer:
        return "priority";
      case BufferType::end_of_data:
        return "end_of_data";
      case BufferType::end_of_partition:
        return "end";
      default:
        return "cancel";
    }
  }

  Json channel_state() const {
    Json rows = Json::array();
    for (uint32_t i = 0; i < channels; ++i) {
      const auto& channel = gate.remote(i);
      rows.push_back({channel.available(), channel.required(), channel.unannounced(),
                      channel.waiting_for_floating(), channel.queued()});
    }
    return rows;
  }
  Json pool_state() const {
    const auto& pool = gate.floating();
    return {pool.size(), pool.requested(), pool.free(), gate.available()};
  }

  struct Held {
    uint32_t channel;
    model::BufferHome home;
  };
  struct Back {
    uint32_t channel;
    bool credit;  // else resume
  };
  uint32_t channels;
  model::NetworkBufferPool network;
  model::InputGate gate;
  std::vector<Held> held;
  std::deque<Back> back;
  Json calls = Json::array();
};

}  // namespace drey::conformance
