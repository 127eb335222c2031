#pragma once
// What a sweep found: a table of its points, differences between neighbouring values of an axis,
// and the answers computed of them. Made of the records, in the order of the plan, so the same
// records give the same bytes whoever ran them.
//
// DIR/sweep.json ("format": "drey-sweep", "version": 1) holds all of it for reports and for
// compare:
//   axes      [{name, path, unit, values: [label], numbers: [number or null]}]
//   measures  [{text, dimension}]; dimension count, duration (ns), bytes, rate, byte_rate, word
//   points    [{index, params: {axis: label}, runs, verdicts: {pass: 3}, seeds, keys, hashes,
//              metrics: {text: {count, mean, least, most, half_width}}, samples: {text: [by
//              seed]}}]
//   plots     [{title, x, y, line}]
//   differences [{axis, measure, from: {axis: label}, to, paired, count, mean, half_width}]
//   answers   [{question, measure, text: [line], choices: [{for: {axis: label}, axis, value}],
//              marks: [{for: {axis: label}, axis, name, at}]}]; at in the unit of the axis
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reports/readable.h"
#include "scenarios/run_record.h"
#include "scenarios/sweep_plan.h"

namespace drey::scenarios {

struct SweepMeasure {
  std::string text;
  reports::Expression expression;
};

struct SweepCell {
  std::vector<std::optional<double>> samples;  // by seed; empty: no value
  std::map<std::string, size_t> words;         // of a measure in words
  reports::Statistic statistic;                // of the samples that have a value
};

struct SweepPointResult {
  std::vector<std::string> labels;     // per axis
  std::vector<const RunRecord*> runs;  // by seed; null: not there yet
  std::map<std::string, size_t> verdicts;
  std::vector<SweepCell> cells;  // per measure
};

struct SweepDifference {
  size_t axis = 0, measure = 0, from = 0, to = 0;  // points
  reports::Statistic statistic;
};

struct SweepChoice {
  std::vector<std::pair<size_t, std::string>> context;  // the other axes
  std::optional<size_t> point;                          // empty: none holds what is demanded
};
// A value between those of the axis that a formula gives, in the unit of the axis' numbers.
struct SweepMark {
  std::vector<std::pair<size_t, std::string>> context;
  std::string name;
  double at = 0;
};
struct SweepAnswer {
  const AnswerSpec* spec = nullptr;
  std::vector<SweepChoice> choices;
  std::vector<SweepMark> marks;
  std::vector<std::string> text;
};

struct SweepSummary {
  const Scenario* scenario = nullptr;
  const SweepPlan* plan = nullptr;
  std::string file;
  std::vector<uint64_t> seeds;
  bool complete = true;
  bool paired = true;
  std::vector<SweepMeasure> measures;
  std::vector<SweepPointResult> points;
  std::vector<SweepDifference> differences;
  std::vector<SweepAnswer> answers;
};

// The record of a point and a seed (by its index), or null.
using RecordOf = std::function<const RunRecord*(size_t point, size_t seed)>;
// The metrics that a summary reads from a record.
MetricNames metrics_read(const Scenario& scenario);
// Scenario, plan and records are not owned; they outlive the summary.
SweepSummary summarise(const Scenario& scenario, const SweepPlan& plan, const RecordOf& record);

void answer_sweep(SweepSummary& summary);  // the last step of it

// The checkpoint interval by Young (1974) and Daly (2006): the first-order optimum sqrt(2 C M) and
// Daly's higher-order one, for a checkpoint that costs C and a mean time M between failures. ns in,
// ns out. Both count the time that is lost: C / interval for checkpoints, interval / (2 M) for what
// is done again; they know nothing of checkpoints that run beside the work.
struct IntervalAdvice {
  double young = 0, daly = 0;
};
IntervalAdvice interval_advice(double cost, double between_failures);
SweepAnswer young_daly_answer(const SweepSummary& summary, const AnswerSpec& spec);

JsonNode sweep_to_json(const SweepSummary& summary);
// The same for the report's page, on one line: without samples, keys and hashes, and with no more
// points than fit kPageBytes; "left_out" counts the others.
inline constexpr size_t kPageBytes = 4'000'000;
std::string sweep_for_page(const JsonNode& sweep);
reports::TextTable sweep_table(const SweepSummary& summary);
reports::TextTable sweep_differences(const SweepSummary& summary);
std::string sweep_text(const SweepSummary& summary);  // for the terminal
std::string sweep_markdown(const SweepSummary& summary);

}  // namespace drey::scenarios
