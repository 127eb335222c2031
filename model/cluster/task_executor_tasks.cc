// The TaskExecutor's side towards its tasks: submission, the door's calls down, and what comes up.
#include <algorithm>

#include "model/cluster/task_executor.h"
#include "model/mutants.h"
#include "model/trace_events.h"
#include "sim/check.h"

namespace drey::model {

TaskExecutor::Task* TaskExecutor::find(const AttemptId& attempt) {
  const auto found = tasks_.find(attempt);
  return found == tasks_.end() ? nullptr : &found->second;
}

TaskExecutor::Task* TaskExecutor::find_living(uint64_t number) {
  for (auto& [attempt, task] : tasks_)
    if (task.number == number) return task.ended ? nullptr : &task;
  return nullptr;
}

uint64_t TaskExecutor::number_of(const AttemptId& attempt) {
  const Task* task = find(attempt);
  return task == nullptr ? 0 : task->number;
}

TaskExecutor::Task* TaskExecutor::find_of(const sim::Address& job_master,
                                          const AttemptId& attempt) {
  Task* task = find(attempt);
  return task != nullptr && task->deployed_by == job_master ? task : nullptr;
}

// A task that an earlier leader deployed and that has not ended yet is nothing to the new one.
bool TaskExecutor::reports_to_leader(const AttemptId& attempt) const {
  const auto task = tasks_.find(attempt);
  const auto job = jobs_.find(attempt.job);
  return job != jobs_.end() && job->second.connected &&
         (task == tasks_.end() || (task->second.deployed_by == job->second.address &&
                                   task->second.deployed_under == job->second.token));
}

// Submit checks of control-plane.md 7.5.
void TaskExecutor::submit(const sim::Call& call, const SubmitTask& submit) {
  const Deployment& deployment = *submit.deployment;
  const auto job = jobs_.find(deployment.attempt.job);
  const bool fits = job != jobs_.end() && job->second.connected &&
                    job->second.token == submit.job_master_token &&
                    tasks_.count(deployment.attempt) == 0 &&
                    slots_.mark_active(deployment.allocation, deployment.attempt.job);
  if (!fits) {
    refuse(call, sim::CallFailure::handler_failed);
    return;
  }
  slots_.add_task(deployment.allocation);
  Task& task = tasks_[deployment.attempt];
  task.deployment = submit.deployment;
  task.number = ++next_task_;
  task.deployed_by = call.from;
  task.deployed_under = submit.job_master_token;
  keep_results_of(deployment);
  task.runtime = factory_.make(submit.deployment, *this);
  answer(call, std::make_shared<Acknowledge>());
  task.runtime->start();
}

bool TaskExecutor::on_task_call(const sim::Call& call, const sim::Message& body) {
  switch (body.kind()) {
    case SubmitTask::kind_id():
      submit(call, sim::as<SubmitTask>(body));
      return true;
    case CancelTask::kind_id(): {
      Task* task = find_of(call.from, sim::as<CancelTask>(body).attempt);
      if (task == nullptr) {
        refuse(call, sim::CallFailure::handler_failed);
        return true;
      }
      answer(call, std::make_shared<Acknowledge>());
      if (!task->ended) task->runtime->cancel();
      return true;
    }
    case UpdatePartitions::kind_id(): {
      const auto& message = sim::as<UpdatePartitions>(body);
      Task* task = find_of(call.from, message.attempt);
      answer(call, std::make_shared<Acknowledge>());
      if (task != nullptr && !task->ended) task->runtime->update_partitions(message.known);
      return true;
    }
    case ReleasePartitions::kind_id():
      release_results(sim::as<ReleasePartitions>(body).partitions);
      forget_job_without_slots(sim::as<ReleasePartitions>(body).job);
      return true;
    case EventToOperator::kind_id(): {
      const auto& message = sim::as<EventToOperator>(body);
      Task* task = find_of(call.from, message.attempt);
      if (task == nullptr || task->ended) {
        refuse(call, sim::CallFailure::handler_failed);
        return true;
      }
      answer(call, std::make_shared<Acknowledge>());
      task->runtime->deliver(message.op, message.event);
      return true;
    }
    default:
      return false;
  }
}

bool TaskExecutor::on_checkpoint_call(const sim::Call& call, const sim::Message& body) {
  switch (body.kind()) {
    case TriggerCheckpoint::kind_id(): {
      const auto& message = sim::as<TriggerCheckpoint>(body);
      Task* task = find_of(call.from, message.attempt);
      if (task == nullptr || task->ended) {
        on_decline(message.attempt, message.checkpoint,
                   CheckpointFailureReason::checkpoint_declined_task_not_ready);
        return true;
      }
      task->runtime->trigger_checkpoint(message.checkpoint, message.stamp, message.options);
      return true;
    }
    case NotifyCheckpointComplete::kind_id(): {
      const auto& message = sim::as<NotifyCheckpointComplete>(body);
      Task* task = find_of(call.from, message.attempt);
      if (task == nullptr || task->ended) return true;
      if (message.last_subsumed != kNoCheckpoint)
        task->runtime->notify_subsumed(message.last_subsumed);
      task->runtime->notify_complete(message.checkpoint);
      return true;
    }
    case AbortCheckpoint::kind_id(): {
      const auto& message = sim::as<AbortCheckpoint>(body);
      Task* task = find_of(call.from, message.attempt);
      if (task != nullptr && !task->ended)
        task->runtime->notify_aborted(message.checkpoint, message.latest_completed);
      return true;
    }
    default:
      return false;
  }
}

void TaskExecutor::fail_tasks_of(AllocationId allocation, const Cause& cause) {
  for (auto& [attempt, task] : tasks_)
    if (task.deployment->allocation == allocation && !task.ended) task.runtime->fail(cause);
}

void TaskExecutor::fail_job(JobId job, const Cause& cause) {
  for (auto& [attempt, task] : tasks_)
    if (attempt.job == job && !task.ended) task.runtime->fail(cause);
}

bool TaskExecutor::inject_failure(std::string_view op, uint32_t subtask, const Cause& cause) {
  for (auto& [attempt, task] : tasks_) {
    if (attempt.subtask != subtask || task.ended) continue;
    const JobInformation& job = *task.deployment->job;
    for (const uint32_t index : task.deployment->vertex().operators) {
      if (job.spec.operators[index].id != op) continue;
      task.runtime->fail(cause);
      return true;
    }
  }
  return false;
}

std::vector<AttemptId> TaskExecutor::deployed_of(JobId job) const {
  std::vector<AttemptId> deployed;
  for (const auto& [attempt, task] : tasks_)
    if (attempt.job == job && !task.ended && reports_to_leader(attempt))
      deployed.push_back(attempt);
  return deployed;
}

sim::PathId TaskExecutor::subtask_path(const AttemptId& attempt) const {
  const auto found = tasks_.find(attempt);
  CHECK(found != tasks_.end(), "a task that is deployed here");
  return kernel().intern(job_component(attempt.job) + "/" + found->second.deployment->vertex().id +
                         "/" + std::to_string(attempt.subtask));
}

void TaskExecutor::tell_state(const AttemptId& attempt, ExecutionState state, const Cause& cause) {
  if (!reports_to_leader(attempt)) return;
  const auto found = jobs_.find(attempt.job);
  auto body = std::make_shared<UpdateTaskState>();
  body->attempt = attempt;
  body->state = state;
  body->cause = cause;
  ask(found->second.address, found->second.token, std::move(body), options_.ask_timeout,
      {state_told, number_of(attempt)});
}

// The runtime is destroyed on an event of its own: it is on the stack now.
void TaskExecutor::remove_task(const AttemptId& attempt) {
  const auto found = tasks_.find(attempt);
  if (found == tasks_.end()) return;
  const AllocationId allocation = found->second.deployment->allocation;
  if (found->second.deployment->job->options.mutant == Mutant::results_go_with_the_slot) {
    std::vector<PartitionId> results;
    for (const ResultPartitionSpec& result : found->second.deployment->results)
      results.push_back(result.id);
    factory_.release(results);
  }
  tasks_.erase(found);
  if (slots_.remove_task(allocation)) slot_is_free(attempt.job, allocation);
}

void TaskExecutor::on_state(const AttemptId& attempt, ExecutionState state, const Cause* cause) {
  Task* task = find(attempt);
  CHECK(task != nullptr && !task->ended, "a task reports only while it lives");
  announce(fact_kind(TaskFact::state), subtask_path(attempt), attempt.attempt,
           static_cast<uint64_t>(state), static_cast<uint64_t>(task->state));
  task->state = state;
  tell_state(attempt, state, cause != nullptr ? *cause : Cause{});
  if (!is_terminal(state)) return;
  if (state != ExecutionState::finished) forget_results_of(*task->deployment);
  task->ended = true;
  ended_.push_back(attempt);
  if (ended_.size() == 1) later({}, {cleanup, 0});
}

void TaskExecutor::on_acknowledge(const AttemptId& attempt, CheckpointId checkpoint,
                                  TaskAcknowledgement acknowledgement,
                                  const CheckpointTimes& times) {
  if (!reports_to_leader(attempt)) return;
  auto body = std::make_shared<AcknowledgeCheckpoint>();
  body->checkpoint = checkpoint;
  body->attempt = attempt;
  body->acknowledgement = std::move(acknowledgement);
  body->times = times;
  tell_job_master(attempt.job, std::move(body));
}

void TaskExecutor::on_decline(const AttemptId& attempt, CheckpointId checkpoint,
                              CheckpointFailureReason reason) {
  auto body = std::make_shared<DeclineCheckpoint>();
  body->checkpoint = checkpoint;
  body->attempt = attempt;
  body->reason = reason;
  tell_job_master(attempt.job, std::move(body));
}

void TaskExecutor::on_operator_event(const AttemptId& attempt, uint32_t op,
                                     const OperatorEvent& event) {
  if (!reports_to_leader(attempt)) return;
  const auto found = jobs_.find(attempt.job);
  auto body = std::make_shared<EventToCoordinator>();
  body->attempt = attempt;
  body->op = op;
  body->event = event;
  ask(found->second.address, found->second.token, std::move(body), options_.ask_timeout,
      {event_told, number_of(attempt)});
}

void TaskExecutor::on_partition_available(const AttemptId& attempt, const PartitionId& partition) {
  if (!reports_to_leader(attempt)) return;
  auto body = std::make_shared<PartitionAvailable>();
  body->producer = attempt;
  body->partition = partition;
  tell_job_master(attempt.job, std::move(body));
}

void TaskExecutor::on_request_partition_state(const AttemptId& attempt,
                                              const PartitionId& partition) {
  if (!reports_to_leader(attempt)) return;
  const auto found = jobs_.find(attempt.job);
  auto body = std::make_shared<RequestPartitionState>();
  body->consumer = attempt;
  body->partition = partition;
  ask(found->second.address, found->second.token, std::move(body), options_.ask_timeout,
      {partition_state, number_of(attempt)});
}

void TaskExecutor::on_end_of_data(const AttemptId& attempt) {
  if (!reports_to_leader(attempt)) return;
  auto body = std::make_shared<EndOfData>();
  body->attempt = attempt;
  tell_job_master(attempt.job, std::move(body));
}

namespace {
constexpr sim::Duration kCancelerThread = sim::milliseconds(1);

Cause shutting_down() {
  return {.kind = Cause::Kind::task_manager_lost,
          .text = "the TaskExecutor is shutting down",
          .partition = {}};
}
}  // namespace

void TaskExecutor::end_tasks_of(JobId job) { fail_job(job, shutting_down()); }

// Table 7.2, row "TM | JM": all tasks of the job fail, its active slots wait inactive for a new
// leader.
void TaskExecutor::disconnect_job_master(JobId job, const Cause& cause, bool reconnect) {
  JobConnection& connection = jobs_.at(job);
  ++connection.attempt;
  ++connection.offer;
  if (connection.connected) {
    connection.connected = false;
    jm_heartbeats_.unmonitor_target(connection.resource);
    announce(fact_kind(ControlFact::disconnected), kernel().intern(job_component(job)),
             static_cast<uint64_t>(cause.kind), 0, 0);
    // Upstream disassociateFromJobManager: who is given up is told, if it still can be.
    auto body = std::make_shared<DisconnectTaskManager>();
    body->resource = spec_.resource;
    body->cause = cause;
    tell(connection.address, connection.token, std::move(body));
    // Task.failExternally only starts the thread that cancels. Who says good-bye is therefore heard
    // before its tasks are missed by their consumers (twin 045).
    if (leaving_)
      later(kCancelerThread, {tasks_end, job});
    else
      fail_job(job, cause);
    release_results_of(job);
    for (const AllocationId allocation : slots_.active_of(job))
      slots_.mark_inactive(allocation, now() + options_.slot_timeout);
    rearm_slot_timer();
    forget_job_without_slots(job);
  }
  if (!reconnect || jobs_.count(job) == 0) return;
  connection.retry.restart();
  connect_to_job_master(job);
}

// Upstream TaskExecutor.onStop: "The TaskExecutor is shutting down." to the JobMasters and the
// ResourceManager, the tasks fail, and the process ends a little later.
void TaskExecutor::say_goodbye_and_exit(sim::StopReason reason, int32_t exit_code) {
  constexpr sim::Duration kShutdown = sim::milliseconds(50);
  leaving_ = true;
  const Cause cause = shutting_down();
  if (rm_connected_) {
    auto body = std::make_shared<DisconnectTaskManager>();
    body->resource = spec_.resource;
    body->cause = cause;
    tell(resource_manager_->address, resource_manager_->token, std::move(body));
  }
  std::vector<JobId> jobs;
  for (const auto& [job, connection] : jobs_) jobs.push_back(job);
  for (const JobId job : jobs) disconnect_job_master(job, cause, false);
  exit_reason_ = reason;
  exit_code_ = exit_code;
  later(kShutdown, {exit_due, 0});
}

void TaskExecutor::on_fatal_error(const AttemptId&, const Cause& cause) {
  // TaskManagerRunner.onFatalError: out of memory ends the JVM at once, anything else closes first.
  if (cause.kind == Cause::Kind::out_of_memory)
    world().machines().exit_process(process(), sim::StopReason::out_of_memory, 1);
  else
    say_goodbye_and_exit(sim::StopReason::watchdog, 1);
}

}  // namespace drey::model
