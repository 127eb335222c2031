#pragma once
// The queue of one subpartition of a pipelined result partition: what the producer wrote and the
// consumer has not taken.
//
// The producer appends to at most one open buffer through its WriterPosition (shared by all
// subpartitions of a broadcast), so a record costs nothing here; this class is entered once per
// buffer. Only the last element can be unfinished, and the end of a data buffer is seen only when
// it is polled after it was finished, so a single full buffer waits for a flush or the next
// element. Sequence numbers are given at polling, from 0. Aligned barriers and the end of recovered
// output block the queue until resume. Sizes in bytes. `payload` is the owner's handle and is only
// carried. Upstream: PipelinedSubpartition and its view, data-plane page 1.4.
#include <cstdint>
#include <optional>

#include "model/task/buffer_type.h"
#include "model/task/prioritized_queue.h"

namespace drey::model {

// How far the writer of a buffer has come. Lives as long as the buffer is queued anywhere.
struct WriterPosition {
  uint32_t committed = 0;
  bool finished = false;
};

struct QueuedBuffer {
  const WriterPosition* writer = nullptr;  // null: an event, `size` bytes and finished
  uint64_t payload = 0;
  int64_t checkpoint = -1;  // of a barrier
  uint32_t size = 0;        // of an event
  uint32_t read = 0;        // bytes polled so far
  BufferType type = BufferType::data_buffer;
  bool finished_seen = false;  // as far as the consumer side knows
};

// A taken slice: bytes [offset, offset + size) of the buffer.
struct PolledBuffer {
  uint64_t payload = 0;
  int64_t checkpoint = -1;
  uint32_t offset = 0;
  uint32_t size = 0;
  uint32_t sequence = 0;
  int32_t backlog = 0;  // data buffers that wait behind it
  BufferType type = BufferType::none;
  BufferType next_type = BufferType::none;  // none: nothing available
  bool last_of_buffer = false;              // the queue holds this buffer no more
};

// Whoever reads the queue: a reader of the network server or a local input channel.
class SubpartitionListener {
 public:
  virtual ~SubpartitionListener() = default;
  virtual void data_available() = 0;
  virtual void priority_event(uint32_t sequence) = 0;
};

// In-flight data that belongs to an unaligned checkpoint, oldest first. Of a buffer only what was
// not yet read (from QueuedBuffer::read on) is in flight.
class OutputStateListener {
 public:
  virtual ~OutputStateListener() = default;
  virtual void persist(int64_t checkpoint, const QueuedBuffer& buffer) = 0;
  // A timeoutable barrier timed out here: the payload of the unaligned barrier that takes its
  // place.
  virtual uint64_t unaligned_payload(const QueuedBuffer& barrier) { return barrier.payload; }
};

class PipelinedSubpartition {
 public:
  // `exclusive_per_channel`: of the receiver; with 0 an empty finished buffer is sent too, since
  // credit was given for it.
  explicit PipelinedSubpartition(int32_t exclusive_per_channel = 2)
      : no_exclusive_(exclusive_per_channel == 0) {}

  void set_listener(SubpartitionListener* listener) { listener_ = listener; }
  void set_output_state_listener(OutputStateListener* listener) { output_state_ = listener; }

  // False: finished already, the buffer is not taken.
  bool add(const QueuedBuffer& buffer);
  // Adds the end of partition; nothing can be added any more.
  bool finish(const QueuedBuffer& end_of_partition);
  void flush();
  std::optional<PolledBuffer> poll();
  void resume() { blocked_ = false; }
  // Approximate: another reader begins here, whatever the last one had been told. What a reader has
  // polled is gone. Upstream: PipelinedApproximateSubpartition.createReadView.
  void restart_reading() {
    listener_ = nullptr;
    blocked_ = false;
    sequence_ = 0;
  }
  // The output alignment timer of a timeoutable barrier: if it still waits, it becomes an unaligned
  // priority event (CS-3).
  void time_out_barrier(int64_t checkpoint);
  // Takes the next buffer without regard to blocking, for release; empty: none left.
  std::optional<QueuedBuffer> drain();

  struct Availability {
    bool available = false;
    int32_t backlog = 0;
  };
  Availability availability(bool has_credit) const;

  uint32_t queue_length() const { return queue_.size(); }
  int32_t backlog() const;
  bool blocked() const { return blocked_; }
  bool flush_requested() const { return flush_requested_; }
  bool finished() const { return finished_; }
  const QueuedBuffer& at(uint32_t i) const { return queue_.at(i); }

 private:
  bool data_available() const;
  bool may_poll() const;
  uint32_t finished_buffers() const;
  bool should_notify() const;
  BufferType next_type() const;
  void add_to_queue(const QueuedBuffer& buffer);
  void add_priority(const QueuedBuffer& buffer);
  void persist_behind_priority(int64_t checkpoint);
  void notify_priority();

  PrioritizedQueue<QueuedBuffer> queue_;
  SubpartitionListener* listener_ = nullptr;
  OutputStateListener* output_state_ = nullptr;
  int64_t timeoutable_ = -1;  // checkpoint of the timeoutable barrier that waits
  int32_t data_buffers_ = 0;
  uint32_t sequence_ = 0;
  bool no_exclusive_;
  bool blocked_ = false;
  bool flush_requested_ = false;
  bool finished_ = false;
};

}  // namespace drey::model
