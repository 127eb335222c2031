#pragma once
// The scheduler of one job in its JobMaster: turns reports into transitions of the execution graph,
// decides what restarts, requests slots for what is to run and deploys it. One main thread, no
// clock of its own; everything outside goes through JobSchedulerHost, everything asynchronous comes
// back as a call.
//
// Rules: control-plane.md 4.4 (failure path), 4.5 (deployment: nobody of a call is deployed before
// all have slots), 5.1 (transitions), 5.4 (job status). The version of a subtask is raised by every
// decision about it; who acts later compares.
//
// Upstream: SchedulerBase, DefaultScheduler, DefaultExecutionDeployer, DefaultExecutionGraph.
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "model/cluster/assigned_slot.h"
#include "model/cluster/flink_options.h"
#include "model/cluster/partition_tracker.h"
#include "model/cluster/scheduling_strategy.h"
#include "model/failover/execution_failure_handler.h"
#include "model/failover/partition_release.h"
#include "model/failover/region_failover.h"
#include "model/graph/execution_graph.h"
#include "model/task/task_runtime.h"

namespace drey::model {

class InputConsumableDecider;

class JobSchedulerHost {
 public:
  virtual ~JobSchedulerHost() = default;
  virtual sim::Time now() const = 0;
  // Logical slots for these subtasks, as one bulk. Answers: on_slot, on_slot_failed, in any order,
  // also at once.
  virtual void request_slots(const std::vector<SubtaskIndex>& subtasks) = 0;
  virtual void cancel_slot_request(SubtaskIndex subtask) = 0;
  virtual void release_slot(SubtaskIndex subtask, AllocationId allocation) = 0;
  virtual bool slot_is_alive(AllocationId allocation) const = 0;

  virtual void submit(const AssignedSlot& slot, std::shared_ptr<const Deployment> deployment) = 0;
  // retries: how many more asks follow a failed one, at once. Answer: on_cancel_failed when all
  // have failed.
  virtual void cancel_task(const AssignedSlot& slot, const AttemptId& attempt, int retries) = 0;
  virtual void update_partitions(const AssignedSlot& slot, const AttemptId& consumer,
                                 std::vector<ShuffleDescriptor> known) = 0;
  // At a TaskManager, or (no allocation) at a shuffle service.
  virtual void release_partitions(const AssignedSlot& slot,
                                  std::vector<PartitionId> partitions) = 0;

  // Call on_restart_due(number) after the delay.
  virtual void arm_restart(uint64_t number, sim::Duration delay) = 0;
  virtual void status_changed(JobStatus from, JobStatus to) = 0;
  virtual void execution_changed(SubtaskIndex subtask, ExecutionState from, ExecutionState to) = 0;
  virtual void failover_begun(uint64_t number, const Cause& cause, SubtaskIndex failed, bool global,
                              const std::vector<TaskRestart>& tasks, sim::Duration delay) = 0;
  virtual void failover_ended(uint64_t number) = 0;
  virtual void failure_seen(std::optional<SubtaskIndex> subtask, const Cause& cause) = 0;
  virtual void restart_refused(int64_t restarts) = 0;
  virtual void deployed(SubtaskIndex subtask, const AssignedSlot& slot) = 0;

  // Gives the newest checkpoint's state to these (all: global). False: the restore failed.
  // A restore has to wait while a completed checkpoint is being made durable; retry_restarts()
  // tells when it is.
  virtual bool may_restore() const = 0;
  virtual bool restore_state(const std::vector<SubtaskIndex>& subtasks, bool global) = 0;
};

class JobScheduler : private PartitionAvailability {
 public:
  struct Options {
    FailoverScope failover = FailoverScope::region;
    // Schedules in place of the pipelined-region strategy; outlives the scheduler.
    SchedulingStrategy* strategy = nullptr;
    SchedulerKind kind = SchedulerKind::pipelined_region;
    ConsumeConstraint hybrid = ConsumeConstraint::unfinished_producers;
    bool release_during_execution = true;
    sim::Address shuffle_service;  // external: where stored results lie; no process: none
    Mutant mutant = Mutant::none;
  };
  JobScheduler(std::shared_ptr<const JobInformation> job, Options options,
               RestartStrategy& restarts, JobSchedulerHost& host);
  ~JobScheduler() override;

  const ExecutionGraph& graph() const { return graph_; }
  JobStatus status() const { return status_.status(); }
  const JobInformation& job() const { return *job_; }
  AttemptId attempt_id(SubtaskIndex subtask) const;
  // The current attempt's subtask; nothing for an attempt that is not current.
  std::optional<SubtaskIndex> find(const AttemptId& attempt) const;
  const AssignedSlot& slot(SubtaskIndex subtask) const { return vertices_[subtask].slot; }
  const Cause& failure() const { return failure_; }
  // The next attempt of the subtask starts from a checkpoint's state.
  bool restores_state(SubtaskIndex subtask) const { return vertices_[subtask].restore != nullptr; }
  bool tracks_results_at(const std::string& task_manager) const {
    return tracker_.any_at(task_manager);
  }

