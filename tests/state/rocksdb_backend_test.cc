#include "state/rocksdb_backend.h"

#include <gmock/gmock.h>

#include "state/heap_backend.h"
#include "state/java_hash.h"
#include "tests/state/rocksdb_fixture.h"

namespace drey::state {
namespace {

constexpr int32_t kMax = 128;
using Kind = KeyedBackend::SnapshotKind;

uint16_t group_of(uint64_t key) {
  return static_cast<uint16_t>(key_group_of_hash(java_hash_int64(static_cast<int64_t>(key)), kMax));
}

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

std::vector<std::string> all_of(const KeyedBackend& backend, KeyGroupRange range = {0, kMax - 1}) {
  Lines lines;
  backend.visit(range, lines);
  return lines.lines;
}

// An object store that keeps what it is given, and counts.
struct Store {
  RestoreSource upload(KeyedBackend& backend, uint64_t checkpoint) {
    KeyedBackend::File file;
    for (;;) {
      const KeyedBackend::Async step = backend.next(checkpoint, file);
      if (step == KeyedBackend::Async::wait) {
        const auto job = backend.take_job();
        EXPECT_TRUE(job.has_value());
        if (!job) return {};
        Charge charge;
        EXPECT_EQ(backend.run_job(*job, charge), Outcome::ok);
        continue;
      }
      if (step != KeyedBackend::Async::upload) {
        EXPECT_EQ(step, KeyedBackend::Async::done);
        break;
      }
      const std::string key = fmt::format("{}/{}", ++objects, file.name);
      bytes += file.content.size();
      contents[key] = file.content;
      backend.uploaded(checkpoint, file.name, key);
    }
    return source(backend.handle(checkpoint));
  }
  RestoreSource source(const KeyedStateHandle& handle) const {
    RestoreSource result;
    result.handle = handle;
    for (const HandleFile& file : handle.files)
      result.contents.push_back(contents.at(file.object_key));
    return result;
  }
  std::map<std::string, sim::FileContent> contents;
  uint64_t objects = 0;
  uint64_t bytes = 0;
};

struct BackendFixture : Store {
  BackendFixture() {
    engine.write_buffer_bytes = 64 * 1024;
    engine.target_file_bytes = 64 * 1024;
  }
  std::unique_ptr<RocksDbBackend> make(KeyGroupRange range,
                                       const std::vector<RestoreSource>& sources = {},
                                       Outcome expected = Outcome::ok) {
    RocksDbBackend::Options options;
    options.range = range;
    options.max_parallelism = kMax;
    options.incremental = incremental;
    options.engine = engine;
    options.place = {&disk, &clock, sim::ProcessId{1}, fmt::format("/tm/{}", ++made), made};
    options.memory = std::make_shared<RocksDbMemory>(RocksDbMemory::Limits{});
    auto backend = std::make_unique<RocksDbBackend>(options);
    Charge charge;
    EXPECT_EQ(backend->restore(sources, charge), expected);
    return backend;
  }
  void run_jobs(KeyedBackend& backend) {
    while (const auto job = backend.take_job()) {
      Charge charge;
      ASSERT_EQ(backend.run_job(*job, charge), Outcome::ok);
      clock.time = clock.time + sim::seconds(1);
    }
  }
  RestoreSource snapshot(KeyedBackend& backend, uint64_t checkpoint,
                         Kind kind = Kind::incremental) {
    Charge charge;
    EXPECT_EQ(backend.begin_snapshot(checkpoint, kind, charge), Outcome::ok);
    return upload(backend, checkpoint);
  }

