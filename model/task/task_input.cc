#include "model/task/task_input.h"

#include <algorithm>

#include "fmt/core.h"
#include "sim/check.h"

namespace drey::model {

namespace {
constexpr sim::Duration kInitialBackoff =
    sim::milliseconds(100);  // taskmanager.network.request-backoff.initial
constexpr sim::Duration kMaxBackoff = sim::seconds(10);  // taskmanager.network.request-backoff.max
}  // namespace

TaskInput::TaskInput(const Deployment& deployment, const Options& options, DataExchange& exchange,
                     InputListener& listener)
    : options_(options), exchange_(exchange), listener_(listener), receiver_(*this) {
  for (const InputGateSpec& spec : deployment.gates) {
    Gate& gate = gates_.emplace_back();
    gate.input = this;
    gate.number = static_cast<uint32_t>(gates_.size() - 1);
    gate.first_channel = static_cast<uint32_t>(channels_.size());
    uint32_t index = 0;
    for (const ShuffleDescriptor& producer : *spec.producers) {
      for (uint32_t sub = spec.subpartitions.first; sub <= spec.subpartitions.last; ++sub)
        channels_.push_back({.gate = gate.number,
                             .index = index++,
                             .producer = producer,
                             .subpartition = sub,
                             .view = nullptr});
    }
  }
}

TaskInput::~TaskInput() { release(); }

bool TaskInput::set_up() {
  for (Gate& gate : gates_) {
    const auto next = gate.number + 1 < gates_.size() ? gates_[gate.number + 1].first_channel
                                                      : static_cast<uint32_t>(channels_.size());
    const uint32_t channels = next - gate.first_channel;
    const GateBuffers need =
        gate_buffers(options_.buffers, options_.type, static_cast<int32_t>(channels), false);
    gate.gate = std::make_unique<InputGate>(
        InputGateOptions{.channels = channels,
                         .exclusive_per_channel = need.exclusive_per_channel,
                         .required_floating = need.required_floating,
                         .total_floating = need.total_floating},
        exchange_.buffers(), gate, &gate);
    gate.ready = gate.gate->set_up();
    if (!gate.ready) return false;
  }
  return true;
}

void TaskInput::connect_known() {
  for (uint32_t channel = 0; channel < channels_.size(); ++channel)
    if (channels_[channel].producer.known && channels_[channel].state == State::unknown)
      connect(channel);
}

void TaskInput::note_known(std::span<const ShuffleDescriptor> now_known) {
  for (const ShuffleDescriptor& told : now_known)
    for (Channel& channel : channels_)
      if (channel.producer.id.partition == told.id.partition && channel.state == State::unknown)
        channel.producer = told;
}

void TaskInput::update(std::span<const ShuffleDescriptor> now_known) {
  for (const ShuffleDescriptor& told : now_known) {
    for (uint32_t i = 0; i < channels_.size(); ++i) {
      Channel& channel = channels_[i];
      if (channel.producer.id.partition != told.id.partition || channel.state != State::unknown)
        continue;
      channel.producer = told;
      connect(i);
      if (released_) return;
    }
  }
}

void TaskInput::connect(uint32_t channel) {
  if (channels_[channel].producer.location == exchange_.address())
    connect_local(channel);
  else
    connect_remote(channel);
}

void TaskInput::connect_local(uint32_t number) {
  Channel& channel = channels_[number];
  channel.view = exchange_.open_local(channel.producer.id, channel.subpartition, *this, number);
  if (channel.view == nullptr) {
    channel.state = State::seeking;
    if (exchange_.hides_loss(channel.producer.id)) {
      fail(number, Cause::Kind::internal, "I/O error");
      return;
    }
    if (channel.backoff >= kMaxBackoff) {
      fail(number, Cause::Kind::partition_not_found, "partition not found in this process");
      return;
    }
    channel.backoff =
        channel.backoff.ns == 0 ? kInitialBackoff : std::min(channel.backoff * 2, kMaxBackoff);
    listener_.try_again_after(channel.backoff);
    return;
  }
  channel.state = State::local;
  gates_[channel.gate].gate->connect_local(channel.index, channel.view->queue());
  listener_.channel_opened(channel.producer, channel.subpartition, true);
}

void TaskInput::connect_remote(uint32_t number) {
  Channel& channel = channels_[number];
  channel.state = State::remote;
  InputGate& gate = *gates_[channel.gate].gate;
  if (!gate.connect_remote(channel.index)) {
    fail(number, Cause::Kind::internal, "insufficient number of network buffers");
    return;
  }
  channel.receiver =
      exchange_.request(channel.producer.location, channel.producer.id, channel.subpartition,
                        gate.remote(channel.index).initial_credit(), receiver_, number);
  listener_.channel_opened(channel.producer, channel.subpartition, true);
}

void TaskInput::try_again() {
  for (uint32_t i = 0; i < channels_.size() && !released_; ++i)
    if (channels_[i].state == State::seeking) connect_local(i);
}

void TaskInput::on_channel_failed(uint32_t number, ChannelFailure failure) {
  if (released_) return;
  switch (failure) {
    case ChannelFailure::not_found:
      listener_.ask_partition_state(channels_[number].producer.id);
      return;
    case ChannelFailure::no_connection:
      fail(number, Cause::Kind::partition_connection,
           "connecting to the producer's TaskManager failed");
      return;
    case ChannelFailure::transport:
      fail(number, Cause::Kind::remote_transport,
           "connection unexpectedly closed by remote TaskManager");
      return;
    case ChannelFailure::producer_failed:
      fail(number, Cause::Kind::remote_transport, "error at remote TaskManager");
      return;
    case ChannelFailure::local_released:
      listener_.input_canceled();
      return;
    case ChannelFailure::local_read:
      fail(number, Cause::Kind::internal, "a result on the local disk could not be read");
      return;
  }
}

// Not a partition error: the producer does not run again (data-plane page 1.11).
void TaskInput::view_failed(uint64_t channel) {
  on_channel_failed(static_cast<uint32_t>(channel), ChannelFailure::local_read);
}

void TaskInput::fail(uint32_t number, Cause::Kind kind, const char* text) {
  const PartitionId& id = channels_[number].producer.id;
  Cause cause{
      .kind = kind, .text = fmt::format("{} (partition {})", text, id.partition), .partition = {}};
  if (kind == Cause::Kind::partition_not_found || kind == Cause::Kind::partition_connection)
    cause.partition = id;
  listener_.input_failed(cause);
}

void TaskInput::partition_state(const PartitionId& partition, ExecutionState producer) {
  for (uint32_t i = 0; i < channels_.size(); ++i) {
    Channel& channel = channels_[i];
    if (channel.state != State::remote || channel.producer.id != partition) continue;
    switch (producer) {
      case ExecutionState::scheduled:
      case ExecutionState::deploying:
      case ExecutionState::initializing:
      case ExecutionState::running:
      case ExecutionState::finished:
        channel.waited = channel.waited + sim::seconds(10);
        if (channel.waited > kMaxBackoff * 2) {
          fail(i, Cause::Kind::partition_not_found, "partition not found");
          return;
        }
        exchange_.request_again(channel.receiver);
        break;
      case ExecutionState::canceling:
      case ExecutionState::canceled:
      case ExecutionState::failed:
        listener_.input_canceled();
        return;
      case ExecutionState::created:
      case ExecutionState::reconciling:
        fail(i, Cause::Kind::internal, "the producer is in an unexpected state");
        return;
    }
  }
}

// ---- reading ----

void TaskInput::gate_available(uint32_t number) {
  Gate& gate = gates_[number];
  if (gate.queued) return;
  gate.queued = true;
  gates_with_data_.push_back(number);
  listener_.input_available();
}

void TaskInput::on_data(uint32_t number, const ChannelData::Entry& entry) {
  const Channel& channel = channels_[number];
  RemoteInputChannel& remote = gates_[channel.gate].gate->remote(channel.index);
  if (entry.kind == ChannelData::Kind::backlog) {
    remote.on_backlog(entry.backlog);
    return;
  }
  const uint64_t payload = keep({entry.slice, entry.event});
  const auto arrival =
      remote.on_buffer({.payload = payload,
                        .checkpoint = entry.event.barrier.id,
                        .size = entry.slice.units() + (is_event(entry.type) ? 1 : 0),
                        .sequence = entry.sequence,
                        .type = entry.type},
                       entry.backlog);
  switch (arrival) {
    case RemoteInputChannel::Arrival::queued:
      return;
    case RemoteInputChannel::Arrival::released:
      take(payload);
      return;
    case RemoteInputChannel::Arrival::no_buffer:
      fail(number, Cause::Kind::internal, "data without credit");
      return;
    case RemoteInputChannel::Arrival::out_of_order:
      fail(number, Cause::Kind::internal, "buffer reordering");
      return;
  }
}

bool TaskInput::poll(InputElement& element) {
  while (!gates_with_data_.empty()) {
    const uint32_t number = gates_with_data_.front();
    gates_with_data_.pop_front();
    Gate& gate = gates_[number];
    gate.queued = false;
    const std::optional<GateBuffer> got = gate.gate->poll();
    if (got.has_value() && got->more_available && !gate.queued) {
      gate.queued = true;
      gates_with_data_.push_back(number);
    }
    if (!got.has_value()) continue;
    const uint32_t channel = gate.first_channel + got->channel;
    element.channel = channel;
    element.type = got->buffer.type;
    element.sequence = got->buffer.sequence;
    element.home = got->buffer.home;
    element.local_buffer = 0;
    if (channels_[channel].state == State::local) {
      TakenBuffer taken = channels_[channel].view->take(got->buffer.payload, got->buffer.type,
                                                        got->buffer.size, got->buffer.sequence);
      element.slice = std::move(taken.slice);
      element.event = taken.event;
      element.local_buffer = taken.buffer;
    } else {
      Arrived& arrived = arrived_[got->buffer.payload];
      element.slice = std::move(arrived.slice);
      element.event = arrived.event;
      free_arrived_.push_back(static_cast<uint32_t>(got->buffer.payload));
    }
    if (element.type == BufferType::end_of_partition) channel_ended(channel);
    return true;
  }
  return false;
}

void TaskInput::channel_ended(uint32_t number) {
  Channel& channel = channels_[number];
  listener_.channel_opened(channel.producer, channel.subpartition, false);
  if (channel.state == State::local)
    exchange_.local_consumed(channel.producer.id, channel.subpartition, true);
  else
    exchange_.close(channel.receiver, false);
  channel.state = State::ended;
  channel.view = nullptr;
  ++ended_;
}

void TaskInput::recycle(const InputElement& element) {
  const Channel& channel = channels_[element.channel];
  gates_[channel.gate].gate->recycle(channel.index, element.home);
  if (channel.view == nullptr || element.local_buffer == 0) return;
  channel.view->look();
  channel.view->recycle(element.local_buffer);
}

void TaskInput::resume(uint32_t number) {
  Channel& channel = channels_[number];
  if (channel.state == State::ended) return;
  if (channel.view != nullptr) channel.view->look();
  gates_[channel.gate].gate->resume(channel.index);
}

void TaskInput::user_records_processed(uint32_t number) {
  Channel& channel = channels_[number];
  if (channel.state == State::local) channel.view->user_records_processed();
  if (channel.state == State::remote) exchange_.queue_processed(channel.receiver);
}

uint32_t TaskInput::buffers_held() const {
  uint32_t held = 0;
  for (const Gate& gate : gates_)
    if (gate.ready) held += static_cast<uint32_t>(gate.gate->floating().requested());
  return held;
}

void TaskInput::release() {
  if (released_) return;
  released_ = true;
  // The queues of local producers lose their listener before the producer may go with its queue.
  for (Gate& gate : gates_)
    if (gate.gate != nullptr) gate.gate->release();
  for (Channel& channel : channels_) {
    if (channel.state == State::remote) exchange_.close(channel.receiver, true);
    if (channel.state == State::local) {
      const std::unique_ptr<SubpartitionView> view = std::move(channel.view);
      exchange_.local_consumed(channel.producer.id, channel.subpartition, false);
    }
    if (channel.state == State::local || channel.state == State::remote)
      listener_.channel_opened(channel.producer, channel.subpartition, false);
    channel.state = State::ended;
  }
  arrived_.clear();
}

void TaskInput::Gate::credit_available(uint32_t channel) {
  input->exchange_.queue_credit(input->channels_[first_channel + channel].receiver);
}

void TaskInput::Gate::resume_consumption(uint32_t channel) {
  input->exchange_.queue_resume(input->channels_[first_channel + channel].receiver);
}

int32_t TaskInput::Receiver::take_credit(uint32_t number) {
  const Channel& channel = input_.channels_[number];
  return input_.gates_[channel.gate].gate->remote(channel.index).take_unannounced_credit();
}

uint64_t TaskInput::keep(Arrived arrived) {
  if (free_arrived_.empty()) {
    arrived_.push_back(std::move(arrived));
    return arrived_.size() - 1;
  }
  const uint32_t slot = free_arrived_.back();
  free_arrived_.pop_back();
  arrived_[slot] = std::move(arrived);
  return slot;
}

TaskInput::Arrived TaskInput::take(uint64_t payload) {
  Arrived arrived = std::move(arrived_[payload]);
  arrived_[payload] = {};
  free_arrived_.push_back(static_cast<uint32_t>(payload));
  return arrived;
}

}  // namespace drey::model
