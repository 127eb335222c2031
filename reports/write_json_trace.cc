#include "reports/write_json_trace.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "model/graph/execution_state.h"
#include "reports/fact_text.h"

namespace drey::reports {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kJob = 1, kCounters = 2, kFirstTaskManager = 10;
constexpr int kStates = 1, kFailovers = 2, kFaults = 3, kCheckpoints = 4;  // threads of the job

// Microseconds with the nanoseconds as decimals, without a double.
std::string micros(int64_t ns) { return fmt::format("{}.{:03}", ns / 1000, ns % 1000); }

std::string in_quotes(std::string_view text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

struct Event {
  int64_t at = 0;
  int64_t longest_first = 0;  // slices that begin together: the outer one first
  std::string text;
};

class TraceWriter {
 public:
  TraceWriter(const ReportCollector& collector, const RunResult& result)
      : view_(collector.view()),
        timeline_(collector.timeline()),
        series_(collector.series()),
        result_(result),
        end_(collector.end()) {}

  std::string write(size_t at_most) {
    names();
    job();
    tasks();
    processes();
    checkpoints();
    counters();
    std::stable_sort(events_.begin(), events_.end(), [](const Event& x, const Event& y) {
      return x.at != y.at ? x.at < y.at : x.longest_first > y.longest_first;
    });
    std::string text = "{\"traceEvents\": [\n" + metadata_;
    for (const Event& event : events_) {
      if (text.size() + event.text.size() + 400 > at_most) {
        text += fmt::format(
            "{{\"ph\": \"i\", \"s\": \"g\", \"name\": \"trace cut at {} us\", \"cat\": \"drey\", "
            "\"ts\": {}, \"pid\": {}, \"tid\": {}}},\n",
            micros(event.at), micros(event.at), kJob, kStates);
        break;
      }
      text += event.text;
    }
    text.erase(text.rfind(','), 1);
    text += fmt::format(
        "], \"displayTimeUnit\": \"ms\", \"otherData\": {{\"scenario\": {}, \"seed\": {}, "
        "\"hash\": {}, \"verdict\": {}}}}}\n",
        in_quotes(result_.scenario), result_.seed, in_quotes(result_.hash),
        in_quotes(name_of(result_.verdict)));
    return text;
  }

 private:
  static std::string place(int process, int thread, int64_t at) {
    return fmt::format("\"pid\": {}, \"tid\": {}, \"ts\": {}", process, thread, micros(at));
  }
  void name(std::string_view what, int process, int thread, std::string_view text) {
    metadata_ += fmt::format(
        "{{\"ph\": \"M\", \"name\": \"{}\", \"pid\": {}, \"tid\": {}, \"args\": {{\"name\": "
        "{}}}}},\n",
        what, process, thread, in_quotes(text));
  }
  void slice(int process, int thread, sim::Time from, sim::Time to, std::string_view category,
             std::string_view text, std::string_view arguments = "{}") {
    const int64_t length = std::max<int64_t>(0, (to - from).ns);
    events_.push_back(
        {from.ns, length,
         fmt::format(
             "{{\"ph\": \"X\", \"name\": {}, \"cat\": \"{}\", {}, \"dur\": {}, \"args\": {}}},\n",
             in_quotes(text), category, place(process, thread, from.ns), micros(length),
             arguments)});
  }
  // Asynchronous slices of one category and id may overlap others on their track.
  void span(int process, int thread, sim::Time from, sim::Time to, std::string_view category,
            std::string_view id, std::string_view text, std::string_view arguments = "{}") {
    const std::string common = fmt::format("\"name\": {}, \"cat\": \"{}\", \"id\": {}",
                                           in_quotes(text), category, in_quotes(id));
    events_.push_back({from.ns, (to - from).ns,
                       fmt::format("{{\"ph\": \"b\", {}, {}, \"args\": {}}},\n", common,
                                   place(process, thread, from.ns), arguments)});
    events_.push_back(
        {to.ns, -1,
         fmt::format("{{\"ph\": \"e\", {}, {}}},\n", common, place(process, thread, to.ns))});
  }
  void instant(int process, int thread, sim::Time at, std::string_view category,
               std::string_view text, std::string_view scope) {
    events_.push_back(
        {at.ns, 0,
         fmt::format("{{\"ph\": \"i\", \"s\": \"{}\", \"name\": {}, \"cat\": \"{}\", {}}},\n",
                     scope, in_quotes(text), category, place(process, thread, at.ns))});
  }

  int process_of(const std::string& task_manager) {
    const auto [found, added] = task_managers_.try_emplace(
        task_manager, kFirstTaskManager + static_cast<int>(task_managers_.size()));
    if (added)
      name("process_name", found->second, 0, task_manager.empty() ? "not deployed" : task_manager);
    return found->second;
  }

  void names() {
    name("process_name", kJob, 0, "job " + view_.spec().name);
    name("thread_name", kJob, kStates, "state");
    name("thread_name", kJob, kFailovers, "failovers");
    name("thread_name", kJob, kFaults, "faults");
    name("thread_name", kJob, kCheckpoints, "checkpoints");
    name("process_name", kCounters, 0, "rates");
  }

  void job() {
    const auto& states = timeline_.job_states;
    for (size_t i = 0; i < states.size(); ++i)
      slice(kJob, kStates, states[i].first, i + 1 < states.size() ? states[i + 1].first : end_,
            "job", job_status_name(states[i].second));
    for (const RestartRecord& restart : timeline_.restarts) {
      const auto result = std::find_if(
          result_.failovers.begin(), result_.failovers.end(), [&](const FailoverResult& failover) {
            return failover.number == restart.number && failover.at == restart.at;
          });
      if (result == result_.failovers.end()) continue;
      // Its back-off; a further one may begin before it is over, so these are asynchronous.
      span(kJob, kFailovers, restart.at, std::min(restart.rescheduled, end_), "failover",
           fmt::format("failover-{}-{}", restart.number, restart.at.ns),
           fmt::format("failover {}: {}", restart.number, result->cause),
           fmt::format("{{\"failed\": {}, \"tasks\": {}, \"checkpoint\": {}}}",
                       in_quotes(result->failed), result->restarted.size(),
                       restart.restored_checkpoint));
    }
    for (const FaultRecord& fault : timeline_.faults)
      for (const SpanRecord& spanned : fault.spans) {
        instant(kJob, kFaults, spanned.from, "fault", fault.id, "g");
        if (spanned.to > spanned.from)
          span(kJob, kFaults, spanned.from, std::min(spanned.to, end_), "fault",
               fmt::format("{}-{}", fault.id, spanned.from.ns), fault.id);
      }
  }

  void tasks() {
    for (const AttemptRecord& attempt : timeline_.attempts) {
      if (attempt.states.empty()) continue;
      const int process = process_of(attempt.task_manager);
      const int thread = static_cast<int>(attempt.subtask) + 1;
      const std::string subtask = view_.name(attempt.subtask);
      if (named_.insert({process, thread}).second) name("thread_name", process, thread, subtask);
      place_of_[attempt.subtask].push_back({attempt.states.front().first, process});
      const bool ended =
          model::is_terminal(static_cast<model::ExecutionState>(attempt.states.back().second));
      const sim::Time end = ended ? attempt.states.back().first : end_;
      slice(process, thread, attempt.states.front().first, end, "attempt",
            fmt::format("{} #{}", subtask, attempt.attempt),
            fmt::format("{{\"attempt\": {}}}", attempt.attempt));
      for (size_t i = 0; i < attempt.states.size(); ++i) {
        const sim::Time from = attempt.states[i].first;
        const std::string_view state = execution_state_name(attempt.states[i].second);
        if (i + 1 == attempt.states.size() && ended) {
          instant(process, thread, from, "task", state, "t");
        } else {
          slice(process, thread, from,
                i + 1 < attempt.states.size() ? attempt.states[i + 1].first : end_, "task", state);
        }
      }
    }
  }

  void processes() {
    for (const ProcessRecord& record : timeline_.processes) {
      const auto known = task_managers_.find(record.name);
      const int process = known == task_managers_.end() ? kJob : known->second;
      for (const SpanRecord& spanned : record.down)
        span(process, kFaults, spanned.from, std::min(spanned.to, end_), "process",
             fmt::format("{}-down-{}", record.name, spanned.from.ns), record.name + " is down");
      for (const SpanRecord& spanned : record.frozen)
        span(process, kFaults, spanned.from, std::min(spanned.to, end_), "process",
             fmt::format("{}-frozen-{}", record.name, spanned.from.ns), record.name + " is frozen");
    }
  }

  // Where the subtask's attempt of that time runs.
  int process_at(model::SubtaskIndex subtask, sim::Time at) const {
    const auto found = place_of_.find(subtask);
    int process = kJob;
    if (found == place_of_.end()) return process;
    for (const auto& [since, where] : found->second)
      if (since <= at) process = where;
    return process;
  }

  void checkpoints() {
    for (const CheckpointRecord& checkpoint : timeline_.checkpoints) {
      const bool pending = checkpoint.outcome == CheckpointRecord::Outcome::pending;
      const std::string_view outcome =
          pending ? "PENDING"
                  : (checkpoint.outcome == CheckpointRecord::Outcome::completed ? "COMPLETED"
                                                                                : "FAILED");
      span(kJob, kCheckpoints, checkpoint.triggered, pending ? end_ : checkpoint.ended,
           "checkpoint", fmt::format("chk-{}-{}", checkpoint.id, checkpoint.triggered.ns),
           fmt::format("chk-{}", checkpoint.id),
           fmt::format("{{\"status\": \"{}\", \"bytes\": {}, \"reason\": {}}}", outcome,
                       checkpoint.bytes, in_quotes(checkpoint.reason)));
      for (const PhaseRecord& phase : checkpoint.phases) phases(checkpoint, phase);
    }
  }

  void phases(const CheckpointRecord& checkpoint, const PhaseRecord& phase) {
    const int process = process_at(phase.subtask, checkpoint.triggered);
    const int thread = static_cast<int>(phase.subtask) + 1;
    const std::string id = fmt::format("chk-{}-{}-{}", checkpoint.id, checkpoint.triggered.ns,
                                       view_.name(phase.subtask));
    sim::Time at = checkpoint.triggered;
    const auto part = [&](sim::Duration length, std::string_view text) {
      if (length == kNotReached) return;
      const sim::Time to = std::min(at + length, end_);
      if (length.ns > 0) span(process, thread, at, to, "phase", id, text);
      at = to;
    };
    part(phase.start_delay, fmt::format("chk-{} start delay", checkpoint.id));
    part(phase.alignment, fmt::format("chk-{} alignment", checkpoint.id));
    part(phase.sync, fmt::format("chk-{} sync", checkpoint.id));
    part(phase.async, fmt::format("chk-{} async", checkpoint.id));
  }

  void counters() {
    for (const SeriesSet::Column& column : series_.columns) {
      const bool rate = !column.gauge;
      if (column.name == "watermark") continue;
      const std::string title = (column.entity.empty() ? "" : column.entity + " ") + column.name +
                                (rate ? " per second" : "");
      int64_t before = INT64_MIN;
      for (size_t i = 0; i < column.values.size(); ++i) {
        const int64_t at = series_.width.ns * static_cast<int64_t>(i);
        if (at > end_.ns) break;
        int64_t value = column.values[i];
        if (value == kNoValue) continue;
        if (rate) value = value * 1'000'000'000 / series_.width.ns;
        if (value == before) continue;
        before = value;
        events_.push_back(
            {at, 0,
             fmt::format("{{\"ph\": \"C\", \"name\": {}, {}, \"args\": {{\"value\": {}}}}},\n",
                         in_quotes(title), place(kCounters, 0, at), value)});
      }
    }
  }

  const JobView& view_;
  const TimelineData& timeline_;
  const SeriesSet& series_;
  const RunResult& result_;
  sim::Time end_;
  std::string metadata_;
  std::vector<Event> events_;
  std::map<std::string, int> task_managers_;
  std::set<std::pair<int, int>> named_;
  std::map<model::SubtaskIndex, std::vector<std::pair<sim::Time, int>>> place_of_;
};

}  // namespace

std::string trace_json(const ReportCollector& collector, const RunResult& result, size_t at_most) {
  return TraceWriter(collector, result).write(at_most);
}

}  // namespace drey::reports
