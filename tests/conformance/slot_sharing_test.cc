// Which subtasks share a slot.
#include <gtest/gtest.h>

#include <algorithm>

#include "model/cluster/slot_sharing.h"
#include "tests/conformance/graph_notation.h"

namespace drey::conformance {
namespace {

using namespace model;

TEST(SlotSharingVectors, SlotSharing) {
  run_vectors("slot-sharing.json", [](const Json& c, const Json&) {
    const ExecutionTopology topology(graph_of(c.at("graph")));
    if (c.at("order") != topology.order()) return failed("order");
    const SlotSharing local = share_slots_by_local_input(topology);
    const SlotSharing balanced = share_slots_by_task_balance(topology);
    for (const SlotSharing* sharing : {&local, &balanced}) {
      for (uint32_t g = 0; g < sharing->groups.size(); ++g) {
        for (const SubtaskIndex s : sharing->groups[g]) {
          if (sharing->group_of[s] != g) return failed("group_of differs from groups");
        }
      }
    }
    return expect_equal(
        c.at("expected"),
        {{"local", sorted_sets(local.groups)}, {"balanced", sorted_sets(balanced.groups)}},
        "groups");
  });
}

// Edges between single subtasks that are together one pointwise edge, as a job-level edge; or the
// reason why not.
std::string add_subtask_edges(JobGraph& graph, const Json& subtask_edges) {
  if (subtask_edges.empty()) return "";
  const auto vertex_in = [&](const Json& name) {
    const auto text = name.get<std::string>();
    return graph.find(text.substr(0, text.rfind('_')));
  };
  const JobVertexIndex from = vertex_in(subtask_edges[0].at("from"));
  const JobVertexIndex to = vertex_in(subtask_edges[0].at("to"));
  graph.connect(graph.add_data_set({.producer = from,
                                    .type = type_named(subtask_edges[0].at("type")),
                                    .pattern = DistributionPattern::pointwise}),
                to);
  const ExecutionTopology topology(graph);
  Json pairs = Json::array();
  for (uint32_t i = 0; i < graph.vertices[to].parallelism; ++i) {
    const auto& group = topology.group(topology.consumed_group(0, i));
    for (PartitionIndex p = group.partitions.first; p <= group.partitions.last; ++p)
      pairs.push_back({{"from", name_of(topology, topology.producer_of(p))},
                       {"to", name_of(topology, topology.subtask(to, i))},
                       {"type", subtask_edges[0].at("type")}});
  }
  return pairs == subtask_edges ? "" : "edges between single subtasks that are no pointwise edge";
}

std::vector<std::vector<std::string>> named_groups(const ExecutionTopology& topology,
                                                   const SlotSharing& sharing) {
  std::vector<std::vector<std::string>> named;
  for (const auto& group : sharing.groups) {
    named.emplace_back();
    for (const SubtaskIndex s : group) named.back().push_back(name_of(topology, s));
    std::sort(named.back().begin(), named.back().end());
  }
  std::sort(named.begin(), named.end());
  return named;
}

// Largest difference of sizes between slots of one slot sharing group.
size_t size_difference(const ExecutionTopology& topology, const SlotSharing& sharing) {
  std::map<std::string, std::pair<size_t, size_t>> least_and_most;
  for (const auto& group : sharing.groups) {
    const auto& name = topology.job().vertices[topology.vertex_of(group[0])].slot_sharing_group;
    const auto [at, is_new] = least_and_most.emplace(name, std::pair(group.size(), group.size()));
    at->second.first = std::min(at->second.first, group.size());
    at->second.second = std::max(at->second.second, group.size());
  }
  size_t difference = 0;
  for (const auto& [name, sizes] : least_and_most)
    difference = std::max(difference, sizes.second - sizes.first);
  return difference;
}

Outcome judge_asserted(const Json& c) {
  if (!c.at("events").empty())
    return skipped(
        "a graph that grows while the job runs comes with derived parallelism (adaptive "
        "batch), which drey does not have yet (issue 4)");
  const Json& given = c.at("given");
  JobGraph graph = named_graph_of(given);
  if (given.contains("subtask_edges")) {
    const std::string problem = add_subtask_edges(graph, given["subtask_edges"]);
    if (!problem.empty()) return failed(problem);
  }
  const ExecutionTopology topology(graph);
  const SlotSharing sharing = given.at("strategy") == "LOCAL_INPUT_PREFERRED"
                                  ? share_slots_by_local_input(topology)
                                  : share_slots_by_task_balance(topology);
  const auto group_of = [&](const Json& name) {
    return sharing.group_of[subtask_named(topology, name.get<std::string>())];
  };
  for (const auto& [field, value] : c.at("expected").items()) {
    if (field == "groups" && value != named_groups(topology, sharing))
      return expect_equal(value, named_groups(topology, sharing), "groups");
    if (field == "count" && value != sharing.groups.size()) return failed("count");
    if (field == "max_size_difference" && size_difference(topology, sharing) > value.get<size_t>())
      return failed("sizes differ too much");
    if (field == "same" || field == "different") {
      for (const Json& names : value) {
        for (const Json& name : names) {
          if (name != names[0] && (group_of(name) == group_of(names[0])) != (field == "same"))
            return failed(field + " " + names.dump());
        }
      }
    }
  }
  return passed();
}

TEST(SlotSharingVectors, SlotSharingAsserted) {
  run_vectors("slot-sharing-asserted.json",
              [](const Json& c, const Json&) { return judge_asserted(c); });
}

}  // namespace
}  // namespace drey::conformance
