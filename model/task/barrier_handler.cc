#include "model/task/barrier_handler.h"

#include <algorithm>

#include "model/task/barrier_tracker.h"
#include "model/task/single_barrier_handler.h"
#include "sim/check.h"

namespace drey::model {

void BarrierHandler::notify_trigger(const CheckpointBarrier& barrier) {
  if (barrier.id != alignment_checkpoint_) {
    out_.trigger(barrier, {.start_delay = {}, .duration = sim::Duration{}, .bytes_processed = 0});
    return;
  }
  if (!alignment_.duration.has_value()) told_unfinished_ = true;
  out_.trigger(barrier, alignment_);
}

void BarrierHandler::mark_alignment_start(const CheckpointBarrier& barrier, sim::Time now) {
  const int64_t delay_ms = std::max<int64_t>(0, sim::to_millis(now) - barrier.created_ms);
  reset_alignment();
  alignment_.start_delay = sim::milliseconds(delay_ms);
  during_alignment_ = true;
  alignment_start_ = now;
  alignment_checkpoint_ = barrier.id;
}

void BarrierHandler::mark_alignment_start_and_end(const CheckpointBarrier& barrier, sim::Time now) {
  mark_alignment_start(barrier, now);
  finish_alignment({});
}

void BarrierHandler::finish_alignment(sim::Duration duration) {
  CHECK(duration.ns >= 0, "an alignment ends after its start");
  if (!alignment_.duration.has_value()) {
    alignment_.duration = duration;
    alignment_.bytes_processed = bytes_processed_;
    if (told_unfinished_) out_.alignment_ended(alignment_checkpoint_, duration, bytes_processed_);
  }
  told_unfinished_ = false;
  during_alignment_ = false;
  bytes_processed_ = 0;
}

void BarrierHandler::reset_alignment() {
  finish_alignment({});
  alignment_.duration.reset();
  alignment_.bytes_processed.reset();
}

std::unique_ptr<BarrierHandler> make_barrier_handler(const BarrierHandlerOptions& options,
                                                     BarrierActions& out) {
  if (options.mode == BarrierMode::tracker) return std::make_unique<BarrierTracker>(options, out);
  return std::make_unique<SingleBarrierHandler>(options, out);
}

}  // namespace drey::model
