#include "model/cluster/job_scheduler.h"

#include <algorithm>

#include "model/cluster/pipelined_region_scheduling.h"
#include "model/cluster/vertexwise_scheduling.h"
#include "model/failover/attempt_reset.h"
#include "model/mutants.h"
#include "sim/check.h"

namespace drey::model {

namespace {
// Upstream DefaultExecutionGraph.MarkPartitionFinishedStrategy.
FinishMarking marking_of(const JobScheduler::Options& options) {
  const bool hybrid_too = options.kind == SchedulerKind::adaptive_batch &&
                          options.hybrid == ConsumeConstraint::only_finished_producers;
  return hybrid_too ? FinishMarking::blocking_and_hybrid : FinishMarking::blocking_only;
}
}  // namespace

JobScheduler::JobScheduler(std::shared_ptr<const JobInformation> job, Options options,
                           RestartStrategy& restarts, JobSchedulerHost& host)
    : job_(std::move(job)),
      host_(host),
      graph_(job_->graph, marking_of(options)),
      status_(JobStatus::created),
      failures_(restarts),
      scheduling_(options.strategy),
      tracker_(graph_.topology()),
      release_(graph_, options.mutant),
      release_during_execution_(options.release_during_execution),
      shuffle_service_(options.shuffle_service),
      vertices_(graph_.topology().subtasks()),
      waiting_for_restart_(graph_.topology().subtasks(), false),
      producers_(graph_.topology().groups()) {
  if (scheduling_ == nullptr) {
    switch (options.kind) {
      case SchedulerKind::pipelined_region:
        own_scheduling_ = std::make_unique<PipelinedRegionScheduling>(graph_);
        break;
      case SchedulerKind::adaptive_batch:
        decider_ =
            std::make_unique<InitialisedVertexDecider>(graph_, options.hybrid, options.mutant);
        own_scheduling_ = std::make_unique<VertexwiseScheduling>(graph_, *decider_);
        break;
    }
    scheduling_ = own_scheduling_.get();
  }
  const PartitionAvailability& availability = *this;
  switch (options.failover) {
    case FailoverScope::region:
      strategy_ = std::make_unique<RegionFailover>(graph_, availability, options.mutant);
      break;
    case FailoverScope::full:
      strategy_ = std::make_unique<RestartAllFailover>(graph_);
      break;
  }
}

JobScheduler::~JobScheduler() = default;

AttemptId JobScheduler::attempt_id(SubtaskIndex subtask) const {
  const ExecutionTopology& topology = graph_.topology();
  return {job_->job, topology.vertex_of(subtask), topology.index_of(subtask),
          graph_.attempt(subtask)};
}

std::optional<SubtaskIndex> JobScheduler::find(const AttemptId& attempt) const {
  const ExecutionTopology& topology = graph_.topology();
  if (attempt.job != job_->job || attempt.vertex >= topology.job().vertices.size()) return {};
  if (attempt.subtask >= topology.job().vertices[attempt.vertex].parallelism) return {};
  const SubtaskIndex subtask = topology.subtask(attempt.vertex, attempt.subtask);
  if (graph_.attempt(subtask) != attempt.attempt) return {};
  return subtask;
}

void JobScheduler::set_restore(SubtaskIndex subtask, std::shared_ptr<const TaskRestore> restore) {
  vertices_[subtask].restore = std::move(restore);
}

// ---- status

void JobScheduler::set_status_from(JobStatus before) {
  if (status_.status() != before) host_.status_changed(before, status_.status());
}

void JobScheduler::start() {
  const JobStatus before = status_.status();
  CHECK(status_.start(), "a job starts once");
  set_status_from(before);
  schedule(scheduling_->start());
}

void JobScheduler::cancel() {
  const JobStatus before = status_.status();
  const JobStateMachine::Act act = status_.cancel();
  set_status_from(before);
  drop_pending_restarts();
  if (act == JobStateMachine::Act::cancel_all) cancel_all();
  check_terminal();
}

void JobScheduler::suspend() {
  const JobStatus before = status_.status();
  const JobStateMachine::Act act = status_.suspend();
  drop_pending_restarts();
  if (act == JobStateMachine::Act::suspend_all)
    for (SubtaskIndex i = 0; i < vertices_.size(); ++i) apply(i, ExecutionEvent::suspend, {});
  set_status_from(before);
}

void JobScheduler::fail_job(const Cause& cause) {
  const JobStatus before = status_.status();
  const JobStateMachine::Act act = status_.fail();
  if (status_.status() != before) failure_ = cause;
  set_status_from(before);
  drop_pending_restarts();
  if (act == JobStateMachine::Act::cancel_all) cancel_all();
  check_terminal();
}

void JobScheduler::cancel_all() {
  for (SubtaskIndex i = 0; i < vertices_.size(); ++i) host_.cancel_slot_request(i);
  for (SubtaskIndex i = 0; i < vertices_.size(); ++i) cancel_execution(i);
}

// failJob, cancel and suspend raise all versions, so that restarts under way do nothing when they
// come.
void JobScheduler::drop_pending_restarts() {
  if (job_->options.mutant == Mutant::pending_restarts_survive) return;
  for (SubtaskIndex i = 0; i < vertices_.size(); ++i) graph_.record_modification(i);
}

void JobScheduler::check_terminal() {
  const JobStatus before = status_.status();
  if (graph_.all_terminal()) status_.all_terminal();
  if (graph_.all_finished()) status_.all_finished();
  set_status_from(before);
}

// ---- executions

void JobScheduler::apply(SubtaskIndex subtask, ExecutionEvent event, const Cause& cause) {
  const ExecutionState before = graph_.state(subtask);
  const ExecutionOutcome outcome = graph_.apply(subtask, event, vertices_[subtask].slot.valid());
  CHECK(!outcome.refused, "an illegal transition of an execution");
  follow(subtask, outcome, before, cause);
}

void JobScheduler::follow(SubtaskIndex subtask, const ExecutionOutcome& outcome,
                          ExecutionState before, const Cause& cause) {
  Vertex& vertex = vertices_[subtask];
  const AttemptId attempt = attempt_id(subtask);
  const bool results_are_lost =
      outcome.state == ExecutionState::failed || outcome.state == ExecutionState::canceled;
  if (results_are_lost) stop_tracking_results_of(subtask);
  if (outcome.state != before) host_.execution_changed(subtask, before, outcome.state);
  switch (outcome.cancel) {
    case CancelRpc::none:
      break;
    case CancelRpc::once:
      if (vertex.slot.valid()) host_.cancel_task(vertex.slot, attempt, 0);
      break;
    case CancelRpc::with_retries:
      if (vertex.slot.valid()) host_.cancel_task(vertex.slot, attempt, 3);
      break;
  }
  if (outcome.release_slot && vertex.slot.valid()) {
    const AllocationId allocation = vertex.slot.allocation;
    vertex.slot = {};
    host_.release_slot(subtask, allocation);
  }
  if (outcome.fail_global) fail_global(cause);
  if (outcome.notify_scheduler) {
    // A failure seen here becomes a FAILED update, as if the TaskManager had reported it.
    const ExecutionState state = graph_.state(subtask);
    const ExecutionOutcome reported =
        graph_.apply(subtask, ExecutionEvent::report_failed, vertex.slot.valid());
    follow(subtask, reported, state, cause);
    if (reported.state == ExecutionState::failed && state != ExecutionState::failed)
      task_failed(subtask, cause);
    return;
  }
  if (is_terminal(outcome.state) && !is_terminal(before)) {
    try_restarts();
    check_terminal();
  }
}

bool JobScheduler::on_task_state(const AttemptId& attempt, ExecutionState state,
                                 const Cause& cause) {
  const std::optional<SubtaskIndex> subtask = find(attempt);
  const std::optional<ExecutionEvent> event = report_event(state);
  if (!subtask.has_value() || !event.has_value()) return false;
  const ExecutionState before = graph_.state(*subtask);
  const ExecutionOutcome outcome = graph_.apply(*subtask, *event, vertices_[*subtask].slot.valid());
  follow(*subtask, outcome, before, cause);
  if (outcome.accepted) note_for_release(*subtask);
  if (outcome.state != state || before == state) return outcome.accepted;
  if (state == ExecutionState::finished) schedule(scheduling_->on_finished(*subtask));
  if (state == ExecutionState::failed) task_failed(*subtask, cause);
  return outcome.accepted;
}

void JobScheduler::cancel_execution(SubtaskIndex subtask) {
  apply(subtask, ExecutionEvent::cancel, {});
}

void JobScheduler::on_cancel_failed(const AttemptId& attempt, const Cause& cause) {
  const std::optional<SubtaskIndex> subtask = find(attempt);
  if (subtask.has_value() && !is_terminal(graph_.state(*subtask)))
    apply(*subtask, ExecutionEvent::fail, cause);
}

void JobScheduler::on_submit_failed(const AttemptId& attempt, const Cause& cause) {
  const std::optional<SubtaskIndex> subtask = find(attempt);
  if (subtask.has_value() && !is_terminal(graph_.state(*subtask)))
    apply(*subtask, ExecutionEvent::mark_failed, cause);
}

void JobScheduler::on_not_deployed(const AttemptId& attempt) {
  const std::optional<SubtaskIndex> subtask = find(attempt);
  if (subtask.has_value() && !is_terminal(graph_.state(*subtask)))
    apply(*subtask, ExecutionEvent::fail,
          {.kind = Cause::Kind::task_manager_lost, .text = "no longer running there"});
}

void JobScheduler::on_slot_lost(SubtaskIndex subtask, AllocationId allocation, const Cause& cause) {
  if (vertices_[subtask].slot.allocation != allocation) return;
  if (is_terminal(graph_.state(subtask))) {
    vertices_[subtask].slot = {};
    return;
  }
  apply(subtask, ExecutionEvent::fail, cause);
}

void JobScheduler::fail_if_running(const AttemptId& attempt, const Cause& cause) {
  const std::optional<SubtaskIndex> subtask = find(attempt);
  if (!subtask.has_value()) return;
  const ExecutionState state = graph_.state(*subtask);
  if (state == ExecutionState::running || state == ExecutionState::initializing) fail_global(cause);
}

void JobScheduler::stop_tracking(const std::string& task_manager) {
  if (job_->options.mutant != Mutant::lost_manager_keeps_results)
    tracker_.stop_all_at(task_manager);
}

// The TaskManager drops what its task has written; a shuffle service has to be told.
void JobScheduler::stop_tracking_results_of(SubtaskIndex subtask) {
  std::vector<PartitionIndex> results;
  graph_.topology().for_each_produced_partition(
      subtask, [&](PartitionIndex partition) { results.push_back(partition); });
  std::vector<PartitionTracker::Held> held = tracker_.stop_and_release(results);
  if (shuffle_service_.process.valid()) release(std::move(held));
}

// Upstream Execution.registerProducedPartitions.
void JobScheduler::track_results_of(SubtaskIndex subtask, const AssignedSlot& slot) {
  graph_.topology().for_each_produced_partition(subtask, [&](PartitionIndex partition) {
    tracker_.start({partition, attempt_id(subtask)}, slot, shuffle_service_);
  });
}

// Every update of a subtask's state. Results whose consumers have all finished go (control-plane.md
// 3.4).
void JobScheduler::note_for_release(SubtaskIndex subtask) {
  if (graph_.state(subtask) != ExecutionState::finished) {
    release_.subtask_unfinished(subtask);
    return;
  }
  std::vector<PartitionIndex> gone;
  for (const GroupIndex group : release_.subtask_finished(subtask)) {
    const std::vector<PartitionIndex> released = release_.release(group);
    gone.insert(gone.end(), released.begin(), released.end());
  }
  if (release_during_execution_) release(tracker_.stop_and_release(gone));
}

void JobScheduler::release(std::vector<PartitionTracker::Held> held) {
  for (PartitionTracker::Held& each : held)
    host_.release_partitions(each.at, std::move(each.partitions));
}

// ---- failures

FailureCause JobScheduler::to_failure_cause(const Cause& cause) const {
  FailureCause::Link link;
  link.text = std::string(name_of(cause.kind)) + ": " + cause.text;
  const bool names_partition = cause.kind == Cause::Kind::partition_not_found ||
                               cause.kind == Cause::Kind::partition_connection;
  if (names_partition && cause.partition.has_value() &&
      job_->options.mutant != Mutant::named_partition_forgotten)
    link.lost_partition = cause.partition->partition;
  return {.chain = {std::move(link)}};
}

void JobScheduler::task_failed(SubtaskIndex subtask, const Cause& cause) {
  host_.failure_seen(subtask, cause);
  if (status_.status() != JobStatus::running && status_.status() != JobStatus::restarting) return;
  const FailureCause failure = to_failure_cause(cause);
  handle(cause, subtask, strategy_->tasks_to_restart(subtask, partition_named_by(failure)), false);
}

void JobScheduler::fail_global(const Cause& cause) {
  host_.failure_seen(std::nullopt, cause);
  if (status_.status() != JobStatus::running && status_.status() != JobStatus::restarting) return;
  if (job_->options.mutant == Mutant::global_failure_stays_regional)
    handle(cause, std::nullopt, strategy_->tasks_to_restart(0, std::nullopt), true);
  else
    handle(cause, std::nullopt, all_tasks(graph_), true);
}

void JobScheduler::fail_for_good(const Cause& cause) {
  host_.failure_seen(std::nullopt, cause);
  fail_job(cause);
}

void JobScheduler::handle(const Cause& cause, std::optional<SubtaskIndex> failed,
                          std::vector<TaskRestart> tasks, bool global) {
  std::vector<uint32_t> subtasks;
  for (const TaskRestart& task : tasks) subtasks.push_back(task.subtask);
  const FailureHandlingResult result =
      failures_.handle(to_failure_cause(cause), subtasks, global, host_.now());
  if (!result.can_restart) {
    host_.restart_refused(failures_.number_of_restarts());
    fail_job(cause);
    return;
  }
  Restart restart{.number = ++failovers_, .global = global};
  host_.failover_begun(restart.number, cause, failed.value_or(UINT32_MAX), global, tasks,
                       result.delay);
  for (const SubtaskIndex subtask : result.restart) {
    const uint64_t version = graph_.record_modification(subtask);
    restart.versions.emplace_back(subtask, version);
    if (!waiting_for_restart_[subtask]) {
      waiting_for_restart_[subtask] = true;
      ++waiting_count_;
    }
  }
  const JobStatus before = status_.status();
  status_.restarting();
  set_status_from(before);
  const uint64_t number = restart.number;
  restarts_.push_back(std::move(restart));
  for (const SubtaskIndex subtask : result.restart) host_.cancel_slot_request(subtask);
  for (const SubtaskIndex subtask : result.restart) cancel_execution(subtask);
  host_.arm_restart(number, result.delay);
}

void JobScheduler::on_restart_due(uint64_t number) {
  for (Restart& restart : restarts_)
    if (restart.number == number) restart.due = true;
  try_restarts();
}

// A restart goes on when its delay is over and every cancellation that it began has ended,
// whichever is later.
void JobScheduler::try_restarts() {
  if (!host_.may_restore()) return;
  for (size_t i = 0; i < restarts_.size(); ++i) {
    Restart& restart = restarts_[i];
    if (!restart.due) continue;
    const auto waits =
        std::find_if(restart.versions.begin(), restart.versions.end(), [&](const auto& entry) {
          return !is_terminal(graph_.state(entry.first)) &&
                 graph_.version(entry.first) == entry.second;
        });
    const bool ended = waits == restart.versions.end();
    // First, so that the next look finds it at once: there may be thousands.
    if (!ended) std::iter_swap(restart.versions.begin(), waits);
    if (!ended && job_->options.mutant != Mutant::no_wait_for_cancellation) continue;
    const Restart ready = restart;
    restarts_.erase(restarts_.begin() + static_cast<ptrdiff_t>(i));
    restart_tasks(ready);
    i = SIZE_MAX;  // it may have ended others: look again from the start
  }
}

void JobScheduler::restart_tasks(Restart restart) {
  std::vector<SubtaskIndex> subtasks;
  for (const auto& [subtask, version] : restart.versions)
    if (graph_.version(subtask) == version) subtasks.push_back(subtask);
  std::sort(subtasks.begin(), subtasks.end());  // total order: each is there once
  host_.failover_ended(restart.number);
  if (subtasks.empty()) return;
  for (const SubtaskIndex subtask : subtasks) {
    if (!waiting_for_restart_[subtask]) continue;
    waiting_for_restart_[subtask] = false;
    --waiting_count_;
  }
  if (waiting_count_ == 0) {
    const JobStatus before = status_.status();
    status_.restarted();
    set_status_from(before);
  }
  for (const SubtaskIndex subtask : subtasks) reset(subtask);
  if (!host_.restore_state(subtasks, restart.global)) {
    fail_global({.kind = Cause::Kind::state, .text = "the restore failed"});
    return;
  }
  schedule(scheduling_->restart(subtasks));
}

void JobScheduler::reset(SubtaskIndex subtask) {
  const ExecutionState before = graph_.state(subtask);
  std::vector<PartitionIndex> results;
  graph_.topology().for_each_produced_partition(
      subtask, [&](PartitionIndex partition) { results.push_back(partition); });
  release(tracker_.stop_and_release(results));
  release_.producer_reset(subtask);
  release_.subtask_unfinished(subtask);
  reset_attempt(graph_, subtask, job_->options.mutant);
  vertices_[subtask].slot = {};
  vertices_[subtask].restore = nullptr;
  forget_producers(subtask);
  if (before != ExecutionState::created)
    host_.execution_changed(subtask, before, ExecutionState::created);
}

}  // namespace drey::model
