// The whole matrix: without its mutant a scenario is clean at every seed up to the killing one.
#include "tests/scenarios/mutant_runs.h"

namespace drey::scenarios {
namespace {

TEST(MutantMatrix, EverySeedUpToTheKillingOneIsCleanWithoutTheMutant) {
  for (const MutantEntry& mutant : mutant_list()) {
    const ReadScenario read = read_library(mutant.scenario);
    ASSERT_TRUE(read.scenario) << read.errors();
    for (int64_t seed = 1; seed <= mutant.seed; ++seed) {
      const RunOutcome outcome = run_library(read, mutant, seed, false);
      EXPECT_EQ(outcome.exit_code, 0) << mutant.scenario << " seed " << seed << "\n"
                                      << outcome.summary;
    }
    const RunOutcome killed = run_library(read, mutant, mutant.seed, true);
    EXPECT_EQ(killed.exit_code, 1) << mutant.name << "\n" << killed.summary;
    EXPECT_EQ(oracle_that_saw_first(killed), mutant.oracle) << mutant.name << "\n"
                                                            << killed.summary;
  }
}

}  // namespace
}  // namespace drey::scenarios
