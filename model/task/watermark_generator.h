#pragma once
// Bounded out-of-orderness (watermark = highest time stamp - bound - 1, emitted at periodic ticks),
// with idleness: when no event came for longer than the time-out the output is marked idle once and
// nothing is emitted till the next event.
//
// The idleness clock starts at the first tick without activity, and it is only looked at in ticks.
// It must be a clock that the caller stops while the task is back-pressured or waits for alignment;
// so `now` is a time of that clock. Units: time stamps ms, clock sim::Duration since any fixed
// start. Upstream: BoundedOutOfOrdernessWatermarks, WatermarksWithIdleness.
#include <cstdint>
#include <optional>

#include "model/task/watermark_valve.h"
#include "sim/time.h"

namespace drey::model {

class WatermarkGenerator {
 public:
  struct Options {
    int64_t bound_ms = 0;                       // 0: ascending time stamps
    std::optional<sim::Duration> idle_timeout;  // none: never idle
  };
  // At most one of the two.
  struct Emitted {
    std::optional<int64_t> watermark;
    bool idle = false;
  };

  explicit WatermarkGenerator(const Options& options);
  void on_event(int64_t timestamp);
  Emitted on_periodic_tick(sim::Duration now);

 private:
  int64_t current_watermark() const;
  bool idle_at(sim::Duration now);

  Options options_;
  int64_t max_timestamp_;
  bool active_since_tick_ = false;
  bool marked_idle_ = false;
  std::optional<sim::Duration> quiet_since_;
};

}  // namespace drey::model
