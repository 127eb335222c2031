#include "sim/reciprocal.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "sim/digest.h"

namespace drey::sim {
namespace {

void expect_exact(uint64_t divisor, uint64_t n) {
  const Reciprocal reciprocal(divisor);
  EXPECT_EQ(reciprocal.divide(n), n / divisor) << n << " / " << divisor;
  EXPECT_EQ(reciprocal.remainder(n), n % divisor) << n << " % " << divisor;
}

TEST(Reciprocal, IsExactAtTheEdges) {
  for (const uint64_t divisor :
       {uint64_t{1}, uint64_t{2}, uint64_t{3}, uint64_t{7}, uint64_t{128}, uint64_t{1000},
        uint64_t{32768}, (uint64_t{1} << 32) - 1, uint64_t{1} << 32, (uint64_t{1} << 63) - 1,
        uint64_t{1} << 63, (uint64_t{1} << 63) + 1, UINT64_MAX - 1, UINT64_MAX}) {
    for (const uint64_t n :
         {uint64_t{0}, uint64_t{1}, divisor - 1, divisor, divisor + 1, UINT64_MAX - 1, UINT64_MAX})
      expect_exact(divisor, n);
    const uint64_t last = UINT64_MAX / divisor * divisor;  // the last multiple
    expect_exact(divisor, last);
    expect_exact(divisor, last - 1);
  }
}

TEST(Reciprocal, IsExactForDrawnNumbers) {
  for (uint64_t i = 1; i <= 100'000; ++i) {
    const uint64_t bits = mix(i, 0x9e3779b97f4a7c15u);
    const uint64_t divisor = (mix(bits, 0xd1b54a32d192ed03u) >> (bits & 63)) | 1;
    expect_exact(divisor, mix(bits ^ divisor, 0x8bb84b93962eacc9u));
  }
}

TEST(Reciprocal, TheDefaultDividesByOne) { EXPECT_EQ(Reciprocal().divide(42), 42u); }

}  // namespace
}  // namespace drey::sim
