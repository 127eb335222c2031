#pragma once
// All results of a task with the routing of records to their subpartitions.
//
// admit() takes the records in order and stops in front of the first one that finds an output
// unavailable; what it admits it routes at once, so that write() only copies. Key groups of the
// consumer are computed here, once per record, and travel with it. Upstream: RecordWriter,
// ChannelSelectorRecordWriter, BroadcastRecordWriter.
#include <memory>
#include <span>
#include <vector>

#include "model/operators/shape_operators.h"
#include "model/task/partitioner.h"
#include "model/task/result_partition.h"
#include "sim/reciprocal.h"

namespace drey::model {

// How many outputs an input record of the chain has at once: the filters, flat maps and windows of
// the chain, in order. A window has none; what it fires goes out unasked.
class ChainShape {
 public:
  void add(const FilterOperator& filter) { steps_.push_back({&filter, 1}); }
  void add(const FlatMapOperator& flat_map) { steps_.push_back({nullptr, flat_map.copies()}); }
  void add_window() { steps_.push_back({nullptr, 0}); }
  bool one_to_one() const { return steps_.empty(); }
  uint32_t outputs(const sim::Record& record) const { return outputs(record, 0); }

 private:
  struct Step {
    const FilterOperator* filter = nullptr;
    uint32_t copies = 1;
  };
  uint32_t outputs(const sim::Record& record, size_t from) const;
  std::vector<Step> steps_;
};

class TaskOutputs {
 public:
  struct Route {
    std::shared_ptr<ResultPartition> partition;
    PartitionerKind kind = PartitionerKind::forward;
    int32_t max_parallelism = 128;  // of the consumer
    uint32_t first_channel = 0;     // rebalance: drawn
  };
  void add(const Route& route);

  // Nondeterministic partitioning: a rebalanced record goes where its draw says.
  void scatter(uint64_t salt) { scatter_ = salt | 1; }
  bool empty() const { return routes_.empty(); }
  const std::vector<std::shared_ptr<ResultPartition>>& partitions() const { return partitions_; }
  bool available() const;
  bool unflushed() const;

  // How many of `records` may be processed now.
  size_t admit(std::span<const sim::Record> records, const ChainShape& shape);
  // The same where results hang at several places of the chain, each with the way that leads to it.
  struct Emitter {
    ChainShape shape;
    std::vector<size_t> results;  // in the order of add()
  };
  size_t admit(std::span<const sim::Record> records, std::span<const Emitter> emitters);
  // Their outputs, as many as were admitted.
  void write(std::span<const sim::Record> outputs);
  // Outputs that were not admitted: of a window that fires. They go out whatever is free.
  void write_unasked(std::span<const sim::Record> outputs);
  void write_element(const InlineElement& element);
  // One result only.
  void write_to(size_t result, std::span<const sim::Record> outputs, bool asked);
  void write_element_to(size_t result, const InlineElement& element) {
    partitions_[result]->write_element(element);
  }

  // Stored results: writes those that have collected enough.
  void spill_if_due();
  // Until when the writing thread has to do with what was stored.
  sim::Time busy_until() const;
  bool settled() const;  // all that was stored has arrived
  bool store_failed() const;
  // Completes the stored results.
  void seal();

  void publish();
  void flush();
  void broadcast(const ChannelEvent& event);
  void finish();

 private:
  struct Routed {
    PartitionerKind kind = PartitionerKind::forward;
    int32_t max_parallelism = 128;
    sim::Reciprocal per_max_parallelism;
    uint32_t channels = 1;
    ChannelSelector partitioner;
    std::vector<uint16_t> channel_of_group;  // hash
    std::vector<uint16_t> targets;           // of the admitted outputs
    std::vector<uint16_t> groups;
    size_t routed = 0;
  };
  void route(size_t index, const sim::Record& record);
  size_t admit_hashed(std::span<const sim::Record> records);
  void write_routed(size_t result, std::span<const sim::Record> outputs);

  std::vector<std::shared_ptr<ResultPartition>> partitions_;
  std::vector<Routed> routes_;
  uint64_t scatter_ = 0;  // 0: as the partitioner says
};

}  // namespace drey::model
