#pragma once
// The database of many runs: SQLite, a row per run in table `run`, one per expectation in
// `expectation`, one per result of a key that has several in `conflict`, and a view `run_wide` with
// a column per axis and metric. Written by one process, whole, in the order of the keys: equal rows
// give equal bytes.
//
// Errors: a text; empty = written or read.
#include <cstdint>
#include <string>
#include <vector>

namespace drey::reports {

struct RunRow {
  std::string key, scenario, scenario_id, params, version, verdict, hash, digest, metrics;
  uint64_t seed = 0;
  uint64_t events = 0;
  int64_t end_ns = 0;
  struct Expectation {
    std::string id, text, outcome, left, right;
  };
  std::vector<Expectation> expectations;
};
struct ConflictRow {
  std::string key, digest, record;  // record: the line as the run wrote it
};
// What the view shows as columns: names of axes, and of metrics.
struct WideColumns {
  std::vector<std::string> params, metrics;
};
struct RunDatabase {
  std::vector<RunRow> runs;            // in the order of their keys
  std::vector<ConflictRow> conflicts;  // in the order of key and digest
  WideColumns wide;
};

std::string write_run_database(const std::string& path, const RunDatabase& database);
// `wide` is not read.
std::string read_run_database(const std::string& path, RunDatabase& database);

}  // namespace drey::reports
