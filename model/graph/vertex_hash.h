#pragma once
// Java hash codes of Flink's ids, where the order in which a HashMap is walked decides what
// happens: of the tasks that share a lost slot, the first one of each region fails and the others
// are canceled.
//
// A user's operator id (uid) is hashed to the OperatorID; that of the head of a chain is the
// JobVertexID. The ids of a drey job are its uids. Upstream: StreamGraphHasherV2 (murmur3_128 of
// the uid), AbstractID.hashCode, ExecutionVertexID.hashCode, java.util.HashMap.
#include <cstdint>
#include <string_view>
#include <vector>

namespace drey::model {

// JobVertexID.hashCode() of a chain whose head has this uid.
uint32_t java_hash_of_vertex(std::string_view uid);
// ExecutionVertexID.hashCode().
constexpr uint32_t java_hash_of_subtask(uint32_t vertex_hash, uint32_t index) {
  return 31 * vertex_hash + index;
}

// The order in which a HashMap with the default capacity gives back keys with these hash codes that
// were put in this order: indexes into `hashes`.
std::vector<uint32_t> java_hash_map_order(const std::vector<uint32_t>& hashes);

}  // namespace drey::model
