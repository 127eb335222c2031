#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "scenarios/assembly.h"
#include "scenarios/read_scenario.h"
#include "scenarios/run_pool.h"
#include "sim/check.h"
#include "tests/bench/bare_engine.h"
#include "tests/bench/document/figures.h"
#include "tests/bench/document/measure.h"

namespace drey::bench {

namespace {

scenarios::Scenario scenario_of(scenarios::ReadScenario read) {
  CHECK(read.scenario.has_value(), read.errors());
  return std::move(*read.scenario);
}

// Exactly once, so that the ledger judges everything: order and running sums too. All records
// become visible in one transaction at the end, since nothing is checkpointed before.
scenarios::Scenario aggregation(Backend backend, uint64_t keys, uint64_t records) {
  const std::string text = fmt::format(
      R"({{
  "name": "source, map, keyBy, sum, sink",
  "job": {{
    "vertices": {{
      "src": {{ "kind": "source", "records": {} }},
      "map": {{ "kind": "map" }},
      "agg": {{ "kind": "keyed", "keys": {} }},
      "sink": {{ "kind": "sink", "delivery": "exactly-once" }}
    }},
    "edges": ["src -> forward -> map -> hash -> agg -> forward -> sink"]
  }},
  "cluster": {{ "task_managers": 1, "slots_each": 1 }},
  "flink": {{
    "state.backend.type": "{}",
    "execution.checkpointing.interval": "10 min"
  }},
  "expect": ["job.state == FINISHED", "ledger.compared == {}"]
}})",
      records, keys, backend == Backend::heap ? "hashmap" : "rocksdb", records);
  return scenario_of(scenarios::read_scenario_text("aggregation", text));
}

scenarios::RunOutcome run_it(const scenarios::Scenario& scenario, const std::string& name) {
  const auto seed = static_cast<uint64_t>(scenario.seed.value_or(1));
  scenarios::RunOutcome outcome = scenarios::run_once(
      {.scenario = &scenario, .file = name, .seed = seed, .mutant = {}, .twice = false});
  CHECK(outcome.verdict == "pass", outcome.summary);
  return outcome;
}

std::string idle_job(uint64_t parallelism) {
  return fmt::format(
      R"({{
  "name": "idle tasks",
  "job": {{
    "vertices": {{
      "src": {{ "kind": "source", "parallelism": {0}, "rate": "1/s", "records": 3600 }},
      "sink": {{ "kind": "sink", "parallelism": {0}, "chaining": "never" }}
    }},
    "edges": ["src -> forward -> sink"]
  }},
  "cluster": {{ "task_managers": {1}, "slots_each": 4 }}
}})",
      parallelism, parallelism / 4);
}

double idle_bytes(uint64_t parallelism) {
  const scenarios::Scenario scenario =
      scenario_of(scenarios::read_scenario_text("idle", idle_job(parallelism)));
  const uint64_t before = resident_bytes();
  scenarios::Assembly assembly(scenario, {});
  assembly.start();
  assembly.world().kernel().run(sim::Time{} + sim::seconds(30));
  return static_cast<double>(resident_bytes() - before);
}

}  // namespace

double records_per_s(Backend backend, uint64_t keys, uint64_t records) {
  const scenarios::Scenario scenario = aggregation(backend, keys, records);
  const double before = cpu_seconds();
  run_it(scenario, "aggregation");
  return static_cast<double>(records) / (cpu_seconds() - before);
}

double fraction_of_bare_engine(uint64_t keys, uint64_t records) {
  const double whole = records_per_s(Backend::rocksdb, keys, records);
  const scenarios::Scenario scenario = aggregation(Backend::rocksdb, keys, records);
  const model::TaskOptions options = scenarios::task_options_of(scenario);
  state::RocksDbOptions engine_options;
  engine_options.write_buffer_bytes = options.rocksdb_write_buffer;
  engine_options.index_and_filter_in_cache = false;
  const double before = cpu_seconds();
  BareEngine engine(engine_options, options.rocksdb_block_cache);
  while (engine.done() < records) engine.run(320, keys);
  return whole / (static_cast<double>(engine.done()) / (cpu_seconds() - before));
}

double sim_to_wall(const char* scenario_file) {
  const scenarios::Scenario scenario = scenario_of(scenarios::read_scenario_file(scenario_file));
  const double before = cpu_seconds();
  const scenarios::RunOutcome outcome = run_it(scenario, scenario_file);
  const double seconds = cpu_seconds() - before;
  const auto simulated = nlohmann::json::parse(outcome.json).at("sim_time_ns").get<int64_t>();
  return static_cast<double>(simulated) * 1e-9 / seconds;
}

double runs_per_hour(const char* scenario_file, uint64_t runs) {
  const scenarios::Scenario scenario = scenario_of(scenarios::read_scenario_file(scenario_file));
  std::vector<scenarios::RunRequest> requests;
  for (uint64_t seed = 1; seed <= runs; ++seed)
    requests.push_back(
        {.scenario = &scenario, .file = scenario_file, .seed = seed, .mutant = {}, .twice = false});
  const double before = cpu_seconds();
  scenarios::run_pool(requests, 1, scenarios::run_once,
                      [](const scenarios::RunRequest&, const scenarios::RunOutcome& outcome) {
                        CHECK(outcome.verdict == "pass", outcome.summary);
                        return true;
                      });
  return static_cast<double>(runs) * 3600 / (cpu_seconds() - before);
}

double bytes_per_idle_task() {
  constexpr uint64_t kFew = 40;
  constexpr uint64_t kMany = 400;
  const double few = in_child([] { return idle_bytes(kFew); });
  const double many = in_child([] { return idle_bytes(kMany); });
  return (many - few) / static_cast<double>(2 * (kMany - kFew));  // a source and a sink each
}

}  // namespace drey::bench
