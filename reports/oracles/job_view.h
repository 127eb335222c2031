#pragma once
// What the oracles know of one job before the run: its subtasks and edges, made from the job's
// description, and which subtask a path of the trace names. And the plain values that the scenario
// room fills in (OracleSetup): everything of the configuration that a claim depends on.
//
// Units: sim::Duration; counts are plain. A path is looked up once, then by index.
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/graph/execution_topology.h"
#include "reports/oracle.h"

namespace drey::reports {

// restart-strategy.*: only the values of `kind` count.
struct RestartBudgetSetup {
  enum class Kind : uint8_t { none, fixed_delay, failure_rate, exponential_delay };
  Kind kind = Kind::none;
  int64_t attempts = 1;                             // fixed_delay
  sim::Duration delay = sim::seconds(1);            // fixed_delay, failure_rate
  int64_t max_failures = 1;                         // failure_rate
  sim::Duration interval = sim::minutes(1);         // failure_rate
  sim::Duration initial_backoff = sim::seconds(1);  // exponential_delay, from here on
  sim::Duration max_backoff = sim::minutes(1);
  int64_t multiplier_millionths = 1'500'000;
  sim::Duration reset_threshold = sim::minutes(60);
  int64_t jitter_millionths = 100'000;
  int64_t attempts_before_reset = INT64_MAX;
};

struct OracleSetup {
  uint32_t job = 1;  // paths of the job begin with "job-<number>"
  model::JobSpec spec;
  bool full_failover = false;     // jobmanager.execution.failover-strategy: full
  bool releases_results = true;   // jobmanager.partition.release-during-job-execution
  bool external_results = false;  // stored results survive their TaskManager
  RestartBudgetSetup restart;

  bool high_availability = false;
  std::optional<sim::Duration> checkpoint_interval;  // absent: checkpointing is off
  sim::Duration checkpoint_timeout = sim::minutes(10);
  sim::Duration checkpoint_min_pause;
  std::optional<uint64_t> tolerable_failures = 0;  // of checkpoints in a row; nothing: any number
  uint32_t retained = 1;                           // execution.checkpointing.num-retained
  // Retention at FINISHED, CANCELED, FAILED.
  bool keep_when_finished = false;
  bool keep_when_canceled = false;
  bool keep_when_failed = false;
  std::string checkpoint_directory = "checkpoints/job-1";  // keys of its files begin with it
  bool checkpoints_after_tasks_finish = true;

  bool starts_from_snapshot = false;  // of an earlier job
  bool claims = false;                // execution.state-recovery.claim-mode: CLAIM

  bool late_data = false;  // declared disorder exceeds the bound of a source

  // After the last fault the job is due to run and to complete a checkpoint within this time; zero:
  // derived from the values below (progress.h).
  sim::Duration progress_bound;
  sim::Duration heartbeat_timeout = sim::seconds(50);
  sim::Duration slot_request_timeout = sim::minutes(5);
  sim::Duration cancellation_timeout = sim::seconds(180);
  sim::Duration tcp_retransmission = sim::seconds(120);  // longest pause between two segments
  uint32_t slots_each = 0;                               // of a TaskManager
  std::set<std::string> lasting_faults;  // ids of faults that last until they heal, if they do
};

class JobView {
 public:
  JobView(const OracleSetup& setup, TraceNames names);

  const model::ExecutionTopology& topology() const { return topology_; }
  const TraceNames& names() const { return names_; }
  const model::JobSpec& spec() const { return spec_; }
  const std::string& job() const { return job_; }  // "job-1"

  // Whom a fact is about: its subject, or the announcer where there is none.
  static sim::PathId about(const sim::Fact& fact) {
    return fact.subject.valid() ? fact.subject : fact.entity;
  }
  bool is_job(sim::PathId path) const { return look_up(path) == kJob; }
  std::optional<model::SubtaskIndex> subtask(sim::PathId path) const {
    const int64_t found = look_up(path);
    return found < 0 ? std::nullopt : std::optional(static_cast<model::SubtaskIndex>(found));
  }
  bool of_job(const sim::Fact& fact) const { return look_up(about(fact)) != kOther; }
  std::string name(model::SubtaskIndex subtask) const { return topology_.name_of(subtask); }

 private:
  static constexpr int64_t kUnknown = -3, kOther = -2, kJob = -1;
  int64_t look_up(sim::PathId path) const;

  TraceNames names_;
  std::string job_;
  model::JobSpec spec_;
  model::ExecutionTopology topology_;
  std::map<std::string, model::SubtaskIndex, std::less<>> by_name_;
  mutable std::vector<int64_t> by_path_;
};

}  // namespace drey::reports
