#pragma once
// B against A: two runs (result.json) or two sweeps (sweep.json, points matched by their values).
// Every metric with its relative difference; of sweeps with common random numbers the differences
// are paired by seed and carry a 95 % interval. Of two runs whose hashes differ, the first line of
// their logs that differs is named.
#include <optional>
#include <string>
#include <vector>

#include "reports/readable.h"
#include "scenarios/json_tree.h"

namespace drey::scenarios {

struct Comparand {
  std::string name;
  JsonNode document;
  std::string log;  // log.txt of a run; may be empty
};

struct CompareOptions {
  bool all = false;
  std::string metrics;              // only names that begin so
  std::optional<double> tolerance;  // relative; a word must be equal
};

struct CompareResult {
  std::string problem;  // they cannot be compared
  std::string head;     // what is compared
  reports::TextTable table;
  std::string divergence;
  std::vector<std::string> beyond;  // what differs by more than the tolerance
};

CompareResult compare(const Comparand& a, const Comparand& b, const CompareOptions& options);

}  // namespace drey::scenarios
