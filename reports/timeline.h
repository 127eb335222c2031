#pragma once
// What happened when, for the report's page and the exported trace: every attempt of every subtask
// with its states, every checkpoint with the phases of its subtasks, failures, faults, processes
// that were down, the job's states. From announced facts only; no verdict hangs on it.
//
// Times are simulated. A subtask is an index into the topology. Phases are Flink's: start delay
// (trigger to the first barrier at the task), alignment, sync, async.
// Upstream: ExecutionHistory, CheckpointStatsTracker, SubtaskStateStats, ExceptionHistoryEntry.
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "reports/oracles/job_view.h"

namespace drey::reports {

inline constexpr sim::Duration kNotReached{-1};

struct AttemptRecord {
  model::SubtaskIndex subtask = 0;
  uint64_t attempt = 0;
  std::string task_manager;                            // empty: never deployed
  std::vector<std::pair<sim::Time, uint64_t>> states;  // since when, ExecutionState
};

struct PhaseRecord {
  model::SubtaskIndex subtask = 0;
  sim::Duration start_delay = kNotReached, alignment = kNotReached, sync = kNotReached,
                async = kNotReached;
  sim::Duration acknowledged = kNotReached;  // since the trigger
  uint64_t bytes = 0;
};

struct CheckpointRecord {
  enum class Outcome : uint8_t { pending, completed, failed };
  uint64_t id = 0;
  sim::Time triggered{}, ended{};
  Outcome outcome = Outcome::pending;
  std::string reason;  // of a failed one, as far as it was announced
  uint64_t bytes = 0;
  bool restored = false;            // a recovery used it
  std::vector<PhaseRecord> phases;  // by subtask
};

struct FailureRecord {
  sim::Time at{};
  std::string subject;  // subtask, or the job
  uint64_t attempt = 0;
  uint64_t cause = 0;  // Cause::Kind
};

struct RestartRecord {  // beside FailoverResult of the same position
  uint64_t number = 0;
  sim::Time at{};
  sim::Time rescheduled = sim::kEndOfTime;  // its tasks are being scheduled again
  uint64_t restored_checkpoint = 0;         // 0: none
};

struct SpanRecord {
  sim::Time from{};
  sim::Time to = sim::kEndOfTime;  // the end of the run if it is still so
};

struct ProcessRecord {
  std::string name;
  std::vector<SpanRecord> down, frozen;
};

struct FaultRecord {
  std::string id;
  std::vector<SpanRecord> spans;  // each landing and how long it lasted; equal ends: an instant
};

struct TimelineData {
  std::vector<AttemptRecord> attempts;  // as first announced
  std::vector<CheckpointRecord> checkpoints;
  std::vector<FailureRecord> failures;
  std::vector<RestartRecord> restarts;
  std::vector<ProcessRecord> processes;  // that were ever down or frozen after their start
  std::vector<FaultRecord> faults;       // that landed, in order of their first landing
  std::vector<std::pair<sim::Time, uint64_t>> job_states;
};

class Timeline final : public sim::TraceSink {
 public:
  explicit Timeline(std::shared_ptr<const JobView> view) : view_(std::move(view)) {}

  const TimelineData& data() const { return data_; }

  uint64_t interests() const override;
  void on(const sim::Fact& fact, sim::FactNumber number) override;

 private:
  void on_machine(const sim::Fact& fact);
  void on_fault(const sim::Fact& fact);
  void on_control(const sim::Fact& fact);
  void on_execution(const sim::Fact& fact, model::SubtaskIndex subtask);
  void on_task_state(const sim::Fact& fact);
  void on_checkpoint(const sim::Fact& fact);
  void on_phase(const sim::Fact& fact);
  AttemptRecord& attempt_of(model::SubtaskIndex subtask, uint64_t attempt, bool fresh);
  ProcessRecord& process(sim::PathId path);
  FaultRecord& fault(sim::PathId path);
  CheckpointRecord* pending(uint64_t id);

  std::shared_ptr<const JobView> view_;
  TimelineData data_;
  std::vector<size_t> current_;  // by subtask: position in attempts + 1; 0 = none
  std::map<uint64_t, size_t> pending_;
  std::map<sim::PathId, size_t> processes_, faults_;
  // A process that stops in the instant of a fault is down because of it.
  struct Blame {
    size_t fault = 0;
    size_t span = 0;
  };
  std::map<size_t, Blame> down_by_;  // by process
  sim::Time injected_ = sim::Time{-1};
  size_t injected_fault_ = 0;
};

}  // namespace drey::reports
