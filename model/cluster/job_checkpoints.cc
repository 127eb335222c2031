#include "model/cluster/job_checkpoints.h"

#include <algorithm>

#include "model/checkpoint/metadata.h"
#include "model/cluster/messages.h"
#include "model/cluster/state_assignment.h"
#include "model/trace_events.h"
#include "sim/check.h"

namespace drey::model {

namespace {

bool has_blocking_result(const JobGraph& graph) {
  return std::any_of(graph.data_sets.begin(), graph.data_sets.end(),
                     [](const auto& set) { return is_blocking_or_persistent(set.type); });
}

CheckpointCoordinatorOptions coordinator_options(const JobInformation& job,
                                                 const FlinkOptions& options) {
  const CheckpointingOptions& from = options.checkpointing;
  return {.interval = from.interval,
          .timeout = from.timeout,
          .min_pause = from.min_pause,
          .max_concurrent = from.max_concurrent,
          .tolerable_failures = from.tolerable_failures,
          .exactly_once = job.options.exactly_once,
          .unaligned = job.options.unaligned,
          .aligned_timeout = from.aligned_timeout,
          .checkpoints_after_tasks_finish = job.options.checkpoints_after_tasks_finish,
          .retention = from.retention,
          .mutant = options.mutant};
}

FinalJobStatus final_status(JobStatus status) {
  switch (status) {
    case JobStatus::finished:
      return FinalJobStatus::finished;
    case JobStatus::canceled:
      return FinalJobStatus::canceled;
    case JobStatus::failed:
      return FinalJobStatus::failed;
    case JobStatus::initializing:
    case JobStatus::created:
    case JobStatus::running:
    case JobStatus::failing:
    case JobStatus::cancelling:
    case JobStatus::restarting:
    case JobStatus::suspended:
    case JobStatus::reconciling:
      return FinalJobStatus::suspended;
  }
  return FinalJobStatus::suspended;
}

// Of the coordinator's requests, ours are numbered; periodic ones are kPeriodicRequest.
constexpr uint64_t kEndOfDataRequest = 1;

}  // namespace

JobCheckpoints::JobCheckpoints(const JobInformation& job, const FlinkOptions& options,
                               sim::Duration first_delay, JobCheckpointsHost& host)
    : job_(job),
      options_(options),
      host_(host),
      always_off_(has_blocking_result(job.graph)),
      registry_(options.mutant),
      cleaner_(*this),
      store_({.num_retained = options.checkpointing.retained,
              .high_availability = options.high_availability != HighAvailability::none,
              .mutant = options.mutant},
             registry_, cleaner_, *this) {
  const ExecutionTopology& graph = topology();
  for (const JobVertexIndex vertex : graph.order()) {
    std::vector<Input> inputs;
    for (const EdgeIndex edge : job.graph.vertices[vertex].inputs)
      inputs.push_back({graph.rank(job.graph.producer_of(edge)),
                        job.graph.data_set_of(edge).pattern == DistributionPattern::all_to_all});
    inputs_.push_back(std::move(inputs));
  }
  if (!options.checkpointing.interval.has_value()) return;
  CoordinatorHost& self = *this;
  coordinator_ = std::make_unique<CheckpointCoordinator>(
      coordinator_options(job, options), first_delay, host_.sources().coordinators(),
      std::set<std::string>{}, store_, cleaner_, self);
}

JobCheckpoints::~JobCheckpoints() = default;

// ---- what happens in the job

void JobCheckpoints::act(CheckpointActivation::Change change) {
  if (always_off_) return;
  switch (change) {
    case CheckpointActivation::Change::none:
      return;
    case CheckpointActivation::Change::start:
      coordinator_->start_scheduler();
      return;
    case CheckpointActivation::Change::stop:
      coordinator_->stop_scheduler();
      return;
  }
}

void JobCheckpoints::on_execution(SubtaskIndex subtask, ExecutionState state) {
  if (!enabled()) return;
  if (state == ExecutionState::failed || state == ExecutionState::canceled)
    coordinator_->fail_unacknowledged_pending_for(task_of(subtask));
  watch_stop(subtask, state);
  if (state == ExecutionState::created) return;  // a reset, not a transition of an attempt
  act(activation_.on_execution(
      task_of(subtask), state == ExecutionState::running || state == ExecutionState::finished));
  const bool starts_on_report = state == ExecutionState::running && !coordinator_->is_started() &&
                                !always_off_ &&
                                options_.mutant != Mutant::periodic_checkpoints_stay_off;
  if (starts_on_report) coordinator_->start_scheduler();
}

void JobCheckpoints::on_job_status(JobStatus status) {
  watch_stop(status);
  if (enabled() && !coordinator_->is_shutdown())
    act(activation_.on_job_status(status == JobStatus::running));
}

void JobCheckpoints::on_acknowledge(SubtaskIndex subtask, CheckpointId id,
                                    TaskAcknowledgement acknowledgement) {
  if (!enabled()) return;
  uint64_t bytes = acknowledgement.inline_bytes;
  for (const PrivateFile& file : acknowledgement.private_files) bytes += file.bytes;
  for (const SharedFile& file : acknowledgement.shared_files) bytes += file.bytes;
  acknowledgement.task = task_of(subtask);
  host_.announce_checkpoint(fact_kind(CheckpointFact::acknowledged), subtask,
                            static_cast<uint64_t>(id), acknowledgement.task.attempt, bytes);
  const AckReply reply = coordinator_->on_acknowledge(id, std::move(acknowledgement));
  CHECK(reply != AckReply::registry_error,
        "a task named a shared file that the registry does not know");
}

void JobCheckpoints::on_decline(SubtaskIndex subtask, CheckpointId id,
                                CheckpointFailureReason reason) {
  if (!enabled()) return;
  host_.announce_checkpoint(fact_kind(CheckpointFact::declined), subtask, static_cast<uint64_t>(id),
                            static_cast<uint64_t>(reason), 0);
  coordinator_->on_decline(id, task_of(subtask), reason);
}

void JobCheckpoints::trigger_at_end_of_data() {
  if (enabled() && !coordinator_->is_shutdown())
    coordinator_->trigger_checkpoint(kEndOfDataRequest, false, false);
}

void JobCheckpoints::on_timer(JobCheckpointsHost::Timer timer, uint64_t argument) {
  switch (timer) {
    case JobCheckpointsHost::Timer::coordinator:
      coordinator_->run_timer();
      return;
    case JobCheckpointsHost::Timer::periodic:
      if (argument == periodic_generation_) coordinator_->on_periodic_trigger(argument);
      return;
    case JobCheckpointsHost::Timer::expiry:
      if (coordinator_->pending().count(static_cast<CheckpointId>(argument)) != 0)
        announce_job(fact_kind(CheckpointFact::expired), argument, 0, 0);
      coordinator_->on_expired(static_cast<CheckpointId>(argument));
      return;
    case JobCheckpointsHost::Timer::verdict:
      carry_out_verdict();
      return;
    case JobCheckpointsHost::Timer::after_savepoint:
      carry_out(static_cast<FollowUp>(argument));
      return;
  }
}

void JobCheckpoints::on_stored(uint64_t ticket, bool ok) {
  const auto made = locations_.find(ticket);
  if (made != locations_.end()) {
    const std::string location = made->second;
    locations_.erase(made);
    location_stored(ticket, location, ok);
    return;
  }
  if (enabled()) coordinator_->on_metadata_written(ticket, ok);
}

void JobCheckpoints::on_deleted(uint64_t ticket) {
  if (enabled() && ticket != 0) coordinator_->on_discard_finished(ticket);
}

void JobCheckpoints::on_pointer(uint64_t ticket, PointerWrite outcome) {
  if (enabled()) coordinator_->on_pointer_written(ticket, outcome);
}

void JobCheckpoints::on_id(uint64_t ticket, CheckpointId id) {
  if (enabled()) coordinator_->on_id(ticket, id);
}

void JobCheckpoints::on_id_failed(uint64_t ticket) {
  if (enabled())
    coordinator_->on_id_failed(ticket, CheckpointFailureReason::trigger_checkpoint_failure);
}

void JobCheckpoints::shut_down(JobStatus status) {
  if (!enabled() || coordinator_->is_shutdown()) return;
  coordinator_->shutdown();
  if (coordinator_->locked()) {
    final_status_ = status;
    return;
  }
  store_.shutdown(final_status(status));
}

void JobCheckpoints::lock_released() {
  if (final_status_.has_value()) {
    const JobStatus status = *final_status_;
    final_status_.reset();
    store_.shutdown(final_status(status));
  }
  host_.lock_released();
}

// ---- CoordinatorHost: timers and messages

void JobCheckpoints::wake_timer() { host_.arm(JobCheckpointsHost::Timer::coordinator, 0, {}); }

void JobCheckpoints::arm_periodic_trigger(uint64_t generation, sim::Duration delay) {
  periodic_generation_ = generation;
  host_.arm(JobCheckpointsHost::Timer::periodic, generation, delay);
}

void JobCheckpoints::cancel_periodic_trigger() { periodic_generation_ = 0; }

void JobCheckpoints::arm_expiry(CheckpointId id, sim::Duration delay) {
  host_.arm(JobCheckpointsHost::Timer::expiry, static_cast<uint64_t>(id), delay);
}

// An expiry that comes all the same finds no pending checkpoint of that id: ids are never re-used.
void JobCheckpoints::cancel_expiry(CheckpointId) {}

void JobCheckpoints::send_trigger(const std::vector<TaskRef>& tasks, CheckpointId id,
                                  sim::Time timestamp, const CheckpointOptions& options) {
  announce_job(fact_kind(CheckpointFact::triggered), static_cast<uint64_t>(id),
               static_cast<uint64_t>(options.type), 0);
  for (const TaskRef& task : tasks) {
    auto body = std::make_shared<TriggerCheckpoint>();
    body->checkpoint = id;
    body->attempt = host_.scheduler().attempt_id(subtask_of(task));
    body->stamp = timestamp;
    body->options = options;
    host_.tell_task(subtask_of(task), std::move(body));
  }
}

void JobCheckpoints::notify_complete(const std::vector<TaskRef>& tasks, CheckpointId id, sim::Time,
                                     CheckpointId last_subsumed) {
  const CompletedCheckpointStore::Entry checkpoint = store_.latest();
  uint64_t bytes = 0;
  sim::Duration took;
  if (checkpoint != nullptr && checkpoint->id == id) {
    took = host_.now() - checkpoint->timestamp;
    for (const auto& [vertex, state] : checkpoint->vertices)
      for (const auto& [subtask, part] : state.subtasks) {
        bytes += part.acknowledgement.inline_bytes;
        for (const PrivateFile& file : part.acknowledgement.private_files) bytes += file.bytes;
        for (const SharedFile& file : part.acknowledgement.shared_files) bytes += file.bytes;
      }
  }
  // A savepoint that stops the job is no checkpoint to recover from: it has a fact of its own.
  const bool counts = !stopping_.has_value() || stopping_->checkpoint != id;
  if (counts) {
    ++completed_;
    announce_job(fact_kind(CheckpointFact::completed), static_cast<uint64_t>(id), bytes,
                 static_cast<uint64_t>(took.ns));
  }
  for (const TaskRef& task : tasks) {
    auto body = std::make_shared<NotifyCheckpointComplete>();
    body->checkpoint = id;
    body->attempt = host_.scheduler().attempt_id(subtask_of(task));
    body->last_subsumed = last_subsumed;
    host_.tell_task(subtask_of(task), std::move(body));
  }
}

void JobCheckpoints::notify_aborted(const std::vector<TaskRef>& tasks, CheckpointId id, sim::Time,
                                    CheckpointId latest_completed) {
  announce_job(fact_kind(CheckpointFact::aborted), static_cast<uint64_t>(id), 0, 0);
  for (const TaskRef& task : tasks) {
    auto body = std::make_shared<AbortCheckpoint>();
    body->checkpoint = id;
    body->attempt = host_.scheduler().attempt_id(subtask_of(task));
    body->latest_completed = latest_completed;
    host_.tell_task(subtask_of(task), std::move(body));
  }
}

void JobCheckpoints::begin_hook(const std::string& hook, CheckpointId id, sim::Time) {
  coordinator_->on_hook_state(hook, id, std::nullopt);
}

// ---- CoordinatorHost: ids and storage

void JobCheckpoints::begin_next_id(uint64_t ticket) {
  if (options_.high_availability != HighAvailability::none) {
    host_.next_id(ticket);
    return;
  }
  const CheckpointId id = next_id_++;
  coordinator_->on_id(ticket, id);
}

void JobCheckpoints::begin_write_metadata(uint64_t ticket, const CompletedCheckpoint& checkpoint) {
  announce_job(fact_kind(CheckpointFact::finalizing), static_cast<uint64_t>(checkpoint.id), 0, 0);
  host_.put_object(ticket, checkpoint.location + "/_metadata",
                   encode_metadata(checkpoint, identities_of(job_, topology())));
}

void JobCheckpoints::begin_write_pointer(uint64_t ticket, const CompletedCheckpoint& checkpoint) {
  announce_job(fact_kind(CheckpointFact::metadata_written), static_cast<uint64_t>(checkpoint.id), 0,
               0);
  if (options_.high_availability == HighAvailability::none) {
    coordinator_->on_pointer_written(ticket, PointerWrite::written);
    return;
  }
  host_.put_pointer(ticket, checkpoint.id, checkpoint.location);
}

void JobCheckpoints::request_done(uint64_t request, const CompletedCheckpoint& checkpoint) {
  savepoint_done(request, checkpoint);
}

void JobCheckpoints::request_failed(uint64_t request, CheckpointId id,
                                    CheckpointFailureReason reason) {
  savepoint_failed(request);
  announce_job(fact_kind(CheckpointFact::trigger_refused),
               id == kNoCheckpoint ? 0 : static_cast<uint64_t>(id), static_cast<uint64_t>(reason),
               0);
}

void JobCheckpoints::discard_checkpoint(uint64_t ticket, CheckpointId id,
                                        const std::string& location,
                                        std::vector<std::string> files) {
  announce_job(fact_kind(CheckpointFact::discarded), static_cast<uint64_t>(id), files.size(), 0);
  files.push_back(location + "/_metadata");
  if (!location.starts_with(job_.checkpoint_directory)) files.push_back(location + "/");
  host_.delete_objects(ticket, std::move(files));
}

void JobCheckpoints::discard_files(std::vector<std::string> files) {
  host_.delete_objects(0, std::move(files));
}

void JobCheckpoints::remove_pointer(CheckpointId id) {
  announce_job(fact_kind(CheckpointFact::subsumed), static_cast<uint64_t>(id), 0, 0);
  host_.remove_pointer(id);
}

// ---- CheckpointTasks

uint32_t JobCheckpoints::vertices() const {
  return static_cast<uint32_t>(topology().order().size());
}

uint32_t JobCheckpoints::parallelism(uint32_t vertex) const {
  return job_.graph.vertices[topology().order()[vertex]].parallelism;
}

CheckpointTasks::SubtaskRange JobCheckpoints::consumed(uint32_t vertex, uint32_t subtask,
                                                       uint32_t input) const {
  const EdgeIndex edge = job_.graph.vertices[topology().order()[vertex]].inputs[input];
  const IndexRange range = consumed_partitions(topology().shape_of(edge), subtask);
  return {range.first, range.last};
}

PlanTaskState JobCheckpoints::state(uint32_t vertex, uint32_t subtask) const {
  switch (
      host_.scheduler().graph().state(topology().subtask(topology().order()[vertex], subtask))) {
    case ExecutionState::running:
      return PlanTaskState::running;
    case ExecutionState::finished:
      return PlanTaskState::finished;
    case ExecutionState::created:
    case ExecutionState::scheduled:
    case ExecutionState::deploying:
    case ExecutionState::canceling:
    case ExecutionState::canceled:
    case ExecutionState::failed:
    case ExecutionState::reconciling:
    case ExecutionState::initializing:
      return PlanTaskState::other;
  }
  return PlanTaskState::other;
}

uint32_t JobCheckpoints::current_attempt(uint32_t vertex, uint32_t subtask) const {
  return host_.scheduler().graph().attempt(topology().subtask(topology().order()[vertex], subtask));
}

SubtaskIndex JobCheckpoints::subtask_of(const TaskRef& task) const {
  return topology().subtask(topology().order()[task.vertex], task.subtask);
}

TaskRef JobCheckpoints::task_of(SubtaskIndex subtask) const {
  return {topology().rank(topology().vertex_of(subtask)), topology().index_of(subtask),
          host_.scheduler().graph().attempt(subtask)};
}

void JobCheckpoints::announce_job(uint16_t kind, uint64_t a, uint64_t b, uint64_t c) {
  host_.announce_checkpoint(kind, std::nullopt, a, b, c);
}

}  // namespace drey::model
