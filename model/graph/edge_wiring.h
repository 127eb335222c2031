#pragma once
// Who reads what along one edge: partitions and subpartitions per consumer, as formulas over S
// producers and T consumers. Indexes are those of subtasks inside their vertices; ranges are
// inclusive.
//
// Pointwise: S >= T: consumer i reads partitions [i*S/T, (i+1)*S/T - 1], each with one
// subpartition. S < T: partition p feeds consumers [ceil(p*T/S), ceil((p+1)*T/S) - 1] and has one
// subpartition per consumer, and consumer i reads subpartition i mod (number of consumers of p):
// rotated, not i minus the first. All-to-all: every consumer reads all partitions, consumer i
// subpartition i.
//
// Upstream: VertexInputInfoComputationUtils, EdgeManagerBuildUtil.
#include <cstdint>
#include <optional>

#include "model/graph/job_graph.h"

namespace drey::model {

struct IndexRange {
  uint32_t first = 0;
  uint32_t last = 0;
  constexpr uint32_t size() const { return last - first + 1; }
  constexpr bool contains(uint32_t index) const { return first <= index && index <= last; }
  friend constexpr bool operator==(IndexRange, IndexRange) = default;
};

struct EdgeShape {
  DistributionPattern pattern = DistributionPattern::all_to_all;
  uint32_t producers = 1;
  uint32_t consumers = 1;
};

IndexRange consumed_partitions(const EdgeShape& shape, uint32_t consumer);
// The consumers that read partition `producer`.
IndexRange consumers_of_partition(const EdgeShape& shape, uint32_t producer);

// Graph of fixed parallelism: the one subpartition that `consumer` reads of each of its partitions,
// and how many subpartitions partition `producer` has.
uint32_t consumed_subpartition(const EdgeShape& shape, uint32_t consumer);
uint32_t subpartitions_of(const EdgeShape& shape, uint32_t producer);

// Graph whose parallelism is decided at run time: every partition has `subpartitions` of them, cut
// among the consumers. A broadcast is read whole by all; with `single` its one subpartition 0 holds
// everything. Empty where there are more consumers than subpartitions (upstream:
// IllegalArgumentException).
struct DynamicResult {
  uint32_t subpartitions = 1;
  bool broadcast = false;
  bool single = false;
};
std::optional<IndexRange> consumed_subpartition_range(const DynamicResult& result,
                                                      uint32_t consumer, uint32_t consumers);
std::optional<IndexRange> consumed_subpartition_range(const EdgeShape& shape,
                                                      const DynamicResult& result,
                                                      uint32_t consumer);

// The largest number of partitions that one consumer reads along the edge.
uint32_t max_edges_to_consumer(const EdgeShape& shape);
// The largest number of consumers that one partition feeds.
uint32_t max_edges_from_producer(const EdgeShape& shape);

}  // namespace drey::model
