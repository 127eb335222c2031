// Beside what a sweep measured: the checkpoint interval that Young's and Daly's formulas give for
// the cost of a checkpoint and the time between failures of these same runs.
#include <fmt/core.h>

#include "scenarios/sweep_groups.h"
#include "scenarios/sweep_summary.h"

namespace drey::scenarios {
namespace {

constexpr double kNsPerSecond = 1e9;

double ratio_apart(double a, double b) { return a > b ? a / b : b / a; }

// What one point says: its own interval, and the one advised for what its runs measured.
struct Advice {
  size_t point = 0;
  double cost = 0, between = 0;  // ns
  IntervalAdvice intervals;      // ns
  double apart = 0;              // of its own interval from Young's, as a factor
};

class Formula {
 public:
  Formula(const SweepSummary& summary, const AnswerSpec& spec)
      : summary_(summary), spec_(spec), axis_(axis_named(*summary.plan, spec.choose)) {}

  SweepAnswer run() {
    SweepAnswer answer;
    answer.spec = &spec_;
    for (const SweepGroup& group : groups_along(*summary_.plan, axis_)) add(answer, group);
    return answer;
  }

 private:
  std::optional<double> mean(size_t point, const std::string& text) const {
    for (size_t i = 0; i < summary_.measures.size(); ++i) {
      const reports::Statistic& statistic = summary_.points[point].cells[i].statistic;
      if (summary_.measures[i].text == text && statistic.count > 0) return statistic.mean;
    }
    return std::nullopt;
  }

  std::optional<double> interval_ns(size_t point) const {
    std::string unit;
    const AxisValue& value = summary_.plan->axes[axis_].values[summary_.plan->points[point][axis_]];
    const auto number = number_of(value.value, unit);
    if (!number || unit != "s" || *number <= 0) return std::nullopt;
    return *number * kNsPerSecond;
  }

  std::optional<Advice> advice_of(size_t point) const {
    const auto interval = interval_ns(point);
    const auto cost = mean(point, spec_.young_daly->cost);
    const auto between = mean(point, spec_.young_daly->between_failures);
    if (!interval || !cost || !between || *cost <= 0 || *between <= 0) return std::nullopt;
    Advice advice{.point = point, .cost = *cost, .between = *between};
    advice.intervals = interval_advice(*cost, *between);
    advice.apart = ratio_apart(*interval, advice.intervals.young);
    return advice;
  }

  // The cost of a checkpoint depends on the interval itself: the point whose interval is nearest to
  // what is advised for it speaks for its line.
  void add(SweepAnswer& answer, const SweepGroup& group) const {
    std::optional<Advice> best;
    for (const size_t point : group.points) {
      const auto advice = advice_of(point);
      if (advice && (!best || advice->apart < best->apart)) best = advice;
    }
    if (!best) {
      answer.text.push_back(group.where + "no checkpoint or no failure to measure");
      return;
    }
    const auto text = [](double ns) { return reports::readable(ns, reports::Dimension::duration); };
    answer.text.push_back(fmt::format(
        "{}Young {}, Daly {}: a checkpoint costs {} and {} pass between failures, as measured at "
        "{} = {}",
        group.where, text(best->intervals.young), text(best->intervals.daly), text(best->cost),
        text(best->between), spec_.choose, summary_.plan->label(best->point, axis_)));
    SweepMark mark;
    mark.context = group.context;
    mark.name = "Young";
    mark.at = best->intervals.young / kNsPerSecond;
    answer.marks.push_back(mark);
    mark.name = "Daly";
    mark.at = best->intervals.daly / kNsPerSecond;
    answer.marks.push_back(std::move(mark));
  }

  const SweepSummary& summary_;
  const AnswerSpec& spec_;
  size_t axis_ = 0;
};

}  // namespace

IntervalAdvice interval_advice(double cost, double between_failures) {
  const double young = reports::square_root(2 * cost * between_failures);
  // Daly's series holds for a cost below twice the time between failures.
  if (cost >= 2 * between_failures) return {young, between_failures};
  const double part = cost / (2 * between_failures);
  const double daly = young * (1 + reports::square_root(part) / 3 + part / 9) - cost;
  return {young, daly};
}

SweepAnswer young_daly_answer(const SweepSummary& summary, const AnswerSpec& spec) {
  return Formula(summary, spec).run();
}

}  // namespace drey::scenarios
