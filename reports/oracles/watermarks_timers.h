#pragma once
// Claim: event time only goes forward and timers fire at their time.
//
//   - the watermark of an operator in one attempt of a subtask never goes back;
//   - a timer fires when the watermark has reached its time stamp, at a watermark that the operator
//     was given;
//   - records are dropped as late only if the data may be later than the sources' bound allows for.
#include <map>
#include <memory>
#include <utility>

#include "reports/oracles/job_view.h"

namespace drey::reports {

class WatermarksTimers final : public Oracle {
 public:
  struct Options {
    bool late_data = false;  // declared disorder exceeds the bound of a source
  };
  WatermarksTimers(Options options, std::shared_ptr<const JobView> view)
      : options_(options), view_(std::move(view)) {}

  std::string_view name() const override { return "watermarks_timers"; }
  std::string_view claim() const override {
    return "watermarks never go back, and timers fire at their time";
  }
  uint64_t interests() const override { return sim::interest(sim::FactGroup::task); }
  void on(const sim::Fact& fact, sim::FactNumber number) override;
  Finding finish(sim::Time end) override;

 private:
  void watermark(const sim::Fact& fact, model::SubtaskIndex subtask);
  void timer(const sim::Fact& fact, model::SubtaskIndex subtask);
  void violate(const sim::Fact& fact, std::string what);

  Options options_;
  std::shared_ptr<const JobView> view_;
  std::map<std::pair<uint32_t, uint64_t>, int64_t> watermarks_;  // (task's path, operator) -> ms
  Evidence evidence_;
};

}  // namespace drey::reports
