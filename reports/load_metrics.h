#pragma once
// How busy the subtasks of a vertex were, as Flink's gauges have it: busyTimeMsPerSecond,
// backPressuredTimeMsPerSecond, idleTimeMsPerSecond, each an average over the last minute.
//
// A sample is the share, in thousandths, over the last 12 announcements of one attempt (five
// seconds each); all samples of all subtasks make the series. Upstream: TaskIOMetricGroup,
// TimerGauge.
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "reports/series.h"
#include "sim/trace.h"

namespace drey::reports {

class LoadMetrics {
 public:
  // A TaskFact::load; `vertex` of its subject.
  void on(const sim::Fact& fact, const std::string& vertex);
  // "busy", "back_pressured", "idle": 0 to 1.
  std::optional<Ratio> value(const std::string& vertex, std::string_view name,
                             std::string_view aggregate) const;

 private:
  struct Total {  // nanoseconds since the attempt runs
    uint64_t idle = 0;
    uint64_t back_pressured = 0;
    uint64_t in_all = 0;
  };
  struct Vertex {
    Series busy, back_pressured, idle;
  };

  std::map<sim::PathId, std::deque<Total>> totals_;  // by subtask, oldest first
  std::map<std::string, Vertex, std::less<>> vertices_;
};

}  // namespace drey::reports
