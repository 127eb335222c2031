// What ends a checkpoint: acknowledgements, declines, expiry, abort, completion and the
// notifications (CC-30..50).
#include <algorithm>
#include <utility>

#include "model/checkpoint/checkpoint_coordinator.h"
#include "sim/check.h"

namespace drey::model {

namespace {

constexpr size_t kRememberedExpiredIds = 16;

std::vector<std::string> paths_of(const TaskAcknowledgement& acknowledgement) {
  std::vector<std::string> paths;
  for (const PrivateFile& file : acknowledgement.private_files) paths.push_back(file.path);
  return paths;
}

// CC-30: also for unknown and late acknowledgements; the task may go on using the files. Not for
// savepoints, which belong to the user.
bool registers_shared_state(const PendingCheckpoint* pending) {
  return pending == nullptr || !pending->props().is_savepoint();
}

// CC-46: a checkpoint that is kept when subsumed is not announced as subsumed.
CheckpointId announced_as_subsumed(const CompletedCheckpointStore::Entry& last_subsumed) {
  const bool announced = last_subsumed != nullptr && last_subsumed->props.discard_on_subsumed;
  return announced ? last_subsumed->id : kNoCheckpoint;
}

}  // namespace

// ---- the lock
// --------------------------------------------------------------------------------------------------------

bool CheckpointCoordinator::blocks(Blocked blocked) {
  if (!locked()) return false;
  blocked_.push_back(std::move(blocked));
  return true;
}

void CheckpointCoordinator::handle_blocked(Blocked blocked) {
  switch (blocked.kind) {
    case Blocked::Kind::acknowledge:
      on_acknowledge(blocked.id, std::move(blocked.acknowledgement));
      return;
    case Blocked::Kind::decline:
      on_decline(blocked.id, blocked.acknowledgement.task, blocked.reason);
      return;
    case Blocked::Kind::expired:
      on_expired(blocked.id);
      return;
    case Blocked::Kind::periodic:
      on_periodic_trigger(blocked.generation);
      return;
    case Blocked::Kind::abort_all:
      abort_pending(blocked.reason);
      return;
    case Blocked::Kind::task_failed:
      fail_unacknowledged_pending_for(blocked.acknowledgement.task);
      return;
    case Blocked::Kind::start:
      start_scheduler();
      return;
    case Blocked::Kind::stop:
      stop_scheduler();
      return;
    case Blocked::Kind::shutdown:
      shutdown();
      return;
  }
}

void CheckpointCoordinator::release_lock() {
  completion_.reset();
  while (!blocked_.empty() && !locked()) {
    Blocked next = std::move(blocked_.front());
    blocked_.pop_front();
    handle_blocked(std::move(next));
  }
  if (locked()) return;
  wake_timer_if_needed();
  host_.lock_released();
}

// ---- acknowledge, decline, expire
// --------------------------------------------------------------------------------------

AckReply CheckpointCoordinator::on_acknowledge(CheckpointId id,
                                               TaskAcknowledgement acknowledgement) {
  if (locked()) {
    blocked_.push_back({.kind = Blocked::Kind::acknowledge,
                        .id = id,
                        .acknowledgement = std::move(acknowledgement)});
    return AckReply::waits;
  }
  if (shutdown_) return AckReply::not_pending;
  PendingCheckpoint* pending = find_pending(id);
  if (acknowledgement.has_state && registers_shared_state(pending)) {
    const auto error = store_.registry().register_all(acknowledgement.shared_files, id);
    if (error != SharedStateRegistry::RegisterError::none) return AckReply::registry_error;
  }
  std::vector<std::string> brought = paths_of(acknowledgement);
  if (pending == nullptr) {
    if (!brought.empty()) host_.discard_files(std::move(brought));
    const bool expired_lately = std::find(expired_.begin(), expired_.end(), id) != expired_.end();
    return expired_lately ? AckReply::accepted : AckReply::not_pending;
  }
  switch (pending->acknowledge_task(std::move(acknowledgement))) {
    case AckResult::success:
      if (pending->is_fully_acknowledged()) complete(*pending, false);
      break;
    case AckResult::duplicate:
      break;
    case AckResult::unknown:
    case AckResult::discarded:
      if (!brought.empty()) host_.discard_files(std::move(brought));
      break;
  }
  return AckReply::accepted;
}

void CheckpointCoordinator::on_decline(CheckpointId id, const TaskRef& task,
                                       CheckpointFailureReason reason) {
  Blocked waiting{.kind = Blocked::Kind::decline, .id = id, .reason = reason};
  waiting.acknowledgement.task = task;
  if (blocks(std::move(waiting))) return;
  if (shutdown_) return;
  abort(id, reason, task);
}

void CheckpointCoordinator::on_expired(CheckpointId id) {
  if (blocks({.kind = Blocked::Kind::expired, .id = id})) return;
  abort(id, CheckpointFailureReason::checkpoint_expired, std::nullopt);
}

void CheckpointCoordinator::remember_expired(CheckpointId id) {
  if (expired_.size() >= kRememberedExpiredIds) expired_.pop_front();
  expired_.push_back(id);
}

// ---- abort
// -----------------------------------------------------------------------------------------------------------

void CheckpointCoordinator::abort(CheckpointId id, CheckpointFailureReason reason,
                                  std::optional<TaskRef> by) {
  const auto found = pending_.find(id);
  if (found == pending_.end()) return;
  PendingCheckpoint& pending = *found->second;
  CHECK(reason != CheckpointFailureReason::checkpoint_subsumed || pending.can_be_subsumed(),
        "a savepoint is never subsumed");
  answer_failed(pending.request(), id, reason);
  pending.dispose(reason);
  if (pipeline_.has_value() && pipeline_->created && pipeline_->id == id) end_master_part(reason);
  release_pending_state(pending);
  host_.cancel_expiry(id);
  judge_failure(id, pending.props(), reason, by);
  send_aborted(pending);
  pending_.erase(id);
  if (reason == CheckpointFailureReason::checkpoint_expired) remember_expired(id);
  post_decider();
}

template <class Condition>
void CheckpointCoordinator::abort_if(CheckpointFailureReason reason, Condition condition) {
  std::vector<CheckpointId> ids;
  for (const auto& [id, pending] : pending_)
    if (condition(*pending)) ids.push_back(id);
  for (const CheckpointId id : ids) abort(id, reason, std::nullopt);
}

void CheckpointCoordinator::release_pending_state(const PendingCheckpoint& pending) {
  cleaner_.clean(pending.id(), pending.location(), pending.private_files(), true);
}

void CheckpointCoordinator::judge_failure(CheckpointId id, const CheckpointProperties& props,
                                          CheckpointFailureReason reason,
                                          std::optional<TaskRef> by) {
  host_.checkpoint_failed(id, props.type, reason);
  switch (failures_.on_failure(id, props, reason, by.has_value())) {
    case FailureVerdict::tolerate:
      return;
    case FailureVerdict::fail_job:
      host_.fail_job(id, reason);
      return;
    case FailureVerdict::fail_task:
      host_.fail_task(*by, id, reason);
      return;
  }
}

std::vector<TaskRef> CheckpointCoordinator::current_attempts(const CheckpointPlan& plan) const {
  std::vector<TaskRef> current = plan.wait_for;
  for (TaskRef& task : current)
    task.attempt = host_.tasks().current_attempt(task.vertex, task.subtask);
  return current;
}

void CheckpointCoordinator::send_aborted(const PendingCheckpoint& pending) {
  host_.notify_aborted(current_attempts(pending.plan()), pending.id(), pending.timestamp(),
                       store_.latest_id());
  for (const OperatorRef& coordinator : coordinators_)
    host_.notify_coordinator_aborted(coordinator, pending.id());
}

void CheckpointCoordinator::abort_pending(CheckpointFailureReason reason) {
  if (blocks({.kind = Blocked::Kind::abort_all, .reason = reason})) return;
  abort_if(reason, [](const PendingCheckpoint&) { return true; });
}

void CheckpointCoordinator::fail_unacknowledged_pending_for(const TaskRef& task) {
  Blocked waiting{.kind = Blocked::Kind::task_failed};
  waiting.acknowledgement.task = task;
  if (blocks(std::move(waiting))) return;
  abort_if(CheckpointFailureReason::task_failure,
           [&task](const PendingCheckpoint& pending) { return !pending.is_acknowledged_by(task); });
}

void CheckpointCoordinator::abort_pending_and_queued(CheckpointFailureReason reason) {
  for (const FailedRequest& failed : decider_.abort_all(reason))
    answer_failed(failed.request, kNoCheckpoint, failed.reason);
  abort_pending(reason);
}

void CheckpointCoordinator::shutdown() {
  if (blocks({.kind = Blocked::Kind::shutdown})) return;
  if (shutdown_) return;
  shutdown_ = true;
  periodic_scheduling_ = false;
  hooks_.clear();
  abort_pending_and_queued(CheckpointFailureReason::checkpoint_coordinator_shutdown);
}

// ---- completion
// ------------------------------------------------------------------------------------------------------

void CheckpointCoordinator::complete(PendingCheckpoint& pending, bool from_pipeline) {
  Completion completion;
  completion.ticket = next_number_++;
  completion.id = pending.id();
  completion.from_pipeline = from_pipeline;
  PendingCheckpoint::Finalized finalized = pending.finalize(host_.wall_now());
  completion.checkpoint = std::move(finalized.checkpoint);
  completion_ = std::move(completion);  // locked from here
  if (finalized.error != FulfilError::none) {
    abort(pending.id(), CheckpointFailureReason::checkpoint_declined_task_closing, std::nullopt);
    completion_failed(CheckpointFailureReason::checkpoint_declined_task_closing);
    return;
  }
  if (options_.mutant == Mutant::notify_before_durable)
    host_.notify_complete(current_attempts(pending.plan()), pending.id(), pending.timestamp(),
                          kNoCheckpoint);
  host_.begin_write_metadata(completion_->ticket, *completion_->checkpoint);
}

void CheckpointCoordinator::completion_failed(CheckpointFailureReason reason) {
  const bool from_pipeline = completion_->from_pipeline;
  post_decider();
  if (from_pipeline && pipeline_.has_value()) {
    completion_.reset();  // the pipeline's failure path is not behind the lock
    pipeline_failed(reason);
    if (locked()) return;
  }
  release_lock();
}

void CheckpointCoordinator::on_metadata_written(uint64_t ticket, bool written) {
  if (!completion_.has_value() || completion_->ticket != ticket) return;
  constexpr auto kReason = CheckpointFailureReason::finalize_checkpoint_failure;
  if (!written) {
    abort(completion_->id, kReason, std::nullopt);
    completion_failed(kReason);
    return;
  }
  PendingCheckpoint* pending = find_pending(completion_->id);
  CHECK(pending != nullptr, "nothing can abort a checkpoint while it is completed");
  pending->dispose(std::nullopt);
  host_.cancel_expiry(completion_->id);
  // Its private state belongs to the completed checkpoint now: a cleanup of nothing.
  cleaner_.clean(completion_->id, {}, {}, false);
  post_decider_for_empty_cleanups();
  if (pending->props().is_savepoint())
    stored();  // savepoints are not put into the store
  else
    host_.begin_write_pointer(ticket, *completion_->checkpoint);
}

void CheckpointCoordinator::on_pointer_written(uint64_t ticket, PointerWrite outcome) {
  if (!completion_.has_value() || completion_->ticket != ticket) return;
  if (outcome == PointerWrite::written)
    stored();
  else
    store_failed(outcome);
}

// The pointer may exist after all if the outcome is unknown: then the files must stay
// (PossibleInconsistentStateException).
bool CheckpointCoordinator::may_delete_files(PointerWrite outcome) const {
  return outcome == PointerWrite::failed || options_.mutant == Mutant::discard_on_unknown_outcome;
}

void CheckpointCoordinator::store_failed(PointerWrite outcome) {
  constexpr auto kReason = CheckpointFailureReason::finalize_checkpoint_failure;
  const auto found = pending_.find(completion_->id);
  const std::unique_ptr<PendingCheckpoint> pending = std::move(found->second);
  const CompletedCheckpoint& checkpoint = *completion_->checkpoint;
  answer_failed(pending->request(), pending->id(), kReason);
  cleaner_.clean(checkpoint.id, checkpoint.location, checkpoint.private_files(),
                 may_delete_files(outcome));
  post_decider_for_empty_cleanups();
  judge_failure(pending->id(), pending->props(), kReason, std::nullopt);
  send_aborted(*pending);
  pending_.erase(found);
  completion_failed(kReason);
}

void CheckpointCoordinator::stored() {
  const std::shared_ptr<CompletedCheckpoint> checkpoint = completion_->checkpoint;
  CompletedCheckpointStore::Entry last_subsumed;
  if (!checkpoint->props.is_savepoint()) {
    last_subsumed = store_.add(checkpoint);
    post_decider_for_empty_cleanups();
    force_full_snapshot_ = false;  // a full one exists now (CC-25)
  }
  const auto found = pending_.find(checkpoint->id);
  const std::unique_ptr<PendingCheckpoint> pending = std::move(found->second);
  pending_.erase(found);
  failures_.on_success(checkpoint->id);
  if (pending->request().number != kPeriodicRequest)
    host_.request_done(pending->request().number, *checkpoint);
  post_decider();
  const bool from_pipeline = completion_->from_pipeline;
  after_completion(*checkpoint, *pending, last_subsumed);
  if (from_pipeline) {
    completion_.reset();
    pipeline_succeeded();
    if (locked()) return;  // the next one completed inside its own trigger
  }
  release_lock();
}

void CheckpointCoordinator::after_completion(CompletedCheckpoint& checkpoint,
                                             const PendingCheckpoint& pending,
                                             const CompletedCheckpointStore::Entry& last_subsumed) {
  last_completion_ = host_.now();
  const CheckpointProperties& props = checkpoint.props;
  if (props.is_savepoint() && !props.is_synchronous()) return;  // CC-40: nobody is told
  abort_if(CheckpointFailureReason::checkpoint_subsumed,
           [&checkpoint](const PendingCheckpoint& other) {
             return other.id() < checkpoint.id && other.can_be_subsumed();
           });
  if (options_.mutant != Mutant::notify_before_durable)
    host_.notify_complete(current_attempts(pending.plan()), checkpoint.id, checkpoint.timestamp,
                          announced_as_subsumed(last_subsumed));
  for (const OperatorRef& coordinator : coordinators_)
    host_.notify_coordinator_complete(coordinator, checkpoint.id);
}

void CheckpointCoordinator::on_discard_finished(uint64_t ticket) {
  if (cleaner_.discard_finished(ticket)) post_decider();
}

}  // namespace drey::model
