#pragma once
// A checkpoint barrier as it travels between tasks.
//
// `created_ms` is the trigger's wall clock in whole milliseconds; an alignment time-out counts from
// it. Barriers are rare (one per channel and checkpoint): the location string may be copied.
// Upstream: CheckpointBarrier, and the parts of CheckpointOptions that the tasks use.
#include <cstdint>

#include "model/checkpoint/checkpoint_types.h"
#include "sim/time.h"

namespace drey::model {

struct CheckpointBarrier {
  int64_t id = -1;
  int64_t created_ms = 0;
  CheckpointOptions options;
  bool forced_aligned =
      false;  // sent over an edge without support for unaligned checkpoints (BH-3)

  bool unaligned() const { return options.alignment.type == AlignmentType::unaligned; }
  // May turn into an unaligned barrier on its way; announced at remote input channels.
  bool timeoutable() const {
    return !forced_aligned && options.alignment.aligned_timeout.has_value() &&
           *options.alignment.aligned_timeout > sim::Duration{};
  }
  // Whole milliseconds. Only of a timeoutable barrier.
  int64_t timeout_ms() const { return sim::to_millis(*options.alignment.aligned_timeout); }

  CheckpointBarrier as_unaligned() const {
    CheckpointBarrier barrier = *this;
    barrier.options.alignment = {.type = AlignmentType::unaligned, .aligned_timeout = {}};
    return barrier;
  }
};

}  // namespace drey::model
