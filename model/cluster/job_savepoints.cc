// Savepoints of a job (control-plane.md 9.5): the operations that the coordinator's requests belong
// to, and what their ends set off.
//
//   plain   the job goes on
//   cancel  periodic checkpoints stop; then the job is cancelled, or, if it failed, they start
//   again stop    the same with a synchronous savepoint: when it is there the tasks finish, and
//   when the
//           job has finished the operation has ended well
//
// A task that ends otherwise fails a stopping job for good (StopWithSavepointStoppingException);
// the savepoint stays valid.
//
// Upstream: SchedulerBase.triggerSavepoint, stopWithSavepoint; StopWithSavepointTerminationManager.
#include "model/cluster/job_checkpoints.h"
#include "model/mutants.h"

namespace drey::model {

namespace {
// Requests of ours beside the one at the end of data.
constexpr uint64_t kFirstSavepointRequest = 16;
}  // namespace

bool JobCheckpoints::begin_savepoint(uint64_t operation, SavepointKind kind, SavepointFormat format,
                                     const std::string& directory) {
  // Without checkpointing there is no coordinator; of a job with blocking results there are none.
  if (!enabled() || always_off_ || coordinator_->is_shutdown()) return false;
  const uint64_t request = kFirstSavepointRequest + savepoint_requests_++;
  Savepoint& savepoint = savepoints_[request];
  savepoint.operation = operation;
  savepoint.kind = kind;
  if (stops(kind)) {
    const ExecutionGraph& graph = host_.scheduler().graph();
    for (SubtaskIndex i = 0; i < graph.topology().subtasks(); ++i) {
      if (!is_terminal(graph.state(i))) savepoint.open[i] = graph.attempt(i);
      savepoint.ended_badly |=
          is_terminal(graph.state(i)) && graph.state(i) != ExecutionState::finished;
    }
  }
  if (kind != SavepointKind::plain) coordinator_->stop_scheduler();
  if (stops(kind))
    coordinator_->trigger_stop_savepoint(request, kind == SavepointKind::drain, directory,
                                         format == SavepointFormat::native);
  else
    coordinator_->trigger_savepoint(request, directory, format == SavepointFormat::native);
  return true;
}

// An object store has no directories: a location is a prefix, there from the start. The folder of a
// savepoint is new: the marker object that stands for it is written first.
void JobCheckpoints::begin_location(uint64_t ticket, CheckpointId id,
                                    const CheckpointProperties& props, const std::string& target) {
  if (!props.is_savepoint()) {
    coordinator_->on_location(ticket, job_.checkpoint_directory + "/chk-" + std::to_string(id));
    return;
  }
  const std::string location =
      target + "/savepoint-" + std::to_string(job_.job) + "-" + std::to_string(id);
  locations_[ticket] = location;
  host_.put_object(ticket, location + "/", {});
}

void JobCheckpoints::location_stored(uint64_t ticket, const std::string& location, bool ok) {
  if (ok)
    coordinator_->on_location(ticket, location);
  else
    coordinator_->on_location_failed(ticket, CheckpointFailureReason::io_exception);
}

void JobCheckpoints::savepoint_done(uint64_t request, const CompletedCheckpoint& checkpoint) {
  const auto found = savepoints_.find(request);
  if (found == savepoints_.end()) return;
  Savepoint savepoint = found->second;
  savepoints_.erase(found);
  savepoint.checkpoint = checkpoint.id;
  savepoint.location = checkpoint.location;
  if (stops(savepoint.kind)) {
    stopping_ = savepoint;
    host_.announce_checkpoint(fact_kind(SavepointFact::stands), std::nullopt,
                              static_cast<uint64_t>(savepoint.checkpoint),
                              static_cast<uint64_t>(savepoint.kind), 0);
    judge_stop();
    return;
  }
  host_.savepoint_ended(savepoint.operation, savepoint.kind, savepoint.checkpoint,
                        savepoint.location);
  if (savepoint.kind == SavepointKind::cancel) follow_savepoint(FollowUp::cancel_job);
}

void JobCheckpoints::savepoint_failed(uint64_t request) {
  const auto found = savepoints_.find(request);
  if (found == savepoints_.end()) return;
  const Savepoint savepoint = found->second;
  savepoints_.erase(found);
  host_.savepoint_ended(savepoint.operation, savepoint.kind, 0, {});
  if (savepoint.kind != SavepointKind::plain) follow_savepoint(FollowUp::restart_periodic);
}

// The tasks finish, or the job fails: judged when all executions that there were when the stop was
// asked for have ended. A region may have restarted by then, that does not help it (FLINK-21030).
void JobCheckpoints::watch_stop(SubtaskIndex subtask, ExecutionState state) {
  if (!is_terminal(state)) return;
  for (auto& [request, savepoint] : savepoints_) note_end(savepoint, subtask, state);
  if (!stopping_.has_value()) return;
  note_end(*stopping_, subtask, state);
  judge_stop();
}

void JobCheckpoints::note_end(Savepoint& savepoint, SubtaskIndex subtask,
                              ExecutionState state) const {
  const auto found = savepoint.open.find(subtask);
  if (found == savepoint.open.end()) return;
  if (found->second != host_.scheduler().graph().attempt(subtask)) return;
  savepoint.open.erase(found);
  savepoint.ended_badly = savepoint.ended_badly || state != ExecutionState::finished;
}

void JobCheckpoints::judge_stop() {
  if (stopping_->open.empty() && stopping_->ended_badly) follow_savepoint(FollowUp::fail_job);
}

void JobCheckpoints::watch_stop(JobStatus status) {
  if (!stopping_.has_value() || !is_globally_terminal(status)) return;
  const Savepoint savepoint = *stopping_;
  stopping_.reset();
  const bool well = status == JobStatus::finished;
  host_.savepoint_ended(savepoint.operation, savepoint.kind, well ? savepoint.checkpoint : 0,
                        savepoint.location);
}

void JobCheckpoints::follow_savepoint(FollowUp next) {
  host_.arm(JobCheckpointsHost::Timer::after_savepoint, static_cast<uint64_t>(next), {});
}

void JobCheckpoints::carry_out(FollowUp next) {
  switch (next) {
    case FollowUp::restart_periodic:
      // FLINK-15152 forgot it.
      if (!coordinator_->is_shutdown() && !coordinator_->is_started() &&
          options_.mutant != Mutant::periodic_checkpoints_stay_off)
        coordinator_->start_scheduler();
      return;
    case FollowUp::cancel_job:
      host_.scheduler().cancel();
      return;
    case FollowUp::fail_job:
      if (!stopping_.has_value()) return;
      const Cause cause{.kind = Cause::Kind::checkpoint,
                        .text = "a savepoint has been created, but not all tasks have finished",
                        .partition = {}};
      // FLINK-26783: a restart goes back behind what the savepoint has committed.
      if (options_.mutant == Mutant::stop_goes_back_behind_its_savepoint)
        host_.scheduler().fail_global(cause);
      else
        host_.scheduler().fail_for_good(cause);
      return;
  }
}

}  // namespace drey::model
