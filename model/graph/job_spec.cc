#include "model/graph/job_spec.h"

#include <bit>
#include <map>

#include "fmt/core.h"

namespace drey::model {

namespace {

constexpr uint32_t kLowestDefaultMaxParallelism = 128;
constexpr uint32_t kHighestMaxParallelism = 32768;

using Operators = std::map<std::string, uint32_t>;

void check_operator(const OperatorSpec& op, std::vector<std::string>& problems) {
  if (op.id.empty()) problems.push_back("an operator has no id");
  if (op.parallelism < 1)
    problems.push_back(fmt::format("operator '{}': parallelism must be at least 1", op.id));
  if (op.parallelism > kHighestMaxParallelism)
    problems.push_back(fmt::format("operator '{}': parallelism {} is above {}", op.id,
                                   op.parallelism, kHighestMaxParallelism));
  if (op.max_parallelism > kHighestMaxParallelism)
    problems.push_back(fmt::format("operator '{}': max parallelism {} is above {}", op.id,
                                   op.max_parallelism, kHighestMaxParallelism));
  if (op.max_parallelism != 0 && op.max_parallelism < op.parallelism)
    problems.push_back(fmt::format("operator '{}': max parallelism {} is below its parallelism {}",
                                   op.id, op.max_parallelism, op.parallelism));
  if (op.kind == OperatorKind::window && op.window_size.ns <= 0)
    problems.push_back(fmt::format("operator '{}': a window needs a size", op.id));
  if (op.kind == OperatorKind::filter && (op.out_of == 0 || op.keep > op.out_of))
    problems.push_back(
        fmt::format("operator '{}': cannot keep {} of {} records", op.id, op.keep, op.out_of));
}

void check_edge(const JobSpec& job, const Operators& by_id, const EdgeSpec& edge,
                std::vector<std::string>& problems) {
  bool known = true;
  for (const std::string* end : {&edge.from, &edge.to}) {
    if (by_id.count(*end) != 0) continue;
    known = false;
    problems.push_back(
        fmt::format("edge {} -> {}: there is no operator '{}'", edge.from, edge.to, *end));
  }
  if (!known) return;
  const OperatorSpec& from = job.operators[by_id.at(edge.from)];
  const OperatorSpec& to = job.operators[by_id.at(edge.to)];
  if (edge.ship == Partitioner::forward && from.parallelism != to.parallelism)
    problems.push_back(fmt::format(
        "edge {} -> {}: forward needs equal parallelism, {} and {} differ (use rescale or "
        "rebalance)",
        edge.from, edge.to, from.parallelism, to.parallelism));
  if (from.kind == OperatorKind::sink)
    problems.push_back(fmt::format("edge {} -> {}: a sink has no output", edge.from, edge.to));
  if (to.kind == OperatorKind::source)
    problems.push_back(fmt::format("edge {} -> {}: a source has no input", edge.from, edge.to));
}

void check_inputs(const JobSpec& job, std::vector<std::string>& problems) {
  std::map<std::string, uint32_t> inputs;
  for (const EdgeSpec& edge : job.edges) ++inputs[edge.to];
  for (const OperatorSpec& op : job.operators) {
    if (op.kind != OperatorKind::source && inputs.count(op.id) == 0)
      problems.push_back(
          fmt::format("operator '{}': a {} needs an input", op.id, name_of(op.kind)));
  }
}

// Kahn's algorithm; what remains lies on a cycle or behind one.
void check_cycle(const JobSpec& job, const Operators& by_id, std::vector<std::string>& problems) {
  std::vector<uint32_t> open_inputs(job.operators.size(), 0);
  std::vector<std::vector<uint32_t>> next(job.operators.size());
  for (const EdgeSpec& edge : job.edges) {
    if (by_id.count(edge.from) == 0 || by_id.count(edge.to) == 0) continue;
    ++open_inputs[by_id.at(edge.to)];
    next[by_id.at(edge.from)].push_back(by_id.at(edge.to));
  }
  std::vector<uint32_t> ready;
  for (uint32_t i = 0; i < open_inputs.size(); ++i) {
    if (open_inputs[i] == 0) ready.push_back(i);
  }
  for (size_t k = 0; k < ready.size(); ++k) {
    for (const uint32_t to : next[ready[k]]) {
      if (--open_inputs[to] == 0) ready.push_back(to);
    }
  }
  if (ready.size() == job.operators.size()) return;
  std::string names;
  for (uint32_t i = 0; i < open_inputs.size(); ++i) {
    if (open_inputs[i] != 0) names += (names.empty() ? "" : ", ") + job.operators[i].id;
  }
  problems.push_back(fmt::format("the job has a cycle; on it or behind it: {}", names));
}

void check_co_location(const JobSpec& job, std::vector<std::string>& problems) {
  std::map<std::string, const OperatorSpec*> first_of;
  for (const OperatorSpec& op : job.operators) {
    if (op.co_location_group.empty()) continue;
    const OperatorSpec*& first = first_of[op.co_location_group];
    if (first == nullptr) {
      first = &op;
      continue;
    }
    if (first->parallelism != op.parallelism)
      problems.push_back(fmt::format("co-location group '{}': '{}' and '{}' differ in parallelism",
                                     op.co_location_group, first->id, op.id));
    if (first->slot_sharing_group != op.slot_sharing_group)
      problems.push_back(
          fmt::format("co-location group '{}': '{}' and '{}' are in different slot sharing groups",
                      op.co_location_group, first->id, op.id));
  }
}

}  // namespace

std::vector<std::string> problems_of(const JobSpec& job) {
  std::vector<std::string> problems;
  if (job.operators.empty()) problems.push_back("the job has no operators");
  Operators by_id;
  for (uint32_t i = 0; i < job.operators.size(); ++i) {
    const OperatorSpec& op = job.operators[i];
    check_operator(op, problems);
    if (!by_id.emplace(op.id, i).second)
      problems.push_back(fmt::format("two operators have the id '{}'", op.id));
  }
  for (const EdgeSpec& edge : job.edges) check_edge(job, by_id, edge, problems);
  check_inputs(job, problems);
  check_cycle(job, by_id, problems);
  check_co_location(job, problems);
  return problems;
}

uint32_t default_max_parallelism(uint32_t parallelism) {
  const uint32_t rounded = std::bit_ceil(parallelism + parallelism / 2);
  if (rounded < kLowestDefaultMaxParallelism) return kLowestDefaultMaxParallelism;
  if (rounded > kHighestMaxParallelism) return kHighestMaxParallelism;
  return rounded;
}

GlobalExchangeMode effective_exchange(const JobSpec& job) {
  if (job.exchange.has_value()) return *job.exchange;
  switch (job.mode) {
    case RuntimeMode::streaming:
      return GlobalExchangeMode::all_pipelined;
    case RuntimeMode::batch:
      return GlobalExchangeMode::all_blocking;
  }
  return GlobalExchangeMode::all_pipelined;
}

std::string_view name_of(OperatorKind kind) {
  switch (kind) {
    case OperatorKind::source:
      return "source";
    case OperatorKind::map:
      return "map";
    case OperatorKind::filter:
      return "filter";
    case OperatorKind::flat_map:
      return "flat_map";
    case OperatorKind::keyed:
      return "keyed";
    case OperatorKind::window:
      return "window";
    case OperatorKind::sink:
      return "sink";
  }
  return "";
}

std::string_view name_of(Partitioner partitioner) {
  switch (partitioner) {
    case Partitioner::forward:
      return "forward";
    case Partitioner::hash:
      return "hash";
    case Partitioner::rebalance:
      return "rebalance";
    case Partitioner::rescale:
      return "rescale";
    case Partitioner::broadcast:
      return "broadcast";
  }
  return "";
}

}  // namespace drey::model
