#include "reports/oracles/blocking_inputs.h"

#include <fmt/core.h>

#include <algorithm>

#include "model/graph/execution_state.h"
#include "model/graph/result_partition_type.h"
#include "model/trace_events.h"
#include "reports/fact_text.h"

namespace drey::reports {

using model::ControlFact;
using model::ExecutionState;
using model::GroupIndex;
using model::PartitionIndex;
using model::SubtaskIndex;

bool BlockingInputs::concerns(const model::JobGraph& job) {
  return std::any_of(job.edges.begin(), job.edges.end(), [&](const model::JobEdge& edge) {
    return model::is_blocking_or_persistent(job.data_sets[edge.data_set].type);
  });
}

BlockingInputs::JobMaster BlockingInputs::fresh() const {
  JobMaster master;
  const model::ExecutionTopology& topology = view_->topology();
  master.finished.assign(topology.subtasks(), false);
  for (GroupIndex group = 0; group < topology.groups(); ++group)
    master.unfinished.push_back(topology.group(group).partitions.size());
  return master;
}

void BlockingInputs::set_finished(JobMaster& master, SubtaskIndex subtask, bool finished) const {
  if (master.finished[subtask] == finished) return;
  master.finished[subtask] = finished;
  const model::ExecutionTopology& topology = view_->topology();
  topology.for_each_produced_partition(subtask, [&](PartitionIndex partition) {
    topology.for_each_consumer_group(
        partition, [&](GroupIndex group) { master.unfinished[group] += finished ? -1u : 1u; });
  });
}

void BlockingInputs::deployed(const JobMaster& master, const sim::Fact& fact,
                              SubtaskIndex subtask) {
  const model::ExecutionTopology& topology = view_->topology();
  topology.for_each_consumed_group(subtask, [&](GroupIndex group) {
    if (!model::is_blocking_or_persistent(topology.type_of_group(group))) return;
    evidence_.examined();
    if (master.unfinished[group] == 0) return;
    const model::IndexRange range = topology.group(group).partitions;
    for (PartitionIndex p = range.first; p <= range.last; ++p) {
      if (master.finished[topology.producer_of(p)]) continue;
      evidence_.violate(fact.at, fact_text(fact, view_->names()),
                        fmt::format("{} is deployed, but {} of the results that it reads are not "
                                    "finished, among them that of {}",
                                    view_->name(subtask), master.unfinished[group],
                                    view_->name(topology.producer_of(p))));
      return;
    }
  });
}

void BlockingInputs::on(const sim::Fact& fact, sim::FactNumber) {
  if (!view_->of_job(fact)) return;
  if (fact.kind == fact_kind(ControlFact::job_status)) {
    const bool is_new = fact.b == static_cast<uint64_t>(model::JobStatus::created);
    if (is_new || masters_.count(fact.entity.index) == 0) masters_[fact.entity.index] = fresh();
    return;
  }
  const bool state = fact.kind == fact_kind(ControlFact::execution_state);
  if (!state && fact.kind != fact_kind(ControlFact::deployed)) return;
  const auto master = masters_.find(fact.entity.index);
  const std::optional<SubtaskIndex> subtask = view_->subtask(fact.subject);
  if (master == masters_.end() || !subtask.has_value()) return;
  if (state)
    set_finished(master->second, *subtask,
                 fact.b == static_cast<uint64_t>(ExecutionState::finished));
  else
    deployed(master->second, fact, *subtask);
}

Finding BlockingInputs::finish(sim::Time) {
  if (evidence_.count() == 0) evidence_.excuse("no task that reads blocking results was deployed");
  return evidence_.finding(name());
}

}  // namespace drey::reports
