#include "reports/statistics.h"

#include <gtest/gtest.h>

#include "reports/metric_table.h"
#include "reports/readable.h"

namespace drey::reports {
namespace {

TEST(Statistics, MeanAndIntervalByHand) {
  const std::vector<double> samples{2, 4, 4, 4, 5, 5, 7, 9};
  const Statistic s = statistic_of(samples);
  EXPECT_DOUBLE_EQ(s.mean, 5);
  EXPECT_DOUBLE_EQ(s.least, 2);
  EXPECT_DOUBLE_EQ(s.most, 9);
  // Variance 32 / 7, standard error 0.75593, t(7) = 2.365.
  EXPECT_NEAR(*s.half_width, 1.78777, 1e-4);
  EXPECT_FALSE(statistic_of(std::vector<double>{1}).half_width.has_value());
  EXPECT_EQ(statistic_of({}).count, 0u);
}

TEST(Statistics, PairedDifferencesSeeWhatIndependentOnesDoNot) {
  const std::vector<double> a{10, 50, 20, 80}, b{11, 51.5, 21, 81.5};
  const Statistic paired = paired_difference(a, b);
  EXPECT_DOUBLE_EQ(paired.mean, 1.25);
  EXPECT_LT(*paired.half_width, 0.5);
  const Statistic apart = difference(a, b);
  EXPECT_DOUBLE_EQ(apart.mean, 1.25);
  EXPECT_GT(*apart.half_width, 40);
}

TEST(Statistics, RootsAndQuantiles) {
  EXPECT_DOUBLE_EQ(square_root(2), 1.4142135623730951);
  EXPECT_DOUBLE_EQ(square_root(1e-12), 1e-6);
  EXPECT_EQ(square_root(0), 0);
  EXPECT_DOUBLE_EQ(student_95(1), 12.706);
  EXPECT_DOUBLE_EQ(student_95(35), 2.042);  // between the rows: the wider one
}

TEST(Readable, ThreeDigitsAndTheUnitThatSuits) {
  EXPECT_EQ(readable(12.34e9, Dimension::duration), "12.3 s");
  EXPECT_EQ(readable(450e6, Dimension::duration), "450 ms");
  EXPECT_EQ(readable(90e9, Dimension::duration), "90 s");
  EXPECT_EQ(readable(0, Dimension::duration), "0 s");
  EXPECT_EQ(readable(1536, Dimension::bytes), "1.5 KiB");
  EXPECT_EQ(readable(2000, Dimension::count), "2000");
  EXPECT_EQ(readable(0.25, Dimension::count), "0.25");
  EXPECT_EQ(readable(Statistic{.count = 3, .mean = 2e9, .half_width = 1e8}, Dimension::duration),
            "2 s +- 100 ms");
  EXPECT_EQ(readable(Statistic{}, Dimension::duration), "-");
}

TEST(Readable, TablesLineUpAndEscape) {
  const TextTable table{{"a", "b"}, {"long cell", "x|y"}, {"1,5", "say \"no\""}};
  EXPECT_EQ(aligned(table), "  a          b\n  long cell  x|y\n  1,5        say \"no\"\n");
  EXPECT_EQ(markdown(table), "| a | b |\n|---|---|\n| long cell | x\\|y |\n| 1,5 | say \"no\" |\n");
  EXPECT_EQ(csv(table), "a,b\nlong cell,x|y\n\"1,5\",\"say \"\"no\"\"\"\n");
}

TEST(MetricTable, NumbersAsTextAndBack) {
  EXPECT_EQ(decimal_text({10, 3}), "3.333333");
  EXPECT_EQ(decimal_text({-1, 2}), "-0.5");
  EXPECT_EQ(decimal_text({7, 1}), "7");
  EXPECT_EQ(decimal_text({3'600'000'000'001, 2}), "1800000000000");
  for (const Ratio ratio : {Ratio{10, 3}, Ratio{-7, 9}, Ratio{0, 1}, Ratio{123'456'789, 1000}}) {
    const auto back = parse_decimal(decimal_text(ratio));
    ASSERT_TRUE(back);
    EXPECT_EQ(decimal_text(*back), decimal_text(ratio));
  }
  EXPECT_FALSE(parse_decimal("x"));
}

}  // namespace
}  // namespace drey::reports
