#include "reports/write_json_report.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <numeric>

#include "model/graph/execution_state.h"
#include "reports/fact_text.h"
#include "reports/metric_names.h"
#include "reports/oracles/region_rule.h"

namespace drey::reports {
namespace {

using Json = nlohmann::ordered_json;
using model::SubtaskIndex;

Json graph_json(const JobView& view) {
  const model::ExecutionTopology& topology = view.topology();
  const model::JobGraph& job = topology.job();
  const RegionRule rule(topology);
  Json vertices = Json::array();
  for (const model::JobVertexIndex index : topology.order()) {
    const model::JobVertex& vertex = job.vertices[index];
    Json operators = Json::array();
    for (const uint32_t op : vertex.operators) {
      const model::OperatorSpec& spec = view.spec().operators[op];
      operators.push_back({{"id", spec.id}, {"kind", model::name_of(spec.kind)}});
    }
    Json regions = Json::array();
    const model::IndexRange range = topology.subtasks_of(index);
    for (SubtaskIndex i = range.first; i <= range.last; ++i) regions.push_back(rule.region_of(i));
    vertices.push_back({{"id", vertex.id},
                        {"operators", operators},
                        {"parallelism", vertex.parallelism},
                        {"max_parallelism", vertex.max_parallelism},
                        {"slot_sharing_group", vertex.slot_sharing_group},
                        {"first_subtask", range.first},
                        {"regions", regions}});
  }
  Json edges = Json::array();
  for (model::EdgeIndex edge = 0; edge < job.edges.size(); ++edge) {
    const model::IntermediateDataSet& set = job.data_set_of(edge);
    edges.push_back({{"from", job.vertices[set.producer].id},
                     {"to", job.vertices[job.edges[edge].consumer].id},
                     {"ship", model::name_of(set.ship)},
                     {"exchange", model::name_of(set.type)},
                     {"pointwise", set.pattern == model::DistributionPattern::pointwise}});
  }
  return {{"mode", job.mode == model::RuntimeMode::batch ? "batch" : "streaming"},
          {"vertices", vertices},
          {"edges", edges},
          {"regions", rule.regions()},
          {"subtasks", topology.subtasks()}};
}

// [from, to] of each; an open end is the end of the run.
Json spans_json(const std::vector<SpanRecord>& spans, sim::Time end) {
  Json list = Json::array();
  for (const SpanRecord& span : spans)
    list.push_back(Json::array({span.from.ns, std::min(span.to, end).ns}));
  return list;
}

// [subtask, attempt, TaskManager, since, state, later by, state, ...], TaskManagers and states by
// their number: a page with thousands of subtasks is read sooner when it is short.
Json attempts_json(const TimelineData& timeline, Json& thinned) {
  Json names = Json::array(), states = Json::array();
  std::map<std::string, size_t> known, known_states;
  Json list = Json::array();
  const size_t shown = std::min(timeline.attempts.size(), ReportCollector::kAttempts);
  for (size_t i = 0; i < shown; ++i) {
    const AttemptRecord& attempt = timeline.attempts[i];
    const auto [name, added] = known.try_emplace(attempt.task_manager, known.size());
    if (added) names.push_back(attempt.task_manager);
    Json row = Json::array({attempt.subtask, attempt.attempt, name->second});
    sim::Time before{};
    for (const auto& [since, state] : attempt.states) {
      const std::string text(execution_state_name(state));
      const auto [number, is_new] = known_states.try_emplace(text, known_states.size());
      if (is_new) states.push_back(text);
      row.push_back((since - before).ns);
      row.push_back(number->second);
      before = since;
    }
    list.push_back(std::move(row));
  }
  if (shown < timeline.attempts.size())
    thinned.push_back(fmt::format("{} of {} attempts of tasks are shown, the earliest", shown,
                                  timeline.attempts.size()));
  return {{"task_managers", names}, {"states", states}, {"rows", list}};
}

// Which checkpoints keep the phases of their subtasks: those that failed, then the slowest three,
// then the latest, as long as they fit.
std::vector<bool> with_phases(const std::vector<CheckpointRecord>& all) {
  std::vector<size_t> order(all.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::vector<size_t> slowest = order;
  std::stable_sort(slowest.begin(), slowest.end(), [&](size_t x, size_t y) {
    return all[x].ended - all[x].triggered > all[y].ended - all[y].triggered;
  });
  const auto rank = [&](size_t i) {
    if (all[i].outcome == CheckpointRecord::Outcome::failed) return 0;
    const size_t top = std::min<size_t>(3, slowest.size());
    const auto last = slowest.begin() + static_cast<std::ptrdiff_t>(top);
    return std::find(slowest.begin(), last, i) != last ? 1 : 2;
  };
  std::reverse(order.begin(), order.end());
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t x, size_t y) { return rank(x) < rank(y); });
  std::vector<bool> kept(all.size(), false);
  size_t rows = 0;
  for (const size_t i : order) {
    if (rows + all[i].phases.size() > ReportCollector::kPhaseRows) continue;
    rows += all[i].phases.size();
    kept[i] = true;
  }
  return kept;
}

std::string_view outcome_name(CheckpointRecord::Outcome outcome) {
  switch (outcome) {
    case CheckpointRecord::Outcome::pending:
      return "pending";
    case CheckpointRecord::Outcome::completed:
      return "completed";
    case CheckpointRecord::Outcome::failed:
      return "failed";
  }
  return {};
}

Json checkpoints_json(const std::vector<CheckpointRecord>& all, sim::Time end, Json& thinned) {
  const std::vector<bool> kept = with_phases(all);
  Json list = Json::array();
  size_t bare = 0;
  for (size_t i = 0; i < all.size(); ++i) {
    const CheckpointRecord& checkpoint = all[i];
    Json phases = Json::array();
    if (kept[i]) {
      for (const PhaseRecord& phase : checkpoint.phases)
        phases.push_back(
            Json::array({phase.subtask, phase.start_delay.ns, phase.alignment.ns, phase.sync.ns,
                         phase.async.ns, phase.bytes, phase.acknowledged.ns}));
    } else {
      ++bare;
    }
    const bool pending = checkpoint.outcome == CheckpointRecord::Outcome::pending;
    list.push_back({{"id", checkpoint.id},
                    {"triggered", checkpoint.triggered.ns},
                    {"ended", pending ? end.ns : checkpoint.ended.ns},
                    {"outcome", outcome_name(checkpoint.outcome)},
                    {"reason", checkpoint.reason},
                    {"bytes", checkpoint.bytes},
                    {"restored", checkpoint.restored},
                    {"phases_kept", static_cast<bool>(kept[i])},
                    {"phases", std::move(phases)}});
  }
  if (bare > 0)
    thinned.push_back(fmt::format(
        "the phases of each subtask are kept for {} of {} checkpoints: those that failed, the "
        "slowest and the latest",
        all.size() - bare, all.size()));
  return list;
}

Json series_json(const SeriesSet& set, Json& thinned) {
  Json columns = Json::array();
  for (const SeriesSet::Column& column : set.columns) {
    Json values = Json::array();
    for (const int64_t value : column.values) {
      if (value == kNoValue || (column.name == "watermark" && value == INT64_MAX)) {
        values.push_back(nullptr);
      } else {
        values.push_back(value);
      }
    }
    columns.push_back({{"name", column.name},
                       {"entity", column.entity},
                       {"gauge", column.gauge},
                       {"values", std::move(values)}});
  }
  thinned.push_back(
      fmt::format("each point of a curve stands for {} ms: sums of rates, last values of levels",
                  sim::to_millis(set.width)));
  return {{"width", set.width.ns}, {"buckets", set.buckets}, {"columns", std::move(columns)}};
}

int64_t thousandths(sim::Duration part, sim::Duration whole) {
  const int64_t us = std::max<int64_t>(1, whole.ns / 1000);
  return std::clamp<int64_t>((part.ns + us / 2) / us, 0, 1000);
}

// By subtask: [end, length, thousandths back-pressured, thousandths idle, ...], ns. Neighbours with
// the same shares are one.
Json activity_json(const std::vector<std::vector<ActivityInterval>>& tasks) {
  Json list = Json::array();
  for (const std::vector<ActivityInterval>& intervals : tasks) {
    std::vector<std::array<int64_t, 4>> rows;
    for (const ActivityInterval& interval : intervals) {
      const std::array<int64_t, 4> row{interval.end.ns, interval.length.ns,
                                       thousandths(interval.back_pressured, interval.length),
                                       thousandths(interval.idle, interval.length)};
      const bool goes_on = !rows.empty() && rows.back()[0] == row[0] - row[1] &&
                           rows.back()[2] == row[2] && rows.back()[3] == row[3];
      if (goes_on)
        rows.back() = {row[0], rows.back()[1] + row[1], row[2], row[3]};
      else
        rows.push_back(row);
    }
    Json flat = Json::array();
    for (const std::array<int64_t, 4>& row : rows)
      for (const int64_t number : row) flat.push_back(number);
    list.push_back(std::move(flat));
  }
  return list;
}

Json failures_json(const TimelineData& timeline) {
  Json list = Json::array();
  for (const FailureRecord& failure : timeline.failures)
    list.push_back({{"at", failure.at.ns},
                    {"subject", failure.subject},
                    {"attempt", failure.attempt},
                    {"cause", cause_name(failure.cause)}});
  return list;
}

Json restarts_json(const TimelineData& timeline) {
  Json list = Json::array();
  for (const RestartRecord& restart : timeline.restarts)
    list.push_back(
        {{"number", restart.number},
         {"at", restart.at.ns},
         {"rescheduled", restart.rescheduled == sim::kEndOfTime ? -1 : restart.rescheduled.ns},
         {"checkpoint", restart.restored_checkpoint}});
  return list;
}

Json configuration_json(const std::vector<ConfigurationEntry>& entries) {
  Json list = Json::array();
  for (const ConfigurationEntry& entry : entries)
    list.push_back({{"key", entry.key},
                    {"value", entry.value},
                    {"fallback", entry.fallback},
                    {"help", entry.help},
                    {"set", entry.set},
                    {"ignored", entry.ignored}});
  return list;
}

Json faults_json(const ReportInput& input, const TimelineData& timeline, sim::Time end) {
  Json list = Json::array();
  for (const FaultText& text : input.faults) {
    Json spans = Json::array();
    for (const FaultRecord& fault : timeline.faults)
      if (fault.id == text.id) spans = spans_json(fault.spans, end);
    list.push_back({{"id", text.id}, {"text", text.text}, {"spans", std::move(spans)}});
  }
  return list;
}

// What the metrics of result.json are, by "scope.name" (any vertex: "vertex.name"), and functions.
Json dimensions_json() {
  Json names = Json::object();
  for (const MetricName& metric : metric_names())
    names[std::string(metric.scope) + "." + std::string(metric.name)] =
        dimension_key(metric.dimension);
  for (const FunctionName& function : function_names())
    names[std::string(function.name)] = dimension_key(function.dimension);
  return names;
}

}  // namespace

