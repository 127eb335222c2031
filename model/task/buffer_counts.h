#pragma once
// How many network buffers a gate or a result partition needs, and what a task announces for its
// slot. Pure functions.
//
// Upstream: InputGateSpecUtils, NettyShuffleUtils, NettyShuffleServiceFactory's constants.
// Data-plane page 1.2.
#include <cstdint>
#include <optional>
#include <vector>

#include "model/graph/result_partition_type.h"

namespace drey::model {

// The 2.x constants (no options any more).
struct NetworkBufferSettings {
  int32_t exclusive_per_channel = 2;
  int32_t floating_per_gate = 8;
  int32_t max_per_subpartition = 10;
  int32_t max_overdraft = 20;
  int32_t sort_shuffle_min_parallelism = 1;
  int32_t sort_shuffle_min_buffers = 512;
  std::optional<int32_t> max_required_per_gate;  // ...read-buffer.required-per-gate.max
};

struct GateBuffers {
  int32_t exclusive_per_channel = 0;
  int32_t required_floating = 0;
  int32_t total_floating = 0;
  int32_t target_total = 0;
};

GateBuffers gate_buffers(const NetworkBufferSettings& settings, ResultPartitionType type,
                         int32_t channels, bool tiered);

struct PartitionBuffers {
  int32_t min = 0;
  int32_t max = 0;  // INT32_MAX: unbounded
};

PartitionBuffers partition_buffers(const NetworkBufferSettings& settings, ResultPartitionType type,
                                   int32_t subpartitions, bool tiered, int32_t tier_exclusive);

// One kind of input of a task: `gates` equal gates of `channels` each.
struct AnnouncedInput {
  ResultPartitionType type = ResultPartitionType::pipelined_bounded;
  int32_t channels = 0;
  int32_t gates = 1;
};
struct AnnouncedOutput {
  ResultPartitionType type = ResultPartitionType::pipelined_bounded;
  int32_t subpartitions = 0;
};

// Buffers that the task is declared to need (fine-grained resources). Empty: the sum is refused
// upstream with IllegalArgumentException.
std::optional<int32_t> announced_buffers(const NetworkBufferSettings& settings,
                                         const std::vector<AnnouncedInput>& inputs,
                                         const std::vector<AnnouncedOutput>& outputs);

}  // namespace drey::model
