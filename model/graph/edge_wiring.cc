#include "model/graph/edge_wiring.h"

namespace drey::model {

namespace {

// index * total / parts, rounded down or up; 64 bits because both may be 32,768.
uint32_t scaled(uint32_t index, uint32_t total, uint32_t parts) {
  return static_cast<uint32_t>(uint64_t{index} * total / parts);
}
uint32_t scaled_up(uint32_t index, uint32_t total, uint32_t parts) {
  return static_cast<uint32_t>((uint64_t{index} * total + parts - 1) / parts);
}

bool is_all_to_all(const EdgeShape& shape) {
  return shape.pattern == DistributionPattern::all_to_all;
}

// The partition that `consumer` reads when there are fewer producers than consumers.
uint32_t only_partition_of(const EdgeShape& shape, uint32_t consumer) {
  return scaled(consumer, shape.producers, shape.consumers);
}

}  // namespace

IndexRange consumed_partitions(const EdgeShape& shape, uint32_t consumer) {
  if (is_all_to_all(shape)) return {0, shape.producers - 1};
  if (shape.producers < shape.consumers) {
    const uint32_t partition = only_partition_of(shape, consumer);
    return {partition, partition};
  }
  return {scaled(consumer, shape.producers, shape.consumers),
          scaled(consumer + 1, shape.producers, shape.consumers) - 1};
}

IndexRange consumers_of_partition(const EdgeShape& shape, uint32_t producer) {
  if (is_all_to_all(shape)) return {0, shape.consumers - 1};
  if (shape.producers < shape.consumers)
    return {scaled_up(producer, shape.consumers, shape.producers),
            scaled_up(producer + 1, shape.consumers, shape.producers) - 1};
  // The last consumer whose range begins at or before this partition.
  const uint32_t consumer = scaled_up(producer + 1, shape.consumers, shape.producers) - 1;
  return {consumer, consumer};
}

uint32_t consumed_subpartition(const EdgeShape& shape, uint32_t consumer) {
  if (is_all_to_all(shape)) return consumer;
  if (shape.producers >= shape.consumers) return 0;
  return consumer % consumers_of_partition(shape, only_partition_of(shape, consumer)).size();
}

uint32_t subpartitions_of(const EdgeShape& shape, uint32_t producer) {
  return consumers_of_partition(shape, producer).size();
}

std::optional<IndexRange> consumed_subpartition_range(const DynamicResult& result,
                                                      uint32_t consumer, uint32_t consumers) {
  if (result.broadcast) {
    if (result.single) return IndexRange{0, 0};
    return IndexRange{0, result.subpartitions - 1};
  }
  if (consumers > result.subpartitions) return std::nullopt;
  return IndexRange{scaled(consumer, result.subpartitions, consumers),
                    scaled(consumer + 1, result.subpartitions, consumers) - 1};
}

std::optional<IndexRange> consumed_subpartition_range(const EdgeShape& shape,
                                                      const DynamicResult& result,
                                                      uint32_t consumer) {
  if (is_all_to_all(shape)) return consumed_subpartition_range(result, consumer, shape.consumers);
  const IndexRange sharers =
      consumers_of_partition(shape, consumed_partitions(shape, consumer).first);
  // Rotated, as in a graph of fixed parallelism.
  return consumed_subpartition_range(result, consumer % sharers.size(), sharers.size());
}

uint32_t max_edges_to_consumer(const EdgeShape& shape) {
  if (is_all_to_all(shape)) return shape.producers;
  return (shape.producers + shape.consumers - 1) / shape.consumers;
}

uint32_t max_edges_from_producer(const EdgeShape& shape) {
  if (is_all_to_all(shape)) return shape.consumers;
  return (shape.producers + shape.consumers - 1) / shape.producers;
}

}  // namespace drey::model
