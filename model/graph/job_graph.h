#pragma once
// The job as the JobMaster gets it: vertices (each a chain of operators), the intermediate data
// sets that they produce and the edges that consume these. All references are indexes into the
// vectors of the graph: vertex order is insertion order, edge order is the order of connection,
// which is also the order of the inputs of a consumer.
//
// Invariants (held by add_vertex, add_data_set and connect): every edge has a data set, all
// consumers of one data set have the same parallelism, the graph has no cycle (topological_order
// CHECKs it; problems_of(JobSpec) reports it).
//
// Upstream: JobGraph, JobVertex, IntermediateDataSet, JobEdge; the generator is
// StreamingJobGraphGenerator.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/graph/job_spec.h"
#include "model/graph/result_partition_type.h"

namespace drey::model {

using JobVertexIndex = uint32_t;
using DataSetIndex = uint32_t;
using EdgeIndex = uint32_t;

enum class DistributionPattern : uint8_t { pointwise, all_to_all };

struct JobVertex {
  std::string id{};    // of the chain's head; names the vertex's subtasks, e.g. "agg/0"
  std::string uid{};   // of the chain's head
  std::string name{};  // ids of the chained operators, e.g. "src -> map"
  uint32_t parallelism = 1;
  uint32_t max_parallelism = 128;
  std::string slot_sharing_group = "default";
  std::string co_location_group{};  // empty: none
  std::vector<uint32_t>
      operators{};  // indexes into JobSpec::operators, head first, in chain order (depth first)
  std::vector<EdgeIndex> inputs{};        // in order of connection
  std::vector<DataSetIndex> data_sets{};  // produced, in order of their first connection
};

struct IntermediateDataSet {
  JobVertexIndex producer = 0;
  ResultPartitionType type = ResultPartitionType::pipelined_bounded;
  DistributionPattern pattern = DistributionPattern::all_to_all;
  Partitioner ship = Partitioner::hash;
  uint32_t producing_operator =
      0;  // index into JobSpec::operators: the one in the chain that emits
  std::vector<EdgeIndex> consumers{};  // in order of connection
};

struct JobEdge {
  DataSetIndex data_set = 0;
  JobVertexIndex consumer = 0;
};

struct JobGraph {
  std::string name = "job";
  RuntimeMode mode = RuntimeMode::streaming;
  std::vector<JobVertex> vertices{};
  std::vector<IntermediateDataSet> data_sets{};
  std::vector<JobEdge> edges{};

  JobVertexIndex add_vertex(JobVertex vertex);
  DataSetIndex add_data_set(IntermediateDataSet data_set);
  EdgeIndex connect(DataSetIndex data_set, JobVertexIndex consumer);

  const IntermediateDataSet& data_set_of(EdgeIndex edge) const {
    return data_sets[edges[edge].data_set];
  }
  JobVertexIndex producer_of(EdgeIndex edge) const { return data_set_of(edge).producer; }
  // The vertex named `id` (its chain's head), or vertices.size().
  JobVertexIndex find(std::string_view id) const;
};

// First all vertices without inputs in insertion order; then along that growing list: for each
// consumer of the current vertex, one whose other inputs all come from listed vertices is appended
// and walked at once, depth first. Everything that upstream does "in topological order" uses this
// order. Empty if the graph has a cycle. Upstream:
// JobGraph.getVerticesSortedTopologicallyFromSources.
std::vector<JobVertexIndex> topological_order(const JobGraph& graph);

// The JobGraph of a valid job (problems_of(job) is empty): chains operators, chooses result types
// and slot sharing groups.
JobGraph build_job_graph(const JobSpec& job);

// The decisions of build_job_graph, one function each.
bool is_chainable(const JobSpec& job, const EdgeSpec& edge);
ResultPartitionType result_type_of(const JobSpec& job, const EdgeSpec& edge);
constexpr DistributionPattern pattern_of(Partitioner ship) {
  return is_pointwise(ship) ? DistributionPattern::pointwise : DistributionPattern::all_to_all;
}

}  // namespace drey::model
