#include "reports/oracles/batch_ledger.h"

#include <fmt/core.h>

#include <algorithm>

#include "model/fact_names.h"
#include "model/graph/execution_state.h"
#include "model/result_facts.h"
#include "model/trace_events.h"
#include "reports/block_ledger.h"
#include "reports/fact_text.h"

namespace drey::reports {

using model::ControlFact;
using model::ExecutionState;
using model::ResultFact;
using model::SubtaskIndex;
using model::TaskFact;

BatchLedger::BatchLedger(const sim::LogSet& logs, std::shared_ptr<const JobView> view)
    : view_(std::move(view)), tasks_(view_->topology().subtasks()) {
  collect_edges(logs);
}

void BatchLedger::collect_edges(const sim::LogSet& logs) {
  const model::JobGraph& job = view_->topology().job();
  for (model::JobVertexIndex v = 0; v < job.vertices.size(); ++v) {
    const auto& inputs = job.vertices[v].inputs;
    if (job.vertices[v].operators.empty()) continue;  // a committer: committables are no records
    for (uint32_t gate = 0; gate < inputs.size(); ++gate) {
      const model::IntermediateDataSet& data = job.data_set_of(inputs[gate]);
      if (!model::is_released_by_scheduler(data.type)) continue;
      const std::string& op = view_->spec().operators[data.producing_operator].id;
      SinkPath path = path_out_of(view_->spec(), op, logs);
      if (path.unit == SinkPath::Unit::window) path.problem = "windows' results";
      if (data.ship == model::Partitioner::broadcast) path.problem = "it broadcasts";
      if (!path.problem.empty()) {
        left_out_ = fmt::format("the edge out of '{}': {}", op, path.problem);
        continue;
      }
      edges_[v].push_back({inputs[gate], gate, std::make_unique<ReferenceEvaluator>(path, logs)});
    }
  }
}

void BatchLedger::violate(const sim::Fact& fact, std::string what, uint64_t record) {
  std::string event;
  if (evidence_.violated() < Evidence::kKept) event = fact_text(fact, view_->names());
  evidence_.violate(fact.at, std::move(event), std::move(what), record);
  if (suspects_.size() < kSuspects) suspects_.push_back(record);
}

bool BatchLedger::wants(uint16_t kind) const {
  return sim::fact_group(kind) != sim::FactGroup::data || kind == fact_kind(ResultFact::consumed);
}

void BatchLedger::on(const sim::Fact& fact, sim::FactNumber) {
  if (edges_.empty() || !view_->of_job(fact)) return;
  const auto subtask = view_->subtask(fact.subject);
  if (fact.kind == fact_kind(ControlFact::job_status)) {
    // A new JobMaster counts attempts anew.
    if (fact.b == static_cast<uint64_t>(model::JobStatus::created))
      for (Task& task : tasks_) task = {};
  } else if (fact.kind == fact_kind(ControlFact::execution_state)) {
    if (subtask.has_value()) on_state(fact, *subtask);
  } else if (fact.kind == fact_kind(TaskFact::state)) {
    const bool begins = fact.b == static_cast<uint64_t>(ExecutionState::initializing);
    if (subtask.has_value() && begins) tasks_[*subtask].read.erase(fact.a);
  }
}

void BatchLedger::on_batch(const sim::BatchFact& batch, sim::FactNumber) {
  if (edges_.empty() || batch.head.kind != fact_kind(ResultFact::consumed)) return;
  const auto subtask = view_->subtask(batch.head.subject);
  if (!subtask.has_value()) return;
  const uint64_t attempt = batch.head.a & 0xffff'ffffu;
  const auto gate = static_cast<uint32_t>(batch.head.a >> 32);
  std::vector<uint64_t>& read = tasks_[*subtask].read[attempt][gate];
  for (const sim::Record& record : batch.records) read.push_back(record.provenance);
}

void BatchLedger::on_state(const sim::Fact& fact, SubtaskIndex subtask) {
  Task& task = tasks_[subtask];
  task.attempt = fact.a;
  task.finished = fact.b == static_cast<uint64_t>(ExecutionState::finished);
  task.read.erase(task.read.begin(), task.read.lower_bound(fact.a));
  if (!task.finished) return;
  const model::JobVertexIndex vertex = view_->topology().vertex_of(subtask);
  const auto judged = edges_.find(vertex);
  if (judged == edges_.end()) return;
  const model::IndexRange all = view_->topology().subtasks_of(vertex);
  for (SubtaskIndex s = all.first; s <= all.last; ++s)
    if (!tasks_[s].finished) return;
  for (const Edge& edge : judged->second) judge(edge, fact);
}

void BatchLedger::judge(const Edge& edge, const sim::Fact& fact) {
  const model::JobGraph& job = view_->topology().job();
  const model::JobVertexIndex consumer = job.edges[edge.edge].consumer;
  const std::string& stage = job.vertices[consumer].id;
  const std::string& from = job.vertices[job.producer_of(edge.edge)].id;
  BlockLedger blocks(*edge.evaluator);
  const model::IndexRange all = view_->topology().subtasks_of(consumer);
  for (SubtaskIndex s = all.first; s <= all.last; ++s) {
    for (const uint64_t record : tasks_[s].read[tasks_[s].attempt][edge.gate]) {
      evidence_.examined();
      if (!edge.evaluator->expects(record)) {
        violate(fact,
                fmt::format("{} read {} from '{}', which the job cannot have made", view_->name(s),
                            provenance_text(record, view_->names()), from),
                record);
        continue;
      }
      const uint64_t copy = (record & model::kOrdinalMask) >> model::kOrdinalShift;
      const bool again =
          blocks.mark(sim::provenance_split(record), ReferenceEvaluator::offset_of(record),
                      static_cast<uint32_t>(copy));
      if (again)
        violate(fact,
                fmt::format("doubled: stage '{}' has read {} twice from '{}'", stage,
                            provenance_text(record, view_->names()), from),
                record);
    }
  }
  for (uint16_t split = 0; split < edge.evaluator->splits(); ++split)
    blocks.settle(split, edge.evaluator->size(split), [&](uint64_t record) {
      evidence_.examined();
      violate(fact,
              fmt::format("lost: stage '{}' has finished without {} from '{}'", stage,
                          provenance_text(record, view_->names()), from),
              record);
    });
}

Finding BatchLedger::finish(sim::Time) {
  if (!left_out_.empty()) evidence_.excuse(left_out_);
  if (evidence_.count() == 0)
    evidence_.excuse(edges_.empty() ? "no stage reads a stored result"
                                    : "no such stage has finished");
  return evidence_.finding(name());
}

}  // namespace drey::reports
