#include "reports/sink_path.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <utility>

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
      path.ways.front().steps.push_back({.kind = PathStep::Kind::filter,
                                         .salt = sim::name_hash(op.id),
                                         .keep = op.keep,
                                         .out_of = op.out_of});
      break;
    case OperatorKind::flat_map:
      path.ways.front().steps.push_back({.kind = PathStep::Kind::flat_map, .copies = op.copies});
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

// One way, and which operator makes the values that the sink gets: empty: the source.
struct Way {
  SinkPath path;
  std::string made_by{};
  uint64_t fan = 1;
};
constexpr size_t kMostWays = 64;  // diamonds double them; more are not followed

void go_along(const JobSpec& job, const EdgeSpec& edge, Way& way) {
  if (!keeps_order(job, edge)) {
    way.path.order_kept = false;
    if (way.path.running) way.path.fold_kept = false;
  }
  if (copies_records(job, edge))
    way.path.problem = fmt::format("the edge {} -> {} broadcasts", edge.from, edge.to);
  const OperatorSpec& op = find(job, edge.to);
  if (op.kind == OperatorKind::flat_map) way.fan *= op.copies;
  const bool makes_values =
      op.kind == OperatorKind::window || (op.kind == OperatorKind::keyed && !op.passes_on);
  if (makes_values) way.made_by = op.id;
  step_through(op, way.path);
  if (way.fan > 256) way.path.problem = "more than 256 copies of a record";
}

// All ways from sources to this operator, in the order of its inputs.
std::vector<Way> ways_to(const JobSpec& job, const OperatorSpec& op) {
  if (op.kind == OperatorKind::source) {
    Way way;
    way.path.ways.push_back(
        {.source = op.id, .generated = op.generated, .bound = op.max_out_of_orderness});
    return {way};
  }
  std::vector<Way> ways;
  for (const EdgeSpec& edge : job.edges) {
    if (edge.to != op.id) continue;
    for (Way& way : ways_to(job, find(job, edge.from))) {
      if (ways.size() > kMostWays) return ways;
      go_along(job, edge, way);
      ways.push_back(std::move(way));
    }
  }
  return ways;
}

bool from_one_log(const std::vector<Way>& ways, const sim::LogSet& logs) {
  std::set<size_t> seen;
  for (const Way& way : ways) {
    const std::string& source = way.path.ways.front().source;
    if (!seen.insert(logs.empty() ? 0 : logs.read_by(source)).second) return true;
  }
  return false;
}

// What holds on every way holds on the path.
void join(const Way& way, const Way& first, SinkPath& path) {
  path.ways.push_back(way.path.ways.front());
  path.order_kept = path.order_kept && way.path.order_kept;
  path.value_known = path.value_known && way.path.value_known;
  // Two aggregates of one key are two folds, which the sink cannot tell apart.
  path.fold_kept = path.fold_kept && way.path.fold_kept && way.made_by == first.made_by;
  if (!way.path.problem.empty()) path.problem = way.path.problem;
  const bool windowed = path.unit == SinkPath::Unit::window;
  if (way.path.unit != path.unit || way.path.running != path.running ||
      (windowed && way.made_by != first.made_by))
    path.problem =
        fmt::format("'{}' gets records of {} and of {}", path.sink,
                    first.made_by.empty() ? first.path.ways.front().source : first.made_by,
                    way.made_by.empty() ? way.path.ways.front().source : way.made_by);
}

SinkPath path_to(const JobSpec& job, const OperatorSpec& sink, const sim::LogSet& logs) {
  const std::vector<Way> ways = ways_to(job, sink);
  SinkPath path;
  if (!ways.empty()) path = ways.front().path;
  path.sink = sink.id;
  path.delivery = sink.delivery;
  if (ways.empty() || from_one_log(ways, logs)) {
    path.problem = "more than one way leads to this sink";
    return path;
  }
  if (ways.size() > kMostWays) path.problem = "too many ways lead to this sink";
  for (size_t i = 1; i < ways.size(); ++i) join(ways[i], ways.front(), path);
  return path;
}

}  // namespace

SinkPath path_out_of(const JobSpec& job, const std::string& op, const sim::LogSet& logs) {
  return path_to(job, find(job, op), logs);
}

std::vector<SinkPath> sink_paths(const JobSpec& job, const sim::LogSet& logs) {
  std::vector<SinkPath> paths;
  for (const OperatorSpec& op : job.operators)
    if (op.kind == OperatorKind::sink) paths.push_back(path_to(job, op, logs));
  return paths;
}

}  // namespace drey::reports
