#pragma once
// Which results the JobMaster counts as available, and where each of them was made. Only results
// that the scheduler releases are tracked, from the slot of their producer's attempt on, long
// before they are complete; they outlive the slot.
//
// A result of an external shuffle service lies at no TaskManager: losing one forgets nothing.
// Upstream: JobMasterPartitionTrackerImpl.
#include <string>
#include <vector>

#include "model/cluster/assigned_slot.h"
#include "model/graph/execution_topology.h"

namespace drey::model {

class PartitionTracker {
 public:
  struct Held {
    AssignedSlot at;
    std::vector<PartitionId> partitions;
  };

  explicit PartitionTracker(const ExecutionTopology& topology)
      : topology_(topology), entries_(topology.partitions()) {}

  // `external`: where it lies if not at the slot's TaskManager.
  void start(const PartitionId& id, const AssignedSlot& slot, sim::Address external);
  bool is_tracked(PartitionIndex partition) const { return entries_[partition].tracked; }
  // Where this attempt of it was made, tracked or not: what is lost is still sought there, and the
  // reader that does not find it names it. Not valid: this attempt was never tracked.
  sim::Address place(const PartitionId& id) const;
  void stop_all_at(const std::string& task_manager);
  bool any_at(const std::string& task_manager) const;
  // Stops tracking these; who is to be told to release them, in order of first mention.
  std::vector<Held> stop_and_release(const std::vector<PartitionIndex>& partitions);
  std::vector<Held> stop_and_release_all();

 private:
  struct Entry {
    bool tracked = false;
    PartitionId id;
    AssignedSlot slot;
    sim::Address external;
  };
  const ExecutionTopology& topology_;
  std::vector<Entry> entries_;  // by partition
};

}  // namespace drey::model
