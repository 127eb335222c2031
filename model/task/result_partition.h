#pragma once
// The output of one subtask along one data set: a queue per subpartition and the buffers that they
// hold.
//
// The task writes in two steps, so that it touches state only for records whose output has a buffer
// (design.md 2.12): admit() says how many records' outputs find room and takes their buffers;
// write() fills them. Nothing of this is seen by a consumer before publish(), which the task calls
// at the instants at which somebody looks.
//
// Available: the pool says so and no buffer is owed. A record is only begun while the partition is
// available; what it emits beyond the free buffers takes overdraft buffers, and beyond those is
// owed (hard back-pressure) until buffers come back.
//
// A stored partition (blocking, hybrid) is collected here, in as many buffers as its pool has, and
// then spilled as one region, sorted by subpartition, into its store, where its readers find it.
// spill_due() is asked at the end of a slice: a region may exceed the pool by one slice. It never
// holds its writer back.
//
// Sizes are in units (record_slice.h). The pipelined partition outlives its task until its
// consumers have taken everything (DataExchange owns it). Upstream: BufferWritingResultPartition,
// PipelinedResultPartition.
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "model/task/channel_event.h"
#include "model/task/deployment.h"
#include "model/task/local_buffer_pool.h"
#include "model/task/record_slice.h"
#include "model/task/result_store.h"
#include "model/task/sort_buffer.h"
#include "model/task/subpartition_view.h"

namespace drey::model {

// The task that writes. Every look from outside goes through `look()` first.
class PartitionWriter {
 public:
  virtual ~PartitionWriter() = default;
  // Apply what was due before now, and publish it.
  virtual void look() = 0;
  // The partition may be available again; called inside calls of others, so only note it.
  virtual void output_available() = 0;
  virtual void buffer_emitted(uint32_t result, uint32_t subpartition, uint32_t sequence,
                              const RecordSlice& slice) = 0;
  // All consumers have taken all data (FLIP-147: the task may end).
  virtual void all_data_processed(uint32_t result) = 0;
};

struct ResultPartitionOptions {
  PartitionId id;
  uint32_t index = 0;  // among the task's results
  uint32_t subpartitions = 1;
  uint32_t units_per_buffer = 1024;
  uint32_t unit_bytes = kUnitBytes;
  int32_t exclusive_per_channel = 2;     // of the receiver
  std::shared_ptr<ResultStore> store{};  // null: pipelined
  uint64_t region_buffers = 256;         // so many are collected before they are stored
  uint64_t order = 0;                    // of a task that stores its output in varying order
  Mutant mutant = Mutant::none;
  bool reconnects = false;  // approximate: another reader may take over
};

class ResultPartition final : private PoolAvailabilityListener, private DrainListener {
 public:
  ResultPartition(const ResultPartitionOptions& options, PartitionWriter& writer);
  ~ResultPartition() override;
  ResultPartition(const ResultPartition&) = delete;
  ResultPartition& operator=(const ResultPartition&) = delete;

  // Takes its pool. False: "Insufficient number of network buffers".
  bool set_up(NetworkBufferPool& network, const LocalBufferPoolOptions& pool);

  const PartitionId& id() const { return options_.id; }
  uint32_t subpartitions() const { return options_.subpartitions; }

  bool stored() const { return options_.store != nullptr; }
  bool available() const { return stored() || (owed_ == 0 && pool_->available()); }
  // Room for one output in subpartition `target`, taking a buffer if need be.
  void admit(uint32_t target) {
    if (sorting_ != nullptr) return;
    Sub& sub = subs_[target];
    if (sub.reserved == sub.capacity) open_buffer(target);
    ++sub.reserved;
  }
  // The same for many, while it is available; how many were admitted.
  size_t admit(std::span<const uint16_t> targets);
  // The admitted outputs, in the order of admission.
  void write(uint32_t target, const sim::Record& record, uint16_t group) {
    if (sorting_ != nullptr) {
      sorting_->add(target, record, group);
      return;
    }
    Sub& sub = subs_[target];
    Builder* builder = sub.writing;
    if (builder->units == options_.units_per_buffer) builder = next_buffer(sub);
    const uint32_t at = builder->records++;
    builder->content->records[at] = record;
    builder->content->groups[at] = group;
    ++builder->units;
    if (!sub.dirty) mark_dirty(target);
  }
  // To all subpartitions, admitted and written at once.
  void write_element(const InlineElement& element);
  void publish();
  bool unflushed() const { return unflushed_; }

