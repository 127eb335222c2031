#pragma once
// The region rule, computed a second time and in another way than the model does it: pairs instead
// of groups, a closure instead of a walk. Only for judging the restart set.
//
//   logical region: vertices joined by results that must be pipelined.
//   region: all subtasks of a logical region that has an all-to-all edge of any type inside; else
//           the subtasks that pointwise pipelined edges join, where a cycle of other results
//           merges.
//   restart set of a failed subtask: its region; the producer's region of each missing input of a
//           restarted region; each region that consumes from a restarted one; less what is CREATED.
//
// Reference: control-plane page, sections 2 and 3.1.
#include <cstdint>
#include <vector>

#include "model/graph/execution_topology.h"

namespace drey::reports {

class RegionRule {
 public:
  explicit RegionRule(const model::ExecutionTopology& topology);

  uint32_t region_of(model::SubtaskIndex subtask) const { return region_of_[subtask]; }
  uint32_t regions() const { return regions_; }

  // By subtask: why it restarts. A subtask may have several reasons; any of them is a right one.
  struct Reasons {
    bool failed_region = false;
    bool lost_input = false;
    bool consumer = false;
    bool any() const { return failed_region || lost_input || consumer; }
  };
  // `missing` by partition: the JobMaster could not have it read again. CREATED is not left out.
  std::vector<Reasons> restart_set(model::SubtaskIndex failed,
                                   const std::vector<bool>& missing) const;

 private:
  struct Edge {  // between two regions, by a partition of `from`
    uint32_t from = 0;
    uint32_t to = 0;
    model::PartitionIndex partition = 0;
  };
  struct Complete {  // an all-to-all edge: everything reads everything
    model::IndexRange partitions;
    std::vector<uint32_t> to;  // regions that read
  };
  bool spread(const Edge& edge, const std::vector<bool>& missing,
              std::vector<Reasons>& of_region) const;
  bool spread(const Complete& edge, const std::vector<bool>& missing,
              std::vector<Reasons>& of_region) const;
  void join_regions();
  void merge_cycles(const std::vector<uint32_t>& logical_region);
  void collect_edges();

  const model::ExecutionTopology& topology_;
  std::vector<uint32_t> region_of_;
  uint32_t regions_ = 0;
  std::vector<Edge> edges_;  // of pointwise edges, one per (partition, consuming region)
  std::vector<Complete> complete_;
};

}  // namespace drey::reports
