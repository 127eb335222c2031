#pragma once
// A gate of remote channels with a barrier handler behind it, fed with what arrives from the
// network.
#include <vector>

#include "model/task/checkpointed_input_gate.h"
#include "tests/conformance/barrier_recorder.h"
#include "tests/conformance/vectors.h"

namespace drey::conformance {

class GateScript : public BarrierRecorder,
                   private model::RemoteChannelOutput,
                   private model::InputStateListener,
                   private model::BarrierSource {
 public:
  GateScript(uint32_t channels, model::BarrierMode mode, bool finish)
      : channels_(channels),
        network_(static_cast<int32_t>(channels) * kBuffers + 1),
        gate_({.channels = channels,
               .exclusive_per_channel = kBuffers,
               .required_floating = 1,
               .total_floating = 1},
              network_, *this, nullptr),
        handler_(model::make_barrier_handler(
            {.mode = mode, .channels = channels, .checkpoints_after_tasks_finish = finish}, *this)),
        input_(gate_, *handler_, *this, 0),
        sequences_(channels, 0) {
    EXPECT_TRUE(gate_.set_up());
    gate_.set_input_state_listener(this);
    for (uint32_t i = 0; i < channels; ++i) EXPECT_TRUE(gate_.connect_remote(i));
  }

  void data(uint32_t channel, uint32_t bytes) {
    arrive(channel, {.size = bytes, .type = model::BufferType::data_buffer});
  }
  void barrier(uint32_t channel, const model::CheckpointBarrier& barrier) {
    model::BufferType type = model::BufferType::aligned_checkpoint_barrier;
    if (barrier.unaligned())
      type = model::BufferType::prioritized_event_buffer;
    else if (barrier.timeoutable())
      type = model::BufferType::timeoutable_aligned_checkpoint_barrier;
    barriers_.push_back(barrier);
    arrive(channel,
           {.payload = barriers_.size() - 1, .checkpoint = barrier.id, .size = 20, .type = type});
  }
  void cancel(uint32_t channel, int64_t id) {
    arrive(channel,
           {.checkpoint = id, .size = 20, .type = model::BufferType::cancel_checkpoint_marker});
  }
  void end(uint32_t channel) {
    arrive(channel, {.size = 4, .type = model::BufferType::end_of_partition});
  }

  // The element as the vectors write it, or null.
  Json poll() {
    const auto polled = input_.poll(now);
    if (!polled.has_value()) return nullptr;
    gate_.recycle(polled->channel, polled->buffer.home);
    const model::ReceivedBuffer& buffer = polled->buffer;
    switch (buffer.type) {
      case model::BufferType::data_buffer:
        return {"D", polled->channel, buffer.size};
      case model::BufferType::cancel_checkpoint_marker:
        return {"C", polled->channel, buffer.checkpoint};
      case model::BufferType::end_of_partition:
        return {"E", polled->channel};
      default:
        break;
    }
    if (buffer.announcement) return {"N", polled->channel, buffer.checkpoint, buffer.sequence};
    return {"B", polled->channel, buffer.checkpoint, option_of(barriers_[buffer.payload])};
  }
  bool direct = false;  // the script talks to the handler itself: nothing is queued here
  void process_priority_events() { input_.process_priority_events(now); }
  model::BarrierHandler& handler() { return *handler_; }

  void resume_channel(uint32_t channel) override {
    BarrierRecorder::resume_channel(channel);
    if (!gate_.remote(channel).released()) gate_.resume(channel);
  }
  void prioritize(uint32_t channel, uint32_t sequence) override {
    BarrierRecorder::prioritize(channel, sequence);
    if (!direct) gate_.prioritize(channel, sequence);
  }
  std::optional<model::CheckpointFailureReason> start_persisting(
      const model::CheckpointBarrier& barrier) override {
    BarrierRecorder::start_persisting(barrier);
    if (gate_.checkpoint_started(barrier.id)) return {};
    return model::CheckpointFailureReason::checkpoint_subsumed;
  }
  void stop_persisting(int64_t checkpoint) override {
    BarrierRecorder::stop_persisting(checkpoint);
    gate_.checkpoint_stopped(checkpoint);
  }

 private:
  static constexpr int32_t kBuffers = 100;

  void arrive(uint32_t channel, model::ReceivedBuffer buffer) {
    buffer.sequence = sequences_[channel]++;
    const auto arrival = gate_.remote(channel).on_buffer(buffer, -1);
    EXPECT_EQ(arrival, model::RemoteInputChannel::Arrival::queued);
  }
  void credit_available(uint32_t) override {}
  void resume_consumption(uint32_t) override {}
  void persist(int64_t checkpoint, uint32_t channel, const model::ReceivedBuffer* buffers,
               size_t count) override {
    Json sizes = Json::array();
    for (size_t i = 0; i < count; ++i) sizes.push_back(buffers[i].size);
    actions.push_back({"persist", checkpoint, channel, sizes});
  }
  model::CheckpointBarrier barrier_of(const model::ReceivedBuffer& event) override {
    return barriers_[event.payload];
  }

  uint32_t channels_;
  model::NetworkBufferPool network_;
  model::InputGate gate_;
  std::unique_ptr<model::BarrierHandler> handler_;
  model::CheckpointedInputGate input_;
  std::vector<uint32_t> sequences_;
  std::vector<model::CheckpointBarrier> barriers_;
};

}  // namespace drey::conformance
