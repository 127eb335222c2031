// The event queue beside std::priority_queue, and the kernel with its trace hash on and off, at
// 10^3 to 10^6 pending events. The goals, as ratios: the queue 2.5 times std::priority_queue at
// 10^5, the hash at most 15 % of an event.
#include "tests/bench/kernel_load.h"

#include <benchmark/benchmark.h>

namespace {

using namespace drey;  // NOLINT: a benchmark

constexpr uint64_t kRound = 100'000;

template <class Queue>
void hold(benchmark::State& state) {
  const bench::Delays delays;
  bench::Hold<Queue> load(delays, static_cast<uint64_t>(state.range(0)));
  for (auto _ : state) load.run(kRound);
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kRound));
}
BENCHMARK(hold<sim::EventQueue>)->RangeMultiplier(10)->Range(1'000, 1'000'000);
BENCHMARK(hold<bench::PriorityQueue>)->RangeMultiplier(10)->Range(1'000, 1'000'000);

void kernel(benchmark::State& state) {
  const bench::Delays delays;
  bench::KernelHold load(delays, static_cast<uint64_t>(state.range(0)), state.range(1) != 0);
  for (auto _ : state) load.run(kRound);
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kRound));
}
BENCHMARK(kernel)
    ->ArgNames({"pending", "hash"})
    ->ArgsProduct({{1'000, 10'000, 100'000, 1'000'000}, {0, 1}});

}  // namespace
