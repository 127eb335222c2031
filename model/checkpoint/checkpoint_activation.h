#pragma once
// When the periodic checkpoint scheduler runs (CC-55; control-plane page 5.5): the job is RUNNING
// and no execution attempt is known to be in another state than RUNNING or FINISHED. Jobs with a
// blocking output do not use it: they are never on.
//
// As upstream has it, an attempt that ended FAILED or CANCELED is never forgotten: after the first
// failover this class neither starts nor stops anything any more, and only the JobMaster's own
// start at a task's RUNNING report remains. Runs of 2.3.0 show it, so it is kept; forget() is what
// a repaired Flink would call.
//
// Upstream: ExecutionTrackingCheckpointCoordinatorDeActivator.
#include <cstdint>
#include <set>

#include "model/checkpoint/checkpoint_types.h"

namespace drey::model {

class CheckpointActivation {
 public:
  enum class Change : uint8_t { none, start, stop };

  Change on_job_status(bool running);
  Change on_execution(const TaskRef& attempt, bool running_or_finished);
  Change forget(const TaskRef& attempt);
  bool started() const { return started_; }

 private:
  bool should_run() const { return job_running_ && pending_.empty(); }
  Change decide();

  bool job_running_ = false;
  std::set<TaskRef> pending_;
  bool started_ = false;
};

}  // namespace drey::model
