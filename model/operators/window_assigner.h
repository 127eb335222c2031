#pragma once
// Which event-time windows a time stamp belongs to. Units: ms.
// Upstream: TumblingEventTimeWindows, SlidingEventTimeWindows, EventTimeSessionWindows, TimeWindow.
#include <cstdint>
#include <vector>

#include "state/serialized.h"

namespace drey::model {

struct WindowAssigner {
  enum class Kind : uint8_t { tumbling, sliding, session } kind = Kind::tumbling;
  int64_t size = 1;    // tumbling, sliding: > 0; session: the gap
  int64_t slide = 1;   // sliding only: > 0
  int64_t offset = 0;  // tumbling, sliding
};

// The start of the window of `size` that holds the time stamp; also for negative times and offsets.
constexpr int64_t window_start(int64_t timestamp, int64_t offset, int64_t size) {
  const int64_t remainder = (timestamp - offset) % size;
  return timestamp - (remainder < 0 ? remainder + size : remainder);
}

// Replaces `out`. Sliding: latest window first. Session: the candidate [timestamp, timestamp + gap)
// before merging.
void assign_windows(const WindowAssigner& assigner, int64_t timestamp,
                    std::vector<state::TimeWindow>& out);

}  // namespace drey::model
