#pragma once
// The input of one task: its gates, and per channel where it comes from. Channels are numbered over
// all gates, which is what barrier handlers and watermark valves count in.
//
// A channel is unknown until its producer's place is told, then local (the producer's queue is
// polled directly) or remote. A local partition that is not there yet is looked for again after 100
// ms, doubling up to 10 s (request-backoff); a remote one that is not found is asked about at the
// JobMaster, and asked for again at most until 20 s of waiting are reached.
//
// Upstream: InputProcessorUtil, UnionInputGate, SingleInputGate, UnknownInputChannel,
// RemoteChannelStateChecker.
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "model/task/buffer_counts.h"
#include "model/task/data_exchange.h"
#include "model/task/input_gate.h"
#include "model/task/task_runtime.h"

namespace drey::model {

class InputListener {
 public:
  virtual ~InputListener() = default;
  virtual void input_available() = 0;  // called inside calls of others: only note it
  virtual void input_failed(const Cause& cause) = 0;
  virtual void input_canceled() = 0;  // the task ends as CANCELED (CancelTaskException)
  virtual void ask_partition_state(const PartitionId& partition) = 0;
  // Look for local partitions again, with try_again().
  virtual void try_again_after(sim::Duration delay) = 0;
  virtual void channel_opened(const ShuffleDescriptor& producer, uint32_t subpartition,
                              bool open) = 0;
};

struct InputElement {
  uint32_t channel = 0;
  BufferType type = BufferType::none;
  uint32_t sequence = 0;
  RecordSlice slice;
  ChannelEvent event;
  BufferHome home = BufferHome::none;  // remote: the buffer that it lies in
  uint64_t local_buffer = 0;           // local: the producer's buffer
};

class TaskInput : private ViewOwner {
 public:
  struct Options {
    NetworkBufferSettings buffers;
    ResultPartitionType type = ResultPartitionType::pipelined_bounded;
  };
  TaskInput(const Deployment& deployment, const Options& options, DataExchange& exchange,
            InputListener& listener);
  ~TaskInput() override;
  TaskInput(const TaskInput&) = delete;
  TaskInput& operator=(const TaskInput&) = delete;

  // Takes buffers. False: not enough of them.
  bool set_up();
  void connect_known();
  // Told before the task runs: connected with the others.
  void note_known(std::span<const ShuffleDescriptor> now_known);
  void update(std::span<const ShuffleDescriptor> now_known);
  void partition_state(const PartitionId& partition, ExecutionState producer);
  void try_again();

  uint32_t channels() const { return static_cast<uint32_t>(channels_.size()); }
  uint32_t gate_of(uint32_t channel) const { return channels_[channel].gate; }
  const ShuffleDescriptor& producer_of(uint32_t channel) const {
    return channels_[channel].producer;
  }
  uint32_t index_in_gate(uint32_t channel) const { return channels_[channel].index; }
  bool available() const { return !gates_with_data_.empty(); }
  bool finished() const { return ended_ == channels_.size(); }
  bool ended(uint32_t channel) const { return channels_[channel].state == State::ended; }
  // False: nothing is there. `element` keeps its memory.
  bool poll(InputElement& element);
  void recycle(const InputElement& element);
  void resume(uint32_t channel);
  void user_records_processed(uint32_t channel);
  uint32_t buffers_held() const;  // floating buffers of the gates
  // Cancels what is still open and gives all buffers back.
  void release();

 private:
  enum class State : uint8_t { unknown, seeking, local, remote, ended };
  struct Channel {
    uint32_t gate = 0;
    uint32_t index = 0;  // in the gate
    ShuffleDescriptor producer;
    uint32_t subpartition = 0;
    State state = State::unknown;
    uint64_t receiver = 0;                   // remote
    std::unique_ptr<SubpartitionView> view;  // local
    sim::Duration backoff;                   // local: the next one
    sim::Duration waited;                    // remote: by re-requests so far
  };
  struct Arrived {
    RecordSlice slice;
    ChannelEvent event;
  };
  struct Gate final : InputGateListener, RemoteChannelOutput {
    void gate_available() override { input->gate_available(number); }
    void gate_priority() override { input->gate_available(number); }
    void credit_available(uint32_t channel) override;
    void resume_consumption(uint32_t channel) override;
    TaskInput* input = nullptr;
    uint32_t number = 0;
    uint32_t first_channel = 0;
    bool queued = false;
    bool ready = false;  // it has its buffers
    std::unique_ptr<InputGate> gate;
  };
  class Receiver final : public ChannelReceiver {
   public:
    explicit Receiver(TaskInput& input) : input_(input) {}
    void on_data(uint32_t channel, const ChannelData::Entry& entry) override {
      input_.on_data(channel, entry);
    }
    void on_channel_failed(uint32_t channel, ChannelFailure failure) override {
      input_.on_channel_failed(channel, failure);
    }
    int32_t take_credit(uint32_t channel) override;

   private:
    TaskInput& input_;
  };

  void view_failed(uint64_t channel) override;
  void gate_available(uint32_t gate);
  void connect(uint32_t channel);
  void connect_local(uint32_t channel);
  void connect_remote(uint32_t channel);
  void on_data(uint32_t channel, const ChannelData::Entry& entry);
  void on_channel_failed(uint32_t channel, ChannelFailure failure);
  void fail(uint32_t channel, Cause::Kind kind, const char* text);
  void channel_ended(uint32_t channel);
  uint64_t keep(Arrived arrived);
  Arrived take(uint64_t payload);

  Options options_;
  DataExchange& exchange_;
  InputListener& listener_;
  Receiver receiver_;
  std::deque<Gate> gates_;
  std::vector<Channel> channels_;
  std::deque<uint32_t> gates_with_data_;
  std::vector<Arrived> arrived_;  // remote buffers that wait in their channels, by payload
  std::vector<uint32_t> free_arrived_;
  uint32_t ended_ = 0;
  bool released_ = false;
};

}  // namespace drey::model
