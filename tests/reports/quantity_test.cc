#include "reports/quantity.h"

#include <gtest/gtest.h>

namespace drey::reports {
namespace {

struct DurationCase {
  const char* text;
  int64_t ns;
};

TEST(Quantity, DurationsAreFlinks) {
  constexpr DurationCase kCases[] = {{"10 s", 10'000'000'000},
                                     {"10s", 10'000'000'000},
                                     {"10 SEC", 10'000'000'000},
                                     {" 2 min ", 120'000'000'000},
                                     {"3 hours", 10'800'000'000'000},
                                     {"1 d", 86'400'000'000'000},
                                     {"500 ms", 500'000'000},
                                     {"7 millis", 7'000'000},
                                     {"5 \xc2\xb5s", 5'000},
                                     {"5 us", 5'000},
                                     {"5 microseconds", 5'000},
                                     {"9 nanos", 9},
                                     {"0 ns", 0}};
  for (const DurationCase& c : kCases) {
    const auto parsed = parse_duration(c.text, Bare::refused);
    ASSERT_TRUE(parsed) << c.text;
    EXPECT_EQ(parsed->ns, c.ns) << c.text;
  }
  for (const char* bad : {"", "s", "10", "10 m", "1.5 s", "-1 s", "10 sec.",
                          "99999999999999999999 s", "300000 d", "1 s s"})
    EXPECT_FALSE(parse_duration(bad, Bare::refused)) << bad;
  EXPECT_EQ(parse_duration("1500", Bare::flink)->ns, 1'500'000'000);  // Flink: milliseconds
}

TEST(Quantity, SizesArePowersOf1024) {
  EXPECT_EQ(parse_size("1 kb", Bare::refused), 1024u);
  EXPECT_EQ(parse_size("1 K", Bare::refused), 1024u);
  EXPECT_EQ(parse_size("64 m", Bare::refused), uint64_t{64} << 20);
  EXPECT_EQ(parse_size("2 GiB", Bare::refused), uint64_t{2} << 30);
  EXPECT_EQ(parse_size("3 tebibytes", Bare::refused), uint64_t{3} << 40);
  EXPECT_EQ(parse_size("200 b", Bare::refused), 200u);
  EXPECT_EQ(parse_size("200", Bare::flink), 200u);
  for (const char* bad : {"200", "1 kbit", "1.5 mb", "-1 b", "99999999 tb"})
    EXPECT_FALSE(parse_size(bad, Bare::refused)) << bad;
}

TEST(Quantity, RatesAndRatiosAreExact) {
  EXPECT_EQ(parse_rate("20000/s"), (Rate{20000, false}));
  EXPECT_EQ(parse_rate("200 mb/s"), (Rate{uint64_t{200} << 20, true}));
  EXPECT_EQ(parse_rate("120/min"), (Rate{2, false}));
  EXPECT_FALSE(parse_rate("100/min"));  // not a whole number a second
  EXPECT_FALSE(parse_rate("100"));
  EXPECT_EQ(parse_ratio("0.1 %"), (Ratio{1, 1000}));
  EXPECT_EQ(parse_ratio("1.5"), (Ratio{3, 2}));
  EXPECT_EQ(parse_ratio("2/6"), (Ratio{1, 3}));
  EXPECT_FALSE(parse_ratio("1/0"));
  EXPECT_FALSE(parse_ratio("%"));
}

TEST(Quantity, WhatIsPrintedReadsBack) {
  for (const int64_t ns : {int64_t{0}, int64_t{1}, int64_t{1'500}, int64_t{90'000'000'000},
                           int64_t{3'600'000'000'001}})
    EXPECT_EQ(parse_duration(print_duration({ns}), Bare::refused)->ns, ns);
  for (const uint64_t bytes : {uint64_t{0}, uint64_t{1}, uint64_t{1536}, uint64_t{5} << 40})
    EXPECT_EQ(parse_size(print_size(bytes), Bare::refused), bytes);
  for (const Ratio ratio : {Ratio{0, 1}, Ratio{1, 3}, Ratio{1, 1000}, Ratio{3, 2}, Ratio{1, 4}})
    EXPECT_EQ(parse_ratio(print_ratio(ratio)), ratio);
  for (const Rate rate : {Rate{0, false}, Rate{7, false}, Rate{uint64_t{3} << 20, true}})
    EXPECT_EQ(parse_rate(print_rate(rate)), rate);
}

}  // namespace
}  // namespace drey::reports
