#include "tests/model/exact_harness.h"

namespace drey::model {
namespace {

TEST(ExactTask, RecordsFlowFromSourceToSink) {
  ExactHarness cluster({}, sum_job(2, 2));
  cluster.deploy();
  EXPECT_TRUE(cluster.run_to_end(sim::milliseconds(100), sim::seconds(30)));
  for (const Cause& cause : cluster.causes) ADD_FAILURE() << cause.text;
  expect_exact_sums(cluster);
}

}  // namespace
}  // namespace drey::model
