#include "model/checkpoint/checkpoint_activation.h"

namespace drey::model {

CheckpointActivation::Act CheckpointActivation::decide() {
  const bool wanted = status_ == JobStatus::running && pending_.empty() && !always_off_;
  if (wanted == started_) return Act::nothing;
  started_ = wanted;
  return wanted ? Act::start : Act::stop;
}

CheckpointActivation::Act CheckpointActivation::on_execution(const AttemptId& attempt,
                                                             ExecutionState state) {
  if (state == ExecutionState::running || state == ExecutionState::finished) {
    pending_.erase(attempt);
  } else {
    pending_.insert(attempt);
  }
  return decide();
}

CheckpointActivation::Act CheckpointActivation::on_job(JobStatus status) {
  status_ = status;
  return decide();
}

}  // namespace drey::model
