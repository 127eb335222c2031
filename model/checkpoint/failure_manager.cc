#include "model/checkpoint/failure_manager.h"

namespace drey::model {

bool CheckpointFailureManager::is_admissible(CheckpointId id) const {
  return id == kNoCheckpoint || id > last_succeeded_;
}

bool CheckpointFailureManager::is_overlooked(CheckpointFailureReason reason) const {
  return mutant_ == Mutant::expiry_not_counted &&
         reason == CheckpointFailureReason::checkpoint_expired;
}

bool CheckpointFailureManager::exceeds_tolerance() const { return counter_ > tolerable_; }

void CheckpointFailureManager::clear() {
  counter_ = 0;
  counted_.clear();
}

void CheckpointFailureManager::count(CheckpointId id, CheckpointFailureReason reason) {
  if (tolerable_ == kUnlimitedTolerableFailures) return;
  if (!counts_as_failure(reason) || is_overlooked(reason)) return;
  const bool first_of_this_id = counted_.insert(id).second;
  if (first_of_this_id || id == kNoCheckpoint) ++counter_;
}

FailureVerdict CheckpointFailureManager::on_failure(CheckpointId id,
                                                    const CheckpointProperties& props,
                                                    CheckpointFailureReason reason, bool by_task) {
  const bool job_level = !by_task || is_pre_flight(reason);
  if (job_level && props.is_savepoint()) return FailureVerdict::tolerate;
  if (!job_level && props.is_synchronous()) return FailureVerdict::fail_job;
  if (!is_admissible(id)) return FailureVerdict::tolerate;
  count(id, reason);
  if (!exceeds_tolerance()) return FailureVerdict::tolerate;
  clear();
  return job_level ? FailureVerdict::fail_job : FailureVerdict::fail_task;
}

void CheckpointFailureManager::on_success(CheckpointId id) {
  if (id <= last_succeeded_) return;
  last_succeeded_ = id;
  clear();
}

}  // namespace drey::model
