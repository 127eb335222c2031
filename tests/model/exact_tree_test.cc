// Chains that branch, in the exact grain: each record reaches the end of each branch, and the sinks
// of one task take turns.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/model/exact_harness.h"

namespace drey::model {
namespace {

// What each sink committed, by the operator's name in the transaction's id.
class CommittedBySink final : public sim::TraceSink {
 public:
  explicit CommittedBySink(const sim::Kernel& kernel) : kernel_(kernel) {}
  uint64_t interests() const override { return sim::interest(sim::FactGroup::external); }
  void on(const sim::Fact&, sim::FactNumber) override {}
  void on_batch(const sim::BatchFact& batch, sim::FactNumber) override {
    if (batch.head.kind != fact_kind(sim::BrokerFact::committed_batch)) return;
    const std::string& transaction = kernel_.name(batch.head.subject);  // .../job-1-<sink>-0-7
    const size_t from = transaction.rfind("job-1-") + 6;
    const std::string sink = transaction.substr(from, transaction.find('-', from) - from);
    for (const sim::Record& record : batch.records) ++of[sink][record.provenance];
    total[sink] += batch.records.size();
  }
  std::map<std::string, std::map<uint64_t, uint32_t>> of;
  std::map<std::string, uint64_t> total;

 private:
  const sim::Kernel& kernel_;
};

// src -> (work -> (first, (hash) agg -> sums), half -> twice -> second), all of parallelism 2:
// a chain with a result in its middle and two sinks.
JobSpec tree_job() {
  JobSpec spec;
  spec.operators = {{.id = "src", .kind = OperatorKind::source, .parallelism = 2},
                    {.id = "work", .kind = OperatorKind::map, .parallelism = 2},
                    {.id = "first", .kind = OperatorKind::sink, .parallelism = 2},
                    {.id = "half", .kind = OperatorKind::filter, .parallelism = 2},
                    {.id = "twice", .kind = OperatorKind::flat_map, .parallelism = 2},
                    {.id = "second", .kind = OperatorKind::sink, .parallelism = 2},
                    {.id = "agg", .kind = OperatorKind::keyed, .parallelism = 2},
                    {.id = "sums", .kind = OperatorKind::sink, .parallelism = 2}};
  spec.operators[3].out_of = 2;
  spec.operators[4].copies = 2;
  spec.edges = {
      {.from = "src", .to = "work"},     {.from = "work", .to = "first"},
      {.from = "src", .to = "half"},     {.from = "half", .to = "twice"},
      {.from = "twice", .to = "second"}, {.from = "work", .to = "agg", .ship = Partitioner::hash},
      {.from = "agg", .to = "sums"}};
  return spec;
}

HarnessOptions paced(uint64_t records, uint64_t per_second, uint16_t splits = 2) {
  HarnessOptions options;
  options.log = {
      .splits = splits, .records = records, .records_per_second = per_second, .keys = 100};
  options.keep_committed = false;
  return options;
}

struct TreeCluster {
  explicit TreeCluster(const HarnessOptions& options, const JobSpec& spec = tree_job())
      : cluster(options, spec), committed(cluster.world.kernel()) {
    cluster.world.kernel().add_sink(&committed);
  }
  // Each sink has what the log and the way to it say, once.
  void expect_exact() {
    const uint64_t salt = sim::name_hash("half");
    uint64_t records = 0;
    uint64_t kept = 0;
    for (uint16_t split = 0; split < cluster.contents->splits(); ++split) {
      for (uint64_t at = 0; at < cluster.contents->size(split); ++at, ++records) {
        const sim::Record record = cluster.contents->record(split, at);
        const bool keeps = filter_keeps(record, salt, 1, 2);
        kept += keeps ? 1 : 0;
        ASSERT_EQ(committed.of["first"][record.provenance], 1u) << split << "/" << at;
        ASSERT_EQ(committed.of["sums"][record.provenance], 1u) << split << "/" << at;
        for (uint32_t copy = 0; copy < 2; ++copy)
          ASSERT_EQ(committed.of["second"][flat_map_copy(record, 2, copy).provenance],
                    keeps ? 1u : 0u)
              << split << "/" << at << " copy " << copy;
      }
    }
    EXPECT_EQ(committed.total["first"], records);
    EXPECT_EQ(committed.total["sums"], records);
    EXPECT_EQ(committed.total["second"], 2 * kept);
  }
  ExactHarness cluster;
  CommittedBySink committed;
};

TEST(ExactTree, EachRecordReachesTheEndOfEachBranch) {
  TreeCluster run(paced(20'000, 40'000));
  run.cluster.deploy();
  EXPECT_TRUE(run.cluster.run_to_end(sim::milliseconds(100), sim::seconds(30)));
  EXPECT_TRUE(run.cluster.causes.empty());
  run.expect_exact();
}

TEST(ExactTree, ARestoredTaskCommitsWhatEachOfItsSinksHadPrepared) {
  TreeCluster run(paced(40'000, 40'000));
  run.cluster.deploy();
  run.cluster.run_for(sim::milliseconds(200));
  ASSERT_TRUE(run.cluster.checkpoint());
  run.cluster.run_for(sim::milliseconds(200));
  const CheckpointId durable = run.cluster.trigger();
  run.cluster.run_for(sim::milliseconds(150));
  ASSERT_TRUE(run.cluster.all_acknowledged(durable));
  run.cluster.completed[durable] = run.cluster.acknowledged[durable];  // and nobody hears of it
  run.cluster.world.machines().kill(run.cluster.processes[1], sim::StopReason::kill, 9);
  run.cluster.run_for(sim::milliseconds(50));
  run.cluster.causes.clear();
  run.cluster.cancel_all();
  run.cluster.world.machines().start(run.cluster.processes[1]);
  run.cluster.deploy(durable);
  EXPECT_TRUE(run.cluster.run_to_end(sim::milliseconds(200), sim::seconds(30)));
  EXPECT_TRUE(run.cluster.causes.empty());
  run.expect_exact();
}

TEST(ExactTree, ASnapshotHoldsEveryOperatorInTheOrderOfTheChain) {
  TreeCluster run(paced(20'000, 20'000));
  run.cluster.deploy();
  run.cluster.run_for(sim::milliseconds(200));
  ASSERT_TRUE(run.cluster.checkpoint());
  const auto& acknowledged = run.cluster.completed.begin()->second;
  const auto& snapshot =
      static_cast<const TaskStateSnapshot&>(*acknowledged.at({1, 0, 0, 0}).snapshot);
  std::vector<uint32_t> ops;
  for (const OperatorState& state : snapshot.operators) ops.push_back(state.op);
  EXPECT_THAT(ops, testing::ElementsAre(0u, 1u, 2u, 3u, 4u, 5u));
  EXPECT_FALSE(snapshot.operators[0].source.empty());
  EXPECT_FALSE(snapshot.operators[2].bytes.empty());
  EXPECT_FALSE(snapshot.operators[5].bytes.empty());
  EXPECT_NE(snapshot.operators[2].bytes, snapshot.operators[5].bytes);
}

sim::Digest128 hash_of(const HarnessOptions& options, const JobSpec& spec) {
  ExactHarness cluster(options, spec);
  cluster.deploy();
  EXPECT_TRUE(cluster.run_to_end(sim::milliseconds(70), sim::seconds(60)));
  return cluster.world.kernel().hash();
}

// A slow consumer fills the result in the middle of the chain, which stops both sinks.
TEST(ExactTree, SteppingEachRecordChangesNothingUnderBackPressure) {
  JobSpec spec = tree_job();
  spec.operators[1].cost = sim::microseconds(5);
  spec.operators[6].cost = sim::microseconds(30);
  HarnessOptions options = paced(30'000, 0);
  options.log.pattern = sim::KeyPattern::hot;
  const sim::Digest128 sliced = hash_of(options, spec);
  options.step_each_record = true;
  EXPECT_EQ(hash_of(options, spec), sliced);
}

TEST(ExactTree, AFullResultStopsTheSinksBesideIt) {
  JobSpec spec = tree_job();
  for (OperatorSpec& op : spec.operators) op.parallelism = 1;
  spec.operators[6].cost = sim::microseconds(100);
  HarnessOptions options = paced(200'000, 0, 1);
  ExactHarness cluster(options, spec);
  cluster.deploy();
  cluster.run_for(sim::seconds(2));
  // 20,000 records are summed; the source is ahead by what the buffers of the channel hold.
  const uint64_t emitted = cluster.facts.records[fact_kind(DataFact::source_emitted)];
  EXPECT_GE(emitted, 19'000u);
  EXPECT_LE(emitted, 40'000u);
}

// Written by `first`, by `second` (no copies here), of 100 records; the job then waits.
uint64_t written_until_a_throw(const char* at, uint64_t offset) {
  JobSpec spec = tree_job();
  spec.operators.resize(6);
  spec.edges.resize(5);
  for (OperatorSpec& op : spec.operators) {
    op.parallelism = 1;
    if (op.id == at)
      op.user_code = {{.action = UserCodeFault::Action::throw_at_record, .offset = offset}};
  }
  spec.operators[3].out_of = 1;
  spec.operators[4].copies = 1;
  HarnessOptions options = paced(100, 0, 1);
  ExactHarness cluster(options, spec);
  cluster.deploy();
  cluster.run_for(sim::seconds(1));
  EXPECT_EQ(cluster.causes.size(), 1u);
  return cluster.facts.records[fact_kind(DataFact::sink_written)];
}

// Each record goes down the first branch before it enters the second.
TEST(ExactTree, UserCodeFailsBetweenTheBranchesOfOneRecord) {
  EXPECT_EQ(written_until_a_throw("src", 40), 80u);
  EXPECT_EQ(written_until_a_throw("work", 40), 80u);
  EXPECT_EQ(written_until_a_throw("first", 40), 80u);
  EXPECT_EQ(written_until_a_throw("half", 40), 81u);
  EXPECT_EQ(written_until_a_throw("second", 40), 81u);
}

// Its records go one by one until it is known that none gets there; the results are not short.
TEST(ExactTree, UserCodeThatDoesNotGetItsRecordFailsNothing) {
  JobSpec spec = tree_job();
  HarnessOptions options = paced(4'000, 40'000);
  const sim::LogContents contents(options.log);
  uint64_t dropped = 1'000;
  while (filter_keeps(contents.record(0, dropped), sim::name_hash("half"), 1, 2)) ++dropped;
  spec.operators[4].user_code = {
      {.action = UserCodeFault::Action::throw_at_record, .offset = dropped}};
  TreeCluster run(options, spec);
  run.cluster.deploy();
  EXPECT_TRUE(run.cluster.run_to_end(sim::milliseconds(100), sim::seconds(30)));
  EXPECT_TRUE(run.cluster.causes.empty());
  run.expect_exact();
}

}  // namespace
}  // namespace drey::model
