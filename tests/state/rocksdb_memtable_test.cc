// The memtable against a plain map: whatever the order of puts, deletions, lookups, iterators,
// snapshots and flushes, both hold the same, at every snapshot and in both directions.
#include "state/rocksdb_memtable.h"

#include <optional>

#include "sim/random.h"
#include "tests/state/rocksdb_fixture.h"

namespace drey::state {
namespace {

using Map = std::map<std::string, std::string>;

class MemtableTest : public testing::Test, protected EngineFixture {
 protected:
  void SetUp() override { open(); }

  uint64_t draw(uint64_t n) { return sim::scale_draw(sim::philox(11, 7, ++draws_), n); }
  std::string some_key() {
    // Keys that share their first words, keys that are prefixes of others, and long ones.
    const std::string key = number_key(draw(60));
    switch (draw(4)) {
      case 0:
        return key.substr(0, 9 + draw(4));
      case 1:
        return key + std::string(draw(3), '\0');
      case 2:
        return "a long common beginning of it " + key;
      default:
        return key;
    }
  }

  std::optional<std::string> lookup(const std::string& key) {
    const RocksDbEngine::Visit visit(*engine, SimFileSystem::Activity::foreground);
    rocksdb::PinnableSlice value;
    bool found = false;
    EXPECT_EQ(engine->get(0, key, value, found), Outcome::ok);
    return found ? std::optional(value.ToString()) : std::nullopt;
  }
  Map read(const rocksdb::Snapshot* at, bool backwards) {
    const RocksDbEngine::Visit visit(*engine, SimFileSystem::Activity::foreground);
    rocksdb::ReadOptions read_options;
    read_options.snapshot = at;
    const auto it = engine->iterate(0, read_options);
    Map all;
    for (backwards ? it->SeekToLast() : it->SeekToFirst(); it->Valid();
         backwards ? it->Prev() : it->Next())
      all[it->key().ToString()] = it->value().ToString();
    EXPECT_TRUE(it->status().ok());
    return all;
  }
  // One change of both.
  void change() {
    const std::string key = some_key();
    const RocksDbEngine::Visit visit(*engine, SimFileSystem::Activity::foreground);
    const uint64_t what = draw(10);
    if (what == 0) {
      ASSERT_EQ(engine->remove(0, key), Outcome::ok);
      model_.erase(key);
    } else if (what == 1) {
      ASSERT_EQ(engine->merge(0, key, "m"), Outcome::ok);
      std::string& value = model_[key];
      value = value.empty() ? "m" : value + ",m";
    } else {
      const std::string value = number_key(draws_);
      ASSERT_EQ(engine->put(0, key, value), Outcome::ok);
      model_[key] = value;
    }
  }

  Map model_;
  uint64_t draws_ = 0;
};

TEST_F(MemtableTest, HoldsWhatAMapHolds) {
  for (int step = 0; step < 20'000; ++step) {
    change();
    const std::string key = some_key();
    const auto known = model_.find(key);
    ASSERT_EQ(lookup(key), known == model_.end() ? std::nullopt : std::optional(known->second));
    if (draw(50) == 0) {
      ASSERT_EQ(read(nullptr, draw(2) == 0), model_);
    }
    if (draw(1000) == 0) {
      Charge charge;
      ASSERT_EQ(engine->checkpoint(fmt::format("/copy-{}", step), charge), Outcome::ok);
    }
    run_jobs();
  }
  EXPECT_GT(engine->counters().flushes, 10u);
}

TEST_F(MemtableTest, SnapshotsSeeWhatWasThere) {
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i < 40; ++i) change();
    const rocksdb::Snapshot* const snapshot = engine->take_snapshot();
    const Map then = model_;
    for (int i = 0; i < 40; ++i) change();
    EXPECT_EQ(read(snapshot, false), then);
    EXPECT_EQ(read(snapshot, true), then);
    EXPECT_EQ(read(nullptr, false), model_);
    engine->release_snapshot(snapshot);
  }
}

TEST_F(MemtableTest, AnOpenIteratorStaysWithWhatItBeganWith) {
  for (int i = 0; i < 100; ++i) change();
  const Map then = model_;
  const RocksDbEngine::Visit visit(*engine, SimFileSystem::Activity::foreground);
  const auto it = engine->iterate(0, rocksdb::ReadOptions());
  it->SeekToFirst();
  Map seen;
  while (it->Valid()) {
    seen[it->key().ToString()] = it->value().ToString();
    change();
    EXPECT_EQ(read(nullptr, false), model_);  // which sorts what was put since
    it->Next();
  }
  EXPECT_EQ(seen, then);
}

}  // namespace
}  // namespace drey::state
