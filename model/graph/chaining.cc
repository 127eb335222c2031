// From JobSpec to JobGraph: which operators form one vertex, and what type each result gets
// (job_graph.h).
#include <map>
#include <utility>

#include "model/graph/job_graph.h"
#include "model/graph/pipelined_region.h"
#include "sim/check.h"

namespace drey::model {

namespace {

constexpr std::string_view kDefaultGroup = "default";

const OperatorSpec& operator_named(const JobSpec& job, const std::string& id) {
  for (const OperatorSpec& op : job.operators) {
    if (op.id == id) return op;
  }
  CHECK(false, "an edge names a known operator (problems_of)");
  return job.operators.front();
}

uint32_t effective_max_parallelism(const OperatorSpec& op) {
  return op.max_parallelism != 0 ? op.max_parallelism : default_max_parallelism(op.parallelism);
}

std::string_view effective_group(const OperatorSpec& op) {
  return op.slot_sharing_group.empty() ? kDefaultGroup : std::string_view(op.slot_sharing_group);
}

bool strategies_allow(const OperatorSpec& up, const OperatorSpec& down) {
  if (up.chaining == ChainingStrategy::never) return false;
  switch (down.chaining) {
    case ChainingStrategy::always:
      return true;
    case ChainingStrategy::head_with_sources:
      return up.kind == OperatorKind::source;
    case ChainingStrategy::never:
    case ChainingStrategy::head:
      return false;
  }
  return false;
}

bool max_parallelism_allows(const JobSpec& job, const OperatorSpec& up, const OperatorSpec& down) {
  return job.chain_different_max_parallelism ||
         effective_max_parallelism(up) == effective_max_parallelism(down);
}

// Operators of one chain share one number of key groups: the least that one of them asks for. 0:
// nobody asked yet.
uint32_t combined_max_parallelism(uint32_t chain, const OperatorSpec& op) {
  if (op.max_parallelism == 0) return chain;
  return chain == 0 || op.max_parallelism < chain ? op.max_parallelism : chain;
}

class Generator {
 public:
  explicit Generator(const JobSpec& job) : job_(job), vertex_of_(job.operators.size(), kNoVertex) {
    graph_.name = job.name;
    graph_.mode = job.mode;
    for (uint32_t op = 0; op < job.operators.size(); ++op) index_of_[job.operators[op].id] = op;
    in_.resize(job.operators.size());
    out_.resize(job.operators.size());
    for (const EdgeSpec& edge : job.edges) {
      in_[index_of_.at(edge.to)].push_back(&edge);
      out_[index_of_.at(edge.from)].push_back(&edge);
    }
  }

  JobGraph run() {
    for (uint32_t op = 0; op < job_.operators.size(); ++op) {
      if (is_head(op)) add_chain(op);
    }
    for (JobVertexIndex v = 0; v < graph_.vertices.size(); ++v) connect_outputs(v);
    if (job_.mode == RuntimeMode::batch) add_committers();
    if (job_.mode == RuntimeMode::batch) one_group_per_logical_region();
    return std::move(graph_);
  }

 private:
  static constexpr JobVertexIndex kNoVertex = UINT32_MAX;

  bool is_head(uint32_t op) const {
    return in_[op].size() != 1 || !is_chainable(job_, *in_[op].front());
  }

  void add_chain(uint32_t head) {
    const OperatorSpec& spec = job_.operators[head];
    JobVertex vertex;
    vertex.id = spec.id;
    vertex.uid = spec.uid.empty() ? spec.id : spec.uid;
    vertex.parallelism = spec.parallelism;
    vertex.max_parallelism = 0;
    vertex.slot_sharing_group = effective_group(spec);
    vertex.name = append(vertex, head);
    if (vertex.max_parallelism == 0)
      vertex.max_parallelism = default_max_parallelism(vertex.parallelism);
    const JobVertexIndex at = graph_.add_vertex(std::move(vertex));
    for (const uint32_t op : graph_.vertices[at].operators) vertex_of_[op] = at;
  }

