#pragma once
// Counts continuous checkpoint failures and says when the job or a task must fail for them
// (CF-1..7). It decides only; the caller carries the verdict out.
//
// Upstream: CheckpointFailureManager.
#include <optional>
#include <set>

#include "model/checkpoint/checkpoint_types.h"
#include "model/mutants.h"

namespace drey::model {

// execution.checkpointing.tolerable-failed-checkpoints; this value = never fail the job for a
// checkpoint (CF-6).
inline constexpr int64_t kUnlimitedTolerableFailures = INT32_MAX;

enum class FailureVerdict : uint8_t {
  tolerate,
  fail_job,   // global failure
  fail_task,  // fail the job because of the task that reported, if that attempt is still the
              // current one
};

class CheckpointFailureManager {
 public:
  explicit CheckpointFailureManager(int64_t tolerable, Mutant mutant = Mutant::none)
      : tolerable_(tolerable), mutant_(mutant) {}

  // id kNoCheckpoint: failed before a checkpoint was created. by_task: a task reported it (an
  // attempt id is known).
  FailureVerdict on_failure(CheckpointId id, const CheckpointProperties& props,
                            CheckpointFailureReason reason, bool by_task);
  void on_success(CheckpointId id);

  int64_t counter() const { return counter_; }

 private:
  bool is_admissible(CheckpointId id) const;
  bool is_overlooked(CheckpointFailureReason reason) const;
  void count(CheckpointId id, CheckpointFailureReason reason);
  bool exceeds_tolerance() const;
  void clear();

  int64_t tolerable_;
  Mutant mutant_;
  int64_t counter_ = 0;
  std::set<CheckpointId> counted_;
  CheckpointId last_succeeded_ = INT64_MIN;
};

}  // namespace drey::model
