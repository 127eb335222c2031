// The hash sees everything (design.md section 5): 200 random steps of four kinds, each changed by
// the least amount, each change the hash. A fifth kind, disk operations, needs RocksDB:
// rocksdb_perturbation_test.cc.
#include <fmt/core.h>

#include "tests/scenarios/perturbed_runs.h"

namespace drey::scenarios {
namespace {

// No process dies: what had no effect before it died with a process is seen by nobody.
constexpr uint64_t kEach = 50;

void each_changes_the_hash(sim::Perturbation kind, const char* name, uint64_t may_break) {
  const Scenario scenario = scenario_with("bounded/finishes.json");
  const PerturbedRuns runs = perturb(scenario, kind, kEach + may_break);
  fmt::print("{}: {} steps, {} perturbed runs: {} other hashes, {} stopped at an invariant\n", name,
             runs.steps, kEach + may_break, runs.changed, runs.broken);
  EXPECT_EQ(runs.unchanged, std::vector<uint64_t>{}) << name;
  EXPECT_GE(runs.changed, kEach) << name;
}

TEST(Perturbation, AValue) { each_changes_the_hash(sim::Perturbation::value, "value", 0); }
TEST(Perturbation, ALatencyByOneNanosecond) {
  each_changes_the_hash(sim::Perturbation::latency, "latency", 0);
}
TEST(Perturbation, AStateByte) {
  each_changes_the_hash(sim::Perturbation::state_byte, "state byte", 0);
}
TEST(Perturbation, AMessageField) {
  each_changes_the_hash(sim::Perturbation::message_field, "message field", 30);
}

}  // namespace
}  // namespace drey::scenarios
