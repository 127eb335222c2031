#include "reports/oracles/region_rule.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "model/graph/result_partition_type.h"

namespace drey::reports {

using model::EdgeIndex;
using model::IndexRange;
using model::PartitionIndex;
using model::SubtaskIndex;

namespace {

class Joined {
 public:
  explicit Joined(uint32_t n) : parent_(n) { std::iota(parent_.begin(), parent_.end(), 0u); }
  uint32_t root(uint32_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }
  void join(uint32_t a, uint32_t b) { parent_[root(a)] = root(b); }

 private:
  std::vector<uint32_t> parent_;
};

// visit(producer, consumer, partition) for each pair that a pointwise edge connects.
template <class Visit>
void for_each_pair(const model::ExecutionTopology& topology, EdgeIndex edge, Visit visit) {
  const model::JobGraph& job = topology.job();
  const model::DataSetIndex data_set = job.edges[edge].data_set;
  const model::JobVertexIndex consumer = job.edges[edge].consumer;
  for (uint32_t i = 0; i < job.vertices[consumer].parallelism; ++i) {
    const IndexRange read = model::consumed_partitions(topology.shape_of(edge), i);
    for (uint32_t p = read.first; p <= read.last; ++p)
      visit(topology.subtask(job.producer_of(edge), p), topology.subtask(consumer, i),
            topology.partition(data_set, p));
  }
}

}  // namespace

RegionRule::RegionRule(const model::ExecutionTopology& topology) : topology_(topology) {
  join_regions();
  collect_edges();
}

void RegionRule::join_regions() {
  const model::JobGraph& job = topology_.job();
  Joined vertices(static_cast<uint32_t>(job.vertices.size()));
  for (EdgeIndex e = 0; e < job.edges.size(); ++e)
    if (model::must_be_pipelined(job.data_set_of(e).type))
      vertices.join(job.producer_of(e), job.edges[e].consumer);
  std::vector<bool> all_of_it(job.vertices.size(), false);  // by root: one region
  for (EdgeIndex e = 0; e < job.edges.size(); ++e) {
    const uint32_t root = vertices.root(job.producer_of(e));
    const bool inside = root == vertices.root(job.edges[e].consumer);
    if (inside && job.data_set_of(e).pattern == model::DistributionPattern::all_to_all)
      all_of_it[root] = true;
  }
  Joined subtasks(topology_.subtasks());
  std::vector<uint32_t> first(job.vertices.size(), UINT32_MAX);
  for (model::JobVertexIndex v = 0; v < job.vertices.size(); ++v) {
    const uint32_t root = vertices.root(v);
    if (!all_of_it[root]) continue;
    const IndexRange range = topology_.subtasks_of(v);
    if (first[root] == UINT32_MAX) first[root] = range.first;
    for (SubtaskIndex s = range.first; s <= range.last; ++s) subtasks.join(s, first[root]);
  }
  for (EdgeIndex e = 0; e < job.edges.size(); ++e) {
    if (!model::must_be_pipelined(job.data_set_of(e).type)) continue;
    if (all_of_it[vertices.root(job.producer_of(e))]) continue;
    for_each_pair(topology_, e, [&](SubtaskIndex from, SubtaskIndex to, PartitionIndex) {
      subtasks.join(from, to);
    });
  }
  region_of_.assign(topology_.subtasks(), UINT32_MAX);
  std::vector<uint32_t> number(topology_.subtasks(), UINT32_MAX);
  std::vector<uint32_t> logical;
  for (SubtaskIndex s = 0; s < topology_.subtasks(); ++s) {
    uint32_t& of_root = number[subtasks.root(s)];
    if (of_root == UINT32_MAX) {
      of_root = regions_++;
      logical.push_back(vertices.root(topology_.vertex_of(s)));
    }
    region_of_[s] = of_root;
  }
  merge_cycles(logical);
}

// Inside a logical region: two regions that reach each other by results that need not be pipelined
// are one.
void RegionRule::merge_cycles(const std::vector<uint32_t>& logical) {
  const model::JobGraph& job = topology_.job();
  std::vector<std::set<uint32_t>> next(regions_);
  bool any = false;
  for (EdgeIndex e = 0; e < job.edges.size(); ++e) {
    if (model::must_be_pipelined(job.data_set_of(e).type)) continue;
    if (job.data_set_of(e).pattern == model::DistributionPattern::all_to_all) continue;
    for_each_pair(topology_, e, [&](SubtaskIndex from, SubtaskIndex to, PartitionIndex) {
      const uint32_t a = region_of_[from], b = region_of_[to];
      if (a == b || logical[a] != logical[b]) return;
      next[a].insert(b);
      any = true;
    });
  }
  if (!any) return;
  std::vector<std::set<uint32_t>> reach(regions_);
  for (uint32_t r = 0; r < regions_; ++r) {
    std::vector<uint32_t> open{r};
    while (!open.empty()) {
      const uint32_t at = open.back();
      open.pop_back();
      for (const uint32_t to : next[at])
        if (reach[r].insert(to).second) open.push_back(to);
    }
  }
  std::vector<uint32_t> merged(regions_);
  for (uint32_t r = 0; r < regions_; ++r) {
    merged[r] = r;
    for (uint32_t other = 0; other < r && merged[r] == r; ++other)
      if (reach[r].count(other) != 0 && reach[other].count(r) != 0) merged[r] = merged[other];
  }
  for (uint32_t& region : region_of_) region = merged[region];
}

void RegionRule::collect_edges() {
  const model::JobGraph& job = topology_.job();
  std::set<std::pair<PartitionIndex, uint32_t>> seen;
  const auto add = [&](SubtaskIndex from, SubtaskIndex to, PartitionIndex partition) {
    if (seen.insert({partition, region_of_[to]}).second)
      edges_.push_back({region_of_[from], region_of_[to], partition});
  };
  for (EdgeIndex e = 0; e < job.edges.size(); ++e) {
    if (job.data_set_of(e).pattern == model::DistributionPattern::pointwise) {
      for_each_pair(topology_, e, add);
      continue;
    }
    const IndexRange consumers = topology_.subtasks_of(job.edges[e].consumer);
    std::set<uint32_t> regions;
    for (SubtaskIndex s = consumers.first; s <= consumers.last; ++s) regions.insert(region_of_[s]);
    const PartitionIndex first = topology_.partition(job.edges[e].data_set, 0);
    const uint32_t producers = job.vertices[job.producer_of(e)].parallelism;
    complete_.push_back(
        {{first, first + producers - 1}, std::vector<uint32_t>(regions.begin(), regions.end())});
  }
}

// A region neither consumes from itself nor loses its own results to itself.
bool RegionRule::spread(const Edge& edge, const std::vector<bool>& missing,
                        std::vector<Reasons>& of_region) const {
  if (edge.from == edge.to) return false;
  bool grew = false;
  Reasons& from = of_region[edge.from];
  Reasons& to = of_region[edge.to];
  if (to.any() && missing[edge.partition] && !from.lost_input) grew = from.lost_input = true;
  if (from.any() && !to.consumer) grew = to.consumer = true;
  return grew;
}

bool RegionRule::spread(const Complete& edge, const std::vector<bool>& missing,
                        std::vector<Reasons>& of_region) const {
  bool grew = false;
  uint32_t in = UINT32_MAX;  // a restarted region that reads, and another one
  uint32_t in_too = UINT32_MAX;
  for (const uint32_t to : edge.to)
    if (of_region[to].any()) (in == UINT32_MAX ? in : in_too) = to;
  uint32_t out = UINT32_MAX;  // the same of those that are read
  uint32_t out_too = UINT32_MAX;
  for (PartitionIndex p = edge.partitions.first; p <= edge.partitions.last; ++p) {
    const uint32_t from = region_of_[topology_.producer_of(p)];
    const bool read_by_other = in_too != UINT32_MAX || (in != UINT32_MAX && in != from);
    if (read_by_other && missing[p] && !of_region[from].lost_input)
      grew = of_region[from].lost_input = true;
    if (of_region[from].any() && from != out) (out == UINT32_MAX ? out : out_too) = from;
  }
  for (const uint32_t to : edge.to) {
    const bool reads_other = out_too != UINT32_MAX || (out != UINT32_MAX && out != to);
    if (reads_other && !of_region[to].consumer) grew = of_region[to].consumer = true;
  }
  return grew;
}

std::vector<RegionRule::Reasons> RegionRule::restart_set(SubtaskIndex failed,
                                                         const std::vector<bool>& missing) const {
  std::vector<Reasons> of_region(topology_.subtasks());
  of_region[region_of_[failed]].failed_region = true;
  for (bool grew = true; grew;) {
    grew = false;
    for (const Edge& edge : edges_) grew = spread(edge, missing, of_region) || grew;
    for (const Complete& edge : complete_) grew = spread(edge, missing, of_region) || grew;
  }
  std::vector<Reasons> by_subtask(topology_.subtasks());
  for (SubtaskIndex s = 0; s < topology_.subtasks(); ++s) by_subtask[s] = of_region[region_of_[s]];
  return by_subtask;
}

}  // namespace drey::reports
