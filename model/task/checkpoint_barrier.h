#pragma once
// A checkpoint barrier as it travels between tasks, and why a barrier handler gives a checkpoint
// up.
//
// Times are Flink's: `created_ms` is the trigger's wall clock in whole milliseconds, `timeout_ms`
// counts from it. Invariant: only Alignment::aligned has a finite timeout. Upstream:
// CheckpointBarrier, CheckpointOptions, CheckpointFailureReason (the four that a handler can
// raise).
#include <cstdint>
#include <string_view>

namespace drey::model {

enum class Alignment : uint8_t { at_least_once, aligned, unaligned, forced_aligned };

inline constexpr int64_t kNoAlignmentTimeout = INT64_MAX;

struct CheckpointBarrier {
  int64_t id = -1;
  int64_t created_ms = 0;
  int64_t timeout_ms = kNoAlignmentTimeout;
  Alignment alignment = Alignment::aligned;
  bool savepoint = false;

  constexpr bool unaligned() const { return alignment == Alignment::unaligned; }
  // May turn into an unaligned barrier on its way (announced at remote input channels).
  constexpr bool timeoutable() const {
    return alignment != Alignment::forced_aligned && timeout_ms > 0 &&
           timeout_ms != kNoAlignmentTimeout;
  }
  constexpr CheckpointBarrier as_unaligned() const {
    CheckpointBarrier barrier = *this;
    barrier.alignment = Alignment::unaligned;
    barrier.timeout_ms = kNoAlignmentTimeout;
    return barrier;
  }
};

enum class BarrierAbort : uint8_t {
  declined_subsumed,              // a newer barrier came before this checkpoint was aligned
  declined_cancellation_barrier,  // a cancellation marker came from upstream
  declined_input_end_of_stream,   // an input ended while checkpoints after finished tasks are off
  subsumed,  // a channel already saw a newer barrier when persisting was to start
};

// The name that Flink's CheckpointFailureReason has for it.
std::string_view flink_name(BarrierAbort reason);

}  // namespace drey::model
