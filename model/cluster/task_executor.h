#pragma once
// The TaskManager's control endpoint: registers at the ResourceManager, gives slots to JobMasters,
// runs tasks behind the door (TaskRuntime) and carries what they report. Not fenced: it checks ids
// inside its handlers, and several calls carry no leader id at all (control-plane.md 0.1), as
// upstream.
//
// Loss handling is table 7.2 of control-plane.md, submit checks 7.5, slots 6.9, registration 7.4.
// Upstream: TaskExecutor, JobLeaderService, TaskSlotTable, Task's reporting side.
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "model/cluster/flink_options.h"
#include "model/cluster/leadership.h"
#include "model/cluster/messages.h"
#include "model/cluster/registration.h"
#include "model/cluster/task_slot_table.h"
#include "model/task/task_runtime.h"
#include "sim/endpoint.h"

namespace drey::model {

// Makes the runtime of one attempt; exact or null.
class TaskFactory {
 public:
  virtual ~TaskFactory() = default;
  virtual std::unique_ptr<TaskRuntime> make(std::shared_ptr<const Deployment> deployment,
                                            TaskListener& listener) = 0;
  // Results that the JobMaster does not need any more.
  virtual void release(const std::vector<PartitionId>& partitions) = 0;
  virtual sim::Address data_address() const = 0;
};

struct TaskExecutorSpec {
  std::string resource;  // ResourceID: new in each incarnation, "tm-1#2"
  uint32_t slots = 1;
};

inline constexpr std::string_view kTaskExecutorEndpoint = "task-executor";

class TaskExecutor : public sim::Endpoint,
                     private TaskListener,
                     private LeaderListener,
                     private HeartbeatListener {
 public:
  TaskExecutor(sim::World& world, sim::ProcessId process, TaskExecutorSpec spec,
               const FlinkOptions& options, Leadership& leadership, TaskFactory& tasks);
  ~TaskExecutor() override;

  // A fault: the code of this operator throws in this subtask. False: it does not run here.
  bool inject_failure(std::string_view op, uint32_t subtask, const Cause& cause);

  // SIGTERM: good-bye to everybody, then the process ends.
  void shut_down() { say_goodbye_and_exit(sim::StopReason::exit, 143); }

  // For the end-of-run check that nothing is left and for tests.
  size_t task_count() const { return tasks_.size(); }
  const TaskSlotTable& slots() const { return slots_; }

 private:
  enum Then : uint16_t {
    rm_resolved,
    rm_reconnect,
    registered_at_rm,
    rm_retry,
    slot_report_done,
    jm_resolved,
    jm_reconnect,
    registered_at_jm,
    jm_retry,
    offered,
    state_told,
    event_told,
    partition_state,
    heartbeat_told,
    cleanup,
    tasks_end,
    exit_due,
    ignore,
  };
  enum TimerKind : uint8_t {
    rm_heartbeat_timer,
    jm_heartbeat_timer,
    slot_timer,
    registration_timer
  };

  struct Task {
    std::unique_ptr<TaskRuntime> runtime;
    std::shared_ptr<const Deployment> deployment;
    // Attempt numbers begin anew with each JobMaster (upstream's ids are random): a task belongs to
    // the one that deployed it, and only that one commands it and hears of it.
    sim::Address deployed_by;
    sim::FencingToken deployed_under;
    uint64_t number = 0;  // of all tasks that ran here
    ExecutionState state = ExecutionState::deploying;
    bool ended = false;
  };
  struct JobConnection {
    sim::Address address;
    sim::FencingToken token;
    std::string resource;  // heartbeat name of the JobMaster
    bool connected = false;
    uint64_t attempt = 0;  // of registering: answers of older ones are ignored
    uint64_t offer = 0;    // a newer offer supersedes an older answer
    RegistrationRetry retry;
  };

  // messages
  void on_call(const sim::Call& call, const sim::Message& body, const sim::Body& shared) override;
  void on_reply(sim::Continuation then, const sim::Reply& reply) override;
  void on_later(sim::Continuation then) override;
  void on_timer(uint8_t kind) override;
  bool on_task_call(const sim::Call& call, const sim::Message& body);
  bool on_checkpoint_call(const sim::Call& call, const sim::Message& body);

  // the ResourceManager
  void on_leader_changed(const std::string& component) override;
  void connect_to_resource_manager();
  void resource_manager_resolved(const sim::Reply& reply);
  void register_at_resource_manager();
  void resource_manager_answered(const sim::Reply& reply);
  void close_resource_manager(bool reconnect);

  // JobMasters
  void job_leader_changed(JobId job);
  void connect_to_job_master(JobId job);
  void job_master_resolved(JobId job, const sim::Reply& reply);
  void register_at_job_master(JobId job);
  void job_master_answered(JobId job, const sim::Reply& reply);
  void disconnect_job_master(JobId job, const Cause& cause, bool reconnect);

  // results that outlive their tasks
  void keep_results_of(const Deployment& deployment);
  void forget_results_of(const Deployment& deployment);
  bool holds_results_of(JobId job) const;
  void release_results(const std::vector<PartitionId>& ids);
  void release_results_of(JobId job);
  void forget_job_without_slots(JobId job);

  // slots
  void request_slot(const sim::Call& call, const RequestSlot& request);
  void offer_slots(JobId job);
  void offer_answered(JobId job, uint64_t offer, const sim::Reply& reply);
  void free_slot(AllocationId allocation, const Cause& cause);
  void slot_is_free(JobId job, AllocationId allocation);
  void rearm_slot_timer();
  void reconcile_slots(JobId job, const std::vector<SlotStatus>& expected);

  // tasks
  void submit(const sim::Call& call, const SubmitTask& submit);
  Task* find(const AttemptId& attempt);
  // What was said of a task is answered when the next leader's may have its name: by number.
  Task* find_living(uint64_t number);
  uint64_t number_of(const AttemptId& attempt);
  // As commanded by this JobMaster; null also for another's.
  Task* find_of(const sim::Address& job_master, const AttemptId& attempt);
  bool reports_to_leader(const AttemptId& attempt) const;
  void fail_tasks_of(AllocationId allocation, const Cause& cause);
  void fail_job(JobId job, const Cause& cause);
  void tell_state(const AttemptId& attempt, ExecutionState state, const Cause& cause);
  void remove_task(const AttemptId& attempt);
  std::vector<AttemptId> deployed_of(JobId job) const;
  sim::PathId subtask_path(const AttemptId& attempt) const;
  void tell_job_master(JobId job, sim::Body body);

  // TaskListener
  void on_state(const AttemptId& attempt, ExecutionState state, const Cause* cause) override;
  void on_acknowledge(const AttemptId& attempt, CheckpointId checkpoint,
                      TaskAcknowledgement acknowledgement, const CheckpointTimes& times) override;
  void on_decline(const AttemptId& attempt, CheckpointId checkpoint,
                  CheckpointFailureReason reason) override;
  void on_operator_event(const AttemptId& attempt, uint32_t op,
                         const OperatorEvent& event) override;
  void on_partition_available(const AttemptId& attempt, const PartitionId& partition) override;
  void on_request_partition_state(const AttemptId& attempt, const PartitionId& partition) override;
  void on_end_of_data(const AttemptId& attempt) override;
  void on_fatal_error(const AttemptId& attempt, const Cause& cause) override;
  void end_tasks_of(JobId job);
  void say_goodbye_and_exit(sim::StopReason reason, int32_t exit_code);

  // HeartbeatListener, of both managers
  void send_heartbeat_request(const ResourceId& target, sim::Time now) override;
  void heartbeat_timed_out(const ResourceId& target, sim::Time now) override;
  void target_unreachable(const ResourceId& target, sim::Time now) override;
  void lost_heartbeat(const ResourceId& target);
  void rearm_heartbeats();

  TaskExecutorSpec spec_;
  const FlinkOptions& options_;
  Leadership& leadership_;
  TaskFactory& factory_;
  TaskSlotTable slots_;
  std::map<AttemptId, Task> tasks_;
  uint64_t next_task_ = 0;
  std::map<JobId, JobConnection> jobs_;
  std::set<PartitionId> results_;
  std::vector<AttemptId> ended_;  // runtimes to destroy on the next event

  std::optional<Leader> resource_manager_;
  std::string resource_manager_resource_;
  bool rm_connected_ = false;
  uint64_t rm_attempt_ = 0;
  uint64_t rm_registration_ = 0;
  RegistrationRetry rm_retry_;

  sim::StopReason exit_reason_ = sim::StopReason::exit;  // when it says good-bye
  int32_t exit_code_ = 0;
  bool leaving_ = false;

  HeartbeatManager rm_heartbeats_;
  HeartbeatManager jm_heartbeats_;
};

}  // namespace drey::model
