// Pipelined regions, topological order and strongly connected components.
#include <gtest/gtest.h>

#include <algorithm>

#include "model/graph/execution_graph.h"
#include "tests/conformance/graph_notation.h"

namespace drey::conformance {
namespace {

using namespace model;

Json counts_of_consumed_groups(const ExecutionTopology& topology, const Json& regions) {
  Json counts = Json::array();
  for (const Json& region : regions) {
    auto members = region.get<std::vector<SubtaskIndex>>();
    counts.push_back({non_pipelined_consumed_groups(topology, members).size(),
                      consumed_groups_released_by_scheduler(topology, members).size()});
  }
  return counts;
}

// Members and region_of say the same, and members stand in topological order.
std::string inconsistency_of(const ExecutionTopology& topology, const PipelinedRegions& regions) {
  for (RegionIndex r = 0; r < regions.members.size(); ++r) {
    for (size_t k = 0; k < regions.members[r].size(); ++k) {
      const SubtaskIndex subtask = regions.members[r][k];
      if (regions.region_of[subtask] != r) return "region_of differs from members";
      if (k > 0 && !topology.before(regions.members[r][k - 1], subtask)) return "members unordered";
    }
    if (r > 0 && !topology.before(regions.members[r - 1].front(), regions.members[r].front()))
      return "regions unordered";
  }
  return "";
}

Outcome judge_graph(const Json& c) {
  const Json& expected = c.at("expected");
  const ExecutionTopology topology(graph_of(c.at("graph")));
  const PipelinedRegions regions = pipelined_regions(topology);
  const std::string problem = co_location_problem(topology, regions);
  if (expected.contains("error")) {
    const auto message = expected.at("message").get<std::string>();
    if (problem.rfind(message, 0) == 0) return passed();
    return failed("expected '" + message + "', got '" + problem + "'");
  }
  if (!problem.empty()) return failed("unexpected problem: " + problem);
  const std::string inconsistency = inconsistency_of(topology, regions);
  if (!inconsistency.empty()) return failed(inconsistency);
  const Json sets = sorted_sets(regions.members);
  return expect_equal(expected,
                      {{"order", topology.order()},
                       {"logical", sorted_sets(logical_regions(topology.job()))},
                       {"regions", sets},
                       {"in", counts_of_consumed_groups(topology, sets)}},
                      "regions");
}

TEST(RegionVectors, Regions) {
  run_vectors("regions.json", [](const Json& c, const Json&) {
    if (c.at("kind") == "scc")
      return expect_equal(
          c.at("expected"),
          strong_components(c.at("adjacency").get<std::vector<std::vector<uint32_t>>>()), "scc");
    return judge_graph(c);
  });
}

// Each vertex is one subtask, so both levels can be asked of one graph.
Outcome judge_asserted_regions(const Json& c) {
  const Json& given = c.at("given");
  JobGraph graph;
  for (const Json& id : given.at("vertices")) graph.add_vertex({.id = id.get<std::string>()});
  for (const Json& e : given.at("edges")) {
    const auto from = graph.find(e.at("from").get<std::string>());
    const auto to = graph.find(e.at("to").get<std::string>());
    graph.connect(graph.add_data_set({.producer = from,
                                      .type = type_named(e.at("type").get<std::string>()),
                                      .pattern = DistributionPattern::pointwise}),
                  to);
  }
  const ExecutionTopology topology(graph);
  const auto regions = given.at("level") == "JOB" ? logical_regions(topology.job())
                                                  : pipelined_regions(topology).members;
  Json names = Json::array();
  for (const std::vector<uint32_t>& region : regions) {
    std::vector<std::string> ids;
    for (const uint32_t v : region) ids.push_back(graph.vertices[v].id);
    std::sort(ids.begin(), ids.end());
    names.push_back(ids);
  }
  std::sort(names.begin(), names.end());
  return expect_equal(c.at("expected").at("regions"), names, "regions");
}

TEST(RegionVectors, RegionsAsserted) {
  run_vectors("regions-asserted.json",
              [](const Json& c, const Json&) { return judge_asserted_regions(c); });
}

TEST(RegionVectors, StrongComponentsAsserted) {
  run_vectors("strong-components-asserted.json", [](const Json& c, const Json&) {
    std::vector<std::vector<uint32_t>> successors;
    const Json& given = c.at("given");
    if (given.contains("adjacency")) {
      successors = given["adjacency"].get<std::vector<std::vector<uint32_t>>>();
    } else {
      const auto n = given.at("n").get<uint32_t>();
      successors.resize(n);
      if (given.at("shape") != "ISOLATED") {
        for (uint32_t i = 0; i + 1 < n; ++i) successors[i].push_back(i + 1);
      }
      if (given.at("shape") == "RING") successors[n - 1].push_back(0);
    }
    const auto components = strong_components(successors);
    size_t largest = 0;
    for (const auto& component : components) largest = std::max(largest, component.size());
    Json actual = Json::object();
    for (const auto& [field, value] : c.at("expected").items()) {
      if (field == "components") actual[field] = components;
      if (field == "count") actual[field] = components.size();
      if (field == "largest") actual[field] = largest;
    }
    return expect_equal(c.at("expected"), actual, "components");
  });
}

Json partition_state(const ExecutionGraph& graph, const Json& event) {
  const auto subtask = subtask_named(graph.topology(), event.at("producer").get<std::string>());
  const auto partition = graph.topology().partition(event.at("edge").get<uint32_t>(),
                                                    graph.topology().index_of(subtask));
  return graph.all_data_produced(partition) ? "ALL_DATA_PRODUCED" : "CREATED";
}

Outcome judge_topology(const Json& c) {
  if (c.at("given").value("dynamic", false))
    return skipped(
        "a graph that grows while the job runs comes with derived parallelism (adaptive "
        "batch), which drey does not have yet (issue 4)");
  ExecutionGraph graph(named_graph_of(c.at("given")));
  Json steps = Json::array();
  for (const Json& event : c.at("events")) {
    Json step = Json::object();
    if (event.at("op") == "finish")
      graph.set_state(subtask_named(graph.topology(), event.at("subtask").get<std::string>()),
                      ExecutionState::finished);
    else if (event.at("op") == "partition_state")
      step["state"] = partition_state(graph, event);
    else if (event.at("op") != "build")
      return failed("unknown op " + event.at("op").dump());
    steps.push_back(step);
  }
  const Json& expected = c.at("expected");
  if (expected.contains("steps")) return expect_equal(expected["steps"], steps, "steps");
  Json names = Json::array();
  for (const auto& region : graph.regions().members) {
    Json ids = Json::array();
    for (const SubtaskIndex s : region) ids.push_back(name_of(graph.topology(), s));
    std::sort(ids.begin(), ids.end());
    names.push_back(ids);
  }
  std::sort(names.begin(), names.end());
  return expect_equal(expected.at("regions"), names, "regions");
}

TEST(RegionVectors, ExecutionTopologyAsserted) {
  run_vectors("execution-topology-asserted.json",
              [](const Json& c, const Json&) { return judge_topology(c); });
}

}  // namespace
}  // namespace drey::conformance
