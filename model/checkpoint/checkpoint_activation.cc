#include "model/checkpoint/checkpoint_activation.h"

namespace drey::model {

CheckpointActivation::Change CheckpointActivation::decide() {
  const bool run = should_run();
  if (run == started_) return Change::none;
  started_ = run;
  return run ? Change::start : Change::stop;
}

CheckpointActivation::Change CheckpointActivation::on_job_status(bool running) {
  job_running_ = running;
  return decide();
}

CheckpointActivation::Change CheckpointActivation::on_execution(const TaskRef& attempt,
                                                                bool running_or_finished) {
  if (running_or_finished)
    pending_.erase(attempt);
  else
    pending_.insert(attempt);
  return decide();
}

CheckpointActivation::Change CheckpointActivation::forget(const TaskRef& attempt) {
  pending_.erase(attempt);
  return decide();
}

}  // namespace drey::model
