#pragma once
// What happened in a run, in the words of a twin's `facts` (tests/conformance/twins/README.md):
// from the announced facts of the trace alone.
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "reports/oracle.h"
#include "sim/log_set.h"
#include "tests/conformance/twin_scenario.h"

namespace drey::conformance {

class TwinFacts final : public sim::TraceSink {
 public:
  TwinFacts(const Json& twin, const TwinScenario& made, const sim::Kernel& kernel, sim::LogSet logs,
            uint64_t job = 1);

  uint64_t interests() const override;
  void on(const sim::Fact& fact, sim::FactNumber number) override;
  void on_batch(const sim::BatchFact& batch, sim::FactNumber number) override;

  // Keys as in the twin's `facts`; `times` hold one number each, not a range.
  Json facts() const;

 private:
  struct Status {
    sim::Time at;
    std::string status;
  };
  struct Transition {
    sim::Time at;
    std::string subtask;  // the twin's name
    uint64_t attempt = 0;
    std::string state;
  };
  struct Failover {
    sim::Time at;
    std::string failed;  // "agg/0#1", "(global)"
    std::string kind;
    size_t tasks = 0;
  };
  struct Failure {
    sim::Time at;
    std::string task;
    std::string kind;
    int64_t concurrent = 0;  // of a root: other failed executions of that moment
  };
  struct Restore {
    sim::Time at;
    uint64_t checkpoint = 0;
    uint64_t newest = 0;  // completed by then
  };
  struct Checkpoint {
    sim::Time at;
    uint64_t id = 0;
  };
  struct Output {                                            // of one sink
    std::map<uint64_t, uint64_t> times;                      // committed, by provenance
    std::map<uint64_t, std::map<int64_t, uint64_t>> counts;  // by key, each running count
    std::vector<sim::Record> records;                        // of windows
  };
  struct Seen {
    sim::Time at;
    std::string what;
  };

  bool of_another_job(const sim::Fact& fact) const;
  void begin_from_snapshot(uint64_t checkpoint);
  std::string given_directory() const;
  std::string given_as() const;
  void add_given(Json& facts) const;
  void on_control(const sim::Fact& fact);
  void on_fault(const sim::Fact& fact);
  void on_cluster(const sim::Fact& fact);  // heartbeats, registrations, leaders
  void on_checkpoint(const sim::Fact& fact);
  void on_status(const sim::Fact& fact);
  void on_execution(const sim::Fact& fact);
  std::string twin_subtask(const sim::Fact& fact) const;
  std::string kind_of(uint64_t cause) const;

  Json attempts() const;
  Json ended_in(const std::string& state) const;
  Json final_states() const;
  Json restart_sets() const;
  Json root_exceptions() const;
  void add_placement(Json& facts) const;
  void add_lost_tasks(Json& facts) const;
  void add_times(Json& facts) const;
  Json restarting_times() const;
  std::optional<sim::Time> all_running_after(sim::Time from) const;
  std::optional<sim::Time> last_running_after(sim::Time from) const;
  Json output() const;
  Json output_of(const Output& output) const;
  static bool counts_exact(const Output& output);
  static int64_t highest_counts(const Output& output);
  Json windows() const;
  // What the log's formula makes of the windows: (key, last ms) -> sum, records; and the late
  // records.
  struct Windows;
  Windows expected_windows() const;
  void add_reruns(Json& facts) const;
  void add_cluster(Json& facts) const;
  std::string status_at(sim::Time at) const;
  int64_t failed_now() const;
  Json left_in_the_directory() const;
  std::vector<std::string> all_subtasks() const;
  bool has_windows() const;
  bool finished() const;

  const Json& twin_;
  const TwinScenario& made_;
  sim::LogSet logs_;
  uint64_t job_;
  reports::TraceNames names_;
  std::map<std::string, std::string> vertex_of_;  // drey's id -> the twin's vertex

  std::vector<Status> statuses_;
  std::string job_master_;  // who spoke last for the job
  std::vector<Transition> transitions_;
  std::vector<Failover> failovers_;
  std::vector<Failure> failures_;
  std::vector<Failure> roots_;  // of the exception history; refused restarts are "(global)"
  std::map<std::string, std::string> state_now_;
  std::set<std::string> objects_;  // in the checkpoint directory
  // Of a job that starts from a snapshot: the files of its directory, and those that the jobs
  // before shared between their checkpoints; what was there of the former after the first own
  // checkpoint.
  std::set<std::string> given_, given_shared_;
  std::string given_after_first_;
  std::vector<Restore> restores_;
  std::vector<Checkpoint> triggered_, completed_;
  std::set<uint64_t> failed_checkpoints_;
  size_t failed_triggers_ = 0;
  std::map<uint64_t, std::string> process_of_allocation_;
  std::map<std::string, std::pair<uint64_t, std::string>> first_slot_;  // subtask -> allocation, TM
  std::map<std::string, std::string> process_of_;                       // subtask -> TM now
  std::set<std::string> on_lost_;
  std::set<std::string> finished_before_fault_;
  std::string savepoint_;  // how the operation ended
  size_t completed_before_savepoint_ended_ = 0;
  std::string lost_;  // the TaskManager that the fault hits
  std::map<std::string, Output> outputs_;
  std::optional<sim::Time> fault_at_;
  std::optional<sim::Time> loss_at_;
  std::string loss_;  // "heartbeat timed out", "no longer reachable"
  bool noticed_by_resource_manager_ = false;
  std::map<std::string, sim::Time> landed_, healed_;  // faults, by id
  std::vector<Seen> seen_on_tms_, leadership_, registrations_;
  std::optional<sim::Time> fatal_error_;
  std::set<std::string> ended_fatally_;  // JobManagers
  std::string revoked_;                  // the JobManager whose leadership was
  std::vector<Seen> exits_;              // "tm-2 1": process and exit code
  uint64_t late_records_ = 0;
  sim::Duration longest_checkpoint_;
  size_t in_flight_ = 0, most_in_flight_ = 0;
  std::optional<sim::Time> end_;
  uint64_t newest_before_fault_ = 0;
  size_t counted_from_ = 0;  // completed checkpoints of former JobMasters
};

}  // namespace drey::conformance
