// Whole runs of all-to-all jobs of null tasks over 1,000 TaskManagers, from 1,000 x 1,000 to
// 10,000 x 10,000: build, deploy, a checkpoint (pipelined), the loss of one TaskManager, restart.
// Growth must be linear in the number of tasks; what does not grow are the messages between each
// two TaskManagers, a million at a time.
#include <benchmark/benchmark.h>

#include "scenarios/read_scenario.h"
#include "scenarios/run.h"

namespace drey::scenarios {
namespace {

void run_all_to_all(benchmark::State& state, const char* file) {
  ReadScenario read =
      read_scenario_file(std::string(DREY_SOURCE_DIR) + "/scenarios/catalogue/regions/" + file);
  if (!read.scenario) {
    state.SkipWithError("the scenario cannot be read");
    return;
  }
  Scenario& scenario = *read.scenario;
  for (VertexSpec& vertex : scenario.job.vertices) vertex.parallelism = state.range(0);
  for (VertexSpec& vertex : scenario.job.vertices)
    if (vertex.kind == VertexKind::source) vertex.splits = state.range(0);
  scenario.cluster.slots_each = state.range(0) / scenario.cluster.task_managers;
  scenario.expect.clear();  // they count the tasks of the full size
  for (auto _ : state) {
    const RunOutcome outcome = run_once({.scenario = &scenario, .file = file});
    if (outcome.exit_code != 0) state.SkipWithError(outcome.summary.c_str());
  }
  state.SetComplexityN(state.range(0));
}

void BM_Pipelined(benchmark::State& state) { run_all_to_all(state, "all-to-all-10k.json"); }
void BM_Blocking(benchmark::State& state) { run_all_to_all(state, "all-to-all-10k-blocking.json"); }

void arguments(benchmark::internal::Benchmark* bench) {
  for (const int64_t parallelism : {1'000, 2'000, 5'000, 10'000}) bench->Arg(parallelism);
  bench->ArgName("parallelism")->Unit(benchmark::kSecond)->Iterations(1)->Complexity(benchmark::oN);
}

BENCHMARK(BM_Pipelined)->Apply(arguments);
BENCHMARK(BM_Blocking)->Apply(arguments);

}  // namespace
}  // namespace drey::scenarios
