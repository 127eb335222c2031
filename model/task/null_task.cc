#include "model/task/null_task.h"

#include <algorithm>

#include "fmt/core.h"
#include "model/trace_events.h"

namespace drey::model {

namespace {
std::string subtask_name(const Deployment& deployment) {
  return fmt::format("job-{}/{}/{}", deployment.attempt.job, deployment.vertex().id,
                     deployment.attempt.subtask);
}
}  // namespace

void NullBarriers::remove(NullTask& task) {
  tasks_.erase(std::find(tasks_.begin(), tasks_.end(), &task));
}

void NullBarriers::barrier(JobId job, CheckpointId id) {
  CheckpointId& last = last_[job];
  if (id <= last) return;
  last = id;
  for (NullTask* const task : tasks_)
    if (task->job() == job) task->barrier(id);
}

NullTask::NullTask(sim::World& world, sim::ProcessId process,
                   std::shared_ptr<const Deployment> deployment, TaskListener& listener,
                   const NullTaskOptions& options, NullBarriers& barriers)
    : world_(world),
      deployment_(std::move(deployment)),
      listener_(listener),
      options_(options),
      barriers_(barriers),
      path_(
          world.kernel().intern(world.machines().name(process) + "/" + subtask_name(*deployment_))),
      subject_(world.kernel().intern(subtask_name(*deployment_))),
      id_(world.kernel().add(*this, path_, process)) {
  barriers_.add(*this);
}

NullTask::~NullTask() {
  barriers_.remove(*this);
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
  world_.kernel().post(options_.restore, id_, restored, 0, sim::Priority::task);
}

void NullTask::trigger_checkpoint(CheckpointId id, sim::Time, const CheckpointOptions&) {
  if (ending()) return;
  if (state_ != ExecutionState::running) {
    listener_.on_decline(deployment_->attempt, id,
                         CheckpointFailureReason::checkpoint_declined_task_not_ready);
    return;
  }
  barriers_.barrier(job(), id);
  barrier(id);
}

void NullTask::barrier(CheckpointId id) {
  if (ending() || state_ != ExecutionState::running || id <= last_) return;
  last_ = id;
  if (options_.acknowledges)
    world_.kernel().post(options_.acknowledge, id_, acknowledge_due, static_cast<uint64_t>(id),
                         sim::Priority::task);
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
      set_state(ExecutionState::running, nullptr);
      if (options_.runs_for < sim::kForever)
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
      listener_.on_acknowledge(
          attempt, id, std::move(ack),
          {.async = options_.acknowledge, .bytes_persisted = options_.state_bytes});
      return;
    }
    case canceled:
      set_state(ExecutionState::canceled, nullptr);
      return;
    case finished:
      if (!ending_) set_state(ExecutionState::finished, nullptr);
      return;
    case failed:
      set_state(ExecutionState::failed, &cause_);
      return;
  }
}

}  // namespace drey::model
