// What failed checkpoints mean for the job: the coordinator's failure manager decides, here it is
// announced and carried out, on an event of its own.
#include "model/cluster/job_checkpoints.h"
#include "model/trace_events.h"

namespace drey::model {

void JobCheckpoints::checkpoint_failed(CheckpointId id, SnapshotType type,
                                       CheckpointFailureReason reason) {
  announce_job(fact_kind(CheckpointFact::failed),
               id == kNoCheckpoint ? 0 : static_cast<uint64_t>(id), static_cast<uint64_t>(reason),
               static_cast<uint64_t>(type));
}

void JobCheckpoints::fail_job(CheckpointId, CheckpointFailureReason reason) {
  verdicts_.push_back(
      {std::nullopt, {.kind = Cause::Kind::checkpoint, .text = std::string(to_string(reason))}});
  host_.arm(JobCheckpointsHost::Timer::verdict, 0, {});
}

void JobCheckpoints::fail_task(const TaskRef& task, CheckpointId, CheckpointFailureReason reason) {
  const SubtaskIndex subtask = subtask_of(task);
  if (host_.scheduler().graph().attempt(subtask) != task.attempt) return;
  verdicts_.push_back({host_.scheduler().attempt_id(subtask),
                       {.kind = Cause::Kind::checkpoint, .text = std::string(to_string(reason))}});
  host_.arm(JobCheckpointsHost::Timer::verdict, 0, {});
}

void JobCheckpoints::carry_out_verdict() {
  if (verdicts_.empty()) return;
  const Verdict verdict = verdicts_.front();
  verdicts_.pop_front();
  if (verdict.only_if_running.has_value()) {
    host_.scheduler().fail_if_running(*verdict.only_if_running, verdict.cause);
  } else {
    host_.scheduler().fail_global(verdict.cause);
  }
}

}  // namespace drey::model
