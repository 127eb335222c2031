// Each mutant is killed at its recorded seed by its named oracle, and its clean twin passes.
#include <algorithm>
#include <set>

#include "model/mutants.h"
#include "tests/scenarios/mutant_runs.h"

namespace drey::scenarios {
namespace {

class EachMutant : public testing::TestWithParam<size_t> {
 protected:
  const MutantEntry& mutant() const { return mutant_list()[GetParam()]; }
};

TEST_P(EachMutant, IsKilledByItsOracle) {
  const ReadScenario read = read_library(mutant().scenario);
  ASSERT_TRUE(read.scenario) << read.errors();
  const RunOutcome outcome = run_library(read, mutant(), mutant().seed, true);
  EXPECT_EQ(outcome.exit_code, 1) << mutant().name << "\n" << outcome.summary;
  EXPECT_EQ(oracle_that_saw_first(outcome), mutant().oracle) << outcome.summary;
}

TEST_P(EachMutant, HasACleanTwin) {
  const ReadScenario read = read_library(mutant().scenario);
  ASSERT_TRUE(read.scenario) << read.errors();
  const RunOutcome outcome = run_library(read, mutant(), mutant().seed, false);
  EXPECT_EQ(outcome.exit_code, 0) << mutant().name << "\n" << outcome.summary;
}

TEST_P(EachMutant, IsNamedByItsScenario) {
  const ReadScenario read = read_library(mutant().scenario);
  ASSERT_TRUE(read.scenario) << read.errors();
  const auto& killers = read.scenario->killed_by;
  EXPECT_TRUE(std::any_of(
      killers.begin(), killers.end(),
      [&](const KilledBy& by) { return by.mutant == mutant().name && by.seed == mutant().seed; }))
      << mutant().scenario << " does not list " << mutant().name << " with its seed";
}

INSTANTIATE_TEST_SUITE_P(Mutants, EachMutant, testing::Range(size_t{0}, mutant_list().size()),
                         [](const testing::TestParamInfo<size_t>& each) {
                           std::string name(mutant_list()[each.param].name);
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(Mutants, AreManyAndTheirNamesDiffer) {
  std::set<std::string_view> names;
  for (const MutantEntry& mutant : mutant_list()) {
    names.insert(mutant.name);
    EXPECT_GE(mutant.seed, 1);
    EXPECT_LE(mutant.seed, 200);
    EXPECT_EQ(find_mutant(mutant.name), &mutant);
  }
  EXPECT_EQ(names.size(), mutant_list().size());
  EXPECT_GE(names.size(), 30u);
}

// Most bugs need trouble to show: without the scenario's faults they do no harm.
TEST(Mutants, AtLeastTenAreCleanWithoutFaults) {
  size_t clean = 0;
  for (const MutantEntry& mutant : mutant_list()) {
    ReadScenario read = read_library(mutant.scenario);
    ASSERT_TRUE(read.scenario) << read.errors();
    if (read.scenario->faults.empty()) continue;
    read.scenario->faults.clear();
    read.scenario->later.clear();   // nobody submits them now
    read.scenario->expect.clear();  // they speak of the faults
    if (run_library(read, mutant, mutant.seed, true).exit_code == 0) ++clean;
  }
  EXPECT_GE(clean, 10u);
}

}  // namespace
}  // namespace drey::scenarios
