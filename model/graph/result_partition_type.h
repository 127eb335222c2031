#pragma once
// The kinds of intermediate results and their flags. Everything that regions, failover, scheduling
// and release ask of a result is a predicate here; nobody else switches over the type.
//
// Upstream: org.apache.flink.runtime.io.network.partition.ResultPartitionType.
#include <cstdint>
#include <string_view>

namespace drey::model {

enum class ResultPartitionType : uint8_t {
  blocking,
  blocking_persistent,
  pipelined,
  pipelined_bounded,
  pipelined_approximate,
  hybrid_full,
  hybrid_selective,
};

constexpr bool is_blocking_or_persistent(ResultPartitionType type) {
  return type == ResultPartitionType::blocking || type == ResultPartitionType::blocking_persistent;
}
constexpr bool is_hybrid(ResultPartitionType type) {
  return type == ResultPartitionType::hybrid_full || type == ResultPartitionType::hybrid_selective;
}
constexpr bool is_pipelined_or_bounded(ResultPartitionType type) {
  return type == ResultPartitionType::pipelined || type == ResultPartitionType::pipelined_bounded;
}
// Producer and consumer must run at the same time: this is what ties a region together.
constexpr bool must_be_pipelined(ResultPartitionType type) { return is_pipelined_or_bounded(type); }
// A consumer may run before the producer has finished.
constexpr bool can_be_pipelined(ResultPartitionType type) {
  return !is_blocking_or_persistent(type);
}
// Uses a bounded number of network buffers.
constexpr bool is_bounded(ResultPartitionType type) {
  return type == ResultPartitionType::pipelined_bounded ||
         type == ResultPartitionType::pipelined_approximate;
}
// Outlives its job (cluster data set).
constexpr bool is_persistent(ResultPartitionType type) {
  return type == ResultPartitionType::blocking_persistent;
}
// Can be read again, by a restarted consumer, without the producer.
constexpr bool is_reconsumable(ResultPartitionType type) {
  return is_blocking_or_persistent(type) || type == ResultPartitionType::hybrid_full;
}
// The JobMaster's partition tracker tracks it and releases it; otherwise the producing task frees
// it.
constexpr bool is_released_by_scheduler(ResultPartitionType type) {
  return is_blocking_or_persistent(type) || is_hybrid(type);
}
constexpr bool is_released_by_upstream(ResultPartitionType type) {
  return !is_released_by_scheduler(type);
}
constexpr bool supports_compression(ResultPartitionType type) {
  return is_blocking_or_persistent(type) || is_hybrid(type);
}

// Flink's name, e.g. "PIPELINED_BOUNDED".
std::string_view name_of(ResultPartitionType type);

}  // namespace drey::model
