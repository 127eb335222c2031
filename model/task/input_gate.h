#pragma once
// One input gate of a task: its channels, its floating buffers, and whose turn it is.
//
// Reads one buffer per poll, round robin over the channels that have any, priority events first.
// Channels are either remote (credits) or local (the gate polls the producer's subpartition itself;
// no buffers, no credits). Set up: construct, set_up (buffers, may fail), then local channels by
// connect_local; every other channel is remote. Upstream: SingleInputGate, LocalInputChannel.
// Page 1.7, 1.8.
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "model/task/buffer_counts.h"
#include "model/task/channel_queue.h"
#include "model/task/pipelined_subpartition.h"
#include "model/task/remote_input_channel.h"

namespace drey::model {

struct InputGateOptions {
  uint32_t channels = 0;
  int32_t exclusive_per_channel = 2;
  int32_t required_floating = 1;
  int32_t total_floating = 8;
};

// What the gate tells its task. Called when the gate goes from empty to non-empty, or gets its
// first priority event.
class InputGateListener {
 public:
  virtual ~InputGateListener() = default;
  virtual void gate_available() = 0;
  virtual void gate_priority() = 0;
};

struct GateBuffer {
  ReceivedBuffer buffer;
  uint32_t channel = 0;
  bool more_available = false;
  bool more_priority = false;
};

class InputGate final : private RemoteChannelGate {
 public:
  InputGate(const InputGateOptions& options, NetworkBufferPool& network, RemoteChannelOutput& out,
            InputGateListener* listener);
  ~InputGate() override;
  InputGate(const InputGate&) = delete;
  InputGate& operator=(const InputGate&) = delete;

  // Takes the floating pool, and the exclusive buffers of `remote` channels (each channel that
  // connect_remote is called for). False: "Insufficient number of network buffers".
  bool set_up();
  bool connect_remote(uint32_t channel);
  // The subpartition outlives the gate, or is disconnected before it goes (its producer was
  // released).
  void connect_local(uint32_t channel, PipelinedSubpartition& subpartition);
  void disconnect_local(uint32_t channel);

  std::optional<GateBuffer> poll();
  // The task is done with what poll gave.
  void recycle(uint32_t channel, BufferHome home);
  // Tells the producer of a blocked channel to go on.
  void resume(uint32_t channel);
  void release();

  // Unaligned checkpoints: off without a listener, which must be set before the channels are
  // connected.
  void set_input_state_listener(InputStateListener* listener) { doors_.input_state = listener; }
  void prioritize(uint32_t channel, uint32_t sequence);
  // All channels begin to persist. False: one has a newer barrier; those before it have begun.
  bool checkpoint_started(int64_t checkpoint);
  void checkpoint_stopped(int64_t checkpoint);

  RemoteInputChannel& remote(uint32_t channel) { return *remote_[channel]; }
  const RemoteInputChannel& remote(uint32_t channel) const { return *remote_[channel]; }
  bool is_remote(uint32_t channel) const { return remote_[channel] != nullptr; }
  // Something to read, or nothing more to come.
  bool available() const { return !queue_.empty() || finished(); }
  bool priority_available() const { return queue_.has_priority(); }
  bool finished() const { return queue_.ended_channels() == options_.channels; }
  const LocalBufferPool& floating() const { return *floating_; }

 private:
  // A local channel: hears of its subpartition and polls it.
  class LocalChannel final : public SubpartitionListener {
   public:
    void data_available() override { gate->channel_non_empty(index); }
    void priority_event(uint32_t sequence) override { gate->channel_priority(index, sequence); }

    InputGate* gate = nullptr;
    PipelinedSubpartition* subpartition = nullptr;
    uint32_t index = 0;
    InFlightCapture in_flight;
  };

  void channel_non_empty(uint32_t channel) override;
  void channel_priority(uint32_t channel, uint32_t sequence) override;
  void channel_priority_forced(uint32_t channel) override;
  void notify(bool queued, bool had_priority);
  std::optional<ReceivedBuffer> poll_channel(uint32_t channel, BufferType* next_type);
  void capture(LocalChannel& local, const ReceivedBuffer& buffer);
  void channel_ended(uint32_t channel);

  InputGateOptions options_;
  NetworkBufferPool& network_;
  InputGateListener* listener_;
  std::unique_ptr<LocalBufferPool> floating_;
  RemoteChannelDoors doors_;
  std::vector<std::unique_ptr<RemoteInputChannel>> remote_;  // by channel, null: local or unknown
  std::vector<LocalChannel*> local_;                         // by channel, empty if none is local
  std::deque<LocalChannel> local_storage_;
  ChannelQueue queue_;
};

}  // namespace drey::model
