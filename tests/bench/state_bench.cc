// Records per second of the reduce path, and seconds of snapshot and restore, at 10^4 and 10^6
// keys.
#include <benchmark/benchmark.h>

#include <vector>

#include "state/heap_backend.h"
#include "state/java_hash.h"

namespace drey::state {
namespace {

constexpr int32_t kMaxParallelism = 128;
constexpr size_t kBatch = 1024;  // records of a 32 kB buffer

struct Load {
  std::vector<sim::Record> records;
  std::vector<uint16_t> groups;
};

// Every key once at first (so that the timed part finds all keys), then keys in a scattered order.
Load make_load(uint64_t keys, size_t count) {
  Load load;
  for (size_t i = 0; i < count; ++i) {
    const uint64_t key = i < keys ? i : sim::mix(i, 0x9e3779b97f4a7c15u) % keys;
    load.records.push_back(
        {key, static_cast<int64_t>(i & 1023), static_cast<int64_t>(i), sim::make_provenance(1, i)});
    load.groups.push_back(static_cast<uint16_t>(
        key_group_of_hash(java_hash_int64(static_cast<int64_t>(key)), kMaxParallelism)));
  }
  return load;
}

HeapBackend make_backend() {
  return HeapBackend({.range = {0, kMaxParallelism - 1},
                      .max_parallelism = kMaxParallelism,
                      .memory_limit = UINT64_MAX,
                      .costs = {}});
}

void run_all(HeapBackend& backend, StateId id, const Load& load, std::vector<Running>& out) {
  Charge charge;
  for (size_t at = 0; at + kBatch <= load.records.size(); at += kBatch) {
    const RecordBatch batch{.records = {load.records.data() + at, kBatch},
                            .groups = {load.groups.data() + at, kBatch},
                            .window_starts = {}};
    if (backend.reduce(id, batch, out, charge) != Outcome::ok) std::abort();
  }
  benchmark::DoNotOptimize(charge.cpu_ns);
}

void BM_Reduce(benchmark::State& state) {
  const auto keys = static_cast<uint64_t>(state.range(0));
  const Load load = make_load(keys, 4u << 20);
  HeapBackend backend = make_backend();
  const StateId id = *backend.register_state({.name = "sum", .kind = StateKind::reducing});
  std::vector<Running> out(kBatch);
  run_all(backend, id, load, out);
  for (auto _ : state) run_all(backend, id, load, out);
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * load.records.size()));
}
BENCHMARK(BM_Reduce)->Arg(10'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

void BM_Snapshot(benchmark::State& state) {
  const auto keys = static_cast<uint64_t>(state.range(0));
  HeapBackend backend = make_backend();
  const StateId id = *backend.register_state({.name = "sum", .kind = StateKind::reducing});
  std::vector<Running> out(kBatch);
  run_all(backend, id, make_load(keys, keys + kBatch), out);
  uint64_t checkpoint = 0;
  Charge charge;
  for (auto _ : state) {
    if (backend.begin_snapshot(++checkpoint, KeyedBackend::SnapshotKind::full, charge) !=
        Outcome::ok)
      std::abort();
    backend.abort(checkpoint);
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * keys));
}
BENCHMARK(BM_Snapshot)->Arg(10'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace drey::state
