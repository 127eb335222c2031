// The allocator of small blocks: what is written stays, blocks do not overlap, classes are told.
#include "tools/small_blocks.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

namespace drey::tools {
namespace {

// Compiled out under AddressSanitizer.
bool built() {
  const auto block = std::make_unique<char[]>(64);
  return drey_small_block_size(block.get()) != 0;
}

TEST(SmallBlocks, KeepWhatIsWrittenWhateverIsTakenAndGivenBackBeside) {
  struct Held {
    std::unique_ptr<unsigned char[]> bytes;
    size_t size = 0;
    unsigned char fill = 0;
  };
  std::vector<Held> held(500);
  uint64_t x = 1;
  for (int step = 0; step < 50'000; ++step) {
    x = x * 6364136223846793005u + 1442695040888963407u;
    Held& slot = held[(x >> 33) % held.size()];
    for (size_t i = 0; i < slot.size; ++i) ASSERT_EQ(slot.bytes[i], slot.fill);
    slot.size = (x >> 20) % (2 * kLargestSmallBlock);
    slot.fill = static_cast<unsigned char>(x >> 56);
    slot.bytes.reset(new unsigned char[slot.size]);
    ASSERT_EQ(reinterpret_cast<uintptr_t>(slot.bytes.get()) % 16, 0u);
    std::memset(slot.bytes.get(), slot.fill, slot.size);
  }
}

TEST(SmallBlocks, TellTheSizeOfTheirClassAndNothingOfOthers) {
  if (!built()) GTEST_SKIP() << "compiled out under AddressSanitizer";
  for (size_t size = 1; size <= kLargestSmallBlock; ++size) {
    const std::unique_ptr<char[]> block(new char[size]);
    const size_t told = drey_small_block_size(block.get());
    EXPECT_GE(told, size);
    EXPECT_LT(told, size + 16);
  }
  const std::unique_ptr<char[]> large(new char[kLargestSmallBlock + 1]);
  EXPECT_EQ(drey_small_block_size(large.get()), 0u);
  const int on_the_stack = 0;
  EXPECT_EQ(drey_small_block_size(&on_the_stack), 0u);
  EXPECT_EQ(drey_small_block_size(nullptr), 0u);
}

TEST(SmallBlocks, TheOneGivenBackLastIsTakenFirst) {
  if (!built()) GTEST_SKIP() << "compiled out under AddressSanitizer";
  char* const first = new char[100];
  const auto where = reinterpret_cast<uintptr_t>(first);
  delete[] first;
  const std::unique_ptr<char[]> second(new char[100]);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(second.get()), where);
}

}  // namespace
}  // namespace drey::tools