std::string detail_json(const ReportCollector& collector) {
  const TimelineData& timeline = collector.timeline();
  const ReportInput& input = collector.input();
  const SeriesSet& series = collector.series();
  const sim::Time end = collector.end();
  Json thinned = Json::array();
  Json processes = Json::array();
  for (const ProcessRecord& process : timeline.processes)
    processes.push_back({{"name", process.name},
                         {"down", spans_json(process.down, end)},
                         {"frozen", spans_json(process.frozen, end)}});
  Json job_states = Json::array();
  for (const auto& [at, status] : timeline.job_states)
    job_states.push_back(Json::array({at.ns, job_status_name(status)}));
  Json detail = {{"name", input.name},
                 {"about", input.about},
                 {"end", end.ns},
                 {"graph", graph_json(collector.view())},
                 {"job_states", std::move(job_states)},
                 {"attempts", attempts_json(timeline, thinned)},
                 {"processes", std::move(processes)},
                 {"faults", faults_json(input, timeline, end)},
                 {"failures", failures_json(timeline)},
                 {"restarts", restarts_json(timeline)},
                 {"checkpoints", checkpoints_json(timeline.checkpoints, end, thinned)},
                 {"series", series_json(series, thinned)},
                 {"records_in", series.records_in},
                 {"records_out", series.records_out},
                 {"activity", activity_json(collector.activity())},
                 {"configuration", configuration_json(input.configuration)},
                 {"dimensions", dimensions_json()},
                 {"document", input.document},
                 {"thinned", std::move(thinned)}};
  return detail.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string run_data(const std::vector<std::string>& results, std::string_view detail) {
  constexpr size_t kBudget = 2'000'000;
  std::vector<bool> kept(results.size(), false);
  size_t bytes = 0;
  const auto keep = [&](bool passed) {
    for (size_t i = 0; i < results.size(); ++i) {
      const bool pass = results[i].find("\"verdict\": \"pass\"") < 200;
      if (pass != passed || bytes + results[i].size() > kBudget) continue;
      kept[i] = true;
      bytes += results[i].size();
    }
  };
  keep(false);
  keep(true);
  std::string text = "{\"format\": 1, \"kind\": \"run\", \"results\": [";
  size_t shown = 0;
  for (size_t i = 0; i < results.size(); ++i) {
    if (!kept[i]) continue;
    text += (shown == 0 ? "" : ", ") + results[i];
    ++shown;
  }
  text += fmt::format("], \"left_out\": {}, \"detail\": {}}}", results.size() - shown,
                      detail.empty() ? "null" : detail);
  return text;
}

std::string sweep_data(std::string_view sweep) {
  return fmt::format("{{\"format\": 1, \"kind\": \"sweep\", \"sweep\": {}}}", sweep);
}

}  // namespace drey::reports
