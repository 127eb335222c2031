// A pipelined result's room: many outputs admitted at once are those that would be admitted one by
// one, with the same buffers.
#include "model/task/result_partition.h"

#include <gtest/gtest.h>

#include <vector>

namespace drey::model {
namespace {

struct Writer final : PartitionWriter {
  void look() override {}
  void output_available() override { ++available; }
  void buffer_emitted(uint32_t, uint32_t, uint32_t, const RecordSlice&) override {}
  void all_data_processed(uint32_t) override {}
  int available = 0;
};

// Four subpartitions, buffers of eight units, a pool of `buffers`.
struct Result {
  explicit Result(int32_t buffers) : network(buffers) {
    ready = partition.set_up(network, {.required = buffers, .max = buffers, .subpartitions = 4});
  }
  ~Result() { partition.release(); }
  NetworkBufferPool network;
  Writer writer;
  ResultPartition partition{{.subpartitions = 4, .units_per_buffer = 8}, writer};
  bool ready = false;
};

std::vector<uint16_t> targets(size_t count) {
  std::vector<uint16_t> all;
  for (size_t i = 0; i < count; ++i) all.push_back(static_cast<uint16_t>(i * i % 4 + i % 2 * 2));
  for (uint16_t& target : all) target = static_cast<uint16_t>(target % 4);
  return all;
}

TEST(ResultPartition, ManyAreAdmittedAsOneByOne) {
  for (const int32_t buffers : {2, 5, 9, 40}) {
    for (const size_t count : {0u, 1u, 30u, 100u}) {
      Result together(buffers);
      Result singly(buffers);
      ASSERT_TRUE(together.ready && singly.ready);
      const std::vector<uint16_t> all = targets(count);
      size_t admitted = 0;
      while (admitted < all.size() && singly.partition.available())
        singly.partition.admit(all[admitted++]);
      EXPECT_EQ(together.partition.admit(all), admitted);
      EXPECT_EQ(together.partition.available(), singly.partition.available());
      EXPECT_EQ(together.partition.buffers_in_use(), singly.partition.buffers_in_use());
      // What was admitted can be written, and no more is admitted while nothing comes back.
      for (size_t i = 0; i < admitted; ++i)
        together.partition.write(all[i], {.key = i, .provenance = i}, 1);
      if (!singly.partition.available()) {
        EXPECT_EQ(together.partition.admit(all), 0u);
      }
    }
  }
}

}  // namespace
}  // namespace drey::model
