#include "model/graph/job_graph.h"

#include <utility>

#include "sim/check.h"

namespace drey::model {

JobVertexIndex JobGraph::add_vertex(JobVertex vertex) {
  CHECK(vertex.parallelism >= 1, "a job vertex has at least one subtask");
  vertices.push_back(std::move(vertex));
  return static_cast<JobVertexIndex>(vertices.size() - 1);
}

DataSetIndex JobGraph::add_data_set(IntermediateDataSet data_set) {
  CHECK(data_set.producer < vertices.size(), "the producer of a data set exists");
  CHECK(data_set.consumers.empty(), "consumers are connected by connect()");
  data_sets.push_back(std::move(data_set));
  return static_cast<DataSetIndex>(data_sets.size() - 1);
}

EdgeIndex JobGraph::connect(DataSetIndex data_set, JobVertexIndex consumer) {
  CHECK(data_set < data_sets.size(), "the data set of an edge exists");
  CHECK(consumer < vertices.size(), "the consumer of an edge exists");
  IntermediateDataSet& consumed = data_sets[data_set];
  const auto edge = static_cast<EdgeIndex>(edges.size());
  if (consumed.consumers.empty()) {
    vertices[consumed.producer].data_sets.push_back(data_set);
  } else {
    const JobVertex& other = vertices[edges[consumed.consumers.front()].consumer];
    CHECK(other.parallelism == vertices[consumer].parallelism,
          "all consumers of one data set have the same parallelism");
  }
  consumed.consumers.push_back(edge);
  vertices[consumer].inputs.push_back(edge);
  edges.push_back(JobEdge{data_set, consumer});
  return edge;
}

JobVertexIndex JobGraph::find(std::string_view id) const {
  JobVertexIndex at = 0;
  while (at < vertices.size() && vertices[at].id != id) ++at;
  return at;
}

namespace {

class TopologicalWalk {
 public:
  explicit TopologicalWalk(const JobGraph& graph)
      : graph_(graph), listed_(graph.vertices.size(), false) {}

  std::vector<JobVertexIndex> run() {
    for (JobVertexIndex v = 0; v < graph_.vertices.size(); ++v) {
      if (graph_.vertices[v].inputs.empty()) list(v);
    }
    for (size_t at = 0; at < order_.size(); ++at) walk_from(order_[at]);
    if (order_.size() != graph_.vertices.size()) order_.clear();
    return std::move(order_);
  }

 private:
  void list(JobVertexIndex v) {
    listed_[v] = true;
    order_.push_back(v);
  }

  // Depth first without recursion: a chain of vertices may be long.
  struct Position {
    JobVertexIndex vertex;
    size_t data_set;
    size_t consumer;
  };

  void walk_from(JobVertexIndex start) {
    std::vector<Position> stack{Position{start, 0, 0}};
    while (!stack.empty()) {
      Position& top = stack.back();
      const JobVertex& vertex = graph_.vertices[top.vertex];
      if (top.data_set == vertex.data_sets.size()) {
        stack.pop_back();
        continue;
      }
      const IntermediateDataSet& data_set = graph_.data_sets[vertex.data_sets[top.data_set]];
      if (top.consumer == data_set.consumers.size()) {
        ++top.data_set;
        top.consumer = 0;
        continue;
      }
      const EdgeIndex edge = data_set.consumers[top.consumer++];
      const JobVertexIndex next = graph_.edges[edge].consumer;
      if (listed_[next] || !all_other_inputs_listed(edge)) continue;
      list(next);
      stack.push_back(Position{next, 0, 0});
    }
  }

  bool all_other_inputs_listed(EdgeIndex edge) const {
    for (const EdgeIndex other : graph_.vertices[graph_.edges[edge].consumer].inputs) {
      if (other != edge && !listed_[graph_.producer_of(other)]) return false;
    }
    return true;
  }

  const JobGraph& graph_;
  std::vector<bool> listed_;
  std::vector<JobVertexIndex> order_;
};

}  // namespace

std::vector<JobVertexIndex> topological_order(const JobGraph& graph) {
  return TopologicalWalk(graph).run();
}

}  // namespace drey::model
