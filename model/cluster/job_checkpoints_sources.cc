// The operator coordinators' part in checkpoints and restores.
#include "model/cluster/job_checkpoints.h"

namespace drey::model {

void JobCheckpoints::begin_coordinator_checkpoint(OperatorRef coordinator, CheckpointId id) {
  host_.sources().checkpoint(coordinator, id);
}

void JobCheckpoints::on_coordinator(OperatorRef coordinator, CheckpointId id, bool succeeded,
                                    std::optional<CoordinatorState> state) {
  if (succeeded)
    coordinator_->on_coordinator_state(coordinator, id, std::move(state));
  else
    coordinator_->on_coordinator_failed(coordinator, id,
                                        CheckpointFailureReason::trigger_checkpoint_failure);
}

void JobCheckpoints::abort_coordinator_triggering(OperatorRef coordinator) {
  host_.sources().abort_triggering(coordinator);
}

void JobCheckpoints::notify_coordinator_complete(OperatorRef coordinator, CheckpointId id) {
  host_.sources().complete(coordinator, id);
}

void JobCheckpoints::notify_coordinator_aborted(OperatorRef coordinator, CheckpointId id) {
  host_.sources().aborted(coordinator, id);
}

void JobCheckpoints::reset_coordinator(OperatorRef coordinator, CheckpointId id,
                                       const CoordinatorState* state) {
  host_.sources().reset(coordinator, id, state);
}

}  // namespace drey::model
