#include "scenarios/sweep_summary.h"

#include <algorithm>

namespace drey::scenarios {
namespace {

reports::ExpectationNames names_of(const Scenario& scenario) {
  reports::ExpectationNames names;
  for (const VertexSpec& vertex : scenario.job.vertices) names.vertices.push_back(vertex.id);
  for (const FaultSpec& fault : scenario.faults) names.faults.push_back(fault.id);
  return names;
}

// Of a sweep that names nothing to measure.
constexpr std::string_view kUsual[] = {
    "job.state",        "job.restarts",         "job.downtime.max",
    "job.recovery.max", "checkpoint.completed", "checkpoint.duration.p95",
    "latency.p99",      "ledger.lost"};

std::vector<SweepMeasure> measures_of(const Scenario& scenario) {
  const reports::ExpectationNames names = names_of(scenario);
  std::vector<std::string> texts = scenario.sweep->measure;
  for (const PlotSpec& plot : scenario.plot) texts.push_back(plot.y);
  for (const AnswerSpec& answer : scenario.sweep->answer) {
    for (const std::string* text : {&answer.minimise, &answer.maximise})
      if (!text->empty()) texts.push_back(*text);
    if (answer.young_daly)
      texts.insert(texts.end(), {answer.young_daly->cost, answer.young_daly->between_failures});
  }
  if (texts.empty()) texts.assign(std::begin(kUsual), std::end(kUsual));
  std::vector<SweepMeasure> measures;
  for (const std::string& text : texts) {
    const bool known = std::any_of(measures.begin(), measures.end(),
                                   [&](const SweepMeasure& m) { return m.text == text; });
    reports::TextProblem problem;
    if (known) continue;
    if (auto expression = reports::parse_expression(text, names, problem))
      measures.push_back({text, std::move(*expression)});
  }
  return measures;
}

class Summariser {
 public:
  Summariser(const Scenario& scenario, const SweepPlan& plan, const RecordOf& record)
      : record_(record) {
    out_.scenario = &scenario;
    out_.plan = &plan;
    out_.paired = scenario.sweep->common_random_numbers;
    const Seeds seeds = seeds_of(scenario);
    for (int64_t i = 0; i < seeds.count; ++i)
      out_.seeds.push_back(static_cast<uint64_t>(seeds.first + i));
  }

  SweepSummary run() {
    out_.measures = measures_of(*out_.scenario);
    for (size_t point = 0; point < out_.plan->points.size(); ++point) add_point(point);
    for (size_t axis = 0; axis < out_.plan->axes.size(); ++axis) differences(axis);
    answer_sweep(out_);
    return std::move(out_);
  }

 private:
  void add_point(size_t index) {
    SweepPointResult point;
    for (size_t axis = 0; axis < out_.plan->axes.size(); ++axis)
      point.labels.push_back(out_.plan->label(index, axis));
    point.cells.resize(out_.measures.size());
    for (size_t seed = 0; seed < out_.seeds.size(); ++seed) {
      const RunRecord* record = record_(index, seed);
      point.runs.push_back(record);
      out_.complete &= record != nullptr;
      if (record == nullptr) {
        for (SweepCell& cell : point.cells) cell.samples.emplace_back();
        continue;
      }
      ++point.verdicts[record->verdict];
      const reports::StoredMetrics metrics(record->metrics);
      for (size_t i = 0; i < out_.measures.size(); ++i)
        sample(reports::evaluate(out_.measures[i].expression, metrics), point.cells[i]);
    }
    for (SweepCell& cell : point.cells) {
      std::vector<double> known;
      for (const auto& value : cell.samples)
        if (value) known.push_back(*value);
      cell.statistic = reports::statistic_of(known);
    }
    out_.points.push_back(std::move(point));
  }

  static void sample(const std::optional<reports::MetricValue>& value, SweepCell& cell) {
    cell.samples.emplace_back();
    if (value && value->word.empty())
      cell.samples.back() = static_cast<double>(value->number.numerator) /
                            static_cast<double>(value->number.denominator);
    if (value && !value->word.empty()) ++cell.words[value->word];
  }

  // Each point against the one at the first value of the axis, all other axes equal.
  void differences(size_t axis) {
    const std::vector<size_t>& zipped = out_.plan->zipped;
    const auto in_zip = [&](size_t a) {
      return std::find(zipped.begin(), zipped.end(), a) != zipped.end();
    };
    if (in_zip(axis) && axis != zipped.front()) return;
    const auto& points = out_.plan->points;
    for (size_t to = 0; to < points.size(); ++to) {
      std::vector<size_t> base = points[to];
      base[axis] = 0;
      for (const size_t a : zipped)
        if (in_zip(axis)) base[a] = 0;
      const auto found = std::find(points.begin(), points.end(), base);
      if (found == points.end() || points[to] == base) continue;
      const auto from = static_cast<size_t>(found - points.begin());
      for (size_t i = 0; i < out_.measures.size(); ++i) {
        const reports::Statistic statistic = difference(from, to, i);
        if (statistic.count > 0) out_.differences.push_back({axis, i, from, to, statistic});
      }
    }
  }

  reports::Statistic difference(size_t from, size_t to, size_t measure) const {
    const auto& a = out_.points[from].cells[measure].samples;
    const auto& b = out_.points[to].cells[measure].samples;
    std::vector<double> first, second;
    for (size_t seed = 0; seed < a.size(); ++seed) {
      if (out_.paired && (!a[seed] || !b[seed])) continue;
      if (a[seed]) first.push_back(*a[seed]);
      if (b[seed]) second.push_back(*b[seed]);
    }
    return out_.paired ? reports::paired_difference(first, second)
                       : reports::difference(first, second);
  }

  const RecordOf& record_;
  SweepSummary out_;
};

}  // namespace

MetricNames metrics_read(const Scenario& scenario) {
  const reports::ExpectationNames names = names_of(scenario);
  MetricNames rows;
  for (const SweepMeasure& measure : measures_of(scenario))
    reports::add_rows_of(measure.expression, rows);
  for (const AnswerSpec& answer : scenario.sweep->answer) {
    for (const std::string& text : answer.where) {
      reports::TextProblem problem;
      const auto comparison = reports::parse_comparison(text, names, problem);
      if (!comparison) continue;
      reports::add_rows_of(comparison->left, rows);
      reports::add_rows_of(comparison->right, rows);
    }
  }
  return rows;
}

SweepSummary summarise(const Scenario& scenario, const SweepPlan& plan, const RecordOf& record) {
  return Summariser(scenario, plan, record).run();
}

}  // namespace drey::scenarios
