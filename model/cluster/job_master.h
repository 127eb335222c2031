#pragma once
// The JobMaster of one job: its endpoint, its TaskManagers, its heartbeats, and the three parts
// that do the work and are called directly, being on the same main thread: JobScheduler (graph,
// failover, deployment), SlotProvider, JobCheckpoints.
//
// One object per leader term; a new leader starts anew from the stores. Fenced by its token.
// Rules: control-plane.md 6.6 (declaring resources), 7 (heartbeats, losses, reconciliation), 8.4
// (leadership). Upstream: JobMaster, JobMasterServiceLeadershipRunner,
// ExecutionDeploymentReconciler.
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "model/cluster/flink_options.h"
#include "model/cluster/job_checkpoints.h"
#include "model/cluster/job_ha_data.h"
#include "model/cluster/job_scheduler.h"
#include "model/cluster/job_sources.h"
#include "model/cluster/leadership.h"
#include "model/cluster/messages.h"
#include "model/cluster/registration.h"
#include "model/cluster/savepoint_messages.h"
#include "model/cluster/slot_provider.h"
#include "sim/endpoint.h"
#include "sim/service.h"

namespace drey::model {

struct JobMasterSpec {
  std::shared_ptr<const JobInformation> job;
  sim::FencingToken token;
  sim::Address dispatcher;
  sim::ServiceName object_store;
  // The job ended so under an earlier leader: nothing is executed, its checkpoints are removed
  // (upstream: CheckpointResourcesCleanupRunner).
  std::optional<JobStatus> ended_as{};
  RestoreSettings restore{};  // of the submission
};

class JobMaster : public sim::Endpoint,
                  private JobSchedulerHost,
                  private SlotProviderHost,
                  private JobCheckpointsHost,
                  private JobSourcesHost,
                  private JobHaDataHost,
                  private HeartbeatListener,
                  private LeaderListener,
                  private JitterSource {
 public:
  JobMaster(sim::World& world, sim::ProcessId process, JobMasterSpec spec,
            const FlinkOptions& options, Leadership& leadership);
  ~JobMaster() override;

  JobStatus status() const { return scheduler_.status(); }
  void cancel();
  // False: refused, nothing has begun. Else SavepointEnded tells the Dispatcher.
  bool savepoint(uint64_t operation, SavepointKind kind, SavepointFormat format,
                 const std::string& directory);
  // Leadership is lost: the job is suspended, its stores are kept, and this stops
  // (job_master_stop.cc). When stopped() the leadership's contenders are told; only then it may go.
  void suspend();
  bool stopped() const { return stopped_; }
  // The Dispatcher knows the end of the job (with high availability: durably), so that its
  // checkpoints may go. JobCleanedUp tells that they are gone; until then this must live, for a
  // checkpoint may be in the middle of its completion.
  void clean_up();

 private:
  enum Then : uint16_t {
    rm_resolved,
    rm_reconnect,
    registered_at_rm,
    rm_retry,
    declared,
    declare_retry,
    heartbeat_to_tm,
    heartbeat_told,
    submitted,
    cancelled,
    restart_due,
    coordinator_timer,
    periodic_timer,
    expiry_timer,
    verdict_timer,
    after_savepoint_timer,
    object_stored,
    object_deleted,
    free_told,
    bulk_check,
    idle_check,
    start_job,
    metadata_read,
    metadata_retry,
    end_told,
    cleaned_told,
    sources_due,
    event_told,
    event_not_sent,
    log_described,
    log_retry,
    tasks_suspended,
    ignore,
  };
  enum TimerKind : uint8_t { tm_heartbeat_timer, rm_heartbeat_timer, declare_timer };

  struct TaskManager {
    sim::Address control;
    sim::Address data;
    std::set<AttemptId> deployed;  // acknowledged submissions
    std::set<AttemptId> pending;   // submissions under way
  };
  struct Submission {
    AttemptId attempt;
    std::string task_manager;
  };
  struct Cancellation {
    AttemptId attempt;
    AssignedSlot slot;
    int retries = 0;
  };
  struct Deletion {
    uint64_t ticket = 0;
    size_t open = 0;
  };
  // One object of it. The client library of a store asks again when no answer comes.
  struct ObjectDeletion {
    uint64_t deletion = 0;
    sim::Body request;
    uint32_t asked = 0;
  };

  struct Metadata {  // of a checkpoint that a pointer names
    CheckpointPointer pointer;
    CompletedCheckpointStore::Entry checkpoint;
    uint32_t failures = 0;
    bool open = true;
  };

  static JobScheduler::Options scheduler_options(sim::World& world, const JobInformation& job,
                                                 const FlinkOptions& options);

  // start
  void start();
  void read_given();
  void start_from_given();
  void refuse_start(const std::string& why);
  void start_execution();
  void read_metadata(size_t index);
  void metadata_answered(size_t index, const sim::Reply& reply);
  void recovered();
  void recovery_failed();
  void report_if_clean();
  void tell_end();
  void tell_cleaned();
  bool leads_visibly() const;

  // messages
  void on_call(const sim::Call& call, const sim::Message& body, const sim::Body& shared) override;
  void on_reply(sim::Continuation then, const sim::Reply& reply) override;
  void on_later(sim::Continuation then) override;
  void on_timer(uint8_t kind) override;
  bool on_task_report(const sim::Call& call, const sim::Message& body);

  // TaskManagers
  void register_task_manager(const sim::Call& call, const RegisterTaskManager& message);
  void offered(const sim::Call& call, const OfferSlots& offer);
  void fail_slot(const FailSlot& message);
  void lose_task_manager(const std::string& resource, const Cause& cause);
  void heartbeat_from_task_manager(const HeartbeatFromTaskManager& message);
  void submit_ended(uint64_t number, const sim::Reply& reply);
  void cancel_ended(uint64_t number, const sim::Reply& reply);

  // losing the leadership
  void hold(const sim::Message& body);
  void let_go_of_held();
  void close_stores();
  void stop();

  // the ResourceManager
  void on_leader_changed(const std::string& component) override;
  void connect_to_resource_manager();
  void resource_manager_resolved(const sim::Reply& reply);
  void register_at_resource_manager();
  void resource_manager_answered(const sim::Reply& reply);
  void close_resource_manager(bool reconnect);
  void send_requirements();

  // heartbeats
  void send_heartbeat_request(const ResourceId& target, sim::Time now) override;
  void heartbeat_timed_out(const ResourceId& target, sim::Time now) override;
  void target_unreachable(const ResourceId& target, sim::Time now) override;
  void lost_heartbeat(const ResourceId& target, bool unreachable);
  void rearm_heartbeats();

  // JobSchedulerHost
  sim::Time now() const override { return Endpoint::now(); }
  void request_slots(const std::vector<SubtaskIndex>& subtasks) override;
  void cancel_slot_request(SubtaskIndex subtask) override;
  void release_slot(SubtaskIndex subtask, AllocationId allocation) override;
  bool slot_is_alive(AllocationId allocation) const override { return slots_.has(allocation); }
  void submit(const AssignedSlot& slot, std::shared_ptr<const Deployment> deployment) override;
  void cancel_task(const AssignedSlot& slot, const AttemptId& attempt, int retries) override;
  void update_partitions(const AssignedSlot& slot, const AttemptId& consumer,
                         std::vector<ShuffleDescriptor> known) override;
  void release_partitions(const AssignedSlot& slot, std::vector<PartitionId> partitions) override;
  void arm_restart(uint64_t number, sim::Duration delay) override;
  void status_changed(JobStatus from, JobStatus to) override;
  void execution_changed(SubtaskIndex subtask, ExecutionState from, ExecutionState to) override;
  void failover_begun(uint64_t number, const Cause& cause, SubtaskIndex failed, bool global,
                      const std::vector<TaskRestart>& tasks, sim::Duration delay) override;
  void failover_ended(uint64_t number) override;
  void failure_seen(std::optional<SubtaskIndex> subtask, const Cause& cause) override;
  void restart_refused(int64_t restarts) override;
  void deployed(SubtaskIndex subtask, const AssignedSlot& slot) override;
  bool may_restore() const override { return !checkpoints_.locked(); }
  bool restore_state(const std::vector<SubtaskIndex>& subtasks, bool global) override;

  // SlotProviderHost
  void slot_granted(SubtaskIndex subtask, const AssignedSlot& slot) override;
  void slot_refused(SubtaskIndex subtask, const Cause& cause) override;
  void slot_lost(SubtaskIndex subtask, AllocationId allocation, const Cause& cause) override;
  void declare_requirements(const ResourceCounter& requirements) override;
  void free_slot_at(const AssignedSlot& slot, const Cause& cause) override;
  void arm_declaration(std::optional<sim::Time> at) override;
  void arm_bulk_check(BulkId bulk, sim::Time at) override;
  bool restores_state(SubtaskIndex subtask) const override;
  bool is_placed(SubtaskIndex subtask) const override;

  // JobCheckpointsHost
  const JobScheduler& scheduler() const override { return scheduler_; }
  JobScheduler& scheduler() override { return scheduler_; }
  void arm(Timer timer, uint64_t argument, sim::Duration delay) override;
  void tell_task(SubtaskIndex subtask, sim::Body body) override;
  void put_object(uint64_t ticket, const std::string& key, std::string bytes) override;
  void delete_objects(uint64_t ticket, std::vector<std::string> keys) override;
  void put_pointer(uint64_t ticket, CheckpointId id, const std::string& location) override;
  void remove_pointer(CheckpointId id) override;
  void next_id(uint64_t ticket) override;
  void announce_checkpoint(uint16_t kind, std::optional<SubtaskIndex> subtask, uint64_t a,
                           uint64_t b, uint64_t c) override;
  void lock_released() override;
  void savepoint_ended(uint64_t operation, SavepointKind kind, CheckpointId checkpoint,
                       const std::string& location) override;
  JobSources& sources() override { return sources_; }

  // JobSourcesHost
  void wake_sources() override;
  void send_to_operator(uint64_t number, SubtaskIndex subtask, uint32_t attempt, uint32_t op,
                        const OperatorEventPtr& event) override;
  void describe_log(uint32_t source) override;
  void describe_log_later(uint32_t source) override;
  void coordinator_done(OperatorRef coordinator, CheckpointId id, bool succeeded,
                        std::optional<CoordinatorState> state) override;
  void operator_event_lost(SubtaskIndex subtask, uint32_t attempt) override;
  void source_failed(const std::string& text) override;
  void announce_source(uint16_t kind, std::optional<SubtaskIndex> subtask, uint64_t a, uint64_t b,
                       uint64_t c) override;
  void source_answered(sim::Continuation then, const sim::Reply& reply);
  void source_due(sim::Continuation then);

  // JobHaDataHost
  void ha_data_read(const std::vector<CheckpointPointer>& pointers) override;
  void ha_data_unreadable() override { recovery_failed(); }
  void id_ready(uint64_t ticket, CheckpointId id) override { checkpoints_.on_id(ticket, id); }
  void id_refused(uint64_t ticket) override { checkpoints_.on_id_failed(ticket); }
  void pointer_ended(uint64_t ticket, CheckpointId id, PointerWrite outcome) override;
  void ha_data_settled() override { report_if_clean(); }
  void delete_now(uint64_t ticket, std::vector<std::string> keys) override;
  void ask_to_delete(uint64_t object);
  void deletion_answered(uint64_t object, const sim::Reply& reply);
  void deletion_dropped(uint64_t ticket) override { checkpoints_.on_deleted(ticket); }
  void ha_data_released() override { stop(); }

  // JitterSource
  int64_t draw(uint64_t attempt, int64_t low, int64_t high) override;

  sim::PathId subtask_path(SubtaskIndex subtask) const { return subtask_paths_[subtask]; }
  void end_of_data(const AttemptId& attempt);
  void job_is_over(JobStatus status);

  // Of a job that starts from a snapshot, which may set maximum parallelisms; also spec_.job.
  std::shared_ptr<JobInformation> own_job_;
  JobMasterSpec spec_;
  const FlinkOptions& options_;
  Leadership& leadership_;
  std::string resource_;
  sim::PathId job_path_;
  std::vector<sim::PathId> subtask_paths_;
  std::unique_ptr<RestartStrategy> restart_strategy_;
  JobScheduler scheduler_;
  SlotProvider slots_;
  JobSources sources_;
  JobCheckpoints checkpoints_;
  std::unique_ptr<JobHaData> ha_;  // null without high availability
  std::vector<Metadata> metadata_;
  bool given_ = false;  // that of the snapshot in the submission

  std::map<std::string, TaskManager> task_managers_;
  // Of mutants: TaskManagers that were lost, and the slots that the last heartbeat would have told.
  std::set<std::string> lost_once_;
  std::map<std::string, std::vector<SlotStatus>> reported_before_;
  std::map<uint64_t, Submission> submissions_;
  std::map<uint64_t, Cancellation> cancellations_;
  std::map<uint64_t, Deletion> deletions_;
  std::map<uint64_t, ObjectDeletion> object_deletions_;
  std::map<uint64_t, std::string> heartbeat_target_;
  std::vector<bool> end_of_data_;  // by subtask
  uint64_t next_number_ = 0;
  uint64_t failover_ = 0;
  bool started_ = false;
  bool cancel_wanted_ = false;  // asked for before it was started
  bool over_ = false;
  bool stopping_ = false;  // the leadership is lost
  bool stopped_ = false;
  std::vector<std::pair<std::string, Cause>> held_;  // TaskManagers that said good-bye meanwhile
  bool cleaning_ = false;
  bool cleaned_ = false;

  std::optional<Leader> resource_manager_;
  std::string resource_manager_resource_;
  bool rm_connected_ = false;
  bool rm_registering_ = false;  // an attempt is under way, or will be repeated
  uint64_t rm_attempt_ = 0;
  uint64_t declaration_ = 0;
  sim::Duration declare_backoff_;
  RegistrationRetry rm_retry_;
  HeartbeatManager tm_heartbeats_;
  HeartbeatManager rm_heartbeats_;
};

}  // namespace drey::model
