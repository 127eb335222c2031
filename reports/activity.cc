#include "reports/activity.h"

#include "model/runtime_facts.h"

namespace drey::reports {

using model::LoadFact;

void ActivitySeries::on(const sim::Fact& fact, sim::FactNumber) {
  if (fact.kind != fact_kind(LoadFact::load)) return;
  const auto subtask = view_->subtask(JobView::about(fact));
  if (!subtask.has_value()) return;
  Task& task = tasks_[*subtask];
  const bool again = task.entity != fact.entity || fact.c < task.all;  // another attempt
  if (again) task.idle = task.back_pressured = task.all = 0;
  const auto since = [](uint64_t now, uint64_t before) {
    return sim::Duration{static_cast<int64_t>(now - before)};
  };
  const ActivityInterval interval{.end = fact.at,
                                  .length = since(fact.c, task.all),
                                  .back_pressured = since(fact.b, task.back_pressured),
                                  .idle = since(fact.a, task.idle)};
  task.entity = fact.entity;
  task.idle = fact.a;
  task.back_pressured = fact.b;
  task.all = fact.c;
  if (interval.length.ns <= 0) return;
  task.intervals.push_back(interval);
  if (++count_ > 2 * kIntervals) merge_pairs();
}

// Only what touches: between two attempts there is a gap.
void ActivitySeries::merge_pairs() {
  count_ = 0;
  for (Task& task : tasks_) {
    std::vector<ActivityInterval> merged;
    for (size_t i = 0; i < task.intervals.size(); ++i) {
      ActivityInterval interval = task.intervals[i];
      if (i + 1 < task.intervals.size()) {
        const ActivityInterval& next = task.intervals[i + 1];
        if (next.end - next.length == interval.end) {
          interval = {.end = next.end,
                      .length = interval.length + next.length,
                      .back_pressured = interval.back_pressured + next.back_pressured,
                      .idle = interval.idle + next.idle};
          ++i;
        }
      }
      merged.push_back(interval);
    }
    task.intervals = std::move(merged);
    count_ += task.intervals.size();
  }
}

std::vector<std::vector<ActivityInterval>> ActivitySeries::finish() {
  for (size_t before = count_ + 1; count_ > kIntervals && count_ < before;) {
    before = count_;
    merge_pairs();
  }
  std::vector<std::vector<ActivityInterval>> all;
  all.reserve(tasks_.size());
  for (Task& task : tasks_) all.push_back(std::move(task.intervals));
  return all;
}

}  // namespace drey::reports
