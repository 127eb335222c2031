#pragma once
// The timers of one operator: event time and processing time, kept in its keyed backend and so part
// of its snapshots.
//
// Pull, not callbacks: the operator sets the watermark (or the clock) and takes due timers one by
// one, so that firing can be interrupted by a mail between two timers. A timer registered while
// firing is due in the same round if its time has come. The watermark is no state: after a restore
// it is kMinWatermark until the first one arrives, and restored event timers fire when it passes
// them again. Units: ms. Upstream: InternalTimerServiceImpl.
#include <cstdint>
#include <optional>
#include <string_view>

#include "model/task/watermark_valve.h"
#include "sim/time.h"
#include "state/keyed_backend.h"

namespace drey::model {

class TimerService {
 public:
  // The backend outlives the service. `name` is unique in the operator.
  TimerService(state::KeyedBackend& backend, std::string_view name);

  // What a restore forgets under a mutant.
  void forget_event_timers() {
    while (event_.pop_due(kMaxWatermark).has_value()) {
    }
  }

  void register_event_timer(const state::Timer& timer) { event_.add(timer); }
  void delete_event_timer(const state::Timer& timer) { event_.remove(timer); }
  void register_processing_timer(const state::Timer& timer) { processing_.add(timer); }
  void delete_processing_timer(const state::Timer& timer) { processing_.remove(timer); }

  // Before firing; to be forwarded downstream after the last due timer.
  void advance_watermark(int64_t watermark) { watermark_ = watermark; }
  int64_t current_watermark() const { return watermark_; }
  // The next timer with a time stamp of at most the watermark.
  std::optional<state::Timer> pop_event_timer() { return event_.pop_due(watermark_); }
  // The next timer with a time stamp of at most `now`.
  std::optional<state::Timer> pop_processing_timer(int64_t now) { return processing_.pop_due(now); }

  // When the task has to wake up for processing timers; nothing to wait for when empty.
  std::optional<int64_t> next_processing_timer() const { return processing_.earliest(); }
  // From `now` to the wake-up for a timer: a future timer waits until the clock is past its time
  // stamp (one more ms, so that it agrees with watermarks), an overdue one not at all (TM-3).
  static sim::Duration wake_up_delay(int64_t timestamp, int64_t now);

  uint64_t event_timers() { return event_.size(); }
  uint64_t processing_timers() { return processing_.size(); }

 private:
  state::TimerQueue& event_;
  state::TimerQueue& processing_;
  int64_t watermark_ = kMinWatermark;
};

}  // namespace drey::model
