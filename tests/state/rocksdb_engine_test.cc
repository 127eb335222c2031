#include "state/rocksdb_engine.h"

#include <gtest/gtest.h>

#include <map>

#include "state/rocksdb_self_check.h"
#include "tests/state/rocksdb_fixture.h"

namespace drey::state {
namespace {

using Kind = KeyedBackend::Job::Kind;

TEST(RocksDbSeams, EveryOneTookAndThereIsOneThread) { EXPECT_EQ(check_rocksdb_seams(), ""); }

TEST(RocksDbSeams, OutsideOfAScopeTheAllocatorTellsTheTruth) {
  std::vector<char> bytes(1000);
  EXPECT_GE(malloc_usable_size(bytes.data()), 1000u);
  DatabaseSeams seams;
  const DatabaseScope scope(seams);
  std::vector<char> block(kArenaBlockBytes);
  EXPECT_EQ(malloc_usable_size(bytes.data()), 0u);
  EXPECT_EQ(malloc_usable_size(block.data()), kArenaBlockBytes);
  EXPECT_EQ(seams.size_calls, 2u);
}

TEST(RocksDbEngine, PutsFlushesCompactsAndReads) {
  EngineFixture f;
  f.open();
  std::map<std::string, std::string> expected;
  for (uint64_t i = 0; i < 40000; ++i) {
    const std::string key = number_key(sim::mix(i, 0x9e3779b97f4a7c15u) % 5000);
    const std::string value = number_key(i) + std::string(40, static_cast<char>('a' + i % 26));
    f.put(key, value);
    expected[key] = value;
    f.run_jobs();
  }
  EXPECT_GT(f.engine->counters().flushes, 10u);
  EXPECT_GT(f.engine->counters().compactions, 1u);
  EXPECT_EQ(f.contents(), expected);
  EXPECT_EQ(count_threads(), 1u);
}

TEST(RocksDbEngine, StallsWhenTwoMemtablesAreClosedAndGoesOnWhenTheFlushHasEnded) {
  EngineFixture f;
  f.open();
  uint64_t n = 0;
  while (!f.engine->must_wait() && n < 100000) f.put(number_key(n++), std::string(100, 'v'));
  ASSERT_TRUE(f.engine->must_wait());
  EXPECT_EQ(f.engine->counters().switches, 2u);
  const auto job = f.engine->take_job();
  ASSERT_TRUE(job.has_value());
  EXPECT_EQ(*job, Kind::flush);
  Charge charge;
  ASSERT_EQ(f.engine->run_job(*job, charge), Outcome::ok);
  EXPECT_GT(charge.disk_write_bytes, 0u);
  EXPECT_GT(charge.device_ns, 0u);
  EXPECT_GT(f.engine->job_end(), f.clock.now());
  EXPECT_TRUE(f.engine->must_wait()) << "the flush has not ended";
  EXPECT_FALSE(f.engine->take_job().has_value()) << "one job at a time";
  f.clock.time = f.engine->job_end();
  EXPECT_FALSE(f.engine->must_wait());
}

// A restore puts while a thread beside it flushes; it waits only while two memtables are closed.
TEST(RocksDbEngine, ARestoreWaitsForFlushesOnlyWhenTwoMemtablesAreClosed) {
  static constexpr uint64_t kPuts = 10'000;
  const auto restored = [](uint64_t put_ns, uint64_t& flushes) {
    EngineFixture f;
    f.open();
    Charge charge;
    for (uint64_t n = 0; n < kPuts; ++n) {
      f.put(number_key(n), std::string(100, 'v'));
      charge.cpu_ns += put_ns;
      if (f.engine->flush_waits()) {
        EXPECT_EQ(f.engine->flush_beside(charge), Outcome::ok);
      }
    }
    flushes = f.engine->counters().flushes;
    EXPECT_EQ(f.contents().size(), kPuts);
    return charge;
  };
  EngineFixture one_by_one;
  one_by_one.open();
  uint64_t alone = 0;  // what the flushes take
  for (uint64_t n = 0; n < kPuts; ++n) {
    one_by_one.put(number_key(n), std::string(100, 'v'));
    if (!one_by_one.engine->flush_waits()) continue;
    Charge charge;
    ASSERT_EQ(one_by_one.engine->run_job(Kind::flush, charge), Outcome::ok);
    const sim::Time end = one_by_one.engine->job_end();
    alone += static_cast<uint64_t>((end - one_by_one.clock.time).ns);
    one_by_one.clock.time = end;
  }
  uint64_t flushes = 0;
  const Charge slow = restored(1'000'000, flushes);
  ASSERT_GE(flushes, 10u);
  EXPECT_EQ(slow.device_ns, 0u) << "each flush has ended before the next memtable is full";
  const Charge fast = restored(1, flushes);
  EXPECT_GT(fast.device_ns, alone * (flushes - 3) / flushes);
  EXPECT_LT(fast.device_ns, alone) << "nobody waits for the last ones";
}

// Everything that RocksDB did and left behind, for equal work.
struct Outcomes {
  sim::Digest128 files;
  sim::Digest128 operations;
  uint64_t count = 0;
  uint64_t reads = 0;  // misses of the engine's own cache
  uint64_t compactions = 0;
  friend bool operator==(const Outcomes&, const Outcomes&) = default;
};

Outcomes work(uint64_t name, bool disturb) {
  std::vector<std::vector<char>> noise;
  if (disturb) {
    for (uint64_t i = 0; i < 100000; ++i) {
      noise.emplace_back(16 + sim::mix(i, 0xd1b54a32d192ed03u) % 900);
      if (i % 3 == 0) noise[noise.size() / 2] = std::vector<char>();
    }
  }
  EngineFixture f;
  f.limits.cache_bytes = 64 * 1024;  // misses
  f.place.name = name;
  f.open();
  Outcomes result;
  Charge charge;
  for (uint64_t i = 0; i < 30000; ++i) {
    const std::string key = number_key(sim::mix(i, 77777777777u) % 8000);
    f.add_to(key, i, charge);
    f.run_jobs();
    if (i % 10000 == 9999) {
      EXPECT_EQ(f.engine->checkpoint("/checkpoint-" + std::to_string(i), charge), Outcome::ok);
    }
  }
  sim::Digest files;
  f.disk.fold(files);
  result.files = files.value();
  result.operations = f.engine->files().operations_digest();
  result.count = f.engine->files().operations();
  result.reads = f.engine->files().foreground_reads();
  result.compactions = f.engine->counters().compactions;
  return result;
}

TEST(RocksDbDeterminism, EqualFilesOperationsAndMisses) {
  const Outcomes first = work(7, false);
  // Equal with gcc, clang, sanitizers, any heap and address layout; changes with RocksDB, Snappy or
  // its options. The operations hold what each cost on the disk: they change with its model too.
  EXPECT_EQ(sim::to_hex(first.files), "07c8749f6eeebf3c9df94a3930f65389");
  EXPECT_EQ(sim::to_hex(first.operations), "9551912b11c2f788a5e4301ad7bf02fd");
  EXPECT_GT(first.count, 1000u);
  EXPECT_GT(first.reads, 1000u);
  EXPECT_GT(first.compactions, 3u);
  EXPECT_TRUE(work(7, false) == first) << "the same work again in one process";
  EXPECT_TRUE(work(7, true) == first) << "after 10^5 random allocations";
  EXPECT_EQ(count_threads(), 1u);
  EXPECT_FALSE(work(8, false) == first) << "another database: the comparison can fail";
}

TEST(RocksDbDeterminism, DatabasesDoNotSeeEachOther) {
  const auto files_of = [](bool second) {
    EngineFixture f;
    f.open();
    EngineFixture g;
    g.place.name = 99;
    if (second) g.open();
    for (uint64_t i = 0; i < 20000; ++i) {
      f.put(number_key(i * 7919 % 3000), number_key(i));
      f.run_jobs();
      if (second) {
        g.put(number_key(i), number_key(i));
        g.run_jobs();
      }
    }
    sim::Digest digest;
    f.disk.fold(digest);
    return digest.value();
  };
  EXPECT_EQ(files_of(false), files_of(true));
}

TEST(RocksDbCrash, CutOffDestroyReopenFromWhatTheDiskKept) {
  // Twelve instants: whatever was durable must open, and must hold a prefix of the history of each
  // key.
  size_t reopened = 0;
  size_t entries = 0;
  for (int64_t kill_ms = 1; kill_ms <= 120; kill_ms += 10) {
    for (const bool host : {false, true}) {
      EngineFixture f;
      f.open();
      f.clock.time = f.clock.time + sim::milliseconds(20);
      const sim::Time start = f.clock.now();
      std::map<std::string, uint64_t> written;
      uint64_t n = 0;
      while (f.clock.now() < start + sim::milliseconds(kill_ms)) {
        const std::string key = number_key(n % 700);
        f.put(key, number_key(n));
        written[key] = n++;
        f.run_jobs();
        if (n % 20 == 0) f.clock.time = f.clock.time + sim::microseconds(50);
      }
      f.engine->kill();
      if (host) {
        AllIssued chooser;
        f.disk.crash(f.clock.now(), chooser);
      } else {
        f.disk.kill_writer(f.place.writer, f.clock.now());
      }
      ASSERT_EQ(f.reopen(), Outcome::ok) << "killed after " << kill_ms << " ms, host " << host;
      for (const auto& [key, value] : f.contents()) {
        const auto it = written.find(key);
        ASSERT_NE(it, written.end());
        ++entries;
        const uint64_t stored = std::stoull(value);
        EXPECT_LE(stored, it->second);
        EXPECT_EQ(stored % 700, std::stoull(key));
      }
      ++reopened;
    }
  }
  EXPECT_EQ(reopened, 24u);
  EXPECT_GT(entries, 5000u) << "most kills came after some flush had ended";
}

TEST(RocksDbFaults, AFailedWriteStopsTheDatabaseAndLeavesOneThread) {
  for (const sim::DiskOutcome outcome : {sim::DiskOutcome::io_error, sim::DiskOutcome::no_space}) {
    EngineFixture f;
    f.open();
    sim::DiskFault fault;
    fault.path_prefix = "/db/";
    fault.operation = sim::DiskOperation::append;
    fault.outcome = outcome;
    f.disk.inject(fault);
    Outcome last = Outcome::ok;
    for (uint64_t i = 0; i < 20000 && last == Outcome::ok; ++i)
      last = f.try_put(number_key(i), std::string(100, 'v'));
    EXPECT_EQ(last, Outcome::io_error);
    f.engine->kill();
    EXPECT_EQ(count_threads(), 1u);
    f.disk.heal();
    EXPECT_EQ(f.reopen(), Outcome::ok);
  }
}

TEST(RocksDbMemory, TheSharedLimitClosesTheOldestMemtable) {
  EngineFixture f;
  f.limits.write_buffer_bytes = 1 << 20;
  f.limits.cache_bytes = 2 << 20;
  f.options.write_buffer_bytes = 64 << 20;
  f.open();
  uint32_t other = 0;
  Charge charge;
  ASSERT_EQ(f.engine->family("other", other, charge), Outcome::ok);
  EXPECT_EQ(f.memory->cache()->GetCapacity(), size_t{2} << 20);
  f.put("first", "v");
  {
    const RocksDbEngine::Visit visit(*f.engine, SimFileSystem::Activity::foreground);
    for (int i = 0; i < 10000 && f.engine->counters().switches == 0; ++i) {
      ASSERT_EQ(f.engine->put(other, number_key(static_cast<uint64_t>(i)), std::string(200, 'v')),
                Outcome::ok);
    }
  }
  EXPECT_EQ(f.engine->counters().switches, 1u);
  EXPECT_LT(f.memory->cache()->GetCapacity(), size_t{2} << 20);
  EXPECT_GT(f.engine->memtable_bytes(), (size_t{7} << 20) / 8);
  ASSERT_EQ(f.engine->run_job(*f.engine->take_job(), charge), Outcome::ok);
  EXPECT_GT(f.engine->memtable_bytes(), (size_t{7} << 20) / 8)
      << "the default family was the oldest: it was small";
}

}  // namespace
}  // namespace drey::state
