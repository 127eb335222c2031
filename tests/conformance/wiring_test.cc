// Who reads what: edge_wiring.h and the groups of ExecutionTopology.
#include <gtest/gtest.h>

#include <map>

#include "fmt/core.h"
#include "model/graph/execution_topology.h"
#include "tests/conformance/graph_notation.h"

namespace drey::conformance {
namespace {

using namespace model;  // the vectors are about this room

EdgeShape shape_in(const Json& c, const char* pattern, const char* producers,
                   const char* consumers) {
  const auto name = c.at(pattern).get<std::string>();
  return {.pattern = name == "A" || name == "ALL_TO_ALL" ? DistributionPattern::all_to_all
                                                         : DistributionPattern::pointwise,
          .producers = c.at(producers).get<uint32_t>(),
          .consumers = c.at(consumers).get<uint32_t>()};
}

// Two vertices, one data set, and one edge per consuming vertex.
ExecutionTopology topology_of(const EdgeShape& shape, int consuming_vertices) {
  JobGraph graph;
  graph.add_vertex({.id = "s", .name = "s", .parallelism = shape.producers});
  graph.add_data_set({.producer = 0, .pattern = shape.pattern});
  for (int k = 0; k < consuming_vertices; ++k) {
    const auto v = graph.add_vertex({.id = "t", .name = "t", .parallelism = shape.consumers});
    graph.connect(0, v);
  }
  return ExecutionTopology(graph);
}

std::array<uint32_t, 4> read_of(const EdgeShape& shape, uint32_t consumer) {
  const IndexRange partitions = consumed_partitions(shape, consumer);
  const uint32_t subpartition = consumed_subpartition(shape, consumer);
  return {partitions.first, partitions.last, subpartition, subpartition};
}

// [[first, last partition], [consumers]] per group of one edge, all from the topology's tables.
Json groups_of_edge(const ExecutionTopology& topology, EdgeIndex edge) {
  Json groups = Json::array();
  const IndexRange range = topology.groups_of(edge);
  const SubtaskIndex first = topology.subtasks_of(topology.job().edges[edge].consumer).first;
  for (GroupIndex g = range.first; g <= range.last; ++g) {
    const PartitionGroup& group = topology.group(g);
    Json consumers = Json::array();
    for (uint32_t s = group.consumers.first; s <= group.consumers.last; ++s)
      consumers.push_back(s - first);
    groups.push_back({{group.partitions.first, group.partitions.last}, consumers});
  }
  return groups;
}

// Every look-up by consumer and by producer must lead to the group that holds it.
std::string look_up_error(const ExecutionTopology& topology, EdgeIndex edge) {
  const EdgeShape shape = topology.shape_of(edge);
  const SubtaskIndex first = topology.subtasks_of(topology.job().edges[edge].consumer).first;
  for (uint32_t i = 0; i < shape.consumers; ++i) {
    const PartitionGroup& group = topology.group(topology.consumed_group(edge, i));
    if (!group.consumers.contains(first + i) || group.edge != edge)
      return fmt::format("consumer {} is led to a group without it", i);
    if (!(group.partitions == consumed_partitions(shape, i)))
      return fmt::format("consumer {}'s group has other partitions than it reads", i);
  }
  for (uint32_t p = 0; p < shape.producers; ++p) {
    if (!topology.group(topology.consumer_group(edge, p)).partitions.contains(p))
      return fmt::format("partition {} is led to a group without it", p);
  }
  return "";
}

Json subpartition_counts(const EdgeShape& shape) {
  Json counts = Json::array();
  bool equal = true;
  for (uint32_t p = 0; p < shape.producers; ++p) {
    counts.push_back(subpartitions_of(shape, p));
    equal = equal && counts[p] == counts[0];
  }
  return equal ? counts[0] : counts;
}

Outcome judge_full(const Json& c) {
  const EdgeShape shape = shape_in(c, "pattern", "s", "t");
  const ExecutionTopology topology = topology_of(shape, 1);
  Json actual;
  for (uint32_t i = 0; i < shape.consumers; ++i) actual["reads"].push_back(read_of(shape, i));
  actual["groups"] = groups_of_edge(topology, 0);
  actual["subs"] = subpartition_counts(shape);
  const std::string error = look_up_error(topology, 0);
  if (!error.empty()) return failed(error);
  return expect_equal(c.at("expected"), actual, "full");
}

Outcome judge_hash(const Json& c) {
  const EdgeShape shape = shape_in(c, "pattern", "s", "t");
  const ExecutionTopology topology = topology_of(shape, 1);
  uint64_t fnv = 0xcbf29ce484222325u;
  for (uint32_t i = 0; i < shape.consumers; ++i) {
    const auto read = read_of(shape, i);
    for (const char byte : fmt::format("{},{},{},{};", read[0], read[1], read[2], read[3]))
      fnv = (fnv ^ static_cast<unsigned char>(byte)) * 0x100000001b3u;
  }
  uint64_t sum = 0;
  for (uint32_t p = 0; p < shape.producers; ++p) sum += subpartitions_of(shape, p);
  Json actual{{"fnv", fmt::format("{:x}", fnv)},
              {"groups", topology.groups()},
              {"sumSubs", sum},
              {"samples", Json::array()}};
  for (const Json& sample : c.at("expected").at("samples")) {
    const auto read = read_of(shape, sample[0].get<uint32_t>());
    actual["samples"].push_back({sample[0], read[0], read[1], read[2], read[3]});
  }
  return expect_equal(c.at("expected"), actual, "hash");
}

// Reads per consumer of a dynamic graph, or the error.
Json dynamic_reads(const EdgeShape& shape, const DynamicResult& result) {
  Json reads = Json::array();
  for (uint32_t i = 0; i < shape.consumers; ++i) {
    const auto range = consumed_subpartition_range(shape, result, i);
    if (!range.has_value()) return {{"error", "IllegalArgumentException"}};
    const IndexRange partitions = consumed_partitions(shape, i);
    reads.push_back({partitions.first, partitions.last, range->first, range->last});
  }
  return {{"reads", reads}};
}

Outcome judge_wiring(const Json& c) {
  const auto kind = c.at("kind").get<std::string>();
  if (kind == "full") return judge_full(c);
  if (kind == "hash") return judge_hash(c);
  if (kind == "ranges") {
    const DynamicResult result{.subpartitions = c.at("parts").get<uint32_t>(),
                               .broadcast = c.at("broadcast").get<bool>(),
                               .single = c.at("single").get<bool>()};
    return expect_equal(c.at("expected"), dynamic_reads(shape_in(c, "pattern", "s", "t"), result),
                        "ranges");
  }
  if (kind == "two") {
    const EdgeShape shape = shape_in(c, "pattern", "s", "t");
    const ExecutionTopology topology = topology_of(shape, 2);
    return expect_equal(c.at("expected"),
                        {{"groups1", groups_of_edge(topology, 0)},
                         {"groups2", groups_of_edge(topology, 1)},
                         {"subs", subpartition_counts(shape)}},
                        "two");
  }
  if (kind == "maxedges")
    return expect_equal(c.at("expected"),
                        max_edges_to_consumer(shape_in(c, "pattern", "source", "target")),
                        "maxedges");
  return failed("unknown kind " + kind);
}

TEST(WiringVectors, Wiring) {
  run_vectors("wiring.json", [](const Json& c, const Json&) { return judge_wiring(c); });
}

Json consumed_lists(const EdgeShape& shape) {
  Json consumed = Json::array();
  for (uint32_t i = 0; i < shape.consumers; ++i) {
    Json list = Json::array();
    const IndexRange range = consumed_partitions(shape, i);
    for (uint32_t p = range.first; p <= range.last; ++p) list.push_back(p);
    consumed.push_back(list);
  }
  return consumed;
}

template <class Count>
Json min_and_max(uint32_t count, Count count_of) {
  uint32_t low = UINT32_MAX;
  uint32_t high = 0;
  for (uint32_t i = 0; i < count; ++i) {
    low = std::min(low, count_of(i));
    high = std::max(high, count_of(i));
  }
  return {low, high};
}

Outcome judge_asserted(const Json& c) {
  const Json& given = c.at("given");
  if (given.contains("partition_ranges"))
    return skipped(
        "ranges other than the default formula come only from the derived parallelism "
        "of the adaptive batch scheduler, which drey does not have yet (issue 4)");
  const EdgeShape shape = shape_in(given, "pattern", "producers", "consumers");
  Json actual = Json::object();
  for (const auto& [field, value] : c.at("expected").items()) {
    if (field == "consumed") actual[field] = consumed_lists(shape);
    if (field == "partitions_per_consumer")
      actual[field] = min_and_max(shape.consumers,
                                  [&](uint32_t i) { return consumed_partitions(shape, i).size(); });
    if (field == "consumers_per_partition")
      actual[field] = min_and_max(
          shape.producers, [&](uint32_t p) { return consumers_of_partition(shape, p).size(); });
    if (field == "max_consumers_per_producer") actual[field] = max_edges_from_producer(shape);
    if (field == "max_producers_per_consumer") actual[field] = max_edges_to_consumer(shape);
  }
  return expect_equal(c.at("expected"), actual, "wiring");
}

TEST(WiringVectors, WiringAsserted) {
  run_vectors("wiring-asserted.json", [](const Json& c, const Json&) { return judge_asserted(c); });
}

Outcome judge_subpartition_ranges(const Json& c) {
  const Json& given = c.at("given");
  const auto consumers = given.at("consumers").get<uint32_t>();
  const DynamicResult result{.subpartitions = given.at("subpartitions").is_null()
                                                  ? 1u
                                                  : given["subpartitions"].get<uint32_t>(),
                             .broadcast = given.at("broadcast").get<bool>(),
                             .single = given.value("single_subpartition_holds_all", false)};
  Json subpartitions = Json::array();
  Json partitions = Json::array();
  for (uint32_t i = 0; i < consumers; ++i) {
    std::optional<IndexRange> range;
    if (given.contains("pattern")) {
      const EdgeShape shape = shape_in(given, "pattern", "producers", "consumers");
      const IndexRange read = consumed_partitions(shape, i);
      partitions.push_back({read.first, read.last});
      const uint32_t index = consumed_subpartition(shape, i);
      range = given["dynamic"].get<bool>() ? consumed_subpartition_range(shape, result, i)
                                           : IndexRange{index, index};
    } else {
      range = consumed_subpartition_range(result, i, consumers);
    }
    if (!range.has_value())
      return expect_equal(c.at("expected"), {{"error", "ILLEGAL_ARGUMENT"}}, "ranges");
    subpartitions.push_back({range->first, range->last});
  }
  Json actual{{"subpartitions", subpartitions}};
  if (given.contains("pattern")) actual["partitions"] = partitions;
  return expect_equal(c.at("expected"), actual, "ranges");
}

TEST(WiringVectors, SubpartitionRangesAsserted) {
  run_vectors("subpartition-ranges-asserted.json",
              [](const Json& c, const Json&) { return judge_subpartition_ranges(c); });
}

}  // namespace
}  // namespace drey::conformance
