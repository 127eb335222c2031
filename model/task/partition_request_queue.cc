#include "model/task/partition_request_queue.h"

#include <algorithm>

#include "sim/check.h"

namespace drey::model {

uint32_t PartitionRequestQueue::add_reader(PipelinedSubpartition& subpartition,
                                           int32_t initial_credit) {
  const auto index = static_cast<uint32_t>(readers_.size());
  Reader& reader = readers_.emplace_back();
  reader.queue = this;
  reader.subpartition = &subpartition;
  reader.index = index;
  reader.initial_credit = initial_credit;
  reader.credit = initial_credit;
  subpartition.set_listener(&reader);
  reader_non_empty(index);
  return index;
}

void PartitionRequestQueue::remove_reader(uint32_t index) {
  Reader& reader = readers_[index];
  if (reader.subpartition == nullptr) return;
  reader.subpartition->set_listener(nullptr);
  reader.subpartition = nullptr;
  if (reader.registered) available_.erase(std::find(available_.begin(), available_.end(), index));
  reader.registered = false;
}

void PartitionRequestQueue::add_credit(uint32_t index, int32_t credit) {
  Reader& reader = readers_[index];
  if (reader.subpartition == nullptr) return;
  reader.credit += credit;
  enqueue_if_available(reader);
}

void PartitionRequestQueue::resume(uint32_t index) {
  Reader& reader = readers_[index];
  if (reader.subpartition == nullptr) return;
  // Without exclusive buffers the consumer gave all its floating ones back when it was blocked.
  if (reader.initial_credit == 0) reader.credit = 0;
  reader.subpartition->resume();
  enqueue_if_available(reader);
}

void PartitionRequestQueue::set_writable(bool writable) {
  writable_ = writable;
  if (writable) write();
}

void PartitionRequestQueue::reader_non_empty(uint32_t reader) {
  enqueue_if_available(readers_[reader]);
}

bool PartitionRequestQueue::needs_backlog_announcement(const Reader& reader) const {
  return reader.initial_credit == 0 && reader.credit == 0;
}

void PartitionRequestQueue::enqueue_if_available(Reader& reader) {
  if (reader.registered) return;
  const auto state = reader.subpartition->availability(reader.credit > 0);
  if (!state.available) {
    if (state.backlog > 0 && needs_backlog_announcement(reader))
      out_.backlog(reader.index, state.backlog);
    return;
  }
  const bool was_empty = available_.empty();
  register_available(reader);
  if (was_empty) write();
}

void PartitionRequestQueue::register_available(Reader& reader) {
  reader.registered = true;
  available_.push_back(reader.index);
}

// In step with availability(): an event needs no credit.
bool PartitionRequestQueue::more_available(const Reader& reader, const PolledBuffer& buffer) const {
  if (buffer.next_type == BufferType::none) return false;
  return reader.credit > 0 || is_event(buffer.next_type);
}

void PartitionRequestQueue::write() {
  if (writing_) return;  // the loop below goes on
  writing_ = true;
  while (writable_ && !available_.empty()) {
    Reader& reader = readers_[available_.front()];
    available_.pop_front();
    reader.registered = false;
    const auto next = reader.subpartition->poll();
    if (!next.has_value()) continue;
    if (is_data(next->type)) {
      --reader.credit;
      CHECK(reader.credit >= 0, "no data without credit");
    }
    if (more_available(reader, *next)) register_available(reader);
    if (!out_.buffer(reader.index, *next)) writable_ = false;
  }
  writing_ = false;
}

}  // namespace drey::model
