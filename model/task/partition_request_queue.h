#pragma once
// The producer's end of one connection between two TaskManagers: readers with credit, one write
// after the other, round robin.
//
// A reader is in the queue at most once. After each message the sender calls writable() again (when
// the write completed, or the socket takes more); until then nothing more is written. Reader
// numbers are dense, given at add_reader; a reader's memory is 40 bytes. The subpartition's
// notifications arrive here directly; a reader without data costs no work. Upstream:
// PartitionRequestQueue, CreditBasedSequenceNumberingViewReader. Data-plane page 1.5 and 1.6.
#include <cstdint>
#include <deque>

#include "model/task/pipelined_subpartition.h"

namespace drey::model {

class PartitionRequestOutput {
 public:
  virtual ~PartitionRequestOutput() = default;
  // One message to the consumer. Answers whether the socket takes another one at once; if not, call
  // writable() later.
  virtual bool buffer(uint32_t reader, const PolledBuffer& buffer) = 0;
  // Only without exclusive buffers: asks the consumer to request floating buffers.
  virtual void backlog(uint32_t reader, int32_t backlog) = 0;
};

class PartitionRequestQueue {
 public:
  explicit PartitionRequestQueue(PartitionRequestOutput& out) : out_(out) {}
  PartitionRequestQueue(const PartitionRequestQueue&) = delete;
  PartitionRequestQueue& operator=(const PartitionRequestQueue&) = delete;

  // A partition request came; the subpartition may hold data already. It must outlive the reader.
  uint32_t add_reader(PipelinedSubpartition& subpartition, int32_t initial_credit);
  // The consumer cancelled, or the end of partition was sent. The subpartition is told nothing
  // (§1.11: the producer does not fail).
  void remove_reader(uint32_t reader);

  void add_credit(uint32_t reader, int32_t credit);
  void resume(uint32_t reader);
  // The socket is ready for a message, or (false) not.
  void set_writable(bool writable);

  int32_t credit(uint32_t reader) const { return readers_[reader].credit; }
  const std::deque<uint32_t>& available_readers() const { return available_; }

 private:
  class Reader final : public SubpartitionListener {
   public:
    void data_available() override { queue->reader_non_empty(index); }
    void priority_event(uint32_t) override { queue->reader_non_empty(index); }

    PartitionRequestQueue* queue = nullptr;
    PipelinedSubpartition* subpartition = nullptr;  // null: removed
    uint32_t index = 0;
    int32_t initial_credit = 0;
    int32_t credit = 0;
    bool registered = false;
  };

  void reader_non_empty(uint32_t reader);
  void enqueue_if_available(Reader& reader);
  bool needs_backlog_announcement(const Reader& reader) const;
  bool more_available(const Reader& reader, const PolledBuffer& buffer) const;
  void register_available(Reader& reader);
  void write();

  PartitionRequestOutput& out_;
  std::deque<Reader> readers_;  // stable addresses: each is a listener
  std::deque<uint32_t> available_;
  bool writable_ = true;
  bool writing_ = false;
};

}  // namespace drey::model
