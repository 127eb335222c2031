#include "model/io/split_assignment_tracker.h"

#include <algorithm>
#include <utility>

namespace drey::model {

// A set in order of arrival, as upstream: a split that is assigned again is there once.
void SplitAssignmentTracker::record(const SplitsBySubtask& assignment) {
  for (const auto& [subtask, splits] : assignment) {
    std::vector<SplitId>& all = pending_[subtask];
    for (const SplitId split : splits)
      if (std::find(all.begin(), all.end(), split) == all.end()) all.push_back(split);
  }
}

void SplitAssignmentTracker::on_checkpoint(CheckpointId id) {
  buckets_[id] = std::exchange(pending_, {});
}

void SplitAssignmentTracker::on_complete(CheckpointId id) {
  buckets_.erase(buckets_.begin(), buckets_.upper_bound(id));
}

std::vector<SplitId> SplitAssignmentTracker::take_back(uint32_t subtask, CheckpointId restored) {
  std::vector<SplitId> back;
  const auto take = [&](SplitsBySubtask& from) {
    const auto found = from.find(subtask);
    if (found == from.end()) return;
    back.insert(back.end(), found->second.begin(), found->second.end());
    from.erase(found);
  };
  for (auto bucket = buckets_.upper_bound(restored); bucket != buckets_.end(); ++bucket)
    take(bucket->second);
  take(pending_);
  return back;
}

}  // namespace drey::model
