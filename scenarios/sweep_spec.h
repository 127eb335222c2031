#pragma once
// What-if: the axes of a sweep, what is drawn of it and which question it answers, as the scenario
// says it. Plain data; axes become points in scenarios/sweep_plan.h. Values are kept as JSON text,
// because an axis may change any part of the scenario.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reports/quantity.h"

namespace drey::scenarios {

struct Seeds {
  int64_t first = 1;
  int64_t count = 1;
  friend bool operator==(const Seeds&, const Seeds&) = default;
};

enum class AxisScale : uint8_t { linear, log };

// Exactly one of `values`, `cases` and `from` is set.
struct AxisSpec {
  std::string name;
  std::string path;    // JSON pointer into the merged scenario; an element of a list also by its id
  std::string values;  // JSON list
  std::string cases;   // JSON object: label -> value
  std::string from, to;  // JSON text or number; with a unit where the key has one
  int64_t count = 0;     // of the range, both ends included
  AxisScale scale = AxisScale::linear;
  friend bool operator==(const AxisSpec&, const AxisSpec&) = default;
};

struct PlotSpec {
  std::string title;
  std::string x;     // an axis
  std::string y;     // an expression over metrics
  std::string line;  // an axis; empty: one line
  friend bool operator==(const PlotSpec&, const PlotSpec&) = default;
};

enum class AnswerPick : uint8_t { smallest, largest };

// What Young's and Daly's formulas need, as expressions of what the runs measured: what a
// checkpoint costs the job, and the mean time between failures.
struct YoungDalySpec {
  std::string cost;
  std::string between_failures;
  friend bool operator==(const YoungDalySpec&, const YoungDalySpec&) = default;
};

// Chooses a value of one axis, for each combination of the others: the one that makes an expression
// smallest or largest (mean over the seeds), or the smallest or largest value itself; among those
// at which every `where` holds in at least `share` of the runs.
struct AnswerSpec {
  std::string question;
  std::string choose;                      // an axis
  std::string minimise;                    // an expression
  std::string maximise;                    // an expression
  AnswerPick pick = AnswerPick::smallest;  // in the order of the axis, when neither is given
  std::vector<std::string> where;          // comparisons
  reports::Ratio share{1, 1};
  std::optional<YoungDalySpec> young_daly;  // then none of the others but `question` and `choose`
  friend bool operator==(const AnswerSpec&, const AnswerSpec&) = default;
};

struct SweepSpec {
  std::vector<AxisSpec> axes;
  std::vector<std::string> zip;  // these axes go in lockstep
  std::string exclude;           // JSON list of objects: axis -> label
  std::optional<Seeds> seeds;    // empty: those of the scenario
  // Seed n is the same world at every point. False: each point draws its own.
  bool common_random_numbers = true;
  int64_t limit = 10'000;            // runs; more are refused
  std::vector<std::string> measure;  // expressions: the columns of the table
  std::vector<AnswerSpec> answer;
  friend bool operator==(const SweepSpec&, const SweepSpec&) = default;
};

}  // namespace drey::scenarios
