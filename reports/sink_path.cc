#include "reports/sink_path.h"

#include <fmt/core.h>

#include <algorithm>

#include "sim/digest.h"

namespace drey::reports {
namespace {

using model::EdgeSpec;
using model::JobSpec;
using model::OperatorKind;
using model::OperatorSpec;
using model::Partitioner;

const OperatorSpec& find(const JobSpec& job, const std::string& id) {
  return *std::find_if(job.operators.begin(), job.operators.end(),
                       [&](const OperatorSpec& op) { return op.id == id; });
}

// Whether records of one key that leave one subtask stay in one channel.
bool keeps_order(const JobSpec& job, const EdgeSpec& edge) {
  if (edge.ship == Partitioner::forward || edge.ship == Partitioner::hash) return true;
  return find(job, edge.from).parallelism == 1 && find(job, edge.to).parallelism == 1;
}

bool copies_records(const JobSpec& job, const EdgeSpec& edge) {
  return edge.ship == Partitioner::broadcast && find(job, edge.to).parallelism > 1;
}

// The edges from a source to the sink, source first; false: not exactly one way.
bool chain_of(const JobSpec& job, const std::string& sink, std::vector<const EdgeSpec*>& chain) {
  std::string at = sink;
  while (find(job, at).kind != OperatorKind::source) {
    const EdgeSpec* input = nullptr;
    for (const EdgeSpec& edge : job.edges) {
      if (edge.to != at) continue;
      if (input != nullptr) return false;
      input = &edge;
    }
    if (input == nullptr) return false;
    chain.push_back(input);
    at = input->from;
  }
  std::reverse(chain.begin(), chain.end());
  return true;
}

// A sum of sums hangs on the order in which they came; how many there are does not.
void aggregate_values(const OperatorSpec& op, SinkPath& path) {
  if (path.running) path.value_known = false;
  if (op.aggregate == model::Aggregate::count) path.value_known = true;
  path.aggregate = op.aggregate;
}

void step_through(const OperatorSpec& op, SinkPath& path) {
  const bool behind_window = path.unit == SinkPath::Unit::window;
  switch (op.kind) {
    case OperatorKind::map:
    case OperatorKind::sink:
    case OperatorKind::source:
      return;
    case OperatorKind::filter:
      path.steps.push_back({.kind = PathStep::Kind::filter,
                            .salt = sim::name_hash(op.id),
                            .keep = op.keep,
                            .out_of = op.out_of});
      break;
    case OperatorKind::flat_map:
      path.steps.push_back({.kind = PathStep::Kind::flat_map, .copies = op.copies});
      break;
    case OperatorKind::keyed:
      if (op.passes_on) return;
      aggregate_values(op, path);
      path.running = true;
      if (behind_window) path.problem = fmt::format("'{}' aggregates windows' results", op.id);
      return;
    case OperatorKind::window:
      aggregate_values(op, path);
      path.running = false;
      path.unit = SinkPath::Unit::window;
      path.window_ms = sim::to_millis(op.window_size);
      if (behind_window) path.problem = fmt::format("'{}' windows windows' results", op.id);
      return;
  }
  if (path.running) path.value_known = false;  // what was dropped or copied is in the sums
  if (behind_window) path.problem = fmt::format("'{}' changes windows' results", op.id);
}

SinkPath path_to(const JobSpec& job, const OperatorSpec& sink) {
  SinkPath path{.sink = sink.id, .delivery = sink.delivery};
  std::vector<const EdgeSpec*> chain;
  if (!chain_of(job, sink.id, chain)) {
    path.problem = "more than one way leads to this sink";
    return path;
  }
  path.source = chain.empty() ? sink.id : chain.front()->from;
  path.bound = find(job, path.source).max_out_of_orderness;
  path.generated = find(job, path.source).generated;
  uint64_t fan = 1;
  for (const EdgeSpec* edge : chain) {
    if (!keeps_order(job, *edge)) {
      path.order_kept = false;
      if (path.running) path.fold_kept = false;
    }
    if (copies_records(job, *edge))
      path.problem = fmt::format("the edge {} -> {} broadcasts", edge->from, edge->to);
    const OperatorSpec& op = find(job, edge->to);
    if (op.kind == OperatorKind::flat_map) fan *= op.copies;
    step_through(op, path);
    if (fan > 256) path.problem = "more than 256 copies of a record";
  }
  return path;
}

}  // namespace

SinkPath path_out_of(const JobSpec& job, const std::string& op) {
  return path_to(job, find(job, op));
}

std::vector<SinkPath> sink_paths(const JobSpec& job) {
  std::vector<SinkPath> paths;
  for (const OperatorSpec& op : job.operators)
    if (op.kind == OperatorKind::sink) paths.push_back(path_to(job, op));
  return paths;
}

}  // namespace drey::reports
