#include "model/task/remote_input_channel.h"

#include <vector>

#include "sim/check.h"

namespace drey::model {

RemoteInputChannel::Arrival RemoteInputChannel::on_buffer(const ReceivedBuffer& buffer,
                                                          int32_t backlog) {
  if (released_) return Arrival::released;
  ReceivedBuffer received = buffer;
  if (is_data(buffer.type)) {
    received.home = take_buffer();
    if (received.home == BufferHome::none) return Arrival::no_buffer;
  }
  if (buffer.sequence != expected_sequence_) {
    recycle(received.home);
    return Arrival::out_of_order;
  }
  ++expected_sequence_;
  // An empty buffer only tells the backlog; credit was used for it.
  if (is_data(buffer.type) && buffer.size == 0) {
    recycle(received.home);
    if (backlog >= 0) on_backlog(backlog);
    return Arrival::queued;
  }
  // Without exclusive buffers a blocked channel holds none back from the others.
  if (blocks_upstream(buffer.type) && initial_credit_ == 0) release_floating();
  const bool was_empty = received_.empty();
  const uint32_t priority_before = received_.priority_count();
  if (has_priority(buffer.type)) {
    received_.push_priority(received);
  } else {
    received_.push(received);
    if (requires_announcement(buffer.type)) {
      ReceivedBuffer announcement = received;
      announcement.type = BufferType::prioritized_event_buffer;
      announcement.announcement = true;
      received_.push_priority(announcement);
    }
  }
  if (doors_->input_state != nullptr) capture(received);
  if (priority_before == 0 && received_.priority_count() == 1)
    doors_->gate->channel_priority(index_, buffer.sequence);
  if (was_empty) doors_->gate->channel_non_empty(index_);
  if (backlog >= 0) on_backlog(backlog);
  return Arrival::queued;
}

void RemoteInputChannel::capture(const ReceivedBuffer& buffer) {
  if (is_barrier(buffer.type))
    in_flight().barrier_arrived(buffer.checkpoint, buffer.sequence);
  else if (is_data(buffer.type) && in_flight_ != nullptr && in_flight_->capturing())
    doors_->input_state->persist(in_flight_->checkpoint(), index_, &buffer, 1);
}

InFlightCapture& RemoteInputChannel::in_flight() {
  if (in_flight_ == nullptr) in_flight_ = std::make_unique<InFlightCapture>();
  return *in_flight_;
}

bool RemoteInputChannel::checkpoint_started(int64_t checkpoint) {
  if (!in_flight().start(checkpoint)) return false;
  // Rare, and only for as long as data is queued: the copy may allocate.
  std::vector<ReceivedBuffer> overtaken;
  for (uint32_t i = received_.priority_count(); i < received_.size(); ++i) {
    const ReceivedBuffer& buffer = received_.at(i);
    if (!is_data(buffer.type)) continue;
    if (!in_flight_->before_barrier(buffer.sequence)) break;
    overtaken.push_back(buffer);
  }
  if (!overtaken.empty())
    doors_->input_state->persist(checkpoint, index_, overtaken.data(), overtaken.size());
  return true;
}

void RemoteInputChannel::checkpoint_stopped(int64_t checkpoint) { in_flight().stop(checkpoint); }

void RemoteInputChannel::prioritize(uint32_t sequence) {
  for (uint32_t i = received_.priority_count(); i < received_.size(); ++i) {
    if (received_.at(i).sequence != sequence) continue;
    ReceivedBuffer barrier = received_.erase(i);
    barrier.type = BufferType::prioritized_event_buffer;
    received_.push_priority(barrier);
    if (received_.priority_count() == 1) doors_->gate->channel_priority_forced(index_);
    return;
  }
  CHECK(false, "the announced barrier is in the queue");
}

void RemoteInputChannel::on_backlog(int32_t backlog) {
  if (released_) return;
  required_ = backlog + initial_credit_;
  add_credit(request_floating());
}

std::optional<ReceivedBuffer> RemoteInputChannel::poll(BufferType* next_type) {
  if (received_.empty()) return std::nullopt;
  const ReceivedBuffer buffer = received_.pop();
  *next_type = received_.empty() ? BufferType::none : received_.front().type;
  return buffer;
}

// Floating buffers first, so that they come back early.
BufferHome RemoteInputChannel::take_buffer() {
  --required_;
  if (floating_ > 0) {
    --floating_;
    return BufferHome::floating;
  }
  if (exclusive_ > 0) {
    --exclusive_;
    return BufferHome::exclusive;
  }
  return BufferHome::none;
}

int32_t RemoteInputChannel::request_floating() {
  int32_t got = 0;
  while (available() < required_ && !waiting_) {
    if (doors_->floating->request()) {
      ++floating_;
      ++got;
    } else if (doors_->floating->add_listener(*this)) {
      waiting_ = true;
    } else {
      CHECK(!doors_->floating->destroyed(), "channels are released before their pool");
    }
  }
  return got;
}

void RemoteInputChannel::recycle(BufferHome home) {
  switch (home) {
    case BufferHome::none:
      return;
    case BufferHome::floating:
      doors_->floating->recycle();
      return;
    case BufferHome::exclusive:
      if (released_) {
        doors_->network->return_unpooled(1);
        return;
      }
      ++exclusive_;
      if (surplus_floating()) {
        --floating_;
        doors_->floating->recycle();
      } else {
        add_credit(1);
      }
      return;
  }
}

bool RemoteInputChannel::buffer_available() {
  if (released_) return false;
  CHECK(waiting_, "only a waiting channel is given a buffer");
  waiting_ = false;
  if (available() >= required_) return false;
  ++floating_;
  add_credit(1 + request_floating());
  return true;
}

void RemoteInputChannel::add_credit(int32_t n) {
  if (n == 0) return;
  const bool first = unannounced_ == 0;
  unannounced_ += n;
  if (first) doors_->out->credit_available(index_);
}

int32_t RemoteInputChannel::take_unannounced_credit() {
  const int32_t credit = unannounced_;
  unannounced_ = 0;
  return credit;
}

void RemoteInputChannel::release_floating() {
  required_ = 0;
  int32_t n = floating_;
  floating_ = 0;
  for (; n > 0; --n) doors_->floating->recycle();
}

void RemoteInputChannel::resume() {
  CHECK(!released_, "a released channel is not resumed");
  if (initial_credit_ == 0) unannounced_ = 0;  // the producer's credit is reset too
  doors_->out->resume_consumption(index_);
}

void RemoteInputChannel::give_back() {
  CHECK(released_, "stopped first");
  int32_t exclusive = exclusive_;
  exclusive_ = 0;
  int32_t floating = floating_;
  floating_ = 0;
  while (!received_.empty()) {
    const BufferHome home = received_.pop().home;
    if (home == BufferHome::exclusive) ++exclusive;
    if (home == BufferHome::floating) ++floating;
  }
  for (; floating > 0; --floating) doors_->floating->recycle();
  if (exclusive > 0) doors_->network->return_unpooled(exclusive);
}

}  // namespace drey::model
