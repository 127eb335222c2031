#pragma once
// What a network buffer carries, and what follows from it. Upstream: Buffer.DataType.
#include <cstdint>
#include <string_view>

namespace drey::model {

enum class BufferType : uint8_t {
  none,  // no buffer
  data_buffer,
  event_buffer,
  cancel_checkpoint_marker,  // upstream: an event buffer as any other
  prioritized_event_buffer,  // an unaligned barrier or an announcement
  aligned_checkpoint_barrier,
  timeoutable_aligned_checkpoint_barrier,
  recovery_completion,  // end of the recovered output of a channel
  end_of_data,
  end_of_partition,
  aligned_watermark_event,
  unaligned_watermark_event,
};

constexpr bool is_data(BufferType type) { return type == BufferType::data_buffer; }
constexpr bool is_event(BufferType type) {
  return type != BufferType::none && type != BufferType::data_buffer;
}
constexpr bool has_priority(BufferType type) {
  return type == BufferType::prioritized_event_buffer;
}
// The consumer must resume the subpartition once it was polled.
constexpr bool blocks_upstream(BufferType type) {
  return type == BufferType::aligned_checkpoint_barrier ||
         type == BufferType::timeoutable_aligned_checkpoint_barrier ||
         type == BufferType::recovery_completion || type == BufferType::aligned_watermark_event;
}
// A priority event of an input channel is a barrier, too, unless it announces one.
constexpr bool is_barrier(BufferType type) {
  return type == BufferType::aligned_checkpoint_barrier ||
         type == BufferType::timeoutable_aligned_checkpoint_barrier ||
         type == BufferType::prioritized_event_buffer;
}
constexpr bool requires_announcement(BufferType type) {
  return type == BufferType::timeoutable_aligned_checkpoint_barrier;
}

constexpr std::string_view name_of(BufferType type) {
  switch (type) {
    case BufferType::none:
      return "none";
    case BufferType::data_buffer:
      return "data_buffer";
    case BufferType::event_buffer:
    case BufferType::cancel_checkpoint_marker:
      return "event_buffer";
    case BufferType::prioritized_event_buffer:
      return "prioritized_event_buffer";
    case BufferType::aligned_checkpoint_barrier:
      return "aligned_checkpoint_barrier";
    case BufferType::timeoutable_aligned_checkpoint_barrier:
      return "timeoutable_aligned_checkpoint_barrier";
    case BufferType::recovery_completion:
      return "recovery_completion";
    case BufferType::end_of_data:
      return "end_of_data";
    case BufferType::end_of_partition:
      return "end_of_partition";
    case BufferType::aligned_watermark_event:
      return "aligned_watermark_event";
    case BufferType::unaligned_watermark_event:
      return "unaligned_watermark_event";
  }
  return "?";
}

}  // namespace drey::model