  void start();
  void cancel();
  void suspend();
  void fail_global(const Cause& cause);
  // A global failure whose class carries NonRecoverableError: no restart strategy is asked.
  void fail_for_good(const Cause& cause);
  // Only if the attempt is current and INITIALIZING or RUNNING.
  void fail_if_running(const AttemptId& attempt, const Cause& cause);

  // One scheduling call: slots for all of them, then all are deployed, in this order.
  void allocate_and_deploy(const std::vector<SubtaskIndex>& subtasks);

  // Reports and answers.
  bool on_task_state(const AttemptId& attempt, ExecutionState state, const Cause& cause);
  void on_slot(SubtaskIndex subtask, const AssignedSlot& slot);
  void on_slot_failed(SubtaskIndex subtask, const Cause& cause);
  void on_slot_lost(SubtaskIndex subtask, AllocationId allocation, const Cause& cause);
  void on_submit_failed(const AttemptId& attempt, const Cause& cause);
  void on_cancel_failed(const AttemptId& attempt, const Cause& cause);
  void on_restart_due(uint64_t number);
  void retry_restarts() { try_restarts(); }
  // A TaskManager is gone: its finished results are not available any more (table 7.2: after the
  // failures of its slots).
  void stop_tracking(const std::string& task_manager);
  // The job is over: nobody needs its results.
  void release_all_results() { release(tracker_.stop_and_release_all()); }
  // An attempt that should run on a TaskManager does not, by its own report.
  void on_not_deployed(const AttemptId& attempt);

  // Set by restore_state: what the next deployment of the subtask restores.
  void set_restore(SubtaskIndex subtask, std::shared_ptr<const TaskRestore> restore);

 private:
  struct Vertex {
    AssignedSlot slot;
    uint64_t deploy_version = 0;
    uint32_t call = 0;
    std::shared_ptr<const TaskRestore> restore;
  };
  struct Call {  // one list handed to deployment together
    std::vector<SubtaskIndex> subtasks;
    uint32_t waiting = 0;
  };
  struct Restart {
    uint64_t number = 0;
    bool global = false;
    bool due = false;
    std::vector<std::pair<SubtaskIndex, uint64_t>> versions;
  };

  bool is_tracked(PartitionIndex partition) const override {
    // drey's extension: the approximate exchange keeps what it has for the next reader.
    return tracker_.is_tracked(partition) ||
           graph_.topology().type_of(partition) == ResultPartitionType::pipelined_approximate;
  }

  void apply(SubtaskIndex subtask, ExecutionEvent event, const Cause& cause);
  void follow(SubtaskIndex subtask, const ExecutionOutcome& outcome, ExecutionState before,
              const Cause& cause);
  void set_status_from(JobStatus before);
  void task_failed(SubtaskIndex subtask, const Cause& cause);
  void handle(const Cause& cause, std::optional<SubtaskIndex> failed,
              std::vector<TaskRestart> tasks, bool global);
  void fail_job(const Cause& cause);
  void cancel_execution(SubtaskIndex subtask);
  void cancel_all();
  void drop_pending_restarts();
  void try_restarts();
  void restart_tasks(Restart restart);
  void reset(SubtaskIndex subtask);
  void check_terminal();

  void schedule(const SchedulingCalls& calls);
  void deploy(SubtaskIndex subtask);
  void tell_running_consumers(SubtaskIndex subtask);
  std::shared_ptr<const Deployment> make_deployment(SubtaskIndex subtask);
  void track_results_of(SubtaskIndex subtask, const AssignedSlot& slot);
  void stop_tracking_results_of(SubtaskIndex subtask);
  void note_for_release(SubtaskIndex subtask);
  void release(std::vector<PartitionTracker::Held> held);
  sim::Address place_of(const PartitionId& result) const;
  GroupProducers producers_of(GroupIndex group);
  void forget_producers(SubtaskIndex subtask);
  FailureCause to_failure_cause(const Cause& cause) const;

  std::shared_ptr<const JobInformation> job_;
  JobSchedulerHost& host_;
  ExecutionGraph graph_;
  JobStateMachine status_;
  std::unique_ptr<FailoverStrategy> strategy_;
  ExecutionFailureHandler failures_;
  std::unique_ptr<InputConsumableDecider> decider_;  // vertex-wise scheduling only
  std::unique_ptr<SchedulingStrategy> own_scheduling_;
  SchedulingStrategy* scheduling_;  // its own, or the options'
  PartitionTracker tracker_;
  PartitionRelease release_;
  bool release_during_execution_;
  sim::Address shuffle_service_;
  std::vector<Vertex> vertices_;
  std::vector<Call> calls_;
  std::vector<Restart> restarts_;
  std::vector<bool> waiting_for_restart_;
  uint32_t waiting_count_ = 0;
  uint64_t failovers_ = 0;
  std::vector<GroupProducers> producers_;
  Cause failure_;
};

}  // namespace drey::model
