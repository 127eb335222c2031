#include "model/task/checkpointed_input_gate.h"

namespace drey::model {

std::optional<GateBuffer> CheckpointedInputGate::poll(sim::Time now) {
  const auto polled = gate_.poll();
  if (!polled.has_value()) return std::nullopt;
  if (is_data(polled->buffer.type))
    handler_.processed(polled->buffer.size);
  else
    dispatch(*polled, now);
  return polled;
}

void CheckpointedInputGate::process_priority_events(sim::Time now) {
  while (gate_.priority_available() && poll(now).has_value()) {
  }
}

void CheckpointedInputGate::dispatch(const GateBuffer& polled, sim::Time now) {
  const uint32_t channel = first_channel_ + polled.channel;
  const ReceivedBuffer& event = polled.buffer;
  switch (event.type) {
    case BufferType::aligned_checkpoint_barrier:
    case BufferType::timeoutable_aligned_checkpoint_barrier:
    case BufferType::prioritized_event_buffer:
      if (event.announcement)
        handler_.announcement(channel, barriers_.barrier_of(event), event.sequence, now);
      else
        handler_.barrier(channel, barriers_.barrier_of(event), BarrierOrigin::channel, now);
      return;
    case BufferType::cancel_checkpoint_marker:
      handler_.cancellation(channel, event.checkpoint, now);
      return;
    case BufferType::end_of_partition:
      handler_.end_of_partition(channel, now);
      return;
    case BufferType::none:
    case BufferType::data_buffer:
    case BufferType::event_buffer:
    case BufferType::recovery_completion:
    case BufferType::end_of_data:
    case BufferType::aligned_watermark_event:
    case BufferType::unaligned_watermark_event:
      return;  // the task's own business
  }
}

}  // namespace drey::model
