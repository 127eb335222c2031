// Values: murmur3_128 as in StreamGraphHasherV2 and AbstractID.hashCode, worked out in Python; the
// order is the one in which Flink 2.3.0 failed the six tasks of a lost slot (twin 009).
#include "model/graph/vertex_hash.h"

#include <gtest/gtest.h>

#include <string>

namespace drey::model {
namespace {

TEST(vertex_hash, murmur_of_uids) {
  EXPECT_EQ(java_hash_of_vertex("a.src"), 0x7451d80fu);
  EXPECT_EQ(java_hash_of_vertex("c.map"), 0xc542c34fu);
  EXPECT_EQ(java_hash_of_vertex("agg"), 0x2f56833au);
  EXPECT_EQ(java_hash_of_vertex("a_long_operator_name_here"), 0x748d0739u);  // two blocks
}

TEST(vertex_hash, order_of_a_lost_slot) {
  const std::vector<std::string> tasks{"a.src", "a.map", "b.src", "b.map", "c.src", "c.map"};
  std::vector<uint32_t> hashes;
  for (const std::string& task : tasks)
    hashes.push_back(java_hash_of_subtask(java_hash_of_vertex(task), 0));
  std::vector<std::string> order;
  for (const uint32_t i : java_hash_map_order(hashes)) order.push_back(tasks[i]);
  EXPECT_EQ(order,
            (std::vector<std::string>{"c.map", "a.src", "b.map", "b.src", "a.map", "c.src"}));
}

TEST(vertex_hash, table_grows_and_buckets_keep_the_order_of_insertion) {
  EXPECT_EQ(java_hash_map_order({17, 1, 0}), (std::vector<uint32_t>{2, 0, 1}));
  std::vector<uint32_t> hashes(13, 31);  // beyond 12 keys the table has 32 buckets
  hashes[0] = 16;
  hashes[1] = 1;
  EXPECT_EQ(java_hash_map_order(hashes).front(), 1u);
  EXPECT_EQ(java_hash_map_order(hashes)[1], 0u);
}

}  // namespace
}  // namespace drey::model
