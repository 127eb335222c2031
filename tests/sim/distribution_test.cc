#include "sim/distribution.h"

#include <gtest/gtest.h>

#include <cmath>

#include "sim/random.h"

namespace drey::sim {
namespace {

TEST(Distribution, TheIntegerLogarithmIsClose) {
  for (uint64_t i = 0; i < 20'000; ++i) {
    const uint64_t draw = philox(1, 2, i) >> (i % 60);
    const double expected = -std::log((static_cast<double>(draw) + 1.0) / 18446744073709551616.0);
    const double actual = static_cast<double>(negative_log(draw)) / 4294967296.0;
    ASSERT_NEAR(actual, expected, 2e-6 * (1 + expected)) << draw;
  }
}

TEST(Distribution, HasItsMeansAndBounds) {
  const Distribution exponential = Distribution::exponential(100, 1'000'000);
  const Distribution uniform = Distribution::uniform(-5, 5);
  const Distribution tail = Distribution::two_point(1, 1000, 1, 100);
  const Distribution table = Distribution::empirical({0, 10, 1000});
  int64_t sum = 0;
  int64_t slow = 0;
  constexpr int kDraws = 200'000;
  for (uint64_t i = 0; i < kDraws; ++i) {
    const uint64_t draw = philox(9, 1, i);
    sum += exponential.sample(draw);
    const int64_t u = uniform.sample(draw);
    ASSERT_TRUE(u >= -5 && u <= 5);
    slow += tail.sample(draw) == 1000;
    const int64_t t = table.sample(draw);
    ASSERT_TRUE(t >= 0 && t <= 1000);
  }
  EXPECT_NEAR(static_cast<double>(sum) / kDraws, 1'000'100, 10'000);
  EXPECT_NEAR(static_cast<double>(slow) / kDraws, 0.01, 0.001);
  EXPECT_EQ(table.sample(uint64_t{1} << 63), 10);
}

}  // namespace
}  // namespace drey::sim
