#include "model/task/buffer_counts.h"

#include <algorithm>

namespace drey::model {

namespace {

bool sort_merge(const NetworkBufferSettings& settings, ResultPartitionType type,
                int32_t subpartitions) {
  return is_blocking_or_persistent(type) && subpartitions >= settings.sort_shuffle_min_parallelism;
}

// The approximate exchange counts as a blocking one here (upstream asks
// isPipelinedOrPipelinedBounded).
bool needs_all_required(ResultPartitionType type) {
  return is_pipelined_or_bounded(type) || is_hybrid(type);
}

}  // namespace

GateBuffers gate_buffers(const NetworkBufferSettings& settings, ResultPartitionType type,
                         int32_t channels, bool tiered) {
  const int32_t standard = needs_all_required(type) && !tiered ? INT32_MAX : 1000;
  const int32_t max_required = settings.max_required_per_gate.value_or(standard);
  GateBuffers buffers;
  const int32_t exclusive = channels * settings.exclusive_per_channel;
  buffers.target_total = exclusive + settings.floating_per_gate;
  const int32_t required = std::min(max_required, exclusive + 1);
  buffers.exclusive_per_channel =
      std::min(settings.exclusive_per_channel, (required - 1) / channels);
  buffers.required_floating = required - buffers.exclusive_per_channel * channels;
  buffers.total_floating = buffers.target_total - buffers.exclusive_per_channel * channels;
  return buffers;
}

PartitionBuffers partition_buffers(const NetworkBufferSettings& settings, ResultPartitionType type,
                                   int32_t subpartitions, bool tiered, int32_t tier_exclusive) {
  PartitionBuffers buffers;
  buffers.max = INT32_MAX;
  if (sort_merge(settings, type, subpartitions) && !tiered) {
    buffers.min = settings.sort_shuffle_min_buffers;
    buffers.max = subpartitions * 4;
  } else if (tiered) {
    buffers.min = std::min(tier_exclusive, subpartitions + 1);
  } else {
    buffers.min = subpartitions + 1;
    if (is_bounded(type))
      buffers.max = subpartitions * settings.exclusive_per_channel + settings.floating_per_gate;
  }
  buffers.max = std::max(buffers.min, buffers.max);
  return buffers;
}

std::optional<int32_t> announced_buffers(const NetworkBufferSettings& settings,
                                         const std::vector<AnnouncedInput>& inputs,
                                         const std::vector<AnnouncedOutput>& outputs) {
  int64_t sum = 0;
  for (const AnnouncedInput& input : inputs)
    sum += int64_t{gate_buffers(settings, input.type, input.channels, false).target_total} *
           input.gates;
  for (const AnnouncedOutput& output : outputs) {
    const PartitionBuffers buffers =
        partition_buffers(settings, output.type, output.subpartitions, false, 0);
    if (sort_merge(settings, output.type, output.subpartitions)) {
      sum += buffers.min;
      continue;
    }
    if (buffers.max == INT32_MAX) return std::nullopt;
    sum += buffers.max;
  }
  return static_cast<int32_t>(sum);
}

}  // namespace drey::model