  sim::Disk disk{sim::DiskSpec{}};
  TestClock clock;
  RocksDbOptions engine;
  bool incremental = true;
  uint64_t made = 0;
};

// Records `from` to `to` of a stream over `keys` keys, in batches of `batch`; only keys of the
// backend's range.
void feed(KeyedBackend& backend, uint64_t from, uint64_t to, uint64_t keys, size_t batch,
          std::vector<Running>* results = nullptr, bool windows = true) {
  const auto sum = *backend.register_state({.name = "sum", .kind = StateKind::reducing});
  const auto window = *backend.register_state({.name = "window",
                                               .kind = StateKind::reducing,
                                               .function = ReduceFunction::maximum,
                                               .window_size = 100});
  std::vector<sim::Record> records;
  std::vector<uint16_t> groups;
  std::vector<int64_t> starts;
  const auto flush = [&] {
    Charge charge;
    std::vector<Running> out(records.size());
    ASSERT_EQ(backend.reduce(sum, {records, groups, {}}, out, charge), Outcome::ok);
    if (results != nullptr) results->insert(results->end(), out.begin(), out.end());
    if (windows) {
      ASSERT_EQ(backend.reduce(window, {records, groups, starts}, out, charge), Outcome::ok);
    }
    EXPECT_GT(charge.cpu_ns, 0u);
    records.clear();
    groups.clear();
    starts.clear();
  };
  for (uint64_t i = from; i < to; ++i) {
    const uint64_t key = sim::mix(i, 0x9e3779b97f4a7c15u) % keys;
    if (!backend.range().contains(group_of(key))) continue;
    records.push_back({key, static_cast<int64_t>(i % 1000) - 500, 0, sim::make_provenance(1, i)});
    groups.push_back(group_of(key));
    starts.push_back(static_cast<int64_t>(i / 2000) * 100 - 300);
    if (records.size() == batch) flush();
  }
  if (!records.empty()) flush();
}

// Some of every other kind.
void fill(KeyedBackend& backend, uint64_t key) {
  if (!backend.range().contains(group_of(key))) return;
  Charge charge;
  const auto value = *backend.register_state({.name = "value", .kind = StateKind::value});
  const auto list = *backend.register_state({.name = "list", .kind = StateKind::list});
  const auto map = *backend.register_state({.name = "map", .kind = StateKind::map});
  const Key k{key, group_of(key)};
  ASSERT_EQ(backend.put(value, k, kNoWindow, fmt::format("v{}", key), charge), Outcome::ok);
  if (key % 5 == 0) {
    ASSERT_EQ(backend.remove(value, k, kNoWindow, charge), Outcome::ok);
  }
  ASSERT_EQ(backend.append(list, k, {0, 5}, "a", charge), Outcome::ok);
  ASSERT_EQ(backend.append(list, k, {0, 5}, fmt::format("b{}", key), charge), Outcome::ok);
  ASSERT_EQ(backend.map_put(map, k, kNoWindow, "y", "2", charge), Outcome::ok);
  ASSERT_EQ(backend.map_put(map, k, kNoWindow, "x", "1", charge), Outcome::ok);
  ASSERT_EQ(backend.map_put(map, k, kNoWindow, "z", "3", charge), Outcome::ok);
  ASSERT_EQ(backend.map_remove(map, k, kNoWindow, "y", charge), Outcome::ok);
  backend.timers("window/event").add({static_cast<int64_t>(key) - 50, k.group, key, {-10, 0}});
  backend.timers("plain").add({7, k.group, key, kNoWindow});
}

TEST(RocksDbBackend, TwoBackendsOneTruth) {
  BackendFixture f;
  f.incremental = false;
  const auto rocks = f.make({0, kMax - 1});
  HeapBackend heap(
      {.range = {0, kMax - 1}, .max_parallelism = kMax, .memory_limit = UINT64_MAX, .costs = {}});
  std::vector<Running> from_rocks;
  std::vector<Running> from_heap;
  feed(*rocks, 0, 20000, 300, 97, &from_rocks);
  f.run_jobs(*rocks);
  feed(*rocks, 20000, 30000, 300, 1, &from_rocks);
  f.run_jobs(*rocks);
  feed(heap, 0, 30000, 300, 128, &from_heap);
  for (uint64_t key = 0; key < 200; ++key) {
    fill(*rocks, key);
    fill(heap, key);
  }
  ASSERT_EQ(from_rocks.size(), from_heap.size());
  for (size_t i = 0; i < from_heap.size(); ++i) {
    ASSERT_EQ(from_rocks[i].value, from_heap[i].value) << i;
    ASSERT_EQ(from_rocks[i].count, from_heap[i].count) << i;
  }
  EXPECT_GT(rocks->counters().flushes, 3u);
  EXPECT_EQ(all_of(*rocks), all_of(heap));
  Store other;
  Charge charge;
  ASSERT_EQ(heap.begin_snapshot(1, Kind::full, charge), Outcome::ok);
  const RestoreSource theirs = other.upload(heap, 1);
  const RestoreSource ours = f.snapshot(*rocks, 1);
  EXPECT_EQ(ours.handle.kind, KeyedStateHandle::Kind::key_groups);
  EXPECT_TRUE(ours.contents[0] == theirs.contents[0]) << "equal state, equal canonical bytes";
  EXPECT_EQ(ours.handle.offsets, theirs.handle.offsets);
  // And each reads the other's file.
  HeapBackend heap_again(
      {.range = {10, 60}, .max_parallelism = kMax, .memory_limit = UINT64_MAX, .costs = {}});
  ASSERT_EQ(heap_again.restore({ours}, charge), Outcome::ok);
  const auto rocks_again = f.make({10, 60}, {theirs});
  EXPECT_EQ(all_of(heap_again), all_of(*rocks_again));
  EXPECT_EQ(all_of(heap_again), all_of(heap, {10, 60}));
}

TEST(RocksDbBackend, SingleAccesses) {
  BackendFixture f;
  const auto backend = f.make({0, kMax - 1});
  Charge charge;
  const auto sum = *backend->register_state({.name = "sum", .kind = StateKind::reducing});
  EXPECT_FALSE(backend->register_state({.name = "sum", .kind = StateKind::value}).has_value());
  fill(*backend, 3);
  const auto map = *backend->register_state({.name = "map", .kind = StateKind::map});
  const auto list = *backend->register_state({.name = "list", .kind = StateKind::list});
  const Key k{3, group_of(3)};
  std::vector<std::pair<std::string, std::string>> entries;
  ASSERT_EQ(backend->map_entries(map, k, kNoWindow, entries, charge), Outcome::ok);
  EXPECT_THAT(entries, testing::ElementsAre(testing::Pair("x", "1"), testing::Pair("z", "3")));
  std::optional<std::string> text;
  ASSERT_EQ(backend->map_get(map, k, kNoWindow, "y", text, charge), Outcome::ok);
  EXPECT_FALSE(text.has_value());
  ASSERT_EQ(backend->get(list, k, {0, 5}, text, charge), Outcome::ok);
  EXPECT_EQ(text, "a,b3");
  const std::vector<sim::Record> records = {{3, 5, 0, 100}, {3, 6, 0, 101}};
  const std::vector<uint16_t> groups = {group_of(3), group_of(3)};
  ASSERT_EQ(backend->reduce(sum, {records, groups, {}}, {}, charge), Outcome::ok);
  std::optional<Accumulator> read;
  ASSERT_EQ(backend->read(sum, k, 0, read, charge), Outcome::ok);
  EXPECT_EQ(read->value, 11);
  ASSERT_EQ(backend->clear(sum, k, 0, charge), Outcome::ok);
  ASSERT_EQ(backend->reduce(sum, {records, groups, {}}, {}, charge), Outcome::ok);
  ASSERT_EQ(backend->read(sum, k, 0, read, charge), Outcome::ok);
  EXPECT_EQ(read->value, 11) << "a cleared value is not remembered";
}

KeyedBackend::Contents walked(const KeyedBackend& backend) {
  class Counter : public EntryVisitor {
   public:
    void on_entry(int32_t, std::string_view, std::string_view key,
                  std::string_view value) override {
      ++seen.entries;
      seen.bytes += key.size() + value.size();
    }
    void on_timer(int32_t, std::string_view, std::string_view) override {}
    KeyedBackend::Contents seen;
  };
  Counter counter;
  backend.visit(backend.range(), counter);
  return counter.seen;
}

TEST(RocksDbBackend, KnowsItsContentsWhileOnlyReduceHasWritten) {
  BackendFixture f;
  const auto backend = f.make({0, kMax - 1});
  EXPECT_EQ(backend->contents(), KeyedBackend::Contents{});
  // Over several memtables, with keys that come back after their flush.
  for (uint64_t from = 0; from < 20000; from += 4000) {
    feed(*backend, from, from + 4000, 3000, 100);
    f.run_jobs(*backend);
    ASSERT_EQ(backend->contents(), walked(*backend));
  }
  EXPECT_GT(backend->contents()->entries, 3000u);
  EXPECT_GT(backend->counters().flushes, 0u);
  const RestoreSource source = f.snapshot(*backend, 1);
  EXPECT_TRUE(backend->contents().has_value());
  EXPECT_EQ(f.make({0, kMax - 1}, {source})->contents(), std::nullopt);
  Charge charge;
  const auto sum = *backend->register_state({.name = "sum", .kind = StateKind::reducing});
  ASSERT_EQ(backend->clear(sum, {7, group_of(7)}, 0, charge), Outcome::ok);
  EXPECT_EQ(backend->contents(), std::nullopt);
}

TEST(RocksDbBackend, BatchesLeaveNoTrace) {
  const auto run = [](size_t batch) {
    BackendFixture f;
    const auto backend = f.make({0, kMax - 1});
    feed(*backend, 0, 30000, 40000, batch, nullptr,
         false);  // more keys than the values kept beside the memtable
    f.snapshot(*backend, 1);
    sim::Digest digest;
    f.disk.fold(digest);
    digest.fold(backend->counters().io_digest);
    digest.fold(backend->counters().cache_misses, backend->counters().io_operations);
    return digest.value();
  };
  const sim::Digest128 one = run(1);
  EXPECT_EQ(run(320), one);
  EXPECT_EQ(run(7), one);
}

TEST(RocksDbBackend, IncrementsReuseOnlyConfirmedFiles) {
  BackendFixture f;
  const auto backend = f.make({0, kMax - 1});
  feed(*backend, 0, 5000, 2000, 100);
  const RestoreSource first = f.snapshot(*backend, 1);
  const auto tables = [](const KeyedStateHandle& handle, bool placeholder) {
    size_t n = 0;
    for (const HandleFile& file : handle.files)
      n += file.shared && file.placeholder == placeholder ? 1 : 0;
    return n;
  };
  EXPECT_GT(tables(first.handle, false), 0u);
  // Not confirmed: the next one uploads everything again.
  feed(*backend, 5000, 5050, 2000, 100);
  const RestoreSource second = f.snapshot(*backend, 2);
  EXPECT_EQ(tables(second.handle, true), 0u);
  backend->confirm(2);
  feed(*backend, 5050, 5100, 2000, 100);
  const RestoreSource third = f.snapshot(*backend, 3);
  EXPECT_EQ(tables(third.handle, true), tables(second.handle, false)) << "the base is checkpoint 2";
  EXPECT_GT(tables(third.handle, false), 0u);
  EXPECT_GT(backend->counters().reused_table_bytes, 0u);
  EXPECT_LT(backend->counters().reused_table_bytes, backend->counters().checkpoint_table_bytes);
  for (const HandleFile& file : third.handle.files) {
    if (!file.placeholder) continue;
    const auto old = std::find_if(second.handle.files.begin(), second.handle.files.end(),
                                  [&](const HandleFile& o) { return o.name == file.name; });
    ASSERT_NE(old, second.handle.files.end());
    EXPECT_EQ(file.object_key, old->object_key);
    EXPECT_EQ(file.bytes, old->bytes);
  }
  backend->abort(3);
  backend->confirm(1);  // late: older than the base
  const RestoreSource fourth = f.snapshot(*backend, 4);
  EXPECT_EQ(tables(fourth.handle, true), tables(second.handle, false))
      << "the aborted one is no base, nor is 1";
  // A full one uploads all and becomes a base when confirmed.
  const RestoreSource fifth = f.snapshot(*backend, 5, Kind::full);
  EXPECT_EQ(fifth.handle.kind, KeyedStateHandle::Kind::incremental);
  EXPECT_EQ(tables(fifth.handle, true), 0u);
  // Before that, what it uploaded anew is not taken from checkpoint 2 any more.
  const RestoreSource sixth = f.snapshot(*backend, 6);
  EXPECT_EQ(tables(sixth.handle, true), 0u);
  backend->confirm(5);
  const RestoreSource seventh = f.snapshot(*backend, 7);
  EXPECT_EQ(tables(seventh.handle, false) + tables(seventh.handle, true),
            tables(fifth.handle, false));
  // A savepoint is canonical and no base.
  const RestoreSource savepoint = f.snapshot(*backend, 8, Kind::savepoint);
  EXPECT_EQ(savepoint.handle.kind, KeyedStateHandle::Kind::key_groups);
  EXPECT_EQ(f.disk.list(fmt::format("/tm/{}", f.made)), std::vector<std::string>{"db"})
      << "no local copy is left";
}

TEST(RocksDbBackend, RestoresAtTheSameParallelismWithItsBase) {
  BackendFixture f;
  auto backend = f.make({0, 63});
  feed(*backend, 0, 20000, 3000, 100);
  for (uint64_t key = 0; key < 300; ++key) fill(*backend, key);
  f.run_jobs(*backend);
  const RestoreSource source = f.snapshot(*backend, 9);
  const auto expected = all_of(*backend);
  ASSERT_GT(expected.size(), 1000u);
  feed(*backend, 20000, 21000, 3000, 100);  // after the snapshot: must not show
  backend.reset();
  const auto restored = f.make({0, 63}, {source});
  EXPECT_EQ(all_of(*restored), expected);
  const uint64_t before = f.bytes;
  const RestoreSource next = f.snapshot(*restored, 10);
  EXPECT_LT(f.bytes - before, source.handle.total_bytes() / 2)
      << "the tables of checkpoint 9 are not uploaded again";
  const auto again = f.make({0, 63}, {next});
  EXPECT_EQ(all_of(*again), expected);
  EXPECT_EQ(again->timers("plain").size(), restored->timers("plain").size());
}

TEST(RocksDbBackend, RescalesUpAndDown) {
  BackendFixture f;
  const auto whole = f.make({0, kMax - 1});
  feed(*whole, 0, 20000, 3000, 100);
  for (uint64_t key = 0; key < 300; ++key) fill(*whole, key);
  f.run_jobs(*whole);
  const auto expected = all_of(*whole);
  const RestoreSource one = f.snapshot(*whole, 1);
  // 1 -> 3: each opens the files and clips them.
  std::vector<RestoreSource> parts;
  std::vector<std::string> lines;
  for (int32_t i = 0; i < 3; ++i) {
    const auto part = f.make(key_groups_of_subtask(i, kMax, 3), {one});
    const auto mine = all_of(*part);
    lines.insert(lines.end(), mine.begin(), mine.end());
    parts.push_back(f.snapshot(*part, 2));
    for (const HandleFile& file : parts.back().handle.files)
      EXPECT_FALSE(file.placeholder) << "no base after rescaling";
  }
  EXPECT_EQ(lines, expected);
  // 3 -> 2: opens the best, clips, copies the rest.
  lines.clear();
  for (int32_t i = 0; i < 2; ++i) {
    const auto part = f.make(key_groups_of_subtask(i, kMax, 2), parts);
    const auto mine = all_of(*part);
    lines.insert(lines.end(), mine.begin(), mine.end());
    EXPECT_EQ(f.disk.list(fmt::format("/tm/{}", f.made)), std::vector<std::string>{"db"})
        << "temporary databases go";
  }
  EXPECT_EQ(lines, expected);
  // The contents outside of the range do not come back through a further snapshot.
  const auto narrow = f.make({40, 41}, parts);
  const RestoreSource last = f.snapshot(*narrow, 3, Kind::savepoint);
  const auto wide = f.make({0, kMax - 1}, {last});
  EXPECT_EQ(all_of(*wide), all_of(*whole, {40, 41}));
}

TEST(RocksDbBackend, DamagedFilesAreValues) {
  BackendFixture f;
  const auto backend = f.make({0, kMax - 1});
  feed(*backend, 0, 3000, 2000, 100);
  const RestoreSource good = f.snapshot(*backend, 1);
  const auto damaged = [&](std::string_view suffix, bool cut) {
    RestoreSource bad = good;
    for (size_t i = 0; i < bad.handle.files.size(); ++i) {
      const std::string& name = bad.handle.files[i].name;
      if (name.size() < suffix.size() || name.substr(name.size() - suffix.size()) != suffix)
        continue;
      if (cut) {
        bad.contents[i].truncate(bad.contents[i].size() / 2);
      } else {
        bad.contents[i].flip_bit(bad.contents[i].size() * 4);
      }
    }
    return bad;
  };
  f.make({0, kMax - 1}, {damaged(".sst", true)}, Outcome::corrupt);
  f.make({0, kMax - 1}, {damaged("meta", true)}, Outcome::corrupt);
  // A flipped bit in a table shows when its block is read.
  const auto flipped = f.make({0, kMax - 1}, {damaged(".sst", false)});
  const auto sum = *flipped->register_state({.name = "sum", .kind = StateKind::reducing});
  Outcome worst = Outcome::ok;
  for (uint64_t key = 0; key < 2000; ++key) {
    std::optional<Accumulator> read;
    Charge charge;
    const Outcome outcome = flipped->read(sum, {key, group_of(key)}, 0, read, charge);
    if (outcome != Outcome::ok) worst = outcome;
  }
  EXPECT_EQ(worst, Outcome::corrupt);
}

TEST(RocksDbBackend, DiesAndDisposes) {
  BackendFixture f;
  auto killed = f.make({0, kMax - 1});
  feed(*killed, 0, 20000, 2000, 100);
  Charge charge;
  ASSERT_EQ(killed->begin_snapshot(1, Kind::incremental, charge), Outcome::ok);
  ASSERT_EQ(killed->begin_snapshot(2, Kind::savepoint, charge), Outcome::ok);
  const uint64_t operations = killed->counters().io_operations;
  EXPECT_GT(operations, 0u);
  sim::Digest before;
  f.disk.fold(before);
  killed.reset();  // with queued jobs, a local copy and a view
  sim::Digest after;
  f.disk.fold(after);
  EXPECT_EQ(before.value(), after.value()) << "a killed process writes nothing";
  const auto disposed = f.make({0, kMax - 1});
  feed(*disposed, 0, 1000, 2000, 100);
  ASSERT_EQ(disposed->begin_snapshot(1, Kind::incremental, charge), Outcome::ok);
  disposed->dispose(charge);
  EXPECT_TRUE(f.disk.list(fmt::format("/tm/{}", f.made)).empty());
}

}  // namespace
}  // namespace drey::state
