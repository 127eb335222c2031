#pragma once
// What a sweep keeps of one run: a line of JSON, made in the run's process, appended to a file, and
// read again by whoever goes on, merges or reports. Nothing in it depends on the host, the clock or
// the order of the runs.
//
// key = hash of (what the run is made of: the scenario at this point with its defaults, the bytes
// of its CSV files; the seed; the version of the program). digest = hash of what came out. Equal
// key and different digest is a conflict: the program is not deterministic.
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reports/metric_table.h"
#include "reports/run_result.h"
#include "scenarios/scenario.h"

namespace drey::scenarios {

struct RunRecord {
  std::string key;
  std::string digest;                                       // as read; print_record makes its own
  std::string scenario;                                     // its name
  std::string scenario_id;                                  // hash of its content
  std::vector<std::pair<std::string, std::string>> params;  // axis, label
  uint64_t seed = 0;
  std::string version;
  std::string verdict;
  std::string hash;  // of the trace
  uint64_t events = 0;
  int64_t end_ns = 0;
  struct Expectation {
    std::string id, text, outcome, left, right;
    friend bool operator==(const Expectation&, const Expectation&) = default;
  };
  std::vector<Expectation> expectations;
  std::vector<std::pair<std::string, reports::MetricValue>> metrics;
};

// Of the sources of sim/ to scenarios/ as compiled; neither compiler nor build type is in it.
std::string_view source_version();

// Hash of what a run is made of. Prose, mutants, seeds, plots and the sweep do not count.
std::string content_id(const Scenario& scenario);
std::string run_key(std::string_view content, uint64_t seed);

// `of` holds what is known before the run; the rest comes from the result.
RunRecord record_of(RunRecord of, reports::RunResult result);
// One line, with its end. In it the metrics of a series are a list: {"job.downtime": [min, max,
// mean, sum, count, last, p50, p95, p99]}, null for one that the run did not give.
std::string print_record(const RunRecord& record);
// The line, and one with the wanted metrics alone under the digest of the whole: what the process
// of the sweep must know of a run.
using MetricNames = std::set<std::string>;
struct PrintedRecord {
  std::string line, brief;
};
PrintedRecord print_both(RunRecord record, const MetricNames& wanted);
// The metrics alone, each under its own name, as the database holds them.
std::string print_metrics(const RunRecord& record);
// A run that ended without a result: a line too, but no record, so the run is done again.
std::string print_failure(const RunRecord& of, std::string_view why);
// The key of such a line, or empty.
std::string failed_key(std::string_view line);
// Empty: the line is torn, or no record. With `wanted` only these metrics are kept: of many runs
// all would fill the memory.
std::optional<RunRecord> parse_record(std::string_view line, const MetricNames* wanted = nullptr);
std::optional<RunRecord> parse_brief(std::string_view line);  // of print_both

// The seed of a run: the same at every point, or one of its own. Below 2^53, so that every reader
// of JSON keeps it.
uint64_t seed_at(std::string_view content, uint64_t seed, bool common_random_numbers);

}  // namespace drey::scenarios
