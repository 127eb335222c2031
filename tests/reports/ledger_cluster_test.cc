// The ledger on tasks that really ran: clean over a recovery, and violated, with the record's
// history, where a sink that only promises at-least-once is held to exactly-once.
#include <gtest/gtest.h>

#include "reports/microscope.h"
#include "reports/oracles/ledger.h"
#include "tests/model/exact_harness.h"

namespace drey::reports {
namespace {

using model::ExactHarness;
using model::HarnessOptions;

HarnessOptions paced() {
  HarnessOptions options;
  options.log = {.splits = 2, .records = 40'000, .records_per_second = 40'000, .keys = 100};
  return options;
}

Ledger ledger_of(const ExactHarness& cluster, const model::JobSpec& spec, const TraceNames& names) {
  return Ledger({.path = sink_paths(spec).front(), .logs = sim::LogSet(cluster.contents)}, names);
}

// Recovers from checkpoint 1 after records behind it had reached the sink.
void run_with_recovery(ExactHarness& cluster) {
  cluster.deploy();
  cluster.run_for(sim::milliseconds(330));
  ASSERT_TRUE(cluster.checkpoint());
  cluster.run_for(sim::milliseconds(100));
  cluster.cancel_all();
  cluster.deploy(1);
  ASSERT_TRUE(cluster.run_to_end(sim::milliseconds(200), sim::seconds(30)));
}

TEST(LedgerOnTasks, HoldsOverARecovery) {
  const model::JobSpec spec = model::sum_job(2, 2);
  ExactHarness cluster(paced(), spec);
  Ledger ledger = ledger_of(cluster, spec, TraceNames(cluster.world.kernel()));
  cluster.world.kernel().add_sink(&ledger);
  run_with_recovery(cluster);
  ledger.owe_everything();
  const Finding finding = ledger.finish(cluster.world.kernel().now());
  EXPECT_EQ(finding.judgement, Judgement::held) << finding.violations.front().what;
  EXPECT_EQ(ledger.counts(), (LedgerCounts{.compared = 40'000}));
}

TEST(LedgerOnTasks, WindowsHoldOverARecovery) {
  model::JobSpec spec = model::sum_job(2, 2);
  spec.operators[0].max_out_of_orderness = sim::milliseconds(50);
  spec.operators[2].kind = model::OperatorKind::window;
  spec.operators[2].window_size = sim::milliseconds(100);
  HarnessOptions options = paced();
  options.log.disorder = sim::milliseconds(40);
  ExactHarness cluster(options, spec);
  Ledger ledger = ledger_of(cluster, spec, TraceNames(cluster.world.kernel()));
  cluster.world.kernel().add_sink(&ledger);
  run_with_recovery(cluster);
  ledger.owe_everything();
  const Finding finding = ledger.finish(cluster.world.kernel().now());
  EXPECT_EQ(finding.judgement, Judgement::held) << finding.violations.front().what;
  EXPECT_GE(finding.examined, 1'000u);
}

TEST(LedgerOnTasks, AnAtLeastOnceSinkIsCaughtAndItsRecordFollowed) {
  model::JobSpec spec = model::sum_job(2, 2);
  spec.operators.back().delivery = model::Delivery::at_least_once;
  std::vector<uint64_t> suspects;
  Finding finding;
  {
    ExactHarness cluster(paced(), spec);
    Ledger ledger = ledger_of(cluster, spec, TraceNames(cluster.world.kernel()));
    cluster.world.kernel().add_sink(&ledger);
    run_with_recovery(cluster);
    ledger.owe_everything();
    finding = ledger.finish(cluster.world.kernel().now());
    EXPECT_EQ(ledger.counts().lost, 0u);
    EXPECT_GT(ledger.counts().doubled, 1'000u);
    suspects = ledger.microscope();
  }
  ASSERT_EQ(finding.judgement, Judgement::violated);
  EXPECT_EQ(finding.violations.front().what.substr(0, 8), "doubled:");
  ASSERT_FALSE(suspects.empty());
  ExactHarness again(paced(), spec);
  Microscope microscope(suspects, TraceNames(again.world.kernel()));
  again.world.kernel().add_sink(&microscope);
  run_with_recovery(again);
  microscope.attach(finding.violations);
  size_t commits = 0;
  for (const std::string& line : finding.violations.front().history)
    commits += line.find(" committed_batch ") != std::string::npos ? 1 : 0;
  EXPECT_EQ(commits, 2u);
}

}  // namespace
}  // namespace drey::reports
