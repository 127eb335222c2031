// Requests, the timer's queue, the periodic trigger, and restore. The pipeline is in
// checkpoint_trigger.cc, acknowledgements, abort and completion in checkpoint_completion.cc.
#include "model/checkpoint/checkpoint_coordinator.h"

#include <algorithm>
#include <utility>

#include "sim/check.h"

namespace drey::model {

namespace {

constexpr sim::Duration kMinimalTime = sim::milliseconds(10);
constexpr sim::Duration kLongestPause = sim::minutes(int64_t{365} * 24 * 60);
constexpr uint32_t kMaxQueuedRequests = 1000;

sim::Duration capped_pause(const CheckpointCoordinatorOptions& options) {
  return std::min(options.min_pause, kLongestPause);
}

// CC-2: the pause also limits the rate.
std::optional<sim::Duration> base_interval(const CheckpointCoordinatorOptions& options) {
  if (!options.interval.has_value()) return std::nullopt;
  return std::max(*options.interval, capped_pause(options));
}

}  // namespace

std::vector<std::string> check_options(const CheckpointCoordinatorOptions& options) {
  const std::string prefix = "execution.checkpointing.";
  std::vector<std::string> faults;
  if (options.interval.has_value() && *options.interval < kMinimalTime)
    faults.push_back(prefix + "interval must be at least 10 ms");
  if (options.timeout < kMinimalTime) faults.push_back(prefix + "timeout must be at least 10 ms");
  if (options.min_pause < sim::Duration{})
    faults.push_back(prefix + "min-pause must not be negative");
  if (options.max_concurrent < 1)
    faults.push_back(prefix + "max-concurrent-checkpoints must be at least 1");
  if (options.tolerable_failures < 0)
    faults.push_back(prefix + "tolerable-failed-checkpoints must not be negative");
  if (options.unaligned && options.max_concurrent > 1)
    faults.push_back(prefix + "unaligned.enabled needs max-concurrent-checkpoints 1");
  const auto& backlog = options.interval_during_backlog;
  if (backlog.has_value() && *backlog != sim::Duration{} && options.interval.has_value() &&
      *backlog < *options.interval)
    faults.push_back(prefix + "interval-during-backlog must be 0 or at least interval");
  return faults;
}

DelayRange first_trigger_delay(const CheckpointCoordinatorOptions& options) {
  const sim::Duration pause = capped_pause(options);
  if (options.pause_sources_until_first_checkpoint) return {pause, pause * 2};
  return {pause, base_interval(options).value_or(pause)};
}

CheckpointCoordinator::CheckpointCoordinator(Options options, sim::Duration first_delay,
                                             std::set<OperatorRef> coordinators,
                                             std::set<std::string> hooks,
                                             CompletedCheckpointStore& store,
                                             CheckpointsCleaner& cleaner, CoordinatorHost& host)
    : options_(options),
      coordinators_(std::move(coordinators)),
      hooks_(std::move(hooks)),
      store_(store),
      cleaner_(cleaner),
      host_(host),
      decider_({.max_concurrent = options.max_concurrent,
                .max_queued = kMaxQueuedRequests,
                .min_pause = capped_pause(options)}),
      failures_(options.tolerable_failures, options.mutant),
      trigger_delay_(first_delay),
      base_interval_(base_interval(options)) {
  CHECK(check_options(options).empty(), "checkpointing options are checked when they are read");
}

// ---- the timer's queue
// -----------------------------------------------------------------------------------------------

void CheckpointCoordinator::post(Step step) {
  timer_.push_back(std::move(step));
  wake_timer_if_needed();
}

// While locked the timer waits; release_lock() wakes it.
void CheckpointCoordinator::wake_timer_if_needed() {
  if (timer_.empty() || timer_woken_ || timer_running_ || locked()) return;
  timer_woken_ = true;
  host_.wake_timer();
}

void CheckpointCoordinator::post_decider() {
  if (shutdown_) return;
  post({.kind = StepKind::run_decider});
}

void CheckpointCoordinator::post_decider_for_empty_cleanups() {
  for (uint32_t left = cleaner_.take_empty_cleanups(); left > 0; --left) post_decider();
}

void CheckpointCoordinator::run_timer_step() {
  timer_woken_ = false;
  if (timer_running_ || timer_.empty() || locked()) return;
  timer_running_ = true;
  Step step = std::move(timer_.front());
  timer_.pop_front();
  run_step(std::move(step));
  timer_running_ = false;
  wake_timer_if_needed();
}

void CheckpointCoordinator::run_timer() {
  timer_woken_ = false;
  if (timer_running_) return;
  timer_running_ = true;
  while (!timer_.empty() && !locked()) {
    Step step = std::move(timer_.front());
    timer_.pop_front();
    run_step(std::move(step));
  }
  timer_running_ = false;  // what is left waits for the lock
}

void CheckpointCoordinator::run_step(Step step) {
  switch (step.kind) {
    case StepKind::submit:
      submit(std::move(*step.request));
      return;
    case StepKind::run_decider:
      run_decider();
      return;
    case StepKind::abort_pending:
      abort(step.id, step.reason.value(), std::nullopt);
      return;
    case StepKind::create_pending:
      if (is_current(step.pipeline)) create_pending();
      return;
    case StepKind::checkpoint_coordinators:
      if (is_current(step.pipeline)) checkpoint_coordinators();
      return;
    case StepKind::acknowledge_coordinators:
      if (is_current(step.pipeline)) acknowledge_coordinators();
      return;
    case StepKind::run_hooks:
      if (is_current(step.pipeline)) run_hooks();
      return;
    case StepKind::acknowledge_hook:
      if (is_current(step.pipeline)) acknowledge_hook(step);
      return;
    case StepKind::end_of_master_part:
      if (is_current(step.pipeline)) master_part_ended();
      return;
  }
}

// ---- requests
// --------------------------------------------------------------------------------------------------------

void CheckpointCoordinator::request(uint64_t number, CheckpointProperties props, bool periodic,
                                    const std::string& target) {
  CheckpointRequest request;
  request.number = number;
  request.props = props;
  request.periodic = periodic;
  request.target = target;
  post({.kind = StepKind::submit, .request = std::move(request)});
}

void CheckpointCoordinator::trigger_checkpoint(uint64_t request_number, bool periodic, bool full) {
  CheckpointProperties props = CheckpointProperties::for_checkpoint(options_.retention);
  if (full) props.type = SnapshotType::full_checkpoint;
  request(request_number, props, periodic, {});
}

void CheckpointCoordinator::trigger_savepoint(uint64_t request_number, const std::string& target,
                                              bool native) {
  request(request_number, CheckpointProperties::for_savepoint(!options_.unaligned, native), false,
          target);
}

void CheckpointCoordinator::trigger_stop_savepoint(uint64_t request_number, bool drain,
                                                   const std::string& target, bool native) {
  request(request_number,
          CheckpointProperties::for_sync_savepoint(!options_.unaligned, drain, native), false,
          target);
}

void CheckpointCoordinator::submit(CheckpointRequest request) {
  request.timestamp = host_.wall_now();
  const uint64_t number = request.number;
  submitting_ = number;
  obey(decider_.submit(std::move(request), situation()));
  submitting_.reset();
  if (!late_answer_.has_value()) return;
  const LateAnswer answer = *late_answer_;
  late_answer_.reset();
  host_.request_failed(number, answer.id, answer.reason);
}

CheckpointRequestDecider::Situation CheckpointCoordinator::situation() const {
  return {.triggering = triggering_,
          .pending = static_cast<uint32_t>(pending_.size()),
          .cleaning = cleaner_.number_to_clean(),
          .last_completion = last_completion_,
          .now = host_.now()};
}

void CheckpointCoordinator::obey(const Decision& decision) {
  if (decision.rearm_after.has_value()) {
    cancel_trigger();
    arm_trigger(*decision.rearm_after);
  }
  for (const FailedRequest& failed : decision.failed)
    answer_failed(failed.request, kNoCheckpoint, failed.reason);
  if (decision.chosen.has_value()) start_pipeline(*decision.chosen);
}

void CheckpointCoordinator::run_decider() { obey(decider_.choose(situation())); }

void CheckpointCoordinator::answer_failed(const CheckpointRequest& request, CheckpointId id,
                                          CheckpointFailureReason reason) {
  if (request.number == kPeriodicRequest) return;
  if (submitting_ == request.number) {
    late_answer_ = LateAnswer{id, reason};
    return;
  }
  host_.request_failed(request.number, id, reason);
}

// ---- periodic trigger
// ------------------------------------------------------------------------------------------------

std::optional<sim::Duration> CheckpointCoordinator::current_interval() const {
  if (backlog_.empty() || !options_.interval_during_backlog.has_value()) return base_interval_;
  const sim::Duration during_backlog = *options_.interval_during_backlog;
  if (during_backlog < kMinimalTime) return std::nullopt;
  return std::max(during_backlog, capped_pause(options_));
}

void CheckpointCoordinator::arm_trigger(sim::Duration delay) {
  ++generation_;
  trigger_armed_ = true;
  next_trigger_ = host_.now() + delay;
  host_.arm_periodic_trigger(generation_, delay);
}

void CheckpointCoordinator::cancel_trigger() {
  if (!trigger_armed_) return;
  trigger_armed_ = false;
  next_trigger_ = sim::kEndOfTime;
  host_.cancel_periodic_trigger();
}

void CheckpointCoordinator::start_scheduler() {
  if (blocks({.kind = Blocked::Kind::start})) return;
  CHECK(!shutdown_, "a coordinator that was shut down is not started again");
  CHECK(base_interval_.has_value(), "periodic checkpoints need execution.checkpointing.interval");
  if (periodic_scheduling_) stop_scheduler();
  periodic_scheduling_ = true;
  cancel_trigger();  // one that a refused request has armed while stopped (CC-15)
  arm_trigger(trigger_delay_);
  trigger_delay_ = capped_pause(options_);
}

void CheckpointCoordinator::stop_scheduler() {
  if (blocks({.kind = Blocked::Kind::stop})) return;
  periodic_scheduling_ = false;
  cancel_trigger();
  abort_pending_and_queued(CheckpointFailureReason::checkpoint_coordinator_suspend);
}

void CheckpointCoordinator::on_periodic_trigger(uint64_t generation) {
  if (blocks({.kind = Blocked::Kind::periodic, .generation = generation})) return;
  if (!trigger_armed_ || generation != generation_) return;
  const auto interval = current_interval();
  if (interval.has_value()) {
    // The nominal schedule, not "now + interval": a late trigger does not shift the next one.
    next_trigger_ = next_trigger_ + *interval;
    const sim::Duration delay = std::max(sim::Duration{}, next_trigger_ - host_.now());
    host_.arm_periodic_trigger(generation_, delay);
  } else {
    trigger_armed_ = false;
    next_trigger_ = sim::kEndOfTime;
  }
  // The trigger runs on the timer already: its request needs no further step.
  CheckpointRequest request;
  request.number = kPeriodicRequest;
  request.props = CheckpointProperties::for_checkpoint(options_.retention);
  request.periodic = true;
  submit(std::move(request));
}

void CheckpointCoordinator::set_backlog(OperatorRef source, bool is_processing_backlog) {
  if (is_processing_backlog)
    backlog_.insert(source);
  else
    backlog_.erase(source);
  const auto interval = current_interval();
  if (!interval.has_value()) return;
  if (host_.now() + *interval >= next_trigger_) return;
  cancel_trigger();
  arm_trigger(*interval);
}

// ---- restore
// ---------------------------------------------------------------------------------------------------------

void CheckpointCoordinator::reset_to_nothing(RestoreScope scope) {
  for (const std::string& hook : hooks_) host_.reset_hook(hook);
  if (scope != RestoreScope::all) return;
  for (const OperatorRef& coordinator : coordinators_)
    host_.reset_coordinator(coordinator, kNoCheckpoint, nullptr);
}

CheckpointCoordinator::Restored CheckpointCoordinator::restore_latest(RestoreScope scope) {
  CHECK(!locked(), "a restore waits until the coordinator's lock is free");
  if (shutdown_) return {nullptr, "CheckpointCoordinator is shut down"};
  const auto latest = store_.latest();
  if (latest == nullptr) {
    reset_to_nothing(scope);
    return {nullptr, ""};
  }
  return restore_from(latest, scope);
}

CheckpointCoordinator::Restored CheckpointCoordinator::restore_from(
    CompletedCheckpointStore::Entry checkpoint, RestoreScope scope) {
  force_full_snapshot_ = checkpoint->props.unclaimed;
  if (auto error = host_.assign_states(*checkpoint, scope)) return {nullptr, *error};
  for (const std::string& hook : hooks_) {
    const auto state = checkpoint->master_states.find(hook);
    host_.restore_hook(hook, checkpoint->id,
                       state == checkpoint->master_states.end() ? nullptr : &state->second);
  }
  if (scope == RestoreScope::subtasks) return {checkpoint, ""};
  for (const OperatorRef& coordinator : coordinators_) {
    const CoordinatorState* state = nullptr;
    const auto vertex = checkpoint->vertices.find(coordinator.vertex);
    if (vertex != checkpoint->vertices.end()) {
      const auto found = vertex->second.coordinators.find(coordinator.op);
      if (found != vertex->second.coordinators.end()) state = &found->second;
    }
    host_.reset_coordinator(coordinator, checkpoint->id, state);
  }
  return {checkpoint, ""};
}

CheckpointCoordinator::Restored CheckpointCoordinator::restore_savepoint(
    std::shared_ptr<CompletedCheckpoint> loaded, ClaimMode mode) {
  CHECK(!locked(), "a restore waits until the coordinator's lock is free");
  switch (mode) {
    case ClaimMode::claim:
      loaded->props = CheckpointProperties::for_checkpoint(options_.retention);
      break;
    case ClaimMode::legacy:
      loaded->props = CheckpointProperties::for_savepoint(false);
      break;
    case ClaimMode::no_claim:
      loaded->props = CheckpointProperties::for_unclaimed_snapshot();
      break;
  }
  loaded->restored = true;
  if (!loaded->props.unclaimed) {
    std::vector<SharedFile> files = loaded->shared_files();
    const RestoredSharing sharing =
        is_savepoint(loaded->taken_as) ? RestoredSharing::no_sharing : RestoredSharing::shared;
    const auto error = store_.registry().register_restored(files, loaded->id, mode, sharing);
    if (error != SharedStateRegistry::RegisterError::none)
      return {nullptr, "shared state of the restored snapshot cannot be registered"};
  }
  store_.add(loaded);
  post_decider_for_empty_cleanups();
  host_.set_next_id(loaded->id + 1);
  return restore_from(store_.latest(), RestoreScope::initial);
}

}  // namespace drey::model
