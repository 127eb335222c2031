#include "reports/oracles/watermarks_timers.h"

#include <fmt/core.h>

#include "model/graph/execution_state.h"
#include "model/trace_events.h"
#include "reports/fact_text.h"

namespace drey::reports {

using model::ExecutionState;
using model::SubtaskIndex;
using model::TaskFact;

void WatermarksTimers::violate(const sim::Fact& fact, std::string what) {
  evidence_.violate(fact.at, fact_text(fact, view_->names()), std::move(what));
}

void WatermarksTimers::on(const sim::Fact& fact, sim::FactNumber) {
  if (!view_->of_job(fact)) return;
  const std::optional<SubtaskIndex> subtask = view_->subtask(fact.subject);
  if (!subtask.has_value()) return;
  if (fact.kind == fact_kind(TaskFact::state)) {
    if (fact.b != static_cast<uint64_t>(ExecutionState::initializing)) return;
    // A new attempt at this place.
    const std::pair<uint32_t, uint64_t> first{fact.entity.index, 0};
    const std::pair<uint32_t, uint64_t> last{fact.entity.index, UINT64_MAX};
    watermarks_.erase(watermarks_.lower_bound(first), watermarks_.upper_bound(last));
  } else if (fact.kind == fact_kind(TaskFact::watermark)) {
    watermark(fact, *subtask);
  } else if (fact.kind == fact_kind(TaskFact::timer_fired)) {
    timer(fact, *subtask);
  } else if (fact.kind == fact_kind(TaskFact::late_dropped)) {
    evidence_.examined();
    if (!options_.late_data)
      violate(fact,
              fmt::format("{} drops {} records as late, but no data is later than the sources "
                          "allow for",
                          view_->name(*subtask), fact.a));
  }
}

void WatermarksTimers::watermark(const sim::Fact& fact, SubtaskIndex subtask) {
  evidence_.examined();
  const auto now = static_cast<int64_t>(fact.a);
  const auto [last, first] = watermarks_.emplace(std::pair(fact.entity.index, fact.b), now);
  if (!first && now < last->second)
    violate(fact, fmt::format("the watermark of {} goes back from {} to {} ms",
                              view_->name(subtask), last->second, now));
  last->second = now;
}

void WatermarksTimers::timer(const sim::Fact& fact, SubtaskIndex subtask) {
  evidence_.examined();
  const auto stamp = static_cast<int64_t>(fact.a);
  const auto at = static_cast<int64_t>(fact.b);
  if (stamp > at)
    violate(fact, fmt::format("a timer of {} for {} ms fires at watermark {}", view_->name(subtask),
                              stamp, at));
  const auto last = watermarks_.find({fact.entity.index, fact.c});
  if (last == watermarks_.end() || last->second < at)
    violate(fact,
            fmt::format("a timer of {} fires at watermark {}, which the operator was not given",
                        view_->name(subtask), at));
}

Finding WatermarksTimers::finish(sim::Time) {
  if (evidence_.count() == 0) evidence_.excuse("no operator has event time");
  return evidence_.finding(name());
}

}  // namespace drey::reports
