#pragma once
// A small database on a simulated disk with a clock that the test sets.
#include <gtest/gtest.h>
#include <malloc.h>

#include <map>
#include <memory>
#include <string>

#include "fmt/core.h"
#include "state/rocksdb_engine.h"

namespace drey::state {

class TestClock final : public sim::Clock {
 public:
  sim::Time now() const override { return time; }
  sim::Time time;
};

class AllIssued final : public sim::TornChooser {
 public:
  sim::Torn choose_torn(std::string_view, uint64_t, uint64_t) override {
    return sim::Torn::all_issued;
  }
};

inline std::string number_key(uint64_t n) { return fmt::format("{:012}", n); }

struct EngineFixture {
  EngineFixture() {
    options.write_buffer_bytes = 100 * 1024;
    options.target_file_bytes = 64 * 1024;
    options.level_base_bytes = 256 * 1024;
    place.disk = &disk;
    place.clock = &clock;
    place.writer = sim::ProcessId{3};
    place.directory = "/db";
    place.name = 7;
  }
  void open() { ASSERT_EQ(reopen(), Outcome::ok); }
  Outcome reopen() {
    engine.reset();
    memory = std::make_shared<RocksDbMemory>(limits);
    engine = std::make_unique<RocksDbEngine>(options, place, memory);
    Charge charge;
    return engine->open(charge);
  }
  void put(const std::string& key, const std::string& value) {
    const RocksDbEngine::Visit visit(*engine, SimFileSystem::Activity::foreground);
    ASSERT_EQ(engine->put(0, key, value), Outcome::ok);
  }
  Outcome try_put(const std::string& key, const std::string& value) {
    {
      const RocksDbEngine::Visit visit(*engine, SimFileSystem::Activity::foreground);
      const Outcome outcome = engine->put(0, key, value);
      if (outcome != Outcome::ok) return outcome;
    }
    return jobs();
  }
  // Reads the number under the key, adds n, writes it back.
  void add_to(const std::string& key, uint64_t n, Charge& charge) {
    const RocksDbEngine::Visit visit(*engine, SimFileSystem::Activity::foreground);
    bool found = false;
    rocksdb::PinnableSlice value;
    ASSERT_EQ(engine->get(0, key, value, found), Outcome::ok);
    const uint64_t old = found ? std::stoull(value.ToString()) : 0;
    ASSERT_EQ(engine->put(0, key, number_key(old + n)), Outcome::ok);
    engine->charge_to(charge, 0);
  }
  // All jobs that can be taken, the clock moving to the end of each.
  Outcome jobs() {
    while (const auto job = engine->take_job()) {
      Charge charge;
      const Outcome outcome = engine->run_job(*job, charge);
      if (outcome != Outcome::ok) return outcome;
      if (advance) clock.time = engine->job_end();
    }
    return Outcome::ok;
  }
  void run_jobs() { ASSERT_EQ(jobs(), Outcome::ok); }
  std::map<std::string, std::string> contents() {
    const RocksDbEngine::Visit visit(*engine, SimFileSystem::Activity::job);
    std::map<std::string, std::string> result;
    const auto it = engine->iterate(0, rocksdb::ReadOptions());
    for (it->SeekToFirst(); it->Valid(); it->Next())
      result[it->key().ToString()] = it->value().ToString();
    EXPECT_TRUE(it->status().ok());
    return result;
  }

  sim::Disk disk{sim::DiskSpec{}};
  TestClock clock;
  RocksDbOptions options;
  RocksDbMemory::Limits limits;
  RocksDbEngine::Place place;
  bool advance = true;
  std::shared_ptr<RocksDbMemory> memory;
  std::unique_ptr<RocksDbEngine> engine;
};

}  // namespace drey::state
