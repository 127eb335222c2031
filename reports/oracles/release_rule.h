#pragma once
// When the JobMaster lets stored results go, computed a second time: a group of partitions when
// every region that reads it has finished, a partition when each of its consuming edges has let it
// go once since its producer was last reset. Only for judging the restart set: what was let go is
// not there for a later failure.
//
// Reference: control-plane page, section 3.4.
#include <cstdint>
#include <set>
#include <vector>

#include "model/graph/execution_state.h"
#include "reports/oracles/region_rule.h"

namespace drey::reports {

class ReleaseRule {
 public:
  // Both outlive this.
  ReleaseRule(const model::ExecutionTopology& topology, const RegionRule& regions);

  // A job without stored results has nothing to let go.
  static bool concerns(const model::JobGraph& job);
  // The JobMaster announces this state of the subtask.
  void follow(model::SubtaskIndex subtask, model::ExecutionState state);
  bool released(model::PartitionIndex partition) const { return released_[partition]; }

 private:
  void finished(model::SubtaskIndex subtask);
  void unfinished(model::SubtaskIndex subtask);
  void reset(model::SubtaskIndex subtask);  // its results are made anew
  bool all_readers_finished(model::GroupIndex group) const;

  const model::ExecutionTopology& topology_;
  const RegionRule& regions_;
  std::vector<bool> done_;                                 // by subtask
  std::vector<std::vector<model::SubtaskIndex>> members_;  // by region
  std::vector<uint32_t> open_;                             // by region: not finished
  std::vector<uint32_t> open_of_vertex_;                   // by vertex
  std::vector<std::set<model::EdgeIndex>> let_go_;         // by partition
  std::vector<bool> released_;
};

}  // namespace drey::reports
