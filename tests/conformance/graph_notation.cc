#include "tests/conformance/graph_notation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

namespace drey::conformance {

using model::DistributionPattern;
using model::ExecutionState;
using model::ResultPartitionType;

ResultPartitionType type_of_letters(const std::string& letters) {
  if (letters == "p") return ResultPartitionType::pipelined;
  if (letters == "pb") return ResultPartitionType::pipelined_bounded;
  if (letters == "b") return ResultPartitionType::blocking;
  if (letters == "bp") return ResultPartitionType::blocking_persistent;
  if (letters == "hf") return ResultPartitionType::hybrid_full;
  if (letters == "hs") return ResultPartitionType::hybrid_selective;
  if (letters == "pa") return ResultPartitionType::pipelined_approximate;
  throw std::invalid_argument("result type " + letters);
}

ResultPartitionType type_named(const std::string& name) {
  for (int i = 0; i <= static_cast<int>(ResultPartitionType::hybrid_selective); ++i) {
    const auto type = static_cast<ResultPartitionType>(i);
    if (model::name_of(type) == name) return type;
  }
  throw std::invalid_argument("result type " + name);
}

ExecutionState state_of_letter(char letter) {
  switch (letter) {
    case 'C':
      return ExecutionState::created;
    case 'S':
      return ExecutionState::scheduled;
    case 'D':
      return ExecutionState::deploying;
    case 'I':
      return ExecutionState::initializing;
    case 'R':
      return ExecutionState::running;
    case 'F':
      return ExecutionState::finished;
    case 'X':
      return ExecutionState::failed;
    case 'K':
      return ExecutionState::canceled;
    case 'G':
      return ExecutionState::canceling;
    default:
      throw std::invalid_argument(std::string("state ") + letter);
  }
}

ExecutionState state_named(const std::string& name) {
  for (int i = 0; i <= static_cast<int>(ExecutionState::initializing); ++i) {
    const auto state = static_cast<ExecutionState>(i);
    if (model::name_of(state) == name) return state;
  }
  throw std::invalid_argument("execution state " + name);
}

namespace {

DistributionPattern pattern_of(const std::string& pattern) {
  return pattern == "A" || pattern == "ALL_TO_ALL" ? DistributionPattern::all_to_all
                                                   : DistributionPattern::pointwise;
}

model::IntermediateDataSet data_set(model::JobVertexIndex producer, ResultPartitionType type,
                                    DistributionPattern pattern) {
  model::IntermediateDataSet result;
  result.producer = producer;
  result.type = type;
  result.pattern = pattern;
  return result;
}

std::string text_or_empty(const Json& object, const char* key) {
  const auto at = object.find(key);
  return at == object.end() || at->is_null() ? "" : at->get<std::string>();
}

}  // namespace

model::JobGraph graph_of(const Json& notation) {
  model::JobGraph graph;
  for (size_t v = 0; v < notation.at("v").size(); ++v) {
    model::JobVertex vertex;
    vertex.id = std::to_string(v);
    vertex.parallelism = notation["v"][v].get<uint32_t>();
    if (notation.contains("ssg"))
      vertex.slot_sharing_group = std::to_string(notation["ssg"][v].get<int>());
    if (notation.contains("coloc") && notation["coloc"][v].get<int>() >= 0)
      vertex.co_location_group = std::to_string(notation["coloc"][v].get<int>());
    graph.add_vertex(vertex);
  }
  for (const Json& d : notation.at("d"))
    graph.add_data_set(data_set(d[0].get<uint32_t>(), type_of_letters(d[1].get<std::string>()),
                                pattern_of(d[2].get<std::string>())));
  for (const Json& e : notation.at("e")) graph.connect(e[0].get<uint32_t>(), e[1].get<uint32_t>());
  return graph;
}

model::JobGraph named_graph_of(const Json& given) {
  model::JobGraph graph;
  for (const Json& v : given.at("vertices")) {
    model::JobVertex vertex;
    vertex.id = v.at(v.contains("name") ? "name" : "id").get<std::string>();
    vertex.parallelism = v.value("parallelism", 1u);
    const std::string group = text_or_empty(v, "group");
    if (!group.empty()) vertex.slot_sharing_group = group;
    vertex.co_location_group = text_or_empty(v, "colocation");
    graph.add_vertex(vertex);
  }
  if (!given.contains("edges")) return graph;
  for (const Json& e : given["edges"]) {
    const auto from = graph.find(e.at("from").get<std::string>());
    const auto to = graph.find(e.at("to").get<std::string>());
    graph.connect(graph.add_data_set(data_set(from, type_named(e.at("type").get<std::string>()),
                                              pattern_of(text_or_empty(e, "pattern")))),
                  to);
  }
  return graph;
}

model::SubtaskIndex subtask_named(const model::ExecutionTopology& topology,
                                  const std::string& name) {
  const size_t cut = name.rfind('_');
  const auto vertex = topology.job().find(name.substr(0, cut));
  if (vertex == topology.job().vertices.size()) throw std::invalid_argument("subtask " + name);
  return topology.subtask(vertex, static_cast<uint32_t>(std::stoul(name.substr(cut + 1))));
}

std::string name_of(const model::ExecutionTopology& topology, model::SubtaskIndex subtask) {
  return topology.job().vertices[topology.vertex_of(subtask)].id + "_" +
         std::to_string(topology.index_of(subtask));
}

Json sorted_sets(std::vector<std::vector<uint32_t>> sets) {
  for (std::vector<uint32_t>& set : sets) std::sort(set.begin(), set.end());
  std::sort(sets.begin(), sets.end());
  return sets;
}

}  // namespace drey::conformance
