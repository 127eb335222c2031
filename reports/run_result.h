#pragma once
// The result of one run: what result.json, junit.xml and the terminal say of it. Plain data; its
// names in JSON are fixed (write_json.cc), because other tools rely on them.
//
// Times are simulated nanoseconds. Subtasks are named "agg/0".
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reports/ledger_counts.h"
#include "reports/metric_table.h"
#include "reports/oracle.h"

namespace drey::reports {

inline constexpr int kResultVersion = 1;  // of the format

// From best to worst. limit: stopped by a bound on time or events before a verdict was possible.
enum class RunVerdict : uint8_t { pass, vacuous, limit, fail, nondeterministic };
std::string_view name_of(RunVerdict verdict);
int exit_code_of(RunVerdict verdict);  // 0, 4, 4, 1, 5

struct CheckpointResult {
  uint64_t completed = 0, failed = 0, restored = 0;
};

struct FailoverResult {
  uint64_t number = 0;  // as the JobMaster counts them
  std::string cause;    // "task-manager-lost", ...
  std::string failed;   // the subtask, or the job for a global failure
  sim::Time at{};
  sim::Duration backoff{};
  std::vector<std::pair<std::string, std::string>> restarted;  // subtask, reason; in order
};

// Where a scenario says it; line 0: nowhere.
struct SourceLine {
  std::string file;
  uint32_t line = 0;
};

// What Flink's REST API tells of a job: the statuses that it went through, the exceptions that the
// JobMaster acted on, and the last attempt of each subtask that was restarted.
struct HistoryResult {
  struct Status {
    sim::Time at{};
    std::string status;  // "RESTARTING"; each JobMaster begins anew at CREATED
  };
  struct Exception {
    sim::Time at{};
    std::string task;  // the subtask; empty: of the job
    uint64_t attempt = 0;
    std::string cause;
  };
  std::vector<Status> statuses;
  std::vector<Exception> exceptions;         // oldest first
  std::map<std::string, uint64_t> attempts;  // above 0 only
};

struct FaultResult {
  std::string id;
  uint64_t landed = 0;  // times
  bool optional = false;
  SourceLine where = {};
};

struct RocksdbResult {
  uint64_t flushes = 0, compactions = 0, checkpoint_sst_bytes = 0, reused_sst_bytes = 0;
};

struct OracleResult {
  std::string name;
  std::string claim;
  Judgement judgement = Judgement::vacuous;
  uint64_t examined = 0;
  std::string excuse;
};

struct ExpectationResult {
  enum class Outcome : uint8_t { held, violated, warned, no_value };
  std::string id;
  std::string text;
  Outcome outcome = Outcome::no_value;
  std::string left, right;  // observed
  std::string because;
  sim::Time at{};  // when it was decided; 0 = at the end
  SourceLine where = {};
};
std::string_view name_of(ExpectationResult::Outcome outcome);

struct RunResult {
  std::string scenario;   // its file
  std::string job_state;  // "FINISHED"; empty: never submitted
  uint64_t seed = 0;
  std::string mutant;
  RunVerdict verdict = RunVerdict::pass;
  std::string limit;  // which one stopped the run; empty: none
  std::string hash;   // 32 hex digits
  sim::Time end{};
  uint64_t events = 0;

  LedgerCounts ledger;
  CheckpointResult checkpoints;
  std::vector<FailoverResult> failovers;
  HistoryResult history;
  std::vector<FaultResult> faults;
  std::vector<Violation> violations;  // by time
  RocksdbResult rocksdb;
  std::map<std::string, uint64_t> messages;  // delivered, by kind
  uint64_t barriers = 0;             // of checkpoints, taken from channels: however they travelled
  std::vector<std::string> regions;  // lines of text (region_picture.h)
  std::vector<OracleResult> oracles;
  std::vector<std::string> not_checked;  // what could not be, and why
  std::vector<ExpectationResult> expectations;
  std::vector<MetricRow> metrics;  // reports/metric_table.h
  std::string reproduce;           // the command line

  // Adds what an oracle found: its line, its violations, and what it left out.
  void add(const Oracle& oracle, const Finding& finding);
  // Adds an expectation's outcome; a violated one is a violation of the oracle "expectation:ID".
  void add(ExpectationResult expectation);
  // The last step: sorts the violations by time and derives the verdict. A violation beats a limit,
  // a limit beats vacuity; vacuous = a claim compared nothing, or a fault did not land.
  void conclude();
};

// Which build made it: compiler, library, commit.
struct BuildIdentity {
  std::string_view version;
  std::string_view commit;
  std::string compiler;
  std::string_view library;
};
BuildIdentity build_identity();

}  // namespace drey::reports
