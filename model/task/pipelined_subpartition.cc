#include "model/task/pipelined_subpartition.h"

#include <algorithm>

#include "sim/check.h"

namespace drey::model {

bool PipelinedSubpartition::add(const QueuedBuffer& buffer) {
  if (finished_) return false;
  add_to_queue(buffer);
  if (has_priority(buffer.type)) notify_priority();
  if (should_notify()) listener_->data_available();
  return true;
}

bool PipelinedSubpartition::finish(const QueuedBuffer& end_of_partition) {
  if (finished_) return false;
  add_to_queue(end_of_partition);
  finished_ = true;
  if (listener_ != nullptr) listener_->data_available();
  return true;
}

void PipelinedSubpartition::add_to_queue(const QueuedBuffer& buffer) {
  if (has_priority(buffer.type)) {
    add_priority(buffer);
  } else {
    if (requires_announcement(buffer.type)) timeoutable_ = buffer.checkpoint;
    queue_.push(buffer);
  }
  if (is_data(buffer.type))
    ++data_buffers_;
  else
    CHECK(buffer.writer == nullptr, "events are finished when they are added");
  QueuedBuffer& queued =
      has_priority(buffer.type) ? queue_.at(queue_.priority_count() - 1) : queue_.back();
  if (queued.writer == nullptr) queued.finished_seen = true;
}

void PipelinedSubpartition::add_priority(const QueuedBuffer& buffer) {
  queue_.push_priority(buffer);
  if (output_state_ != nullptr && buffer.checkpoint >= 0)
    persist_behind_priority(buffer.checkpoint);
}

// The data that a priority barrier overtakes is its channel state (CS-2).
void PipelinedSubpartition::persist_behind_priority(int64_t checkpoint) {
  for (uint32_t i = queue_.priority_count(); i < queue_.size(); ++i)
    if (is_data(queue_.at(i).type)) output_state_->persist(checkpoint, queue_.at(i));
}

void PipelinedSubpartition::notify_priority() {
  if (listener_ != nullptr && queue_.priority_count() == 1) listener_->priority_event(sequence_);
}

// Only the last one can be unfinished.
uint32_t PipelinedSubpartition::finished_buffers() const {
  if (queue_.size() == 1 && queue_.back().finished_seen) return 1;
  return queue_.empty() ? 0 : queue_.size() - 1;
}

bool PipelinedSubpartition::data_available() const {
  return !blocked_ && (flush_requested_ || finished_buffers() > 0);
}

// 2.3: a priority event is polled even while the queue is blocked.
bool PipelinedSubpartition::may_poll() const { return !blocked_ || queue_.priority_count() > 0; }

bool PipelinedSubpartition::should_notify() const {
  return listener_ != nullptr && !flush_requested_ && !blocked_ && finished_buffers() == 1;
}

BufferType PipelinedSubpartition::next_type() const {
  return queue_.empty() ? BufferType::none : queue_.front().type;
}

int32_t PipelinedSubpartition::backlog() const {
  if (blocked_ || queue_.empty()) return 0;
  const bool all_count = flush_requested_ || finished_ || !is_data(queue_.back().type);
  return all_count ? data_buffers_ : std::max(data_buffers_ - 1, 0);
}

PipelinedSubpartition::Availability PipelinedSubpartition::availability(bool has_credit) const {
  return {.available = has_credit ? data_available() : is_event(next_type()), .backlog = backlog()};
}

void PipelinedSubpartition::flush() {
  if (queue_.empty() || flush_requested_) return;
  const QueuedBuffer& head = queue_.front();
  const uint32_t committed = head.writer == nullptr ? head.size : head.writer->committed;
  // With more than one the reader knows already.
  const bool single_with_data = queue_.size() == 1 && committed > head.read;
  flush_requested_ = queue_.size() > 1 || single_with_data;
  if (single_with_data && !blocked_ && listener_ != nullptr) listener_->data_available();
}

std::optional<PolledBuffer> PipelinedSubpartition::poll() {
  if (!may_poll()) return std::nullopt;
  if (queue_.empty()) flush_requested_ = false;
  while (!queue_.empty()) {
    QueuedBuffer& head = queue_.front();
    if (requires_announcement(head.type) && head.checkpoint == timeoutable_) timeoutable_ = -1;
    const uint32_t committed = head.writer == nullptr ? head.size : head.writer->committed;
    head.finished_seen = head.writer == nullptr || head.writer->finished;
    const bool finished = head.finished_seen;
    PolledBuffer polled{.payload = head.payload,
                        .checkpoint = head.checkpoint,
                        .offset = head.read,
                        .size = committed - head.read,
                        .type = head.type,
                        .last_of_buffer = finished};
    head.read = committed;
    CHECK(finished || queue_.size() == 1, "only the last buffer is unfinished");
    if (queue_.size() == 1) flush_requested_ = false;
    if (finished) {
      if (is_data(head.type)) --data_buffers_;
      queue_.pop();
    }
    const bool sent_although_empty = no_exclusive_ && finished;
    if (polled.size == 0 && !sent_although_empty) {
      if (!finished) return std::nullopt;
      continue;
    }
    if (blocks_upstream(polled.type)) blocked_ = true;
    polled.backlog = backlog();
    polled.next_type = data_available() ? next_type() : BufferType::none;
    polled.sequence = sequence_++;
    return polled;
  }
  return std::nullopt;
}

void PipelinedSubpartition::time_out_barrier(int64_t checkpoint) {
  if (timeoutable_ < 0 || timeoutable_ != checkpoint) return;
  timeoutable_ = -1;
  for (uint32_t i = queue_.priority_count(); i < queue_.size(); ++i) {
    const QueuedBuffer& queued = queue_.at(i);
    if (is_data(queued.type) && output_state_ != nullptr)
      output_state_->persist(checkpoint, queued);
    if (!requires_announcement(queued.type) || queued.checkpoint != checkpoint) continue;
    QueuedBuffer barrier = queue_.erase(i);
    if (output_state_ != nullptr) barrier.payload = output_state_->unaligned_payload(barrier);
    barrier.type = BufferType::prioritized_event_buffer;
    queue_.push_priority(barrier);
    notify_priority();
    return;
  }
  CHECK(false, "the timeoutable barrier is in the queue");
}

std::optional<QueuedBuffer> PipelinedSubpartition::drain() {
  if (queue_.empty()) return std::nullopt;
  const QueuedBuffer buffer = queue_.pop();
  if (is_data(buffer.type)) --data_buffers_;
  return buffer;
}

}  // namespace drey::model
