// Milliseconds to build a job of two vertices joined all-to-all with its regions, to find a restart
// set, and to set up and run the scheduling strategy. Growth must be linear in the parallelism
// (issue 4: 10,000 x 10,000 within 30 ms and 10 ms).
#include <benchmark/benchmark.h>

#include "model/cluster/pipelined_region_scheduling.h"
#include "model/failover/region_failover.h"

namespace drey::model {
namespace {

JobGraph all_to_all(const benchmark::State& state) {
  const auto parallelism = static_cast<uint32_t>(state.range(0));
  JobGraph graph;
  graph.add_vertex({.id = "a", .parallelism = parallelism});
  graph.add_vertex({.id = "b", .parallelism = parallelism});
  const auto type = static_cast<ResultPartitionType>(state.range(1));
  graph.connect(graph.add_data_set({.producer = 0, .type = type}), 1);
  return graph;
}

struct AllTracked final : PartitionAvailability {
  bool is_tracked(PartitionIndex) const override { return true; }
};

void BM_BuildGraphAndRegions(benchmark::State& state) {
  const JobGraph job = all_to_all(state);
  for (auto _ : state) {
    ExecutionGraph graph(job);
    benchmark::DoNotOptimize(graph.regions().members.size());
  }
}

// The first producer fails: every consumer restarts, and every partition is asked for.
void BM_RestartSet(benchmark::State& state) {
  ExecutionGraph graph(all_to_all(state));
  for (SubtaskIndex s = 0; s < graph.topology().subtasks(); ++s)
    graph.set_state(s, ExecutionState::running);
  const AllTracked availability;
  RegionFailover failover(graph, availability);
  for (auto _ : state) benchmark::DoNotOptimize(failover.tasks_to_restart(0, std::nullopt).size());
}

// Start, then every producer finishes, which starts every consumer of a blocking result.
void BM_Schedule(benchmark::State& state) {
  const JobGraph job = all_to_all(state);
  for (auto _ : state) {
    ExecutionGraph graph(job);
    PipelinedRegionScheduling scheduling(graph);
    size_t calls = scheduling.start().size();
    for (SubtaskIndex s = 0; s < static_cast<SubtaskIndex>(state.range(0)); ++s) {
      graph.set_state(s, ExecutionState::finished);
      calls += scheduling.on_finished(s).size();
    }
    benchmark::DoNotOptimize(calls);
  }
}

void arguments(benchmark::internal::Benchmark* bench) {
  for (const auto type : {ResultPartitionType::pipelined_bounded, ResultPartitionType::blocking,
                          ResultPartitionType::hybrid_full}) {
    for (const int64_t parallelism : {1'000, 10'000})
      bench->Args({parallelism, static_cast<int64_t>(type)});
  }
  bench->ArgNames({"parallelism", "type"})->Unit(benchmark::kMillisecond);
}

BENCHMARK(BM_BuildGraphAndRegions)->Apply(arguments);
BENCHMARK(BM_RestartSet)->Apply(arguments);
BENCHMARK(BM_Schedule)->Apply(arguments);

}  // namespace
}  // namespace drey::model
