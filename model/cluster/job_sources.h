#pragma once
// The operator coordinators of one job: for each source its coordinator (enumerator and book of
// assignments) behind the holder that keeps its events in step with checkpoints.
//
// Two threads, as upstream: what the JobMaster calls runs in its main thread; the coordinators'
// work is run by run(), an event of its own, and what it sends goes through the main thread again.
// Events to a reader are asks that the task's TaskManager acknowledges; a lost one fails its
// target.
//
// Upstream: DefaultOperatorCoordinatorHandler, OperatorCoordinatorHolder, SourceCoordinator.
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/checkpoint/operator_coordinator_holder.h"
#include "model/cluster/job_scheduler.h"
#include "model/io/source_coordinator.h"

namespace drey::model {

class JobSourcesHost {
 public:
  virtual ~JobSourcesHost() = default;
  virtual const JobScheduler& scheduler() const = 0;
  // Call run() as an event of its own; asked again only after that.
  virtual void wake_sources() = 0;
  // Answer: on_event_told.
  virtual void send_to_operator(uint64_t number, SubtaskIndex subtask, uint32_t attempt,
                                uint32_t op, const OperatorEventPtr& event) = 0;
  // Asks the external log which splits it has. Answer: on_described.
  virtual void describe_log(uint32_t source) = 0;
  virtual void describe_log_later(uint32_t source) = 0;
  virtual void coordinator_done(OperatorRef coordinator, CheckpointId id, bool succeeded,
                                std::optional<CoordinatorState> state) = 0;
  virtual void operator_event_lost(SubtaskIndex subtask, uint32_t attempt) = 0;
  virtual void source_failed(const std::string& text) = 0;
  // subtask: nothing = the job.
  virtual void announce_source(uint16_t kind, std::optional<SubtaskIndex> subtask, uint64_t a,
                               uint64_t b, uint64_t c) = 0;
};

class JobSources {
 public:
  JobSources(const JobInformation& job, const ExecutionTopology& topology, JobSourcesHost& host);
  ~JobSources();
  JobSources(const JobSources&) = delete;
  JobSources& operator=(const JobSources&) = delete;

  void start();
  void run();
  // Which operator of the job a source is.
  uint32_t op(uint32_t source) const;

  void on_execution(SubtaskIndex subtask, ExecutionState state);
  // False: that attempt does not run (TaskNotRunningException), or has no such operator.
  bool on_event(const AttemptId& attempt, uint32_t op, const OperatorEvent& event);
  void on_event_told(uint64_t number, bool delivered);
  void on_described(uint32_t source, const std::vector<uint64_t>* sizes);

  // A failover has given these subtasks new attempts, of state `restored` (none: kNoCheckpoint).
  void subtasks_reset(const std::vector<SubtaskIndex>& subtasks, CheckpointId restored);
  // A global failover without checkpointing: back to nothing.
  void reset_all();

  // Checkpoints.
  std::set<OperatorRef> coordinators() const;
  void checkpoint(OperatorRef coordinator, CheckpointId id);
  void abort_triggering(OperatorRef coordinator);
  void complete(OperatorRef coordinator, CheckpointId id);
  void aborted(OperatorRef coordinator, CheckpointId id);
  void reset(OperatorRef coordinator, CheckpointId id, const CoordinatorState* state);

 private:
  struct MainWork {
    enum class Kind : uint8_t { send, snapshot, threw } kind = Kind::send;
    uint32_t source = 0;
    uint32_t subtask = 0;
    uint32_t attempt = 0;
    CheckpointId id = 0;
    SourceThrown thrown = SourceThrown::nothing;
    OperatorEvent event;
    std::string state;
  };
  struct Source;

  void wake();
  void run_main(const MainWork& work);
  Source* find(OperatorRef coordinator);
  Source* source_of(JobVertexIndex vertex);

  const ExecutionTopology& topology_;
  JobSourcesHost& host_;
  std::vector<std::unique_ptr<Source>> sources_;
  std::deque<MainWork> main_;
  struct Told {
    uint32_t source = 0;
    uint64_t rpc = 0;
  };
  std::map<uint64_t, Told> told_;  // events that are under way
  uint64_t next_number_ = 0;
  bool awake_ = false;
};

}  // namespace drey::model
