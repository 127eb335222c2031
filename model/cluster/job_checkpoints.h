#pragma once
// What the checkpoint coordinator of a job gets from its JobMaster: timers, messages to tasks,
// writes to the object store and the pointer store, and the assignment of restored state. Turns the
// coordinator's calls into JobCheckpointsHost calls and facts; holds no protocol of its own.
//
// Without high availability the completed-checkpoint store lives in the JobMaster's memory, as
// upstream's; with it, the pointer to each completed checkpoint is written to the pointer store
// before it counts. Upstream: CheckpointCoordinator's collaborators in SchedulerBase /
// CheckpointsUtils, DefaultCompletedCheckpointStore.
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/checkpoint/checkpoint_activation.h"
#include "model/checkpoint/checkpoint_coordinator.h"
#include "model/cluster/flink_options.h"
#include "model/cluster/job_scheduler.h"
#include "model/cluster/job_sources.h"
#include "model/cluster/restore_settings.h"
#include "model/cluster/savepoint_messages.h"
#include "sim/endpoint.h"

namespace drey::model {

class JobCheckpointsHost {
 public:
  virtual ~JobCheckpointsHost() = default;
  virtual sim::Time now() const = 0;
  virtual const JobScheduler& scheduler() const = 0;
  virtual JobScheduler& scheduler() = 0;

  enum class Timer : uint8_t { coordinator, periodic, expiry, verdict, after_savepoint };
  // Calls on_timer(timer, argument) after the delay.
  virtual void arm(Timer timer, uint64_t argument, sim::Duration delay) = 0;
  virtual void tell_task(SubtaskIndex subtask, sim::Body body) = 0;

  // Answer: on_stored(ticket, ok). Contents are real bytes.
  virtual void put_object(uint64_t ticket, const std::string& key, std::string bytes) = 0;
  // Answer: on_deleted(ticket) when all have been tried; ticket 0: none.
  virtual void delete_objects(uint64_t ticket, std::vector<std::string> keys) = 0;
  // Answer: on_pointer(ticket, outcome). Only with high availability.
  virtual void put_pointer(uint64_t ticket, CheckpointId id, const std::string& location) = 0;
  // Deletions that follow wait for it.
  virtual void remove_pointer(CheckpointId id) = 0;
  // Answer: on_id or on_id_failed. Only with high availability.
  virtual void next_id(uint64_t ticket) = 0;

  virtual void announce_checkpoint(uint16_t kind, std::optional<SubtaskIndex> subtask, uint64_t a,
                                   uint64_t b, uint64_t c) = 0;
  virtual void lock_released() = 0;
  // checkpoint 0: it failed.
  virtual void savepoint_ended(uint64_t operation, SavepointKind kind, CheckpointId checkpoint,
                               const std::string& location) = 0;
  virtual JobSources& sources() = 0;
};

class JobCheckpoints : private CoordinatorHost, private CheckpointTasks {
 public:
  JobCheckpoints(const JobInformation& job, const FlinkOptions& options, sim::Duration first_delay,
                 JobCheckpointsHost& host);
  ~JobCheckpoints() override;

  bool enabled() const { return coordinator_ != nullptr; }
  bool locked() const { return enabled() && coordinator_->locked(); }
  uint64_t completed() const { return completed_; }

  void on_execution(SubtaskIndex subtask, ExecutionState state);
  void on_job_status(JobStatus status);
  void on_acknowledge(SubtaskIndex subtask, CheckpointId id, TaskAcknowledgement acknowledgement);
  void on_decline(SubtaskIndex subtask, CheckpointId id, CheckpointFailureReason reason);
  // job_savepoints.cc, control-plane.md 9.5. False: refused.
  bool begin_savepoint(uint64_t operation, SavepointKind kind, SavepointFormat format,
                       const std::string& directory);
  // All tasks have read all their input: one more checkpoint at once.
  void trigger_at_end_of_data();

