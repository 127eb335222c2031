// Records through the exact grain, with hash and ledger-like sinks on: source -> map -> keyBy ->
// sum -> sink over two TaskManagers. items_per_second is records per CPU second.
#include <benchmark/benchmark.h>

#include "tests/model/exact_harness.h"

namespace {

using namespace drey;  // NOLINT: a benchmark

void sum_job_records(benchmark::State& state) {
  for (auto _ : state) {
    model::HarnessOptions options;
    options.log = {
        .splits = 2, .records = 2'000'000, .keys = static_cast<uint64_t>(state.range(0))};
    options.keep_committed = false;
    model::ExactHarness cluster(options, model::sum_job(2, 2));
    cluster.deploy();
    if (!cluster.run_to_end(sim::milliseconds(200), sim::seconds(300)))
      state.SkipWithError("did not finish");
    state.counters["events"] = static_cast<double>(cluster.world.kernel().events_run());
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * 2'000'000);
}
BENCHMARK(sum_job_records)->Arg(10'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

}  // namespace
