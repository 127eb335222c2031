#include "sim/external_log.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/sim/service_client.h"

namespace drey::sim {
namespace {

TEST(LogContents, ARecordIsAPureFunctionOfSplitAndOffset) {
  const LogContents log({.seed = 1, .splits = 3, .keys = 100, .disorder = milliseconds(50)});
  std::vector<Record> batch(100);
  log.fill(2, 40, batch);
  for (size_t i = 0; i < batch.size(); ++i) {
    EXPECT_EQ(batch[i], log.record(2, 40 + i));
    EXPECT_EQ(batch[i].provenance, make_provenance(2, 40 + i));
    EXPECT_LT(batch[i].key, 100u);
    EXPECT_GE(batch[i].value, 0);
    EXPECT_LT(batch[i].value, 1000);
  }
  const LogContents other({.seed = 2, .splits = 3, .keys = 100, .disorder = milliseconds(50)});
  EXPECT_NE(other.record(2, 40), log.record(2, 40));
}

// One by one, in a row, and many places at once: for the usual log, which has a way of its own, and
// for each other kind.
TEST(LogContents, EveryWayToReadGivesTheSameRecords) {
  const std::vector<LogSpec> specs{
      {.seed = 3, .splits = 3, .records = 3000, .records_per_second = 700, .keys = 100},
      {.seed = 3, .splits = 3, .records = 3000, .keys = 100, .first_event_time = 5000},
      {.seed = 3, .splits = 3, .records = 3000, .keys = 100, .disorder = milliseconds(50)},
      {.seed = 3, .splits = 3, .records = 3000, .keys = 100, .pattern = KeyPattern::sequential},
      {.seed = 3, .splits = 3, .records = 3000, .keys = 100, .pattern = KeyPattern::hot},
      {.seed = 3, .splits = 3, .records = 3000, .keys = 100, .event_step_ms = 7}};
  for (const LogSpec& spec : specs) {
    const LogContents log(spec);
    std::vector<LogContents::Place> places;
    for (uint64_t i = 0; i < 500; ++i)
      places.push_back({static_cast<uint16_t>(i % 3), mix(i, 0x9e3779b97f4a7c15u) % 1000});
    std::vector<Record> found(places.size());
    log.records(places, found.data());
    std::vector<Record> row(1);
    for (size_t i = 0; i < places.size(); ++i) {
      EXPECT_EQ(found[i], log.record(places[i].split, places[i].offset));
      log.fill(places[i].split, places[i].offset, row);
      EXPECT_EQ(row[0], found[i]);
    }
  }
}

TEST(LogContents, AvailabilityAndItsInverseAgree) {
  const LogContents log(
      {.splits = 3, .records = 1000, .records_per_second = 7, .start = seconds(2)});
  EXPECT_EQ(log.size(0) + log.size(1) + log.size(2), 1000u);
  for (uint16_t split = 0; split < 3; ++split) {
    EXPECT_EQ(log.available(split, Time{} + seconds(2)), 0u);
    for (uint64_t offset = 0; offset < log.size(split); ++offset) {
      const Time at = log.available_at(split, offset);
      EXPECT_EQ(log.available(split, at), offset + 1);
      EXPECT_EQ(log.available(split, at - nanoseconds(1)), offset);
    }
    EXPECT_EQ(log.available_at(split, log.size(split)), kEndOfTime);
    EXPECT_EQ(log.available(split, Time{} + minutes(1000)), log.size(split));
  }
}

TEST(LogContents, WithoutARateAllIsThereFromTheStart) {
  const LogContents bounded({.splits = 2, .records = 5});
  EXPECT_EQ(bounded.available(0, Time{}), 3u);
  EXPECT_EQ(bounded.available(1, Time{}), 2u);
  const LogContents unbounded({.splits = 2});
  EXPECT_EQ(unbounded.size(0), LogContents::kUnbounded);
  EXPECT_GT(unbounded.available(0, Time{}), uint64_t{1} << 40);
}

TEST(LogContents, EventTimesAreDisorderedUpToTheBound) {
  const LogContents log({.records_per_second = 1000, .keys = 10, .disorder = milliseconds(20)});
  int64_t most = 0;
  for (uint64_t i = 0; i < 2000; ++i) {
    const int64_t late = static_cast<int64_t>(i) - log.record(0, i).event_time;
    EXPECT_GE(late, 0);
    EXPECT_LE(late, 20);
    most = std::max(most, late);
  }
  EXPECT_EQ(most, 20);
}

TEST(LogContents, HotKeysGetTheirShare) {
  const LogContents log({.keys = 1000,
                         .pattern = KeyPattern::hot,
                         .hot_keys = 2,
                         .hot_share_numerator = 3,
                         .hot_share_denominator = 4});
  int hot = 0;
  for (uint64_t i = 0; i < 10'000; ++i) hot += log.record(0, i).key < 2 ? 1 : 0;
  EXPECT_NEAR(hot, 7500, 150);
  const LogContents even({.keys = 7, .pattern = KeyPattern::sequential});
  EXPECT_EQ(even.record(0, 15).key, 1u);
}

TEST(LogContents, ATableIsDealtToTheSplitsInTurn) {
  std::vector<Record> rows(5);
  for (size_t i = 0; i < rows.size(); ++i) rows[i].key = 10 + i;
  const LogContents log({.splits = 2}, rows);
  EXPECT_EQ(log.size(0), 3u);
  EXPECT_EQ(log.record(0, 2).key, 14u);
  EXPECT_EQ(log.record(1, 1).key, 13u);
  EXPECT_EQ(log.record(1, 1).provenance, make_provenance(1, 1));
  const LogContents empty({.splits = 2}, std::vector<Record>{});
  EXPECT_EQ(empty.size(0), 0u);
}

struct ExternalLogTest : testing::Test {
  TestClientLauncher launcher;
  World world{{.kernel = {.seed = 5}}};
  ExternalLog log{world,
                  {},
                  std::make_shared<const LogContents>(
                      LogSpec{.splits = 2, .records = 100, .records_per_second = 20})};
  ProcessId process = add_client(world, launcher, "tm-1");
  ExternalLogTest() { log.start(); }
  ~ExternalLogTest() override { world.machines().shut_down(); }

  TestClient& client() { return client_of(world, process); }
  uint64_t fetch(FetchRecords request, Duration run_for) {
    const uint64_t n = client().send(log.service_name(), request, seconds(30));
    client().wait(run_for);
    return n;
  }
  const FetchedRange& range(uint64_t n) { return client().body<FetchedRange>(n); }
};

TEST_F(ExternalLogTest, AnswersWithWhatIsThere) {
  client().wait(seconds(1));
  FetchRecords request;
  request.split = 1;
  request.offset = 2;
  request.max_records = 5;
  const uint64_t n = fetch(request, seconds(1));
  EXPECT_EQ(range(n).from, 2u);
  EXPECT_EQ(range(n).to, 7u);
  EXPECT_FALSE(range(n).ended);
  request.offset = 9;
  const uint64_t m = fetch(request, milliseconds(10));
  EXPECT_GT(range(m).to, 9u);
}

TEST_F(ExternalLogTest, WaitsForRecordsAndGivesUpWaiting) {
  FetchRecords request;
  request.min_records = 5;  // the fifth of split 0 comes at 450 ms
  request.max_wait = seconds(2);
  const uint64_t n = fetch(request, seconds(3));
  EXPECT_EQ(range(n).to, 5u);
  EXPECT_GE(client().reply(n).at.ns, milliseconds(450).ns);
  EXPECT_LE(client().reply(n).at.ns, milliseconds(460).ns);
  request.offset = 40;
  request.max_wait = milliseconds(100);
  const uint64_t m = fetch(request, seconds(1));
  EXPECT_EQ(range(m).from, range(m).to);  // nothing there, but an answer
}

TEST_F(ExternalLogTest, SaysWhenASplitHasEnded) {
  client().wait(seconds(10));
  FetchRecords request;
  request.offset = 48;
  const uint64_t n = fetch(request, seconds(1));
  EXPECT_EQ(range(n).to, 50u);
  EXPECT_TRUE(range(n).ended);
  const uint64_t d = client().send(log.service_name(), DescribeLog{});
  client().wait(seconds(1));
  EXPECT_EQ(client().body<LogDescription>(d).sizes, (std::vector<uint64_t>{50, 50}));
}

}  // namespace
}  // namespace drey::sim
