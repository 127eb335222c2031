#pragma once
// A bare read-modify-write loop on the RocksDB engine: Get and Put of what the backend would get
// and put (a key group, a key and a window; 32 bytes of accumulator), same options, same simulated
// disk, same flushes and compactions. What the backend and whole runs are measured against.
#include <cstring>
#include <memory>

#include "sim/check.h"
#include "state/rocksdb_engine.h"

namespace drey::bench {

constexpr int32_t kKeyGroups = 128;

class FixedClock final : public sim::Clock {
 public:
  sim::Time now() const override { return time; }
  sim::Time time;
};

struct RocksDbPlace {
  sim::Disk disk{sim::DiskSpec{}};
  FixedClock clock;
  std::shared_ptr<state::RocksDbMemory> memory;
  state::RocksDbEngine::Place place{&disk, &clock, sim::ProcessId{1}, "/bench", 1};

  explicit RocksDbPlace(uint64_t cache_bytes)
      : memory(std::make_shared<state::RocksDbMemory>(
            state::RocksDbMemory::Limits{.cache_bytes = cache_bytes})) {}
  RocksDbPlace(const RocksDbPlace&) = delete;
  RocksDbPlace& operator=(const RocksDbPlace&) = delete;
};

class BareEngine {
 public:
  BareEngine(const state::RocksDbOptions& options, uint64_t cache_bytes)
      : place_(cache_bytes), engine_(options, place_.place, place_.memory) {
    CHECK(engine_.open(charge_) == state::Outcome::ok, "open");
  }

  // `count` read-modify-writes over `keys` keys, then the jobs that they made due.
  void run(size_t count, uint64_t keys) {
    for (size_t i = 0; i < count; ++i, ++n_) modify(sim::mix(n_, 0x9e3779b97f4a7c15u) % keys);
    while (const auto job = engine_.take_job()) {
      CHECK(engine_.run_job(*job, charge_) == state::Outcome::ok, "job");
      place_.clock.time = engine_.job_end();
    }
  }
  uint64_t done() const { return n_; }

 private:
  void modify(uint64_t k) {
    const state::RocksDbEngine::Visit visit(engine_, state::SimFileSystem::Activity::foreground);
    char key[10] = {};
    key[0] = static_cast<char>(k % kKeyGroups);
    std::memcpy(key + 1, &k, 8);
    char value[32] = {};
    rocksdb::PinnableSlice old;
    bool found = false;
    CHECK(engine_.get(0, rocksdb::Slice(key, 10), old, found) == state::Outcome::ok, "get");
    if (found) std::memcpy(value, old.data(), 32);
    ++value[0];
    CHECK(engine_.put(0, rocksdb::Slice(key, 10), rocksdb::Slice(value, 32)) == state::Outcome::ok,
          "put");
  }

  RocksDbPlace place_;
  state::RocksDbEngine engine_;
  state::Charge charge_;
  uint64_t n_ = 0;
};

}  // namespace drey::bench
