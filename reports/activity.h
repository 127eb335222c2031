#pragma once
// How each subtask spent its time, interval by interval, from what the tasks announce of it
// (LoadFact::load: totals of an attempt so far): back-pressured, idle, and busy as the rest.
//
// At most kIntervals in all; beyond, neighbouring intervals of a subtask are merged, by their
// lengths. Shares are thousandths, rounded to the nearest. Upstream: TaskIOMetricGroup, TimerGauge.
#include <cstdint>
#include <memory>
#include <vector>

#include "reports/oracles/job_view.h"

namespace drey::reports {

struct ActivityInterval {
  sim::Time end{};
  sim::Duration length{}, back_pressured{}, idle{};
};

class ActivitySeries final : public sim::TraceSink {
 public:
  static constexpr size_t kIntervals = 40'000;

  explicit ActivitySeries(std::shared_ptr<const JobView> view)
      : view_(std::move(view)), tasks_(view_->topology().subtasks()) {}

  // By subtask; not more than kIntervals in all.
  std::vector<std::vector<ActivityInterval>> finish();

  uint64_t interests() const override { return sim::interest(sim::FactGroup::task); }
  void on(const sim::Fact& fact, sim::FactNumber number) override;

 private:
  struct Task {
    sim::PathId entity{};  // the attempt's task, whose totals these are
    uint64_t idle = 0, back_pressured = 0, all = 0;
    std::vector<ActivityInterval> intervals;
  };
  void merge_pairs();

  std::shared_ptr<const JobView> view_;
  std::vector<Task> tasks_;
  size_t count_ = 0;
};

}  // namespace drey::reports
