#pragma once
// One run of one scenario: where the engine is wired in. A run is a pure function of (scenario,
// seed, mutant), and a process of its own when there are many (scenarios/run_pool.h), so its
// outcome is plain text that can cross a pipe.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reports/run_result.h"
#include "scenarios/scenario.h"

namespace drey::scenarios {

using LineIndex = std::map<std::string, reports::SourceLine>;

struct RunRequest {
  const Scenario* scenario = nullptr;  // not owned; outlives the run
  std::string file;                    // for the reproduce command
  uint64_t seed = 1;
  std::string mutant;      // empty: none
  bool twice = false;      // run again and compare the hashes: exit code 5 when they differ
  bool committed = false;  // keep the committed records as CSV
  bool graph = false;      // draw the job's regions
  bool latency = false;    // of every record, even if no expectation asks for it
  // Where the scenario says what it expects: "expect/ID", "fault/ID"; not owned, may be null.
  const LineIndex* lines = nullptr;
  std::vector<std::string> set;  // POINTER=VALUE put into the scenario, for the reproduce command
  bool report = false;           // collect what the report's page and the exported trace show
  bool log = false;  // keep the log: its lines cost more than the facts that they are made of
};

// `exit_code`: 0 all held, 1 violated, 3 internal error, 4 no verdict, 5 not deterministic
// (design.md section 6).
struct RunOutcome {
  int exit_code = 3;
  std::string verdict =
      "error";          // pass, vacuous, limit, fail, nondeterministic; error: the run itself broke
  std::string summary;  // for the terminal
  std::string json;     // result.json
  std::string junit;    // the <testsuite> of this run
  std::string log;      // with RunRequest::log: one line a state transition
  std::string committed;  // with RunRequest::committed: CSV (scenarios/committed_output.h)
  // With RunRequest::graph: the regions with what each failover restarted
  // (reports/region_picture.h).
  std::string graph_dot;
  std::string graph_json;
  std::string annotations;  // for GitHub (reports/write_github.h)
  std::string row;          // of GitHub's step summary
  std::string detail;       // with RunRequest::report: for reports::run_data
  std::string trace;        // with RunRequest::report: trace.json
  std::string broke;        // verdict error: how its process ended
  int64_t cost_us = 0;      // processor time, where whoever runs it measures it
  friend bool operator==(const RunOutcome&, const RunOutcome&) = default;
};

// What belongs to a job is given back within this time after its end, or never. Where a fault
// landed, a TaskManager may have to find out by itself that the JobMaster is gone (heartbeat) and
// that nobody claims its slot (slot time-out).
class FaultInjector;
sim::Duration aftermath_of(const Scenario& scenario, const FaultInjector& faults);

RunOutcome run_once(const RunRequest& request);
reports::RunResult result_of(const RunRequest& request);  // one run, as values

// The worse of two verdicts, in the order pass, vacuous, limit, fail, nondeterministic, error.
const std::string& worse_verdict(const std::string& a, const std::string& b);
int exit_code_of(const std::string& verdict);

}  // namespace drey::scenarios