  void on_timer(JobCheckpointsHost::Timer timer, uint64_t argument);
  void on_stored(uint64_t ticket, bool ok);
  void on_deleted(uint64_t ticket);
  void on_pointer(uint64_t ticket, PointerWrite outcome);
  void on_id(uint64_t ticket, CheckpointId id);
  void on_id_failed(uint64_t ticket);
  void on_coordinator(OperatorRef coordinator, CheckpointId id, bool succeeded,
                      std::optional<CoordinatorState> state);

  // Aborts what is pending and gives the newest checkpoint's state to the subtasks. False: refused.
  bool restore(const std::vector<SubtaskIndex>& subtasks, bool global, uint64_t failover);
  // What the last restore() restored from.
  CheckpointId restored() const { return restored_ > 0 ? restored_ : kNoCheckpoint; }
  // Start of the JobMaster, high availability: what the pointers named; then all tasks get the
  // newest one's state.
  void recover(std::vector<CompletedCheckpointStore::Entry> checkpoints);
  // False: refused.
  bool restore_initial();
  // Start of a job from a savepoint or a retained checkpoint, whose metadata were read. Not empty:
  // refused, and why.
  std::string start_from(const CompletedCheckpoint& loaded, const RestoreSettings& settings);
  // Globally terminal: removes pointers and files as their properties say; waits for a completion
  // under way.
  void shut_down(JobStatus status);
  bool shutting_down() const { return final_status_.has_value(); }

 private:
  // What the end of a savepoint sets off, as an event of its own.
  enum class FollowUp : uint8_t { restart_periodic, cancel_job, fail_job };

  // CoordinatorHost
  sim::Time now() override { return host_.now(); }
  sim::Time wall_now() override { return host_.now(); }
  void wake_timer() override;
  void arm_periodic_trigger(uint64_t generation, sim::Duration delay) override;
  void cancel_periodic_trigger() override;
  void arm_expiry(CheckpointId id, sim::Duration delay) override;
  void cancel_expiry(CheckpointId id) override;
  const CheckpointTasks& tasks() override { return *this; }
  void send_trigger(const std::vector<TaskRef>& tasks, CheckpointId id, sim::Time timestamp,
                    const CheckpointOptions& options) override;
  void notify_complete(const std::vector<TaskRef>& tasks, CheckpointId id, sim::Time timestamp,
                       CheckpointId last_subsumed) override;
  void checkpoint_failed(CheckpointId id, SnapshotType type,
                         CheckpointFailureReason reason) override;
  void notify_aborted(const std::vector<TaskRef>& tasks, CheckpointId id, sim::Time timestamp,
                      CheckpointId latest_completed) override;
  void begin_coordinator_checkpoint(OperatorRef coordinator, CheckpointId id) override;
  void abort_coordinator_triggering(OperatorRef coordinator) override;
  void notify_coordinator_complete(OperatorRef coordinator, CheckpointId id) override;
  void notify_coordinator_aborted(OperatorRef coordinator, CheckpointId id) override;
  void reset_coordinator(OperatorRef coordinator, CheckpointId id,
                         const CoordinatorState* state) override;
  void begin_hook(const std::string& hook, CheckpointId id, sim::Time timestamp) override;
  void restore_hook(const std::string&, CheckpointId, const std::string*) override {}
  void reset_hook(const std::string&) override {}
  void begin_next_id(uint64_t ticket) override;
  void set_next_id(CheckpointId next) override { next_id_ = next; }
  void begin_location(uint64_t ticket, CheckpointId id, const CheckpointProperties& props,
                      const std::string& target) override;
  void begin_write_metadata(uint64_t ticket, const CompletedCheckpoint& checkpoint) override;
  void begin_write_pointer(uint64_t ticket, const CompletedCheckpoint& checkpoint) override;
  void request_done(uint64_t request, const CompletedCheckpoint& checkpoint) override;
  void request_failed(uint64_t request, CheckpointId id, CheckpointFailureReason reason) override;
  void fail_job(CheckpointId id, CheckpointFailureReason reason) override;
  void fail_task(const TaskRef& task, CheckpointId id, CheckpointFailureReason reason) override;
  std::optional<std::string> assign_states(const CompletedCheckpoint& checkpoint,
                                           RestoreScope scope) override;
  void lock_released() override;
  void discard_checkpoint(uint64_t ticket, CheckpointId id, const std::string& location,
                          std::vector<std::string> files) override;
  void discard_files(std::vector<std::string> files) override;
  void remove_pointer(CheckpointId id) override;

