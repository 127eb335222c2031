// Records per second of the tumbling window's batch path, windows fired and cleaned up included.
#include <benchmark/benchmark.h>

#include <vector>

#include "model/operators/window_operator.h"
#include "state/heap_backend.h"
#include "state/java_hash.h"

namespace drey::model {
namespace {

constexpr int32_t kMaxParallelism = 128;
constexpr size_t kBatch = 1024;      // records of a 32 kB buffer
constexpr int64_t kWindow = 1000;    // ms
constexpr int64_t kPerMillis = 300;  // records

struct CountResults : WindowOutput {
  void on_result(state::Key, state::TimeWindow, const state::Accumulator& a,
                 std::span<const sim::Record>) override {
    records += a.count;
  }
  void on_late(const sim::Record&) override { std::abort(); }
  uint64_t records = 0;
};

void BM_TumblingWindow(benchmark::State& state) {
  const auto keys = static_cast<uint64_t>(state.range(0));
  std::vector<sim::Record> records(4u << 20);
  std::vector<uint16_t> groups(records.size());
  for (size_t i = 0; i < records.size(); ++i) {
    const uint64_t key = sim::mix(i + 1, 0x9e3779b97f4a7c15u) % keys;
    records[i] = {key, 1, static_cast<int64_t>(i) / kPerMillis, sim::make_provenance(1, i)};
    groups[i] = static_cast<uint16_t>(state::key_group_of_hash(
        state::java_hash_int64(static_cast<int64_t>(key)), kMaxParallelism));
  }
  for (auto _ : state) {
    state::HeapBackend backend({.range = {0, kMaxParallelism - 1},
                                .max_parallelism = kMaxParallelism,
                                .memory_limit = UINT64_MAX,
                                .costs = {}});
    CountResults results;
    WindowOperator op({.assigner = {.kind = WindowAssigner::Kind::tumbling, .size = kWindow}},
                      backend, results);
    state::Charge charge;
    for (size_t at = 0; at < records.size(); at += kBatch) {
      if (op.process({records.data() + at, kBatch}, {groups.data() + at, kBatch}, charge) !=
          state::Outcome::ok)
        std::abort();
      if (at % (64 * kBatch) == 0) op.advance_watermark(records[at].event_time - 1, charge);
    }
    op.advance_watermark(kMaxWatermark, charge);
    if (results.records != records.size()) std::abort();
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * records.size()));
}
BENCHMARK(BM_TumblingWindow)->Arg(10'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace drey::model
