#include "model/graph/pipelined_region.h"

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/strong_components.hpp>
#include <boost/pending/disjoint_sets.hpp>
#include <boost/property_map/property_map.hpp>
#include <map>
#include <set>
#include <utility>

#include "fmt/core.h"

namespace drey::model {

namespace {

// Disjoint sets over 0..n-1 with path compression and union by rank.
class Components {
 public:
  explicit Components(uint32_t count)
      : rank_(count), parent_(count), sets_(Map(rank_.begin()), Map(parent_.begin())) {
    for (uint32_t i = 0; i < count; ++i) sets_.make_set(i);
  }
  Components(const Components&) = delete;
  Components& operator=(const Components&) = delete;

  void join(uint32_t a, uint32_t b) { sets_.union_set(a, b); }
  uint32_t representative(uint32_t a) { return sets_.find_set(a); }

 private:
  using Map = boost::iterator_property_map<std::vector<uint32_t>::iterator,
                                           boost::typed_identity_property_map<uint32_t>>;
  std::vector<uint32_t> rank_;
  std::vector<uint32_t> parent_;
  boost::disjoint_sets<Map, Map> sets_;
};

constexpr uint32_t kNone = UINT32_MAX;

// Numbers sets in the order in which their first member is met.
class Numbering {
 public:
  explicit Numbering(uint32_t sets) : number_(sets, kNone) {}
  uint32_t of(uint32_t set) {
    if (number_[set] == kNone) number_[set] = next_++;
    return number_[set];
  }

 private:
  std::vector<uint32_t> number_;
  uint32_t next_ = 0;
};

bool ties_together(ResultPartitionType type) { return must_be_pipelined(type); }

class RegionBuilder {
 public:
  explicit RegionBuilder(const ExecutionTopology& topology)
      : topology_(topology),
        joined_(topology.subtasks()),
        logical_region_of_(topology.job().vertices.size(), kNone) {}

  PipelinedRegions run() {
    const auto logical = logical_regions(topology_.job());
    for (uint32_t k = 0; k < logical.size(); ++k) {
      for (const JobVertexIndex v : logical[k]) logical_region_of_[v] = k;
    }
    for (const std::vector<JobVertexIndex>& region : logical) {
      if (has_inner_all_to_all(region)) {
        join_all(region);
      } else {
        join_pipelined(region);
        merge_cycles(region);
      }
    }
    return collect();
  }

 private:
  bool is_inner(EdgeIndex edge) const {
    const JobGraph& job = topology_.job();
    return logical_region_of_[job.producer_of(edge)] ==
           logical_region_of_[job.edges[edge].consumer];
  }

  // Whatever its type: upstream takes an all-to-all edge as connected or cyclic anyway.
  bool has_inner_all_to_all(const std::vector<JobVertexIndex>& region) const {
    const JobGraph& job = topology_.job();
    for (const JobVertexIndex v : region) {
      for (const EdgeIndex edge : job.vertices[v].inputs) {
        if (is_inner(edge) && job.data_set_of(edge).pattern == DistributionPattern::all_to_all)
          return true;
      }
    }
    return false;
  }

  void join_all(const std::vector<JobVertexIndex>& region) {
    const SubtaskIndex first = topology_.subtasks_of(region.front()).first;
    for (const JobVertexIndex v : region) {
      const IndexRange subtasks = topology_.subtasks_of(v);
      for (SubtaskIndex s = subtasks.first; s <= subtasks.last; ++s) joined_.join(first, s);
    }
  }

  template <class Visit>
  void for_each_inner_group(const std::vector<JobVertexIndex>& region, Visit visit) const {
    for (const JobVertexIndex v : region) {
      for (const EdgeIndex edge : topology_.job().vertices[v].inputs) {
        if (!is_inner(edge)) continue;
        const IndexRange groups = topology_.groups_of(edge);
        for (GroupIndex g = groups.first; g <= groups.last; ++g) visit(topology_.group(g));
      }
    }
  }

  void join_pipelined(const std::vector<JobVertexIndex>& region) {
    for_each_inner_group(region, [this](const PartitionGroup& group) {
      if (!ties_together(topology_.job().data_set_of(group.edge).type)) return;
      const SubtaskIndex anchor = topology_.producer_of(group.partitions.first);
      for (PartitionIndex p = group.partitions.first; p <= group.partitions.last; ++p)
        joined_.join(anchor, topology_.producer_of(p));
      for (SubtaskIndex s = group.consumers.first; s <= group.consumers.last; ++s)
        joined_.join(anchor, s);
    });
  }

  // Raw regions that reach each other over results that need not be pipelined become one.
  void merge_cycles(const std::vector<JobVertexIndex>& region) {
    std::map<uint32_t, uint32_t> node_of;  // raw region (by representative) to node
    std::vector<uint32_t> raw;
    std::vector<std::vector<uint32_t>> successors;
    const auto node = [&](SubtaskIndex s) {
      const uint32_t representative = joined_.representative(s);
      const auto [at, added] = node_of.emplace(representative, static_cast<uint32_t>(raw.size()));
      if (added) {
        raw.push_back(representative);
        successors.emplace_back();
      }
      return at->second;
    };
    for_each_inner_group(region, [&](const PartitionGroup& group) {
      if (ties_together(topology_.job().data_set_of(group.edge).type)) return;
      // Pointwise groups have one producer or one consumer, so the pairs are linear in their size.
      for (PartitionIndex p = group.partitions.first; p <= group.partitions.last; ++p) {
        const uint32_t from = node(topology_.producer_of(p));
        for (SubtaskIndex s = group.consumers.first; s <= group.consumers.last; ++s) {
          const uint32_t to = node(s);
          if (from != to) successors[from].push_back(to);
        }
      }
    });
    if (raw.empty()) return;
    for (const std::vector<uint32_t>& component : strong_components(successors)) {
      for (const uint32_t member : component) joined_.join(raw[component.front()], raw[member]);
    }
  }