  // CheckpointTasks: vertices by their topological rank
  uint32_t vertices() const override;
  uint32_t parallelism(uint32_t vertex) const override;
  const std::vector<Input>& inputs(uint32_t vertex) const override { return inputs_[vertex]; }
  SubtaskRange consumed(uint32_t vertex, uint32_t subtask, uint32_t input) const override;
  PlanTaskState state(uint32_t vertex, uint32_t subtask) const override;
  uint32_t current_attempt(uint32_t vertex, uint32_t subtask) const override;

  const ExecutionTopology& topology() const { return host_.scheduler().graph().topology(); }
  SubtaskIndex subtask_of(const TaskRef& task) const;
  TaskRef task_of(SubtaskIndex subtask) const;
  void carry_out_verdict();
  void location_stored(uint64_t ticket, const std::string& location, bool ok);
  struct Savepoint {
    uint64_t operation = 0;
    SavepointKind kind = SavepointKind::plain;
    CheckpointId checkpoint = 0;
    std::string location;
    // Of a stop: the executions that there were when it was asked for, and what became of them.
    std::map<SubtaskIndex, uint32_t> open;  // not ended yet: their attempts
    bool ended_badly = false;               // one of them not FINISHED
  };

  void savepoint_done(uint64_t request, const CompletedCheckpoint& checkpoint);
  void savepoint_failed(uint64_t request);
  void watch_stop(SubtaskIndex subtask, ExecutionState state);
  void note_end(Savepoint& savepoint, SubtaskIndex subtask, ExecutionState state) const;
  void judge_stop();
  void watch_stop(JobStatus status);
  void follow_savepoint(FollowUp next);
  void carry_out(FollowUp next);
  void act(CheckpointActivation::Change change);
  void announce_job(uint16_t kind, uint64_t a, uint64_t b, uint64_t c);

  const JobInformation& job_;
  const FlinkOptions& options_;
  JobCheckpointsHost& host_;
  bool always_off_;  // a blocking result: no periodic checkpoints at all
  CheckpointActivation activation_;
  SharedStateRegistry registry_;
  CheckpointsCleaner cleaner_;
  CompletedCheckpointStore store_;
  std::unique_ptr<CheckpointCoordinator> coordinator_;
  std::vector<std::vector<Input>> inputs_;
  CheckpointId next_id_ = 1;
  uint64_t periodic_generation_ = 0;  // armed; answers of an older one are stale
  uint64_t completed_ = 0;
  std::map<uint64_t, uint64_t> metadata_ticket_;  // ticket of ours -> the coordinator's
  // Failures that the coordinator has decided: carried out as an event of their own (upstream: in
  // the main thread's executor), since failing the job stops the coordinator that is still
  // deciding.
  struct Verdict {
    std::optional<AttemptId> only_if_running;
    Cause cause;
  };
  std::deque<Verdict> verdicts_;
  // Savepoints on their way, and one that stops the job and is there, while the job finishes.
  std::map<uint64_t, Savepoint> savepoints_;  // by request
  std::optional<Savepoint> stopping_;
  std::map<uint64_t, std::string> locations_;  // being made, by ticket
  uint64_t savepoint_requests_ = 0;
  std::vector<SubtaskIndex> restoring_;
  CheckpointId restored_ = 0;
  std::optional<JobStatus> final_status_;  // shut_down waits for the coordinator's lock
};

}  // namespace drey::model
