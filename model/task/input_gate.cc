#include "model/task/input_gate.h"

#include "sim/check.h"

namespace drey::model {

InputGate::InputGate(const InputGateOptions& options, NetworkBufferPool& network,
                     RemoteChannelOutput& out, InputGateListener* listener)
    : options_(options),
      network_(network),
      listener_(listener),
      doors_{.gate = this, .out = &out, .floating = nullptr, .network = &network},
      remote_(options.channels),
      queue_(options.channels) {}

InputGate::~InputGate() { release(); }

bool InputGate::set_up() {
  floating_ = network_.create_pool(
      {.required = options_.required_floating, .max = options_.total_floating});
  doors_.floating = floating_.get();
  return floating_ != nullptr;
}

bool InputGate::connect_remote(uint32_t channel) {
  CHECK(floating_ != nullptr && remote_[channel] == nullptr, "set up, connected once");
  const int32_t exclusive = options_.exclusive_per_channel;
  if (exclusive > 0 && !network_.take_unpooled(exclusive)) return false;
  remote_[channel] = std::make_unique<RemoteInputChannel>(doors_, channel, exclusive);
  return true;
}

void InputGate::connect_local(uint32_t channel, PipelinedSubpartition& subpartition) {
  CHECK(remote_[channel] == nullptr, "connected once");
  if (local_.empty()) local_.resize(options_.channels, nullptr);
  LocalChannel& local = local_storage_.emplace_back();
  local.gate = this;
  local.subpartition = &subpartition;
  local.index = channel;
  local_[channel] = &local;
  subpartition.set_listener(&local);
  if (subpartition.availability(true).available) channel_non_empty(channel);
}

void InputGate::disconnect_local(uint32_t channel) {
  LocalChannel& local = *local_[channel];
  if (local.subpartition == nullptr) return;
  local.subpartition->set_listener(nullptr);
  local.subpartition = nullptr;
}

std::optional<GateBuffer> InputGate::poll() {
  while (!queue_.empty()) {
    const uint32_t channel = queue_.pop();
    BufferType next_type = BufferType::none;
    const auto buffer = poll_channel(channel, &next_type);
    if (!buffer.has_value()) continue;
    if (next_type != BufferType::none) queue_.requeue(channel, has_priority(next_type));
    if (has_priority(buffer->type)) queue_.note_priority_polled(channel, buffer->sequence);
    if (buffer->type == BufferType::end_of_partition) channel_ended(channel);
    return GateBuffer{.buffer = *buffer,
                      .channel = channel,
                      .more_available = !queue_.empty(),
                      .more_priority = queue_.has_priority()};
  }
  return std::nullopt;
}

std::optional<ReceivedBuffer> InputGate::poll_channel(uint32_t channel, BufferType* next_type) {
  if (remote_[channel] != nullptr) return remote_[channel]->poll(next_type);
  LocalChannel& local = *local_[channel];
  if (local.subpartition == nullptr) return std::nullopt;
  const auto polled = local.subpartition->poll();
  if (!polled.has_value()) return std::nullopt;
  *next_type = polled->next_type;
  const ReceivedBuffer buffer{.payload = polled->payload,
                              .checkpoint = polled->checkpoint,
                              .size = polled->size,
                              .sequence = polled->sequence,
                              .type = polled->type};
  if (doors_.input_state != nullptr) capture(local, buffer);
  return buffer;
}

// A local channel keeps nothing: what it hands over before the barrier is in flight.
void InputGate::capture(LocalChannel& local, const ReceivedBuffer& buffer) {
  if (is_barrier(buffer.type))
    local.in_flight.barrier_arrived(buffer.checkpoint, buffer.sequence);
  else if (is_data(buffer.type) && local.in_flight.capturing())
    doors_.input_state->persist(local.in_flight.checkpoint(), local.index, &buffer, 1);
}

void InputGate::prioritize(uint32_t channel, uint32_t sequence) {
  CHECK(remote_[channel] != nullptr, "local channels announce nothing");
  remote_[channel]->prioritize(sequence);
}

bool InputGate::checkpoint_started(int64_t checkpoint) {
  CHECK(doors_.input_state != nullptr, "unaligned checkpoints are on");
  for (uint32_t i = 0; i < options_.channels; ++i) {
    const bool started = remote_[i] != nullptr ? remote_[i]->checkpoint_started(checkpoint)
                                               : local_[i]->in_flight.start(checkpoint);
    if (!started) return false;
  }
  return true;
}

void InputGate::checkpoint_stopped(int64_t checkpoint) {
  for (uint32_t i = 0; i < options_.channels; ++i) {
    if (remote_[i] != nullptr)
      remote_[i]->checkpoint_stopped(checkpoint);
    else
      local_[i]->in_flight.stop(checkpoint);
  }
}

void InputGate::channel_ended(uint32_t channel) {
  queue_.end(channel);
  if (remote_[channel] != nullptr)
    remote_[channel]->release();
  else
    disconnect_local(channel);
}

void InputGate::recycle(uint32_t channel, BufferHome home) {
  if (remote_[channel] != nullptr) remote_[channel]->recycle(home);
}

void InputGate::resume(uint32_t channel) {
  if (remote_[channel] != nullptr) {
    remote_[channel]->resume();
    return;
  }
  PipelinedSubpartition* subpartition = local_[channel]->subpartition;
  if (subpartition == nullptr) return;
  subpartition->resume();
  if (subpartition->availability(true).available) channel_non_empty(channel);
}

void InputGate::release() {
  for (const auto& channel : remote_)
    if (channel != nullptr) channel->stop();
  for (const auto& channel : remote_)
    if (channel != nullptr) channel->give_back();
  for (const LocalChannel& local : local_storage_) disconnect_local(local.index);
  if (floating_ != nullptr) floating_->destroy();
}

void InputGate::channel_non_empty(uint32_t channel) {
  const bool had_priority = queue_.has_priority();
  notify(queue_.queue(channel), had_priority);
}

void InputGate::channel_priority(uint32_t channel, uint32_t sequence) {
  const bool had_priority = queue_.has_priority();
  notify(queue_.queue_priority(channel, sequence), had_priority);
}

void InputGate::channel_priority_forced(uint32_t channel) {
  const bool had_priority = queue_.has_priority();
  notify(queue_.queue_priority_forced(channel), had_priority);
}

void InputGate::notify(bool queued, bool had_priority) {
  if (!queued || listener_ == nullptr) return;
  if (!had_priority && queue_.has_priority()) listener_->gate_priority();
  if (queue_.size() == 1) listener_->gate_available();
}

}  // namespace drey::model
