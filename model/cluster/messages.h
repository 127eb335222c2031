#pragma once
// What Dispatcher, ResourceManager, JobMasters, TaskExecutors and clients say to each other: one
// struct per RPC, its fields listed once (sim/message.h). kName is what the fault `lose` names. Ask
// = the sender waits for an answer.
//
// Upstream: DispatcherGateway, ResourceManagerGateway, JobMasterGateway, TaskExecutorGateway.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/cluster/resource_profile.h"
#include "model/cluster/restore_settings.h"
#include "model/graph/execution_state.h"
#include "model/task/deployment.h"
#include "model/task/task_runtime.h"
#include "sim/message.h"

#define DREY_FIELDS(...)               \
  template <class Visitor>             \
  void visit(Visitor& visitor) const { \
    visitor(__VA_ARGS__);              \
  }
#define DREY_NO_FIELDS     \
  template <class Visitor> \
  void visit(Visitor&) const {}

namespace drey::model {

// A message to be filled in and sent.
template <class T>
std::shared_ptr<T> make() {
  return std::make_shared<T>();
}

// ---- answers without content of their own

struct Acknowledge : sim::MessageOf<Acknowledge> {
  static constexpr std::string_view kName = "acknowledge";
  DREY_NO_FIELDS
};

// ---- client and Dispatcher

struct SubmitJob : sim::MessageOf<SubmitJob> {  // ask
  static constexpr std::string_view kName = "submit_job";
  JobId job = 0;
  RestoreSettings restore;
  DREY_FIELDS(job, restore)
};
struct SubmitJobAnswer : sim::MessageOf<SubmitJobAnswer> {
  static constexpr std::string_view kName = "submit_job_answer";
  bool accepted = false;
  bool duplicate = false;
  DREY_FIELDS(accepted, duplicate)
};
struct RequestJobStatus : sim::MessageOf<RequestJobStatus> {  // ask
  static constexpr std::string_view kName = "request_job_status";
  JobId job = 0;
  DREY_FIELDS(job)
};
struct JobStatusAnswer : sim::MessageOf<JobStatusAnswer> {
  static constexpr std::string_view kName = "job_status_answer";
  bool known = false;
  JobStatus status = JobStatus::initializing;
  DREY_FIELDS(known, status)
};
struct CancelJob : sim::MessageOf<CancelJob> {  // ask
  static constexpr std::string_view kName = "cancel_job";
  JobId job = 0;
  DREY_FIELDS(job)
};

// ---- Dispatcher and JobMaster, inside one process

struct JobStatusChanged : sim::MessageOf<JobStatusChanged> {  // tell; the end: ask
  static constexpr std::string_view kName = "job_status_changed";
  JobId job = 0;
  JobStatus status = JobStatus::initializing;
  DREY_FIELDS(job, status)
};

struct JobCleanedUp : sim::MessageOf<JobCleanedUp> {  // ask
  static constexpr std::string_view kName = "job_cleaned_up";
  JobId job = 0;
  DREY_FIELDS(job)
};

// ---- registration

struct RegisterTaskExecutor : sim::MessageOf<RegisterTaskExecutor> {  // TM -> RM, ask
  static constexpr std::string_view kName = "register_task_executor";
  std::string resource;
  sim::Address address;
  uint32_t slots = 0;
  ResourceProfile slot;  // default slot profile
  DREY_FIELDS(resource, address, slots, slot)
};
struct RegisterJobMaster : sim::MessageOf<RegisterJobMaster> {  // JM -> RM, ask
  static constexpr std::string_view kName = "register_job_master";
  JobId job = 0;
  sim::Address address;
  sim::FencingToken token;
  DREY_FIELDS(job, address, token)
};
struct RegisterTaskManager : sim::MessageOf<RegisterTaskManager> {  // TM -> JM, ask
  static constexpr std::string_view kName = "register_task_manager";
  std::string resource;
  sim::Address address;
  sim::Address data;  // where its partitions can be read
  JobId job = 0;
  DREY_FIELDS(resource, address, data, job)
};
struct RegistrationAnswer : sim::MessageOf<RegistrationAnswer> {
  static constexpr std::string_view kName = "registration_answer";
  enum class Verdict : uint8_t { success, refused, rejected } verdict = Verdict::success;
  std::string resource;  // of who accepts: the name under which it sends heartbeats
  uint64_t registration = 0;
  DREY_FIELDS(verdict, resource, registration)
};

struct SlotStatus {
  uint32_t index = 0;
  JobId job = 0;
  AllocationId allocation;
  DREY_FIELDS(index, job, allocation)
};
struct SlotReport : sim::MessageOf<SlotReport> {  // TM -> RM after registration, ask
  static constexpr std::string_view kName = "slot_report";
  std::string resource;
  uint64_t registration = 0;
  std::vector<SlotStatus> slots;
  DREY_FIELDS(resource, registration, slots)
};

// ---- heartbeats

struct HeartbeatFromResourceManager : sim::MessageOf<HeartbeatFromResourceManager> {  // ask
  static constexpr std::string_view kName = "heartbeat_from_resource_manager";
  std::string from;
  DREY_FIELDS(from)
};
struct HeartbeatFromJobMaster : sim::MessageOf<HeartbeatFromJobMaster> {  // JM -> TM, ask
  static constexpr std::string_view kName = "heartbeat_from_job_master";
  std::string from;
  JobId job = 0;
  std::vector<SlotStatus> allocated;  // AllocatedSlotReport
  DREY_FIELDS(from, job, allocated)
};
struct HeartbeatFromTaskManager : sim::MessageOf<HeartbeatFromTaskManager> {  // TM -> JM, ask
  static constexpr std::string_view kName = "heartbeat_from_task_manager";
  std::string from;
  std::vector<AttemptId> deployed;  // ExecutionDeploymentReport
  DREY_FIELDS(from, deployed)
};
struct SlotHeartbeatFromTaskManager
    : sim::MessageOf<SlotHeartbeatFromTaskManager> {  // TM -> RM, ask
  static constexpr std::string_view kName = "slot_heartbeat_from_task_manager";
  std::string from;
  std::vector<SlotStatus> slots;
  DREY_FIELDS(from, slots)
};
struct HeartbeatFromJobMasterToResourceManager
    : sim::MessageOf<HeartbeatFromJobMasterToResourceManager> {  // JM -> RM, ask
  static constexpr std::string_view kName = "heartbeat_answer_of_job_master";
  std::string from;
  DREY_FIELDS(from)
};

// ---- slots

struct ResourceRequirement {
  ResourceProfile profile;
  uint32_t count = 0;
  DREY_FIELDS(profile, count)
};
struct DeclareRequiredResources : sim::MessageOf<DeclareRequiredResources> {  // JM -> RM, ask
  static constexpr std::string_view kName = "declare_required_resources";
  JobId job = 0;
  sim::Address address;
  std::vector<ResourceRequirement> requirements;
  DREY_FIELDS(job, requirements, address)
};
struct NotEnoughResources : sim::MessageOf<NotEnoughResources> {  // RM -> JM, tell
  static constexpr std::string_view kName = "not_enough_resources";
  JobId job = 0;
  std::vector<ResourceRequirement> acquired;
  DREY_FIELDS(job, acquired)
};
struct RequestSlot : sim::MessageOf<RequestSlot> {  // RM -> TM, ask
  static constexpr std::string_view kName = "request_slot";
  AllocationId allocation;
  JobId job = 0;
  ResourceProfile profile;  // any free slot of the TaskManager (a dynamic slot id) that has this
  sim::Address job_master;
  sim::FencingToken resource_manager_token;
  DREY_FIELDS(allocation, job, profile, job_master, resource_manager_token)
};
struct SlotOffer {
  AllocationId allocation;
  uint32_t index = 0;
  ResourceProfile profile;
  DREY_FIELDS(allocation, index, profile)
};
struct OfferSlots : sim::MessageOf<OfferSlots> {  // TM -> JM, ask
  static constexpr std::string_view kName = "offer_slots";
  std::string resource;
  std::vector<SlotOffer> offers;
  DREY_FIELDS(resource, offers)
};
struct OfferSlotsAnswer : sim::MessageOf<OfferSlotsAnswer> {
  static constexpr std::string_view kName = "offer_slots_answer";
  std::vector<SlotOffer> accepted;
  DREY_FIELDS(accepted)
};
struct FreeSlot : sim::MessageOf<FreeSlot> {  // JM or RM -> TM, ask
  static constexpr std::string_view kName = "free_slot";
  AllocationId allocation;
  Cause cause;  // the tasks in it fail with it
  DREY_FIELDS(allocation, cause)
};
struct FailSlot : sim::MessageOf<FailSlot> {  // TM -> JM, tell
  static constexpr std::string_view kName = "fail_slot";
  std::string resource;
  AllocationId allocation;
  DREY_FIELDS(allocation, resource)
};
struct SlotAvailable : sim::MessageOf<SlotAvailable> {  // TM -> RM, tell
  static constexpr std::string_view kName = "notify_slot_available";
  std::string resource;
  uint64_t registration = 0;
  AllocationId allocation;
  DREY_FIELDS(allocation, registration, resource)
};
struct FreeInactiveSlots : sim::MessageOf<FreeInactiveSlots> {  // RM -> TM, tell
  static constexpr std::string_view kName = "free_inactive_slots";
  JobId job = 0;
  DREY_FIELDS(job)
};

// ---- tasks

struct SubmitTask : sim::MessageOf<SubmitTask> {  // JM -> TM, ask
  static constexpr std::string_view kName = "submit_task";
  std::shared_ptr<const Deployment> deployment;
  sim::FencingToken job_master_token;
  // The descriptor's own size: channels count as ranges.
  uint64_t wire_size() const override;
  DREY_FIELDS(deployment, job_master_token)
};
struct CancelTask : sim::MessageOf<CancelTask> {  // JM -> TM, ask
  static constexpr std::string_view kName = "cancel_task";
  AttemptId attempt;
  DREY_FIELDS(attempt)
};
struct UpdateTaskState : sim::MessageOf<UpdateTaskState> {  // TM -> JM, ask
  static constexpr std::string_view kName = "update_task_execution_state";
  AttemptId attempt;
  ExecutionState state = ExecutionState::created;
  Cause cause;
  DREY_FIELDS(attempt, state, cause)
};
struct UpdateTaskStateAnswer : sim::MessageOf<UpdateTaskStateAnswer> {
  static constexpr std::string_view kName = "update_task_execution_state_answer";
  bool accepted = true;  // false: unknown attempt, the TaskManager fails the task
  DREY_FIELDS(accepted)
};
struct UpdatePartitions : sim::MessageOf<UpdatePartitions> {  // JM -> TM, ask
  static constexpr std::string_view kName = "update_partitions";
  AttemptId attempt;
  std::vector<ShuffleDescriptor> known;
  DREY_FIELDS(attempt, known)
};
struct RequestPartitionState : sim::MessageOf<RequestPartitionState> {  // TM -> JM, ask
  static constexpr std::string_view kName = "request_partition_state";
  AttemptId consumer;
  PartitionId partition;
  DREY_FIELDS(consumer, partition)
};
struct PartitionStateAnswer : sim::MessageOf<PartitionStateAnswer> {
  static constexpr std::string_view kName = "partition_state_answer";
  PartitionId partition;
  bool known = false;
  ExecutionState producer = ExecutionState::created;
  DREY_FIELDS(partition, known, producer)
};
struct PartitionAvailable : sim::MessageOf<PartitionAvailable> {  // TM -> JM, tell
  static constexpr std::string_view kName = "notify_partition_data_available";
  AttemptId producer;
  PartitionId partition;
  DREY_FIELDS(producer, partition)
};
struct ReleasePartitions : sim::MessageOf<ReleasePartitions> {  // JM -> TM, tell
  static constexpr std::string_view kName = "release_partitions";
  JobId job = 0;
  std::vector<PartitionId> partitions;
  DREY_FIELDS(job, partitions)
};
struct EndOfData : sim::MessageOf<EndOfData> {  // TM -> JM, tell
  static constexpr std::string_view kName = "notify_end_of_data";
  AttemptId attempt;
  DREY_FIELDS(attempt)
};
struct EventToOperator : sim::MessageOf<EventToOperator> {  // JM -> TM, ask
  static constexpr std::string_view kName = "operator_event_to_task";
  AttemptId attempt;
  uint32_t op = 0;
  OperatorEvent event;
  DREY_FIELDS(attempt, op, event)
};
struct EventToCoordinator : sim::MessageOf<EventToCoordinator> {  // TM -> JM, ask
  static constexpr std::string_view kName = "operator_event_to_coordinator";
  AttemptId attempt;
  uint32_t op = 0;
  OperatorEvent event;
  DREY_FIELDS(attempt, op, event)
};

// ---- checkpoints

struct TriggerCheckpoint : sim::MessageOf<TriggerCheckpoint> {  // JM -> TM, tell
  static constexpr std::string_view kName = "trigger_checkpoint";
  CheckpointId checkpoint = 0;
  AttemptId attempt;
  sim::Time stamp;
  CheckpointOptions options;
  DREY_FIELDS(checkpoint, attempt, stamp, options.type, options.alignment.type,
              options.alignment.aligned_timeout, options.location)
};
struct AcknowledgeCheckpoint : sim::MessageOf<AcknowledgeCheckpoint> {  // TM -> JM, tell
  static constexpr std::string_view kName = "acknowledge_checkpoint";
  CheckpointId checkpoint = 0;
  AttemptId attempt;
  TaskAcknowledgement acknowledgement;
  CheckpointTimes times;
  template <class Visitor>
  void visit(Visitor& visitor) const {
    visitor(checkpoint, attempt, acknowledgement.has_state, acknowledgement.inline_bytes,
            acknowledgement.deployed_as_finished, acknowledgement.operators_finished, times);
    for (const PrivateFile& file : acknowledgement.private_files) visitor(file.path, file.bytes);
    for (const SharedFile& file : acknowledgement.shared_files)
      visitor(file.key, file.path, file.bytes);
  }
};
struct DeclineCheckpoint : sim::MessageOf<DeclineCheckpoint> {  // TM -> JM, tell
  static constexpr std::string_view kName = "decline_checkpoint";
  CheckpointId checkpoint = 0;
  AttemptId attempt;
  CheckpointFailureReason reason = CheckpointFailureReason::checkpoint_declined;
  DREY_FIELDS(checkpoint, attempt, reason)
};
struct NotifyCheckpointComplete : sim::MessageOf<NotifyCheckpointComplete> {  // JM -> TM, tell
  static constexpr std::string_view kName = "notify_checkpoint_complete";
  CheckpointId checkpoint = 0;
  AttemptId attempt;
  CheckpointId last_subsumed = kNoCheckpoint;
  DREY_FIELDS(checkpoint, attempt, last_subsumed)
};
struct AbortCheckpoint : sim::MessageOf<AbortCheckpoint> {  // JM -> TM, tell
  static constexpr std::string_view kName = "notify_checkpoint_aborted";
  CheckpointId checkpoint = 0;
  AttemptId attempt;
  CheckpointId latest_completed = 0;
  DREY_FIELDS(checkpoint, attempt, latest_completed)
};

// ---- giving up on each other

struct DisconnectTaskManager : sim::MessageOf<DisconnectTaskManager> {  // RM or TM -> JM, tell
  static constexpr std::string_view kName = "disconnect_task_manager";
  std::string resource;
  Cause cause;
  DREY_FIELDS(resource, cause)
};
struct DisconnectJobManager : sim::MessageOf<DisconnectJobManager> {  // JM -> TM or RM, tell
  static constexpr std::string_view kName = "disconnect_job_manager";
  JobId job = 0;
  JobStatus status = JobStatus::suspended;
  Cause cause;
  DREY_FIELDS(job, status, cause)
};
struct DisconnectResourceManager
    : sim::MessageOf<DisconnectResourceManager> {  // RM -> TM or JM, tell
  static constexpr std::string_view kName = "disconnect_resource_manager";
  DREY_NO_FIELDS
};

}  // namespace drey::model
