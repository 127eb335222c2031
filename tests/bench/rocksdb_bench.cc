// Read-modify-writes per second: the bare engine (Get and Put of the same bytes, same options, same
// simulated disk, same flushes) against RocksDbBackend::reduce. The goal: the backend costs at most
// 30 % more than the engine.
#include <benchmark/benchmark.h>

#include "state/java_hash.h"
#include "state/rocksdb_backend.h"
#include "tests/bench/bare_engine.h"

namespace drey::state {
namespace {

constexpr int32_t kMax = drey::bench::kKeyGroups;
constexpr size_t kBatch = 320;
constexpr uint64_t kCacheBytes = uint64_t{64} << 20;

void bare(benchmark::State& bench) {
  drey::bench::BareEngine engine(RocksDbOptions{}, kCacheBytes);
  for (auto _ : bench) engine.run(kBatch, static_cast<uint64_t>(bench.range(0)));
  bench.SetItemsProcessed(static_cast<int64_t>(engine.done()));
}

void backend(benchmark::State& bench) {
  const auto keys = static_cast<uint64_t>(bench.range(0));
  drey::bench::RocksDbPlace world(kCacheBytes);
  RocksDbBackend::Options options;
  options.range = {0, kMax - 1};
  options.max_parallelism = kMax;
  options.incremental = true;
  options.place = world.place;
  options.memory = world.memory;
  RocksDbBackend made(options);
  Charge charge;
  CHECK(made.restore({}, charge) == Outcome::ok, "open");
  const auto sum = *made.register_state({.name = "sum", .kind = StateKind::reducing});
  std::vector<sim::Record> records(kBatch);
  std::vector<uint16_t> groups(kBatch);
  std::vector<Running> out(kBatch);
  uint64_t n = 0;
  for (auto _ : bench) {
    for (size_t i = 0; i < kBatch; ++i, ++n) {
      const uint64_t k = sim::mix(n, 0x9e3779b97f4a7c15u) % keys;
      records[i] = {k, 1, 0, n};
      groups[i] =
          static_cast<uint16_t>(key_group_of_hash(java_hash_int64(static_cast<int64_t>(k)), kMax));
    }
    CHECK(made.reduce(sum, {records, groups, {}}, out, charge) == Outcome::ok, "reduce");
    while (const auto job = made.take_job()) {
      CHECK(made.run_job(*job, charge) == Outcome::ok, "job");
      world.clock.time = made.engine().job_end();
    }
  }
  bench.SetItemsProcessed(static_cast<int64_t>(n));
}

BENCHMARK(bare)->Arg(10'000)->Arg(1'000'000)->Iterations(3750)->Unit(benchmark::kMicrosecond);
BENCHMARK(backend)->Arg(10'000)->Arg(1'000'000)->Iterations(3750)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace drey::state