  // An operator and all that are chained to it, depth first. Returns the name of this part of the
  // chain (StreamingJobGraphGenerator.createChainedName).
  std::string append(JobVertex& vertex, uint32_t op) const {
    std::string name;
    while (true) {
      const OperatorSpec& spec = job_.operators[op];
      vertex.operators.push_back(op);
      if (vertex.co_location_group.empty()) vertex.co_location_group = spec.co_location_group;
      vertex.max_parallelism = combined_max_parallelism(vertex.max_parallelism, spec);
      name += spec.id;
      const std::vector<uint32_t> chained = chained_to(op);
      if (chained.empty()) return name;
      name += " -> ";
      if (chained.size() > 1) return name + "(" + append_branches(vertex, chained) + ")";
      op = chained.front();
    }
  }

  std::string append_branches(JobVertex& vertex, const std::vector<uint32_t>& heads) const {
    std::string names;
    for (const uint32_t head : heads) {
      if (!names.empty()) names += ", ";
      names += append(vertex, head);
    }
    return names;
  }

  std::vector<uint32_t> chained_to(uint32_t op) const {
    std::vector<uint32_t> chained;
    for (const EdgeSpec* edge : out_[op])
      if (is_chainable(job_, *edge)) chained.push_back(index_of_.at(edge->to));
    return chained;
  }

  // What leaves the chain behind an operator is connected before its own outputs
  // (StreamingJobGraphGenerator.createChain's transitive out-edges).
  void connect_outputs(JobVertexIndex vertex) {
    std::vector<uint32_t> open{graph_.vertices[vertex].operators.front()};
    std::vector<uint32_t> order;  // the last branch first
    while (!open.empty()) {
      order.push_back(open.back());
      open.pop_back();
      for (const uint32_t next : chained_to(order.back())) open.push_back(next);
    }
    while (!order.empty()) {
      const uint32_t op = order.back();
      order.pop_back();
      for (const EdgeSpec* edge : out_[op]) {
        if (is_chainable(job_, *edge)) continue;
        const JobVertexIndex consumer = vertex_of_[index_of_.at(edge->to)];
        graph_.connect(data_set_for(vertex, op, *edge, consumer), consumer);
      }
    }
  }

  // In batch mode the edge from a sink's writer to its committer is an exchange of its own: the
  // committer is a vertex, without operators of the job's author, that starts when the writers have
  // finished. Upstream: SinkTransformationTranslator.
  void add_committers() {
    const GlobalExchangeMode mode = effective_exchange(job_);
    const bool hybrid = mode == GlobalExchangeMode::all_hybrid_full ||
                        mode == GlobalExchangeMode::all_hybrid_selective;
    for (uint32_t op = 0; op < job_.operators.size(); ++op) {
      const OperatorSpec& sink = job_.operators[op];
      if (sink.kind != OperatorKind::sink || sink.delivery != Delivery::exactly_once) continue;
      JobVertex committer;
      committer.id = sink.id + "-committer";
      committer.name = committer.id;
      committer.parallelism = sink.parallelism;
      committer.max_parallelism = graph_.vertices[vertex_of_[op]].max_parallelism;
      committer.slot_sharing_group = effective_group(sink);
      IntermediateDataSet committables;
      committables.producer = vertex_of_[op];
      // In a hybrid cluster blocking edges are hybrid full.
      committables.type = hybrid ? ResultPartitionType::hybrid_full : ResultPartitionType::blocking;
      committables.pattern = DistributionPattern::pointwise;
      committables.ship = Partitioner::forward;
      committables.producing_operator = op;
      const JobVertexIndex vertex = graph_.add_vertex(std::move(committer));
      const DataSetIndex data_set = graph_.add_data_set(std::move(committables));
      graph_.connect(data_set, vertex);
    }
  }

  DataSetIndex data_set_for(JobVertexIndex producer, uint32_t op, const EdgeSpec& edge,
                            JobVertexIndex consumer) {
    IntermediateDataSet wanted;
    wanted.producer = producer;
    wanted.type = result_type_of(job_, edge);
    wanted.pattern = pattern_of(edge.ship);
    wanted.ship = edge.ship;
    wanted.producing_operator = op;
    for (const DataSetIndex candidate : graph_.vertices[producer].data_sets) {
      if (can_share(graph_.data_sets[candidate], wanted, consumer)) {
        // A hybrid result with several consumers is always spilled in full.
        if (is_hybrid(wanted.type))
          graph_.data_sets[candidate].type = ResultPartitionType::hybrid_full;
        return candidate;
      }
    }
    return graph_.add_data_set(std::move(wanted));
  }

