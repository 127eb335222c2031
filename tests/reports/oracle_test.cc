#include "reports/oracle.h"

#include <gtest/gtest.h>

#include "model/trace_events.h"
#include "reports/fact_text.h"

namespace drey::reports {
namespace {

TEST(Evidence, ComparingNothingIsVacuousNeverHeld) {
  const Evidence none;
  EXPECT_EQ(none.finding("x").judgement, Judgement::vacuous);
  Evidence excused;
  excused.excuse("the job has no sink");
  EXPECT_EQ(excused.finding("x").judgement, Judgement::not_checked);
  Evidence looked;
  looked.examined(3);
  EXPECT_EQ(looked.finding("x").judgement, Judgement::held);
  EXPECT_EQ(looked.finding("x").examined, 3u);
}

TEST(Evidence, KeepsTheFirstViolationsAndCountsAll) {
  Evidence evidence;
  evidence.examined(100);
  for (int i = 0; i < 50; ++i) evidence.violate(sim::Time{i}, "event", "wrong");
  const Finding finding = evidence.finding("x");
  EXPECT_EQ(finding.judgement, Judgement::violated);
  ASSERT_EQ(finding.violations.size(), Evidence::kKept);
  EXPECT_EQ(finding.violations[0].at.ns, 0);
  EXPECT_EQ(finding.violations[0].oracle, "x");
  EXPECT_EQ(finding.violations.back().what, "wrong (and 30 more)");
}

TEST(FactText, SaysStatesAndReasonsByName) {
  sim::Kernel kernel({});
  const TraceNames names(kernel);
  sim::Fact fact{.entity = kernel.intern("jm-1/job-1"),
                 .subject = kernel.intern("job-1/agg/0"),
                 .kind = fact_kind(model::ControlFact::restart_task),
                 .a = 1,
                 .b = 2,
                 .c = 3};
  EXPECT_EQ(fact_text(fact, names),
            "jm-1/job-1: job-1/agg/0 restart_task failover 1 because consumer attempt 3");
  fact.kind = fact_kind(model::ControlFact::execution_state);
  fact.b = 3;
  fact.c = 9;
  EXPECT_EQ(fact_text(fact, names),
            "jm-1/job-1: job-1/agg/0 execution_state RUNNING (was INITIALIZING) attempt 1");
  EXPECT_EQ(fact_name(fact_kind(model::CheckpointFact::stored)), "stored");
  EXPECT_EQ(time_text(sim::Time{12'000'000'001}), "12.000000001");
  EXPECT_EQ(provenance_text(sim::make_provenance(2, 4711), names), "split 2 offset 4711");
}

}  // namespace
}  // namespace drey::reports
