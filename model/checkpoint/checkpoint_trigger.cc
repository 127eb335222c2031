// The trigger pipeline of the checkpoint coordinator (CC-17..25): plan, id, pending checkpoint,
// directory, operator coordinators, master hooks, tasks. Each hop that upstream makes to its timer
// thread is a step of the timer's queue, so that an expiry, a decline or a stop of the scheduler
// can fall between any two of them.
#include <utility>

#include "model/checkpoint/checkpoint_coordinator.h"
#include "sim/check.h"

namespace drey::model {

bool CheckpointCoordinator::is_current(uint64_t pipeline) const {
  return pipeline_.has_value() && pipeline_->number == pipeline;
}

PendingCheckpoint* CheckpointCoordinator::find_pending(CheckpointId id) {
  const auto found = pending_.find(id);
  return found == pending_.end() ? nullptr : found->second.get();
}

std::optional<CheckpointFailureReason> CheckpointCoordinator::pre_check(bool periodic) const {
  if (shutdown_) return CheckpointFailureReason::checkpoint_coordinator_shutdown;
  if (periodic && !periodic_scheduling_)
    return CheckpointFailureReason::periodic_scheduler_shutdown;
  return std::nullopt;
}

void CheckpointCoordinator::start_pipeline(CheckpointRequest request) {
  if (const auto refused = pre_check(request.periodic)) {
    fail_before_pending(request, *refused);
    return;
  }
  CHECK(!triggering_, "one trigger at a time");
  triggering_ = true;
  pipeline_ = Pipeline{};
  pipeline_->number = next_number_++;
  pipeline_->request = std::move(request);
  pipeline_->timestamp = host_.wall_now();
  auto plan = make_checkpoint_plan(host_.tasks(), options_.checkpoints_after_tasks_finish);
  if (!plan.has_value()) {
    end_master_part(CheckpointFailureReason::not_all_required_tasks_running);
    return;
  }
  pipeline_->plan = std::move(*plan);
  host_.begin_next_id(pipeline_->number);
}

void CheckpointCoordinator::on_id(uint64_t ticket, CheckpointId id) {
  if (!is_current(ticket)) return;
  pipeline_->id = id;
  post({.kind = StepKind::create_pending, .pipeline = ticket});
}

void CheckpointCoordinator::on_id_failed(uint64_t ticket, CheckpointFailureReason reason) {
  if (is_current(ticket)) end_master_part(reason);
}

void CheckpointCoordinator::create_pending() {
  if (const auto refused = pre_check(pipeline_->request.periodic)) {
    end_master_part(refused);
    return;
  }
  const CheckpointId id = pipeline_->id;
  pending_[id] = std::make_unique<PendingCheckpoint>(
      PendingCheckpoint::Options{.id = id,
                                 .request = pipeline_->request,
                                 .timestamp = pipeline_->timestamp,
                                 .plan = pipeline_->plan,
                                 .coordinators = coordinators_,
                                 .hooks = hooks_});
  pipeline_->created = true;
  host_.arm_expiry(id, options_.timeout);  // from now, not from the time stamp (CC-18)
  host_.begin_location(pipeline_->number, id, pipeline_->request.props, pipeline_->request.target);
}

void CheckpointCoordinator::on_location(uint64_t ticket, const std::string& location) {
  if (!is_current(ticket)) return;
  pipeline_->location = location;
  post({.kind = StepKind::checkpoint_coordinators, .pipeline = ticket});
}

void CheckpointCoordinator::on_location_failed(uint64_t ticket, CheckpointFailureReason reason) {
  if (is_current(ticket)) end_master_part(reason);
}

void CheckpointCoordinator::checkpoint_coordinators() {
  PendingCheckpoint* pending = find_pending(pipeline_->id);
  if (pending == nullptr) return;  // disposed meanwhile; its abort has ended the master part
  pending->set_location(pipeline_->location);
  pipeline_->open_coordinators = coordinators_;
  const uint64_t number = pipeline_->number;
  const CheckpointId id = pipeline_->id;
  for (const OperatorRef& coordinator : coordinators_) {
    host_.begin_coordinator_checkpoint(coordinator, id);
    if (!is_current(number)) return;
  }
  if (coordinators_.empty()) coordinators_done();
}

void CheckpointCoordinator::coordinators_done() {
  post({.kind = StepKind::acknowledge_coordinators, .pipeline = pipeline_->number});
}

void CheckpointCoordinator::on_coordinator_state(OperatorRef coordinator, CheckpointId id,
                                                 std::optional<CoordinatorState> state) {
  if (!pipeline_.has_value() || pipeline_->id != id) return;
  if (pipeline_->open_coordinators.erase(coordinator) == 0) return;
  pipeline_->coordinator_states[coordinator] = std::move(state);
  if (pipeline_->open_coordinators.empty()) coordinators_done();
}

void CheckpointCoordinator::on_coordinator_failed(OperatorRef coordinator, CheckpointId id,
                                                  CheckpointFailureReason reason) {
  if (!pipeline_.has_value() || pipeline_->id != id) return;
  if (pipeline_->open_coordinators.count(coordinator) > 0) end_master_part(reason);
}

void CheckpointCoordinator::acknowledge_coordinators() {
  PendingCheckpoint* pending = find_pending(pipeline_->id);
  if (pending == nullptr) return;
  for (auto& [coordinator, state] : pipeline_->coordinator_states)
    pending->acknowledge_coordinator(coordinator, std::move(state));
  post({.kind = StepKind::run_hooks, .pipeline = pipeline_->number});
}

void CheckpointCoordinator::run_hooks() {
  if (find_pending(pipeline_->id) == nullptr) return;
  if (hooks_.empty()) {
    end_master_part(std::nullopt);
    return;
  }
  const uint64_t number = pipeline_->number;
  const CheckpointId id = pipeline_->id;
  for (const std::string& hook : hooks_) {
    if (!is_current(number)) return;
    host_.begin_hook(hook, id, pipeline_->timestamp);
  }
}

void CheckpointCoordinator::on_hook_state(const std::string& hook, CheckpointId id,
                                          std::optional<std::string> state) {
  if (!pipeline_.has_value() || pipeline_->id != id) return;
  post({.kind = StepKind::acknowledge_hook,
        .pipeline = pipeline_->number,
        .hook = hook,
        .hook_state = std::move(state)});
}

void CheckpointCoordinator::on_hook_failed(const std::string& hook, CheckpointId id,
                                           CheckpointFailureReason reason) {
  if (!pipeline_.has_value() || pipeline_->id != id) return;
  post({.kind = StepKind::acknowledge_hook,
        .pipeline = pipeline_->number,
        .reason = reason,
        .hook = hook});
}

void CheckpointCoordinator::acknowledge_hook(const Step& step) {
  PendingCheckpoint* pending = find_pending(pipeline_->id);
  if (pending == nullptr || pipeline_->master_ended) return;
  if (step.reason.has_value()) {
    end_master_part(step.reason);
    return;
  }
  pending->acknowledge_hook(step.hook, step.hook_state);
  if (pending->hooks_done()) end_master_part(std::nullopt);
}

// The first end counts: an abort of the pending checkpoint ends the master part while its futures
// still hang (CC-24).
void CheckpointCoordinator::end_master_part(std::optional<CheckpointFailureReason> failure) {
  if (pipeline_->master_ended) return;
  pipeline_->master_ended = true;
  pipeline_->failure = failure;
  post({.kind = StepKind::end_of_master_part, .pipeline = pipeline_->number});
}

void CheckpointCoordinator::master_part_ended() {
  if (pipeline_->failure.has_value()) {
    pipeline_failed(*pipeline_->failure);
    return;
  }
  PendingCheckpoint* pending = find_pending(pipeline_->id);
  if (pending == nullptr) {
    pipeline_failed(CheckpointFailureReason::trigger_checkpoint_failure);
    return;
  }
  trigger_tasks(*pending);
  // All tasks finished, or all acknowledged before they were triggered (externally induced
  // sources).
  if (locked()) {
    completion_->from_pipeline = true;
    return;
  }
  pending = find_pending(pipeline_->id);
  if (pending != nullptr && pending->is_fully_acknowledged()) {
    if (!shutdown_) complete(*pending, true);
    return;
  }
  pipeline_succeeded();
}

bool CheckpointCoordinator::must_be_full(const CheckpointProperties& props) const {
  return force_full_snapshot_ && !props.is_savepoint();
}

void CheckpointCoordinator::trigger_tasks(const PendingCheckpoint& pending) {
  const CheckpointProperties& props = pending.props();
  CheckpointOptions options;
  options.type = must_be_full(props) ? SnapshotType::full_checkpoint : props.type;
  options.alignment = choose_alignment(options.type, options_.exactly_once, options_.unaligned,
                                       options_.aligned_timeout);
  options.native = props.native;
  options.location = pending.location();
  host_.send_trigger(pending.plan().trigger, pending.id(), pending.timestamp(), options);
}

void CheckpointCoordinator::on_trigger_rpc_failed(CheckpointId id, CheckpointFailureReason reason) {
  post({.kind = StepKind::abort_pending, .id = id, .reason = reason});
}

void CheckpointCoordinator::pipeline_succeeded() { end_trigger(); }

void CheckpointCoordinator::end_trigger() {
  pipeline_.reset();
  triggering_ = false;
  run_decider();
}

void CheckpointCoordinator::fail_before_pending(const CheckpointRequest& request,
                                                CheckpointFailureReason reason) {
  answer_failed(request, kNoCheckpoint, reason);
  for (const OperatorRef& coordinator : coordinators_)
    host_.abort_coordinator_triggering(coordinator);
  judge_failure(kNoCheckpoint, request.props, reason, std::nullopt);
  end_trigger();
}

void CheckpointCoordinator::pipeline_failed(CheckpointFailureReason reason) {
  const Pipeline failed = std::move(*pipeline_);
  if (!failed.created) {
    fail_before_pending(failed.request, reason);
    return;
  }
  for (const OperatorRef& coordinator : coordinators_)
    host_.abort_coordinator_triggering(coordinator);
  if (find_pending(failed.id) != nullptr)
    abort(failed.id, reason, std::nullopt);
  else
    judge_failure(failed.id, failed.request.props, reason, std::nullopt);
  end_trigger();
}

}  // namespace drey::model
