#pragma once
// Which splits a source coordinator has assigned since which checkpoint, so that those of a subtask
// that goes back to an older state are given back (OC-7).
//
// Assignments since the last checkpoint are pending; checkpoint N moves them into bucket N; its
// completion drops the buckets up to N. Upstream: SplitAssignmentTracker.
#include <cstdint>
#include <map>
#include <vector>

#include "model/task/deployment.h"

namespace drey::model {

using SplitId = uint32_t;
using SplitsBySubtask = std::map<uint32_t, std::vector<SplitId>>;

class SplitAssignmentTracker {
 public:
  void record(const SplitsBySubtask& assignment);
  void on_checkpoint(CheckpointId id);
  void on_complete(CheckpointId id);
  // What was assigned to the subtask after the checkpoint that it goes back to, oldest first;
  // restored kNoCheckpoint: everything.
  std::vector<SplitId> take_back(uint32_t subtask, CheckpointId restored);

  const SplitsBySubtask& pending() const { return pending_; }
  const std::map<CheckpointId, SplitsBySubtask>& buckets() const { return buckets_; }

 private:
  SplitsBySubtask pending_;
  std::map<CheckpointId, SplitsBySubtask> buckets_;
};

}  // namespace drey::model
