#include "reports/oracles/blocking_inputs.h"

#include "tests/reports/oracle_run.h"

namespace drey::reports {
namespace {

class BlockingInputsTest : public OracleRun {
 protected:
  void sources_run() {
    judge(batch(), "blocking_inputs");
    status(J::running, J::created);
    run_task("src/0");
    run_task("src/1");
    state("src/0", S::finished, S::running);
  }
};

TEST_F(BlockingInputsTest, HoldsWhenTheProducersHaveFinished) {
  sources_run();
  state("src/1", S::finished, S::running);
  run_task("agg/0");
  run_task("agg/1");
  expect_held();
}

TEST_F(BlockingInputsTest, NamesAProducerThatStillRuns) {
  sources_run();
  run_task("agg/0");
  expect_violated(
      "agg/0 is deployed, but 1 of the results that it reads are not finished, among them that of "
      "src/1");
}

TEST_F(BlockingInputsTest, AProducerThatStartsOverIsNotFinished) {
  sources_run();
  state("src/1", S::finished, S::running);
  run_task("agg/0");
  state("src/0", S::created, S::finished, 1);
  run_task("agg/1");
  expect_violated("agg/1 is deployed, but 1 of the results that it reads are not finished");
}

TEST_F(BlockingInputsTest, ConcernsBatchJobsOnly) {
  EXPECT_TRUE(BlockingInputs::concerns(model::build_job_graph(batch().spec)));
  EXPECT_FALSE(BlockingInputs::concerns(model::build_job_graph(streaming().spec)));
}

}  // namespace
}  // namespace drey::reports
