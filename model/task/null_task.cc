#include "model/task/null_task.h"

#include <algorithm>

#include "fmt/core.h"

namespace drey::model {

namespace {
std::string subtask_name(const Deployment& deployment) {
  return fmt::format("job-{}/{}/{}", deployment.attempt.job, deployment.vertex().id,
                     deployment.attempt.subtask);
}
}  // namespace

NullTask::NullTask(sim::World& world, sim::ProcessId process,
                   std::shared_ptr<const Deployment> deployment, TaskListener& listener,
                   const NullTaskOptions& options, NullExchange& exchange)
    : world_(world),
      deployment_(std::move(deployment)),
      listener_(listener),
      options_(options),
      exchange_(exchange),
      path_(
          world.kernel().intern(world.machines().name(process) + "/" + subtask_name(*deployment_))),
      subject_(world.kernel().intern(subtask_name(*deployment_))),
      id_(world.kernel().add(*this, path_, process)) {}

NullTask::~NullTask() {
  exchange_.forget(*this);
  world_.kernel().remove(id_);
}

void NullTask::set_state(ExecutionState state, const Cause* cause) {
  const ExecutionState before = state_;
  state_ = state;
  world_.kernel().announce({.entity = path_,
                            .subject = subject_,
                            .kind = fact_kind(TaskFact::state),
                            .a = deployment_->attempt.attempt,
                            .b = static_cast<uint64_t>(state),
                            .c = static_cast<uint64_t>(before)});
  listener_.on_state(deployment_->attempt, state, cause);
}

void NullTask::start() {
  set_state(ExecutionState::initializing, nullptr);
  if (!exchange_.take_buffers(*this)) {
    fail({.kind = Cause::Kind::internal, .text = "insufficient number of network buffers"});
    return;
  }
  world_.kernel().post(options_.restore, id_, restored, 0, sim::Priority::task);
}

void NullTask::trigger_checkpoint(CheckpointId id, sim::Time, const CheckpointOptions&) {
  if (ending() || state_ != ExecutionState::running) {
    listener_.on_decline(deployment_->attempt, id,
                         CheckpointFailureReason::checkpoint_declined_task_not_ready);
    return;
  }
  if (deployment_->gates.empty()) take_snapshot(id);  // others wait for barriers
}

void NullTask::announce(CheckpointFact fact, uint64_t a, uint64_t b, uint64_t c) {
  world_.kernel().announce(
      {.entity = path_, .subject = subject_, .kind = fact_kind(fact), .a = a, .b = b, .c = c});
}

void NullTask::alignment_begun(CheckpointId id) {
  if (id > last_) alignment_since_ = world_.kernel().now();
}

void NullTask::aligned(CheckpointId id, uint64_t barriers) {
  if (ending() || state_ != ExecutionState::running || id <= last_) return;
  alignment_ = world_.kernel().now() - alignment_since_;
  announce(CheckpointFact::aligned, static_cast<uint64_t>(id), static_cast<uint64_t>(alignment_.ns),
           barriers);
  take_snapshot(id);
}

// The barrier goes on first, as always.
void NullTask::take_snapshot(CheckpointId id) {
  if (id <= last_) return;
  last_ = id;
  exchange_.barrier(*this, id);
  if (options_.acknowledges)
    world_.kernel().post(options_.acknowledge, id_, acknowledge_due, static_cast<uint64_t>(id),
                         sim::Priority::task);
}

void NullTask::inputs_ended() {
  if (ending() || inputs_over_) return;
  inputs_over_ = true;
  if (options_.runs_for < sim::kForever)
    world_.kernel().post(options_.runs_for, id_, finished, 0, sim::Priority::task);
}

// As the exact grain's input: the JobMaster is asked whether the producer is still there.
void NullTask::partition_not_found(const PartitionId& partition) {
  if (!ending()) listener_.on_request_partition_state(deployment_->attempt, partition);
}

void NullTask::partition_state(const PartitionId& partition, ExecutionState producer) {
  constexpr uint32_t kMostAsked = 2;  // requests that wait ten seconds each
  if (ending()) return;
  switch (producer) {
    case ExecutionState::scheduled:
    case ExecutionState::deploying:
    case ExecutionState::initializing:
    case ExecutionState::running:
    case ExecutionState::finished:
      if (++asked_again_ <= kMostAsked) {
        exchange_.request_again(*this, partition);
        return;
      }
      fail({.kind = Cause::Kind::partition_not_found,
            .text = fmt::format("partition not found (partition {})", partition.partition),
            .partition = partition});
      return;
    case ExecutionState::canceling:
    case ExecutionState::canceled:
    case ExecutionState::failed:
      cancel();
      return;
    case ExecutionState::created:
    case ExecutionState::reconciling:
      fail(
          {.kind = Cause::Kind::internal, .text = "the producer is not deployed", .partition = {}});
      return;
  }
}

void NullTask::notify_aborted(CheckpointId id, CheckpointId) { aborted_ = std::max(aborted_, id); }

void NullTask::cancel() {
  if (ending()) return;
  ending_ = true;
  world_.kernel().post(options_.cancel, id_, canceled, 0, sim::Priority::task);
}

void NullTask::fail(const Cause& cause) {
  if (ending()) return;
  ending_ = true;
  cause_ = cause;
  world_.kernel().post({}, id_, failed, 0, sim::Priority::task);
}

void NullTask::on_event(const sim::Event& event) {
  if (is_terminal(state_)) return;
  switch (static_cast<Kind>(event.kind())) {
    case restored:
      if (ending_) return;
      if (deployment_->restore != nullptr)
        world_.kernel().announce({.entity = path_,
                                  .subject = subject_,
                                  .kind = fact_kind(TaskFact::restored),
                                  .a = deployment_->attempt.attempt,
                                  .b = static_cast<uint64_t>(deployment_->restore->checkpoint),
                                  .c = options_.state_bytes});
      set_state(ExecutionState::running, nullptr);
      exchange_.started(*this);
      if (options_.runs_for < sim::kForever && deployment_->gates.empty())
        world_.kernel().post(options_.runs_for, id_, finished, 0, sim::Priority::task);
      return;
    case acknowledge_due: {
      const auto id = static_cast<CheckpointId>(event.argument);
      if (ending_ || id <= aborted_) return;
      const AttemptId& attempt = deployment_->attempt;
      auto snapshot = std::make_shared<TaskStateSnapshot>();
      TaskAcknowledgement ack{.task = {attempt.vertex, attempt.subtask, attempt.attempt},
                              .has_state = options_.state_bytes > 0,
                              .inline_bytes = options_.state_bytes,
                              .snapshot = std::move(snapshot)};
      listener_.on_acknowledge(attempt, id, std::move(ack),
                               {.alignment = alignment_,
                                .async = options_.acknowledge,
                                .bytes_persisted = options_.state_bytes});
      return;
    }
    case canceled:
      exchange_.ended(*this, NullExchange::End::canceled);
      set_state(ExecutionState::canceled, nullptr);
      return;
    case finished:
      if (ending_) return;
      exchange_.ended(*this, NullExchange::End::finished);
      set_state(ExecutionState::finished, nullptr);
      return;
    case failed:
      exchange_.ended(*this, NullExchange::End::failed);
      set_state(ExecutionState::failed, &cause_);
      return;
  }
}

}  // namespace drey::model
