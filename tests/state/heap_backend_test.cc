#include "state/heap_backend.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "state/java_hash.h"

namespace drey::state {
namespace {

constexpr int32_t kMax = 128;

uint16_t group_of(uint64_t key) {
  return static_cast<uint16_t>(key_group_of_hash(java_hash_int64(static_cast<int64_t>(key)), kMax));
}

HeapBackend make_backend(KeyGroupRange range, uint64_t limit = UINT64_MAX) {
  return HeapBackend({.range = range, .max_parallelism = kMax, .memory_limit = limit, .costs = {}});
}

KeyGroupRange range_of(int32_t subtask, int32_t parallelism) {
  return key_groups_of_subtask(subtask, kMax, parallelism);
}

// All entries and timers as text lines, in the order of the visit.
class Lines : public EntryVisitor {
 public:
  void on_entry(int32_t group, std::string_view state, std::string_view key,
                std::string_view value) override {
    lines.push_back(fmt::format("{} {} {} = {}", group, state, key, value));
  }
  void on_timer(int32_t group, std::string_view service, std::string_view timer) override {
    lines.push_back(fmt::format("{} timer {} {}", group, service, timer));
  }
  std::vector<std::string> lines;
};

std::vector<std::string> all_of(const KeyedBackend& backend) {
  Lines lines;
  backend.visit({0, kMax - 1}, lines);
  return lines.lines;
}

RestoreSource snapshot(HeapBackend& backend, uint64_t checkpoint) {
  Charge charge;
  EXPECT_EQ(backend.begin_snapshot(checkpoint, KeyedBackend::SnapshotKind::full, charge),
            Outcome::ok);
  KeyedBackend::File file;
  EXPECT_EQ(backend.next(checkpoint, file), KeyedBackend::Async::wait);
  const auto job = backend.take_job();
  EXPECT_EQ(backend.next(checkpoint, file), KeyedBackend::Async::wait);
  EXPECT_EQ(backend.run_job(*job, charge), Outcome::ok);
  EXPECT_EQ(backend.next(checkpoint, file), KeyedBackend::Async::upload);
  backend.uploaded(checkpoint, file.name, fmt::format("store/{}", file.name));
  KeyedBackend::File none;
  EXPECT_EQ(backend.next(checkpoint, none), KeyedBackend::Async::done);
  return {backend.handle(checkpoint), {file.content}};
}

// Puts some of everything for `key` into the backend.
void fill(HeapBackend& backend, uint64_t key) {
  Charge charge;
  const auto sum = *backend.register_state({.name = "sum", .kind = StateKind::reducing});
  const auto window = *backend.register_state({.name = "window",
                                               .kind = StateKind::reducing,
                                               .function = ReduceFunction::maximum,
                                               .window_size = 10});
  const auto value = *backend.register_state({.name = "value", .kind = StateKind::value});
  const auto list = *backend.register_state({.name = "list", .kind = StateKind::list});
  const auto map = *backend.register_state({.name = "map", .kind = StateKind::map});
  const std::vector<sim::Record> records = {{key, 3, 0, key}, {key, 4, 0, key + 1}};
  const std::vector<uint16_t> groups = {group_of(key), group_of(key)};
  const std::vector<int64_t> starts = {-10, 20};
  ASSERT_EQ(backend.reduce(sum, {records, groups, {}}, {}, charge), Outcome::ok);
  ASSERT_EQ(backend.reduce(window, {records, groups, starts}, {}, charge), Outcome::ok);
  const Key k{key, group_of(key)};
  ASSERT_EQ(backend.put(value, k, kNoWindow, fmt::format("v{}", key), charge), Outcome::ok);
  ASSERT_EQ(backend.append(list, k, {0, 5}, "a", charge), Outcome::ok);
  ASSERT_EQ(backend.append(list, k, {0, 5}, "b", charge), Outcome::ok);
  ASSERT_EQ(backend.map_put(map, k, kNoWindow, "x", "1", charge), Outcome::ok);
  ASSERT_EQ(backend.map_put(map, k, kNoWindow, "y", "2", charge), Outcome::ok);
  backend.timers("window/event").add({static_cast<int64_t>(key) - 50, k.group, key, {-10, 0}});
  backend.timers("plain").add({7, k.group, key, kNoWindow});
}

TEST(HeapBackend, ReduceCarriesEvidenceAndRunningCount) {
  HeapBackend backend = make_backend({0, kMax - 1});
  const auto sum = *backend.register_state({.name = "sum", .kind = StateKind::reducing});
  Charge charge;
  std::vector<Running> out(3);
  const std::vector<sim::Record> records = {{7, 5, 0, 100}, {8, 1, 0, 101}, {7, -2, 0, 102}};
  const std::vector<uint16_t> groups = {group_of(7), group_of(8), group_of(7)};
  ASSERT_EQ(backend.reduce(sum, {records, groups, {}}, out, charge), Outcome::ok);
  EXPECT_EQ(out[0].value, 5);
  EXPECT_EQ(out[2].value, 3);
  EXPECT_EQ(out[2].count, 2u);
  std::optional<Accumulator> read;
  ASSERT_EQ(backend.read(sum, {7, group_of(7)}, 0, read, charge), Outcome::ok);
  const Accumulator expected{3, 2, 202, sim::provenance_hash(100) + sim::provenance_hash(102)};
  EXPECT_EQ(read, expected);
  ASSERT_EQ(backend.clear(sum, {7, group_of(7)}, 0, charge), Outcome::ok);
  ASSERT_EQ(backend.read(sum, {7, group_of(7)}, 0, read, charge), Outcome::ok);
  EXPECT_FALSE(read.has_value());
  EXPECT_EQ(backend.entry_count(), 1u);
}

TEST(HeapBackend, ReduceFunctions) {
  const std::map<ReduceFunction, int64_t> expected = {{ReduceFunction::sum, -6},
                                                      {ReduceFunction::minimum, -9},
                                                      {ReduceFunction::maximum, 4},
                                                      {ReduceFunction::count, 3}};
  for (const auto& [function, value] : expected) {
    HeapBackend backend = make_backend({0, kMax - 1});
    const auto id =
        *backend.register_state({.name = "s", .kind = StateKind::reducing, .function = function});
    Charge charge;
    std::vector<Running> out(3);
    const std::vector<sim::Record> records = {{1, -1, 0, 1}, {1, -9, 0, 2}, {1, 4, 0, 3}};
    const std::vector<uint16_t> groups(3, group_of(1));
    ASSERT_EQ(backend.reduce(id, {records, groups, {}}, out, charge), Outcome::ok);
    EXPECT_EQ(out[2].value, value);
  }
}

TEST(HeapBackend, SnapshotBytesDependOnStateNotOnHistory) {
  HeapBackend up = make_backend({0, kMax - 1});
  HeapBackend down = make_backend({0, kMax - 1});
  Charge charge;
  for (uint64_t key = 0; key < 300; ++key) fill(up, key);
  // Other order, other registration order, and entries that come and go.
  *down.register_state({.name = "map", .kind = StateKind::map});
  const auto sum = *down.register_state({.name = "sum", .kind = StateKind::reducing});
  for (uint64_t key = 1000; key < 1500; ++key) {
    const std::vector<sim::Record> record = {{key, 1, 0, 1}};
    const std::vector<uint16_t> group = {group_of(key)};
    ASSERT_EQ(down.reduce(sum, {record, group, {}}, {}, charge), Outcome::ok);
  }
  for (uint64_t key = 300; key-- > 0;) fill(down, key);
  for (uint64_t key = 1000; key < 1500; ++key)
    ASSERT_EQ(down.clear(sum, {key, group_of(key)}, 0, charge), Outcome::ok);
  EXPECT_EQ(all_of(up), all_of(down));
  const auto a = snapshot(up, 1);
  const auto b = snapshot(down, 1);
  EXPECT_TRUE(a.contents[0] == b.contents[0]);
  EXPECT_EQ(a.handle.offsets, b.handle.offsets);
}

TEST(HeapBackend, VisitIsByGroupThenNameThenKeyBytes) {
  HeapBackend backend = make_backend({0, kMax - 1});
  for (const uint64_t key : {uint64_t{5}, uint64_t{UINT64_MAX}, uint64_t{1}}) fill(backend, key);
  class Order : public EntryVisitor {
   public:
    void on_entry(int32_t group, std::string_view state, std::string_view key,
                  std::string_view) override {
      const auto now = std::make_tuple(group, std::string(state), std::string(key));
      EXPECT_LT(last, now);
      last = now;
      ++seen;
    }
    void on_timer(int32_t, std::string_view, std::string_view) override {}
    std::tuple<int32_t, std::string, std::string> last;
    int seen = 0;
  } order;
  backend.visit({0, kMax - 1}, order);
  EXPECT_EQ(order.seen, 3 * 7);  // sum 1, window 2, value 1, list 1, map 2
}

TEST(HeapBackend, RestoreAtTheSameAndAtAnotherParallelism) {
  std::vector<std::string> before;
  std::vector<RestoreSource> sources;
  for (int32_t subtask = 0; subtask < 3; ++subtask) {
    HeapBackend backend = make_backend(range_of(subtask, 3));
    for (uint64_t key = 0; key < 500; ++key) {
      if (backend.range().contains(group_of(key))) fill(backend, key);
    }
    const auto lines = all_of(backend);
    before.insert(before.end(), lines.begin(), lines.end());
    sources.push_back(snapshot(backend, 9));
  }
  EXPECT_EQ(before.size(), 500u * 9);
  for (const int32_t parallelism : {1, 2, 3, 5, 128}) {
    std::vector<std::string> after;
    for (int32_t subtask = 0; subtask < parallelism; ++subtask) {
      HeapBackend backend = make_backend(range_of(subtask, parallelism));
      Charge charge;
      ASSERT_EQ(backend.restore(sources, charge), Outcome::ok);
      EXPECT_GT(charge.cpu_ns, 0u);
      const auto lines = all_of(backend);
      after.insert(after.end(), lines.begin(), lines.end());
    }
    EXPECT_EQ(before, after) << "parallelism " << parallelism;
  }
}

TEST(HeapBackend, RestoredStateWorksOn) {
  HeapBackend backend = make_backend({0, kMax - 1});
  for (uint64_t key = 0; key < 50; ++key) fill(backend, key);
  const auto source = snapshot(backend, 1);
  HeapBackend restored = make_backend({0, kMax - 1});
  Charge charge;
  ASSERT_EQ(restored.restore({source}, charge), Outcome::ok);
  EXPECT_EQ(restored.live_bytes(), backend.live_bytes());
  for (uint64_t key = 25; key < 75; ++key) {
    fill(backend, key);
    fill(restored, key);
  }
  EXPECT_EQ(all_of(restored), all_of(backend));
  EXPECT_EQ(restored.timers("window/event").pop_due(100)->timestamp, -50);
  // A restored name with another meaning is not compatible.
  EXPECT_FALSE(restored.register_state({.name = "sum", .kind = StateKind::value}).has_value());
}

TEST(HeapBackend, BytesThatDoNotParseAreCorrupt) {
  HeapBackend backend = make_backend({0, kMax - 1});
  for (uint64_t key = 0; key < 20; ++key) fill(backend, key);
  const RestoreSource good = snapshot(backend, 1);
  for (size_t cut = 0; cut < good.contents[0].size(); cut += 101) {
    RestoreSource bad = good;
    bad.contents[0] = good.contents[0].slice(0, cut);
    HeapBackend restored = make_backend({0, kMax - 1});
    Charge charge;
    ASSERT_EQ(restored.restore({bad}, charge), Outcome::corrupt) << cut;
  }
  RestoreSource moved = good;
  ++moved.handle.offsets[3];
  HeapBackend restored = make_backend({0, kMax - 1});
  Charge charge;
  EXPECT_EQ(restored.restore({moved}, charge), Outcome::corrupt);
}

TEST(HeapBackend, SnapshotHoldsTheStateOfItsSyncPoint) {
  HeapBackend backend = make_backend({0, kMax - 1});
  fill(backend, 1);
  const auto before = all_of(backend);
  Charge charge;
  ASSERT_EQ(backend.begin_snapshot(5, KeyedBackend::SnapshotKind::full, charge), Outcome::ok);
  fill(backend, 1);
  fill(backend, 2);
  ASSERT_EQ(backend.run_job(*backend.take_job(), charge), Outcome::ok);
  KeyedBackend::File file;
  ASSERT_EQ(backend.next(5, file), KeyedBackend::Async::upload);
  backend.uploaded(5, file.name, "o");
  EXPECT_EQ(backend.handle(5).files[0].object_key, "o");
  EXPECT_EQ(backend.handle(5).files[0].bytes, file.content.size());
  HeapBackend restored = make_backend({0, kMax - 1});
  ASSERT_EQ(restored.restore({{backend.handle(5), {file.content}}}, charge), Outcome::ok);
  EXPECT_EQ(all_of(restored), before);
  backend.abort(5);
  EXPECT_EQ(backend.next(5, file), KeyedBackend::Async::failed);
}

TEST(HeapBackend, ConfirmForgetsOlderSnapshotsThatAreDoneOnly) {
  HeapBackend backend = make_backend({0, kMax - 1});
  Charge charge;
  snapshot(backend, 1);
  ASSERT_EQ(backend.begin_snapshot(2, KeyedBackend::SnapshotKind::full, charge), Outcome::ok);
  const auto job = backend.take_job();
  snapshot(backend, 3);
  backend.confirm(3);
  KeyedBackend::File file;
  EXPECT_EQ(backend.next(1, file), KeyedBackend::Async::failed);
  EXPECT_EQ(backend.next(3, file), KeyedBackend::Async::failed);
  EXPECT_EQ(backend.next(2, file), KeyedBackend::Async::wait);
  ASSERT_EQ(backend.run_job(*job, charge), Outcome::ok);
  EXPECT_EQ(backend.next(2, file), KeyedBackend::Async::upload);
}

TEST(HeapBackend, MemoryIsBounded) {
  HeapBackend backend = make_backend({0, kMax - 1}, 10'000);
  const auto sum = *backend.register_state({.name = "sum", .kind = StateKind::reducing});
  Charge charge;
  Outcome outcome = Outcome::ok;
  uint64_t key = 0;
  for (; key < 1000 && outcome == Outcome::ok; ++key) {
    EXPECT_LE(backend.live_bytes(), 10'000u);
    const std::vector<sim::Record> record = {{key, 1, 0, 1}};
    const std::vector<uint16_t> group = {group_of(key)};
    outcome = backend.reduce(sum, {record, group, {}}, {}, charge);
  }
  EXPECT_EQ(outcome, Outcome::out_of_memory);
  EXPECT_EQ(key, 10'000 / HeapCosts{}.entry_bytes + 1);
}

TEST(HeapBackend, UpdatesMakeGarbageButNoLiveBytes) {
  HeapBackend backend = make_backend({0, kMax - 1});
  fill(backend, 1);
  const uint64_t live = backend.live_bytes();
  const uint64_t allocated = backend.allocated_bytes();
  const auto sum = *backend.register_state({.name = "sum", .kind = StateKind::reducing});
  const std::vector<sim::Record> record = {{1, 1, 0, 1}};
  const std::vector<uint16_t> group = {group_of(1)};
  Charge charge;
  ASSERT_EQ(backend.reduce(sum, {record, group, {}}, {}, charge), Outcome::ok);
  EXPECT_EQ(backend.live_bytes(), live);
  EXPECT_GT(backend.allocated_bytes(), allocated);
}

TEST(HeapBackend, MapEntriesAreSortedAndOfOneNamespace) {
  HeapBackend backend = make_backend({0, kMax - 1});
  const auto map = *backend.register_state({.name = "map", .kind = StateKind::map});
  Charge charge;
  const Key k{1, group_of(1)};
  ASSERT_EQ(backend.map_put(map, k, {0, 5}, "b", "2", charge), Outcome::ok);
  ASSERT_EQ(backend.map_put(map, k, {0, 5}, "a", "1", charge), Outcome::ok);
  ASSERT_EQ(backend.map_put(map, k, {5, 9}, "c", "3", charge), Outcome::ok);
  std::vector<std::pair<std::string, std::string>> entries;
  ASSERT_EQ(backend.map_entries(map, k, {0, 5}, entries, charge), Outcome::ok);
  EXPECT_THAT(entries, testing::ElementsAre(testing::Pair("a", "1"), testing::Pair("b", "2")));
  ASSERT_EQ(backend.map_remove(map, k, {0, 5}, "a", charge), Outcome::ok);
  std::optional<std::string> value;
  ASSERT_EQ(backend.map_get(map, k, {0, 5}, "a", value, charge), Outcome::ok);
  EXPECT_FALSE(value.has_value());
  ASSERT_EQ(backend.map_get(map, k, {0, 5}, "b", value, charge), Outcome::ok);
  EXPECT_EQ(value, "2");
}

}  // namespace
}  // namespace drey::state
