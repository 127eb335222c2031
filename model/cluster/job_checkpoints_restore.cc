// The JobMaster's part in restores: what a new leader finds, what a job is submitted with, and what
// a failover goes back to.
#include "model/cluster/job_checkpoints.h"
#include "model/cluster/state_assignment.h"
#include "model/trace_events.h"
#include "sim/check.h"

namespace drey::model {

// The files of recovered checkpoints are shared with later ones: they are this job's own.
void JobCheckpoints::recover(std::vector<CompletedCheckpointStore::Entry> checkpoints) {
  if (!enabled()) return;
  for (const CompletedCheckpointStore::Entry& checkpoint : checkpoints) {
    if (checkpoint->props.unclaimed) continue;
    std::vector<SharedFile> files = checkpoint->shared_files();
    registry_.register_restored(
        files, checkpoint->id, ClaimMode::claim,
        checkpoint->props.is_savepoint() ? RestoredSharing::no_sharing : RestoredSharing::shared);
  }
  store_.recover(std::move(checkpoints));
}

std::string JobCheckpoints::start_from(const CompletedCheckpoint& loaded,
                                       const RestoreSettings& settings) {
  if (!enabled()) return {};
  const bool skips =
      settings.allow_non_restored_state || options_.mutant == Mutant::missing_state_is_skipped;
  Adopted adopted = adopt(loaded, job_, topology(), skips, options_.mutant);
  if (!adopted.error.empty()) return adopted.error;
  restoring_.clear();
  for (SubtaskIndex i = 0; i < topology().subtasks(); ++i) restoring_.push_back(i);
  ClaimMode mode = settings.claim_mode;
  if (options_.mutant == Mutant::not_claimed_is_owned) mode = ClaimMode::claim;
  if (options_.mutant == Mutant::claimed_files_stay) mode = ClaimMode::no_claim;
  const CheckpointCoordinator::Restored restored =
      coordinator_->restore_savepoint(std::move(adopted.checkpoint), mode);
  announce_job(fact_kind(CheckpointFact::restoring), static_cast<uint64_t>(restored_), 0, 0);
  return restored.error;
}

bool JobCheckpoints::restore_initial() {
  if (!enabled() || store_.latest() == nullptr) return true;
  restoring_.clear();
  for (SubtaskIndex i = 0; i < topology().subtasks(); ++i) restoring_.push_back(i);
  const CheckpointCoordinator::Restored restored =
      coordinator_->restore_latest(RestoreScope::initial);
  announce_job(fact_kind(CheckpointFact::restoring), static_cast<uint64_t>(restored_), 0, 0);
  return restored.error.empty();
}

bool JobCheckpoints::restore(const std::vector<SubtaskIndex>& subtasks, bool global,
                             uint64_t failover) {
  if (!enabled()) return true;
  CHECK(!coordinator_->locked(), "a restore waits for the coordinator's lock");
  coordinator_->abort_pending(CheckpointFailureReason::job_failover_region);
  restoring_ = subtasks;
  restored_ = 0;
  // FLINK-3390: the path was used once and then forgotten.
  const bool forgotten = options_.mutant == Mutant::given_state_is_forgotten &&
                         store_.latest() != nullptr && store_.latest()->restored;
  if (forgotten || (options_.mutant == Mutant::restart_starts_empty && failover > 1)) {
    host_.sources().reset_all();
    return true;
  }
  const CheckpointCoordinator::Restored restored =
      coordinator_->restore_latest(global ? RestoreScope::all : RestoreScope::subtasks);
  announce_job(fact_kind(CheckpointFact::restoring), static_cast<uint64_t>(restored_), failover, 0);
  return restored.error.empty();
}

// Subtasks that the checkpoint does not know start empty.
std::optional<std::string> JobCheckpoints::assign_states(const CompletedCheckpoint& checkpoint,
                                                         RestoreScope) {
  restored_ = checkpoint.id;
  for (const SubtaskIndex subtask : restoring_) {
    const TaskRef task = task_of(subtask);
    auto restore = std::make_shared<TaskRestore>();
    restore->checkpoint = checkpoint.id;
    restore->operators = states_of_subtask(
        checkpoint, task, job_.graph.vertices[topology().order()[task.vertex]], options_.mutant);
    host_.scheduler().set_restore(subtask, std::move(restore));
  }
  return std::nullopt;
}

}  // namespace drey::model