  // Two consumers read one result if it can be read twice and both want it cut the same way.
  bool can_share(const IntermediateDataSet& have, const IntermediateDataSet& wanted,
                 JobVertexIndex consumer) const {
    const bool same_reconsumable = have.type == wanted.type && is_reconsumable(have.type);
    const bool both_hybrid = is_hybrid(have.type) && is_hybrid(wanted.type);
    if (!same_reconsumable && !both_hybrid) return false;
    const JobVertex& other = graph_.vertices[graph_.edges[have.consumers.front()].consumer];
    const JobVertex& mine = graph_.vertices[consumer];
    return have.producing_operator == wanted.producing_operator && have.ship == wanted.ship &&
           other.parallelism == mine.parallelism && other.max_parallelism == mine.max_parallelism;
  }

  // Batch: vertices without a group of their own share slots only inside their logical region.
  void one_group_per_logical_region() {
    uint32_t number = 0;
    for (const std::vector<JobVertexIndex>& region : logical_regions(graph_)) {
      for (const JobVertexIndex v : region) {
        JobVertex& vertex = graph_.vertices[v];
        if (vertex.slot_sharing_group == kDefaultGroup)
          vertex.slot_sharing_group = "region-" + std::to_string(number);
      }
      ++number;
    }
  }

  const JobSpec& job_;
  JobGraph graph_;
  std::map<std::string, uint32_t> index_of_;
  std::vector<std::vector<const EdgeSpec*>> in_;
  std::vector<std::vector<const EdgeSpec*>> out_;
  std::vector<JobVertexIndex> vertex_of_;
};

uint32_t inputs_of(const JobSpec& job, const std::string& id) {
  uint32_t inputs = 0;
  for (const EdgeSpec& edge : job.edges) inputs += edge.to == id ? 1u : 0u;
  return inputs;
}

}  // namespace

bool is_chainable(const JobSpec& job, const EdgeSpec& edge) {
  const OperatorSpec& up = operator_named(job, edge.from);
  const OperatorSpec& down = operator_named(job, edge.to);
  return job.chaining && inputs_of(job, edge.to) == 1 &&
         effective_group(up) == effective_group(down) && strategies_allow(up, down) &&
         up.parallelism == down.parallelism && max_parallelism_allows(job, up, down) &&
         edge.ship == Partitioner::forward && edge.exchange != ExchangeMode::batch;
}

ResultPartitionType result_type_of(const JobSpec& job, const EdgeSpec& edge) {
  switch (edge.exchange) {
    case ExchangeMode::pipelined:
      return ResultPartitionType::pipelined_bounded;
    case ExchangeMode::batch:
      return ResultPartitionType::blocking;
    case ExchangeMode::hybrid_full:
      return ResultPartitionType::hybrid_full;
    case ExchangeMode::hybrid_selective:
      return ResultPartitionType::hybrid_selective;
    case ExchangeMode::undefined:
      break;
  }
  if (operator_named(job, edge.from).outputs_only_at_end_of_input)
    return ResultPartitionType::blocking;
  const auto pipelined_if = [](bool pipelined) {
    return pipelined ? ResultPartitionType::pipelined_bounded : ResultPartitionType::blocking;
  };
  switch (effective_exchange(job)) {
    case GlobalExchangeMode::all_blocking:
      return ResultPartitionType::blocking;
    case GlobalExchangeMode::forward_pipelined:
      return pipelined_if(edge.ship == Partitioner::forward);
    case GlobalExchangeMode::pointwise_pipelined:
      return pipelined_if(is_pointwise(edge.ship));
    case GlobalExchangeMode::all_pipelined:
      return ResultPartitionType::pipelined_bounded;
    case GlobalExchangeMode::all_pipelined_approximate:
      return ResultPartitionType::pipelined_approximate;
    case GlobalExchangeMode::all_hybrid_full:
      return ResultPartitionType::hybrid_full;
    case GlobalExchangeMode::all_hybrid_selective:
      return ResultPartitionType::hybrid_selective;
  }
  return ResultPartitionType::pipelined_bounded;
}

JobGraph build_job_graph(const JobSpec& job) {
  CHECK(problems_of(job).empty(), "only a valid job is built");
  return Generator(job).run();
}

}  // namespace drey::model
