#pragma once
// When the periodic checkpoint scheduler of a job runs: the job is RUNNING and no execution attempt
// is pending, where an attempt becomes pending with any state other than RUNNING or FINISHED.
//
// As upstream 2.3 has it, an attempt that ends FAILED or CANCELED stays pending for ever, so after
// the first failover this class starts and stops nothing any more, and what remains is that a
// RUNNING report starts a scheduler that does not run (control-plane.md 5.5, observation 3; seen on
// a real cluster).
//
// Upstream: ExecutionTrackingCheckpointCoordinatorDeActivator.
#include <set>

#include "model/graph/execution_state.h"
#include "model/task/deployment.h"

namespace drey::model {

class CheckpointActivation {
 public:
  enum class Act : uint8_t { nothing, start, stop };

  // always_off: the job has a blocking result; it takes no periodic checkpoints.
  explicit CheckpointActivation(bool always_off) : always_off_(always_off) {}

  [[nodiscard]] Act on_execution(const AttemptId& attempt, ExecutionState state);
  [[nodiscard]] Act on_job(JobStatus status);
  bool started() const { return started_; }

 private:
  Act decide();

  bool always_off_;
  bool started_ = false;
  JobStatus status_ = JobStatus::created;
  std::set<AttemptId> pending_;
};

}  // namespace drey::model
