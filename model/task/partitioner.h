#pragma once
// Which subpartition of its producer a record goes to. One ChannelSelector per result partition of
// a subtask; rebalance and rescale remember their last channel, nothing else does. A broadcast has
// no single channel: the writer asks is_broadcast.
//
//   ChannelSelector p({.kind = PartitionerKind::hash, .channels = 4, .max_parallelism = 128});
//   p.select(record_key_hash, draw)
//
// `first_channel` of rebalance and the draws of shuffle come from the caller (kernel draws): random
// upstream. Upstream: StreamPartitioner and its subclasses.
#include <cstdint>
#include <optional>
#include <string_view>

#include "model/task/subtask_state_mapper.h"

namespace drey::model {

enum class PartitionerKind : uint8_t {
  forward,
  rebalance,
  rescale,
  shuffle,
  global,
  broadcast,
  hash,
  custom,  // key floorMod channels
};

struct PartitionerTraits {
  bool broadcast = false;
  bool pointwise = false;
  bool unaligned_supported = false;  // in-flight data of the edge may be part of a checkpoint
  SubtaskStateMapper upstream_mapper = SubtaskStateMapper::unsupported;
  SubtaskStateMapper downstream_mapper = SubtaskStateMapper::unsupported;
};
PartitionerTraits traits(PartitionerKind kind);
std::string_view name(PartitionerKind kind);
std::optional<PartitionerKind> partitioner_named(std::string_view name);

class ChannelSelector {
 public:
  struct Options {
    PartitionerKind kind = PartitionerKind::forward;
    uint32_t channels = 1;        // subpartitions, >= 1
    int32_t max_parallelism = 0;  // hash only: of the consumer
    uint32_t first_channel =
        0;  // rebalance only: drawn, in [0, channels); the first record goes one further
  };
  explicit ChannelSelector(const Options& options);

  struct Choice {
    int64_t key = 0;       // custom only
    int32_t key_hash = 0;  // hash only: Java hash code of the key
    uint64_t draw = 0;     // shuffle only
  };
  // Nothing for broadcast.
  std::optional<uint32_t> select(const Choice& record);

  PartitionerKind kind() const { return options_.kind; }

 private:
  uint32_t next_round_robin();

  Options options_;
  uint32_t last_ = 0;
};

}  // namespace drey::model
