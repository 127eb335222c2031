// What the JobMaster does for its parts: messages, timers and facts for the scheduler, the slots
// and the checkpoints.
#include <algorithm>

#include "model/cluster/job_master.h"
#include "model/savepoint_facts.h"
#include "model/task/shuffle_messages.h"
#include "model/trace_events.h"
#include "sim/check.h"
#include "sim/object_store.h"

namespace drey::model {

namespace {
constexpr uint32_t kDeletionAttempts = 3;  // as the SDKs of object stores by default
}

// ---- JobSchedulerHost

JobScheduler::Options JobMaster::scheduler_options(sim::World& world, const JobInformation& job,
                                                   const FlinkOptions& options) {
  sim::Address shuffle_service;
  if (options.shuffle_service.process.valid())
    shuffle_service = sim::resolve(world, options.shuffle_service);
  const bool batch = job.spec.mode == RuntimeMode::batch;
  return {.failover = options.failover,
          .kind = batch ? options.batch_scheduler : SchedulerKind::pipelined_region,
          .hybrid = options.hybrid_constraint,
          .release_during_execution = options.release_during_execution,
          .shuffle_service = shuffle_service,
          .mutant = options.mutant};
}

void JobMaster::request_slots(const std::vector<SubtaskIndex>& subtasks) {
  slots_.request(subtasks, now());
}

void JobMaster::cancel_slot_request(SubtaskIndex subtask) { slots_.cancel_request(subtask, now()); }

void JobMaster::release_slot(SubtaskIndex subtask, AllocationId allocation) {
  slots_.release(subtask, allocation, now());
}

void JobMaster::submit(const AssignedSlot& slot, std::shared_ptr<const Deployment> deployment) {
  const uint64_t number = ++next_number_;
  const auto found = task_managers_.find(slot.task_manager);
  if (found != task_managers_.end()) found->second.pending.insert(deployment->attempt);
  submissions_[number] = {deployment->attempt, slot.task_manager};
  auto body = make<SubmitTask>();
  body->deployment = std::move(deployment);
  body->job_master_token = spec_.token;
  ask(slot.control, {}, std::move(body), options_.ask_timeout, {submitted, number});
}

void JobMaster::submit_ended(uint64_t number, const sim::Reply& reply) {
  const auto found = submissions_.find(number);
  if (found == submissions_.end()) return;
  const Submission submission = found->second;
  submissions_.erase(found);
  const auto at = task_managers_.find(submission.task_manager);
  if (at != task_managers_.end()) at->second.pending.erase(submission.attempt);
  if (reply.failure == sim::CallFailure::none) {
    const auto subtask = scheduler_.find(submission.attempt);
    const bool lives = subtask.has_value() && !is_terminal(scheduler_.graph().state(*subtask));
    if (at != task_managers_.end() && lives) at->second.deployed.insert(submission.attempt);
    return;
  }
  scheduler_.on_submit_failed(
      submission.attempt,
      {.kind = Cause::Kind::deployment, .text = "submitTask: " + std::string(name(reply.failure))});
}

void JobMaster::cancel_task(const AssignedSlot& slot, const AttemptId& attempt, int retries) {
  const uint64_t number = ++next_number_;
  cancellations_[number] = {attempt, slot, retries};
  auto body = make<CancelTask>();
  body->attempt = attempt;
  ask(slot.control, {}, std::move(body), options_.ask_timeout, {cancelled, number});
}

// Upstream retries three times, at once one after the other; an answer of any kind but a lost
// message ends it.
void JobMaster::cancel_ended(uint64_t number, const sim::Reply& reply) {
  const auto found = cancellations_.find(number);
  if (found == cancellations_.end()) return;
  const Cancellation cancellation = found->second;
  cancellations_.erase(found);
  if (reply.failure == sim::CallFailure::none) return;
  if (cancellation.retries > 0) {
    cancel_task(cancellation.slot, cancellation.attempt, cancellation.retries - 1);
    return;
  }
  scheduler_.on_cancel_failed(cancellation.attempt, {.kind = Cause::Kind::task_manager_lost,
                                                     .text = "the task could not be cancelled"});
}

void JobMaster::update_partitions(const AssignedSlot& slot, const AttemptId& consumer,
                                  std::vector<ShuffleDescriptor> known) {
  auto body = make<UpdatePartitions>();
  body->attempt = consumer;
  body->known = std::move(known);
  ask(slot.control, {}, std::move(body), options_.ask_timeout, {ignore, 0});
}

void JobMaster::release_partitions(const AssignedSlot& slot, std::vector<PartitionId> partitions) {
  if (!slot.valid()) {
    auto drop = make<DropResults>();
    drop->partitions = std::move(partitions);
    tell(slot.control, {}, std::move(drop));
    return;
  }
  auto body = make<ReleasePartitions>();
  body->job = spec_.job->job;
  body->partitions = std::move(partitions);
  tell(slot.control, {}, std::move(body));
}

void JobMaster::arm_restart(uint64_t number, sim::Duration delay) {
  later(delay, {restart_due, number});
}

void JobMaster::status_changed(JobStatus from, JobStatus to) {
  announce(fact_kind(ControlFact::job_status), job_path_, static_cast<uint64_t>(to),
           static_cast<uint64_t>(from), 0);
  checkpoints_.on_job_status(to);
  slots_.set_job_restarting(to == JobStatus::restarting);
  if (is_globally_terminal(to)) {
    tell_end();
    job_is_over(to);
    return;
  }
  auto body = make<JobStatusChanged>();
  body->job = spec_.job->job;
  body->status = to;
  tell(spec_.dispatcher, spec_.token, std::move(body));
}

// Slots go back to the TaskManagers, the ResourceManager forgets the job. With high availability
// the checkpoints stay until the Dispatcher has written down how the job ended (clean_up): else a
// crash in between would run it again, from the start. (Upstream drops them at once and has that
// window.)
void JobMaster::job_is_over(JobStatus status) {
  if (over_) return;
  over_ = true;
  if (ha_ == nullptr) checkpoints_.shut_down(status);
  scheduler_.release_all_results();
  slots_.free_all(now());
  auto body = make<DisconnectJobManager>();
  body->job = spec_.job->job;
  body->status = status;
  if (rm_connected_) tell(resource_manager_->address, resource_manager_->token, body);
  for (const auto& [resource, entry] : task_managers_) {
    tm_heartbeats_.unmonitor_target(resource);
    tell(entry.control, {}, body);
  }
  task_managers_.clear();
}

void JobMaster::execution_changed(SubtaskIndex subtask, ExecutionState from, ExecutionState to) {
  const AttemptId attempt = scheduler_.attempt_id(subtask);
  announce(fact_kind(ControlFact::execution_state), subtask_path(subtask), attempt.attempt,
           static_cast<uint64_t>(to), static_cast<uint64_t>(from));
  if (to == ExecutionState::created) end_of_data_[subtask] = false;
  if (is_terminal(to)) {  // it still has its slot
    const auto at = task_managers_.find(scheduler_.slot(subtask).task_manager);
    if (at != task_managers_.end()) at->second.deployed.erase(attempt);
  }
  checkpoints_.on_execution(subtask, to);
  sources_.on_execution(subtask, to);
}

void JobMaster::failover_begun(uint64_t number, const Cause& cause, SubtaskIndex failed,
                               bool global, const std::vector<TaskRestart>& tasks,
                               sim::Duration delay) {
  failover_ = number;
  const sim::PathId subject = global ? job_path_ : subtask_path(failed);
  announce(fact_kind(ControlFact::failover_begun), subject, number,
           (uint64_t{tasks.size()} << 8) | static_cast<uint64_t>(cause.kind),
           static_cast<uint64_t>(delay.ns));
  for (const TaskRestart& task : tasks)
    announce(fact_kind(ControlFact::restart_task), subtask_path(task.subtask), number,
             static_cast<uint64_t>(task.reason), scheduler_.graph().attempt(task.subtask));
}

void JobMaster::failover_ended(uint64_t number) {
  failover_ = number;
  announce(fact_kind(ControlFact::failover_end), job_path_, number, 0, 0);
}

void JobMaster::failure_seen(std::optional<SubtaskIndex> subtask, const Cause& cause) {
  const sim::PathId subject = subtask.has_value() ? subtask_path(*subtask) : job_path_;
  const uint64_t attempt = subtask.has_value() ? scheduler_.graph().attempt(*subtask) : 0;
  const bool blames_producer = cause.kind == Cause::Kind::partition_not_found ||
                               cause.kind == Cause::Kind::partition_connection;
  if (blames_producer && cause.partition.has_value()) {
    const PartitionIndex partition = cause.partition->partition;
    announce(fact_kind(ControlFact::producer_unavailable),
             subtask_path(scheduler_.graph().topology().producer_of(partition)), partition,
             cause.partition->producer.attempt, 0);
  }
  announce(fact_kind(ControlFact::failure), subject, attempt, static_cast<uint64_t>(cause.kind), 0);
}

void JobMaster::restart_refused(int64_t restarts) {
  announce(fact_kind(ControlFact::restart_refused), job_path_, static_cast<uint64_t>(restarts), 0,
           0);
}

void JobMaster::deployed(SubtaskIndex subtask, const AssignedSlot& slot) {
  announce(fact_kind(ControlFact::deployed), subtask_path(subtask),
           scheduler_.graph().attempt(subtask), slot.allocation.value, 0);
}

bool JobMaster::restore_state(const std::vector<SubtaskIndex>& subtasks, bool global) {
  const bool restored = checkpoints_.restore(subtasks, global, failover_);
  if (!global)
    sources_.subtasks_reset(subtasks, checkpoints_.restored());
  else if (!checkpoints_.enabled())
    sources_.reset_all();
  return restored;
}

// ---- SlotProviderHost

void JobMaster::slot_granted(SubtaskIndex subtask, const AssignedSlot& slot) {
  announce(fact_kind(ControlFact::slot_assigned), subtask_path(subtask), slot.allocation.value, 0,
           0);
  scheduler_.on_slot(subtask, slot);
}

void JobMaster::slot_refused(SubtaskIndex subtask, const Cause& cause) {
  scheduler_.on_slot_failed(subtask, cause);
}

void JobMaster::slot_lost(SubtaskIndex subtask, AllocationId allocation, const Cause& cause) {
  scheduler_.on_slot_lost(subtask, allocation, cause);
}

void JobMaster::free_slot_at(const AssignedSlot& slot, const Cause& cause) {
  auto body = make<FreeSlot>();
  body->allocation = slot.allocation;
  body->cause = cause;
  ask(slot.control, {}, std::move(body), options_.ask_timeout, {free_told, 0});
}

void JobMaster::declare_requirements(const ResourceCounter&) {
  if (!over_) send_requirements();
}

void JobMaster::arm_declaration(std::optional<sim::Time> at) {
  if (at.has_value())
    arm_timer(declare_timer, std::max(*at - now(), sim::Duration{}));
  else
    disarm_timer(declare_timer);
}

void JobMaster::arm_bulk_check(BulkId bulk, sim::Time at) { later(at - now(), {bulk_check, bulk}); }

bool JobMaster::restores_state(SubtaskIndex subtask) const {
  return scheduler_.restores_state(subtask);
}

bool JobMaster::is_placed(SubtaskIndex subtask) const {
  const ExecutionState state = scheduler_.graph().state(subtask);
  if (state == ExecutionState::created) return false;
  return state != ExecutionState::scheduled || scheduler_.slot(subtask).valid();
}

// ---- JobCheckpointsHost

void JobMaster::arm(Timer timer, uint64_t argument, sim::Duration delay) {
  switch (timer) {
    case Timer::coordinator:
      later(delay, {coordinator_timer, argument});
      return;
    case Timer::periodic:
      later(delay, {periodic_timer, argument});
      return;
    case Timer::expiry:
      later(delay, {expiry_timer, argument});
      return;
    case Timer::verdict:
      later(delay, {verdict_timer, argument});
      return;
    case Timer::after_savepoint:
      later(delay, {after_savepoint_timer, argument});
      return;
  }
}

void JobMaster::tell_task(SubtaskIndex subtask, sim::Body body) {
  const AssignedSlot& slot = scheduler_.slot(subtask);
  if (slot.valid()) tell(slot.control, {}, std::move(body));
}

void JobMaster::put_object(uint64_t ticket, const std::string& key, std::string bytes) {
  auto body = make<sim::PutObject>();
  body->key = key;
  body->content = sim::ObjectContent(sim::FileContent(std::move(bytes)));
  ask(sim::resolve(world(), spec_.object_store), {}, std::move(body), options_.ask_timeout,
      {object_stored, ticket});
}

void JobMaster::delete_objects(uint64_t ticket, std::vector<std::string> keys) {
  if (ha_ != nullptr)
    ha_->delete_after_removals(ticket, std::move(keys));
  else
    delete_now(ticket, std::move(keys));
}

void JobMaster::delete_now(uint64_t ticket, std::vector<std::string> keys) {
  const uint64_t number = ++next_number_;
  deletions_[number] = {ticket, keys.size()};
  for (std::string& key : keys) {
    auto body = make<sim::DeleteObject>();
    body->key = std::move(key);
    const uint64_t object = ++next_number_;
    object_deletions_[object] = {.deletion = number, .request = std::move(body)};
    ask_to_delete(object);
  }
}

void JobMaster::ask_to_delete(uint64_t object) {
  ObjectDeletion& deletion = object_deletions_.at(object);
  ++deletion.asked;
  ask(sim::resolve(world(), spec_.object_store), {}, deletion.request, options_.ask_timeout,
      {object_deleted, object});
}

void JobMaster::deletion_answered(uint64_t object, const sim::Reply& reply) {
  const auto asked = object_deletions_.find(object);
  if (asked == object_deletions_.end()) return;
  if (reply.failure == sim::CallFailure::timeout && asked->second.asked < kDeletionAttempts) {
    ask_to_delete(object);
    return;
  }
  const auto found = deletions_.find(asked->second.deletion);
  object_deletions_.erase(asked);
  if (found == deletions_.end() || --found->second.open > 0) return;
  const uint64_t ticket = found->second.ticket;
  deletions_.erase(found);
  checkpoints_.on_deleted(ticket);
  report_if_clean();
}

void JobMaster::put_pointer(uint64_t ticket, CheckpointId id, const std::string& location) {
  ha_->put(ticket, {id, location});
}

void JobMaster::pointer_ended(uint64_t ticket, CheckpointId id, PointerWrite outcome) {
  if (outcome == PointerWrite::written)
    announce(fact_kind(CheckpointFact::stored), job_path_, static_cast<uint64_t>(id), 0, 0);
  checkpoints_.on_pointer(ticket, outcome);
}

void JobMaster::remove_pointer(CheckpointId id) { ha_->remove(id); }

void JobMaster::next_id(uint64_t ticket) { ha_->next_id(ticket); }

void JobMaster::announce_checkpoint(uint16_t kind, std::optional<SubtaskIndex> subtask, uint64_t a,
                                    uint64_t b, uint64_t c) {
  announce(kind, subtask.has_value() ? subtask_path(*subtask) : job_path_, a, b, c);
}

void JobMaster::savepoint_ended(uint64_t operation, SavepointKind kind, CheckpointId checkpoint,
                                const std::string& location) {
  if (checkpoint > 0)
    announce(fact_kind(SavepointFact::completed), job_path_, static_cast<uint64_t>(checkpoint),
             static_cast<uint64_t>(kind), 0);
  auto body = make<SavepointEnded>();
  body->job = spec_.job->job;
  body->operation = operation;
  body->completed = checkpoint > 0;
  body->checkpoint = checkpoint;
  body->location = location;
  tell(spec_.dispatcher, spec_.token, std::move(body));
}

void JobMaster::lock_released() {
  scheduler_.retry_restarts();
  report_if_clean();
}

// ---- JitterSource

int64_t JobMaster::draw(uint64_t attempt, int64_t low, int64_t high) {
  const uint64_t value = kernel().draw(sim::name_hash("restart/jitter"), path(), 0, attempt);
  const auto width = static_cast<uint64_t>(high - low) + 1;
  return low + static_cast<int64_t>(sim::scale_draw(value, width));
}

void JobMaster::on_timer(uint8_t kind) {
  if (stopping_) return;
  switch (static_cast<TimerKind>(kind)) {
    case tm_heartbeat_timer:
      tm_heartbeats_.advance(now());
      rearm_heartbeats();
      return;
    case rm_heartbeat_timer:
      rm_heartbeats_.advance(now());
      rearm_heartbeats();
      return;
    case declare_timer:
      slots_.on_time(now());
      return;
  }
}

}  // namespace drey::model
