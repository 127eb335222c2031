// Laws on the scenarios that need RocksDB: each disk operation reaches the hash; stepping does not.
#include <fmt/core.h>

#include "tests/scenarios/perturbed_runs.h"

namespace drey::scenarios {
namespace {

TEST(RocksDbPerturbation, ADiskOperationByOneNanosecond) {
  const Scenario scenario = scenario_with("storage/slow-disk.json");
  const PerturbedRuns runs = perturb(scenario, sim::Perturbation::disk_operation, 40);
  fmt::print("disk operation: {} steps, 40 perturbed runs: {} other hashes\n", runs.steps,
             runs.changed);
  EXPECT_EQ(runs.unchanged, std::vector<uint64_t>{});
  EXPECT_EQ(runs.changed, 40u);
}

TEST(RocksDbPerturbation, SteppingRecordByRecordLeavesTheHashUnchanged) {
  const Scenario scenario = scenario_with("task_manager/crash-rocksdb.json");
  EXPECT_EQ(hash_of(scenario), hash_of(scenario, {.step_each_record = true}));
}

}  // namespace
}  // namespace drey::scenarios