  PipelinedRegions collect() {
    PipelinedRegions regions;
    regions.region_of.resize(topology_.subtasks());
    Numbering numbering(topology_.subtasks());
    for (const JobVertexIndex v : topology_.order()) {
      const IndexRange subtasks = topology_.subtasks_of(v);
      for (SubtaskIndex s = subtasks.first; s <= subtasks.last; ++s) {
        const RegionIndex region = numbering.of(joined_.representative(s));
        if (region == regions.members.size()) regions.members.emplace_back();
        regions.members[region].push_back(s);
        regions.region_of[s] = region;
      }
    }
    return regions;
  }

  const ExecutionTopology& topology_;
  Components joined_;
  std::vector<uint32_t> logical_region_of_;
};

template <class Accept>
std::vector<GroupIndex> consumed_groups(const ExecutionTopology& topology,
                                        const std::vector<SubtaskIndex>& region, Accept accept) {
  std::vector<GroupIndex> groups;
  std::set<GroupIndex> seen;
  for (const SubtaskIndex subtask : region) {
    topology.for_each_consumed_group(subtask, [&](GroupIndex group) {
      if (!accept(topology.type_of_group(group))) return;
      // Neighbours in a vertex share their groups: most repetitions end here.
      if (!groups.empty() && groups.back() == group) return;
      if (seen.insert(group).second) groups.push_back(group);
    });
  }
  return groups;
}

}  // namespace

std::vector<std::vector<JobVertexIndex>> logical_regions(const JobGraph& graph) {
  const auto count = static_cast<uint32_t>(graph.vertices.size());
  if (count == 0) return {};
  Components joined(count);
  for (EdgeIndex edge = 0; edge < graph.edges.size(); ++edge) {
    if (ties_together(graph.data_set_of(edge).type))
      joined.join(graph.producer_of(edge), graph.edges[edge].consumer);
  }
  std::vector<std::vector<JobVertexIndex>> regions;
  Numbering numbering(count);
  for (const JobVertexIndex v : topological_order(graph)) {
    const uint32_t region = numbering.of(joined.representative(v));
    if (region == regions.size()) regions.emplace_back();
    regions[region].push_back(v);
  }
  return regions;
}

PipelinedRegions pipelined_regions(const ExecutionTopology& topology) {
  if (topology.subtasks() == 0) return {};
  return RegionBuilder(topology).run();
}

std::string co_location_problem(const ExecutionTopology& topology,
                                const PipelinedRegions& regions) {
  const JobGraph& job = topology.job();
  // The first subtask of each constraint (group, index).
  std::map<std::pair<std::string, uint32_t>, SubtaskIndex> first_of;
  for (const JobVertexIndex v : topology.order()) {
    const std::string& group = job.vertices[v].co_location_group;
    if (group.empty()) continue;
    for (uint32_t i = 0; i < job.vertices[v].parallelism; ++i) {
      const SubtaskIndex subtask = topology.subtask(v, i);
      const SubtaskIndex first = first_of.emplace(std::pair(group, i), subtask).first->second;
      if (regions.region_of[first] != regions.region_of[subtask])
        return fmt::format("co-located tasks must be in the same pipelined region: {} and {}",
                           topology.name_of(first), topology.name_of(subtask));
    }
  }
  return "";
}

std::vector<GroupIndex> non_pipelined_consumed_groups(const ExecutionTopology& topology,
                                                      const std::vector<SubtaskIndex>& region) {
  return consumed_groups(topology, region,
                         [](ResultPartitionType type) { return !must_be_pipelined(type); });
}

std::vector<GroupIndex> consumed_groups_released_by_scheduler(
    const ExecutionTopology& topology, const std::vector<SubtaskIndex>& region) {
  return consumed_groups(topology, region, is_released_by_scheduler);
}

std::vector<std::vector<uint32_t>> strong_components(
    const std::vector<std::vector<uint32_t>>& successors) {
  using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS>;
  Graph graph(successors.size());
  for (uint32_t from = 0; from < successors.size(); ++from) {
    for (const uint32_t to : successors[from]) boost::add_edge(from, to, graph);
  }
  std::vector<uint32_t> component(successors.size());
  if (!successors.empty())
    boost::strong_components(graph, boost::make_iterator_property_map(
                                        component.begin(), boost::get(boost::vertex_index, graph)));
  Numbering numbering(static_cast<uint32_t>(successors.size()));
  std::vector<std::vector<uint32_t>> components;
  for (uint32_t v = 0; v < successors.size(); ++v) {
    const uint32_t number = numbering.of(component[v]);
    if (number == components.size()) components.emplace_back();
    components[number].push_back(v);
  }
  return components;
}

}  // namespace drey::model
