#include "sim/log_set.h"

#include <gtest/gtest.h>

#include <set>

namespace drey::sim {
namespace {

LogSet two_logs() {
  return LogSet(
      {{.name = "log-a",
        .readers = {"a"},
        .contents = std::make_shared<LogContents>(
            LogSpec{.seed = 1, .splits = 3, .records = 30, .keys = 5})},
       {.name = "log-b",
        .readers = {"b", "c"},
        .contents = std::make_shared<LogContents>(
            LogSpec{.seed = 1, .splits = 2, .records = 9, .records_per_second = 1, .keys = 5},
            uint16_t{3})}});
}

TEST(LogSet, SplitsAreNumberedThrough) {
  const LogSet logs = two_logs();
  EXPECT_EQ(logs.splits(), 5);
  EXPECT_EQ(logs.log_of(2), 0u);
  EXPECT_EQ(logs.log_of(3), 1u);
  EXPECT_EQ(logs.read_by("a"), 0u);
  EXPECT_EQ(logs.read_by("c"), 1u);
  EXPECT_EQ(logs.size(0), 10u);
  EXPECT_EQ(logs.size(3), 5u);
  EXPECT_EQ(logs.size(4), 4u);
  EXPECT_EQ(logs.total(), 39u);
  EXPECT_EQ(logs.available_at(0, 9), Time{});
  EXPECT_EQ(logs.available_at(4, 0), Time{2'000'000'000});
  EXPECT_EQ(logs.available(3, Time{3'000'000'000}), 2u);
  EXPECT_TRUE(logs.held_back());
  EXPECT_EQ(logs.split_text(4), "split 1 of log-b");
}

TEST(LogSet, NoTwoRecordsHaveOneName) {
  const LogSet logs = two_logs();
  std::set<uint64_t> names;
  for (uint16_t split = 0; split < logs.splits(); ++split)
    for (uint64_t offset = 0; offset < logs.size(split); ++offset) {
      const uint64_t name = logs.record(split, offset).provenance;
      EXPECT_EQ(name, make_provenance(split, offset));
      names.insert(name);
    }
  EXPECT_EQ(names.size(), 39u);
}

TEST(LogSet, ALogBehindAnotherHasTheRecordsThatItHasAlone) {
  const LogSpec spec{.seed = 4, .splits = 2, .records = 40, .keys = 7};
  const LogContents alone(spec);
  const LogContents behind(spec, uint16_t{6});
  std::vector<Record> some(10);
  behind.fill(1, 5, some);
  for (uint64_t i = 0; i < some.size(); ++i) {
    Record expected = alone.record(1, 5 + i);
    expected.provenance = make_provenance(7, 5 + i);
    EXPECT_EQ(some[i], expected);
  }
}

TEST(LogSet, OfOneLogSplitsKeepTheirNumbers) {
  const LogSet logs(std::make_shared<LogContents>(LogSpec{.splits = 2, .records = 0, .keys = 1}));
  EXPECT_EQ(logs.read_by("anybody"), 0u);
  EXPECT_EQ(logs.total(), LogContents::kUnbounded);
  EXPECT_FALSE(logs.held_back());
  EXPECT_EQ(logs.split_text(1), "split 1");
  EXPECT_TRUE(LogSet(std::shared_ptr<const LogContents>()).empty());
}

}  // namespace
}  // namespace drey::sim
