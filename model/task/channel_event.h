#pragma once
// The events that travel between tasks beside the data: in the order of the stream, one buffer of
// their own each.
//
// Upstream: AbstractEvent (CheckpointBarrier, CancelCheckpointMarker, EndOfData,
// EndOfPartitionEvent).
#include <cstdint>

#include "model/task/buffer_type.h"
#include "model/task/checkpoint_barrier.h"

namespace drey::model {

struct ChannelEvent {
  enum class Kind : uint8_t {
    barrier,
    cancel_marker,
    end_of_data,
    end_of_partition
  } kind = Kind::barrier;
  CheckpointBarrier barrier;  // of a barrier; a cancel marker uses its id
  int64_t created_ns = 0;     // of a barrier: the trigger's time stamp, for start delays
  bool drain = true;          // of the end of data: finish operators

  template <class Visitor>
  void visit(Visitor& v) const {
    const AlignmentOptions& alignment = barrier.options.alignment;
    v(kind, barrier.id, barrier.created_ms, barrier.options.type, barrier.options.native,
      alignment.type, alignment.aligned_timeout, barrier.options.location, barrier.forced_aligned,
      created_ns, drain);
  }
};

constexpr BufferType buffer_type_of_barrier(AlignmentType alignment, bool timeoutable) {
  switch (alignment) {
    case AlignmentType::unaligned:
      return BufferType::prioritized_event_buffer;
    case AlignmentType::at_least_once:
      return BufferType::event_buffer;
    case AlignmentType::aligned:
      return timeoutable ? BufferType::timeoutable_aligned_checkpoint_barrier
                         : BufferType::aligned_checkpoint_barrier;
  }
  return BufferType::event_buffer;
}

inline BufferType buffer_type_of(const ChannelEvent& event) {
  switch (event.kind) {
    case ChannelEvent::Kind::barrier:
      return buffer_type_of_barrier(event.barrier.options.alignment.type,
                                    event.barrier.timeoutable());
    case ChannelEvent::Kind::cancel_marker:
      return BufferType::event_buffer;
    case ChannelEvent::Kind::end_of_data:
      return BufferType::end_of_data;
    case ChannelEvent::Kind::end_of_partition:
      return BufferType::end_of_partition;
  }
  return BufferType::event_buffer;
}

}  // namespace drey::model