  // These publish first.
  void flush();
  void broadcast(const ChannelEvent& event);
  void finish();  // the end of partition
  bool finished() const { return finished_; }

  // Stored only: what was collected fills the pool; writes it.
  bool spill_due() const {
    return sorting_ != nullptr &&
           (sorting_->full() || (!sorting_->empty() && options_.store->eager()));
  }
  void spill();
  const ResultStore* store() const { return options_.store.get(); }
  void store_answered() {
    if (writer_ != nullptr) writer_->output_available();
  }
  void abandon_store() { options_.store->abandon(); }
  bool reconnects() const { return options_.reconnects; }

  // The reader's side, pipelined only.
  PipelinedSubpartition& queue(uint32_t subpartition) { return subs_[subpartition].queue; }
  using Taken = TakenBuffer;
  Taken take(uint32_t subpartition, uint64_t payload, BufferType type, uint32_t size,
             uint32_t sequence);
  void recycle(uint32_t subpartition, uint64_t buffer);
  // A consumer is gone, or took the end of partition; true when it was the last.
  bool consumed(uint32_t subpartition);
  bool all_consumed() const { return !stored() && consumed_ == options_.subpartitions; }
  void user_records_processed(uint32_t subpartition);
  bool all_processed() const { return stored() || processed_ == options_.subpartitions; }
  void look();

  // The task is gone: nobody writes any more. The queues stay for their readers.
  void detach_writer() { writer_ = nullptr; }
  // Drops everything; buffers go back.
  void release();
  bool released() const { return released_; }
  // Of the network's buffers.
  int32_t buffers_in_use() const { return pool_ == nullptr ? 0 : pool_->requested(); }

 private:
  struct Builder {
    WriterPosition position;
    std::shared_ptr<BufferContent> content;
    std::vector<InlineElement> elements;
    std::vector<uint32_t> element_units;  // unit index of each element
    uint64_t number = 0;
    uint32_t units = 0;
    uint32_t records = 0;
    uint32_t taken_units = 0;
    uint32_t taken_records = 0;
    uint32_t taken_elements = 0;
    bool queued = false;
    bool owed = false;    // no buffer of the pool stands behind it yet
    bool handed = false;  // its last part was taken: the taker recycles it
  };
  struct QueuedEvent {
    uint64_t number = 0;  // its payload
    ChannelEvent event;
  };
  struct Sub {
    PipelinedSubpartition queue;
    std::vector<std::unique_ptr<Builder>> builders;  // oldest first; the last ones not queued yet
    Builder* writing = nullptr;
    uint32_t capacity = 0;  // of the buffers opened so far, in the units of `reserved`
    uint32_t reserved = 0;
    bool open = false;  // the last builder takes more
    bool dirty = false;
    bool consumed = false;
    bool processed = false;
    std::vector<QueuedEvent> events;  // not taken yet, oldest first
  };

  void open_buffer(uint32_t target);
  Builder* next_buffer(Sub& sub);
  void close_buffer(Sub& sub);
  void mark_dirty(uint32_t target);
  void publish(Sub& sub);
  void settle_debt();
  Taken take_data(Sub& sub, uint64_t number, uint32_t size);
  void enqueue(Sub& sub, const QueuedEvent& queued);
  void store_event(const ChannelEvent& event);
  void pool_available() override;
  void drained(uint32_t target, const RecordSlice& slice) override;
  void give_back(uint32_t subpartition, Builder& builder);
  void drop_before(uint32_t subpartition, uint64_t number);

  ResultPartitionOptions options_;
  PartitionWriter* writer_;
  std::unique_ptr<LocalBufferPool> pool_;
  std::unique_ptr<SortBuffer> sorting_;  // stored
  uint32_t drained_ = 0;                 // buffers so far
  std::vector<Sub> subs_;  // as many as there are from the beginning: readers hold their queues
  std::vector<uint32_t> dirty_;
  std::vector<uint32_t> owed_to_;  // subpartitions of owed buffers, oldest first
  uint64_t last_number_ = 0;       // of builders and events, in the order of the stream
  uint32_t owed_ = 0;
  uint32_t consumed_ = 0;
  uint32_t processed_ = 0;
  bool unflushed_ = false;
  bool finished_ = false;
  bool released_ = false;
};

}  // namespace drey::model
