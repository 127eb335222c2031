// The ledger of a sink that several logs reach: records of equal splits and offsets in different
// logs are different records.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "reports/oracles/ledger.h"
#include "tests/reports/hand_made_run.h"

namespace drey::reports {
namespace {

using model::OperatorKind;
using model::Partitioner;
using sim::Record;

constexpr uint16_t kFirstSplits = 3;

sim::LogSet two_logs(uint64_t records = 6'000) {
  return sim::LogSet(
      {{.name = "log-a",
        .readers = {"a"},
        .contents = std::make_shared<sim::LogContents>(
            sim::LogSpec{.seed = 1, .splits = kFirstSplits, .records = records, .keys = 40})},
       {.name = "log-b",
        .readers = {"b"},
        .contents = std::make_shared<sim::LogContents>(
            sim::LogSpec{.seed = 2, .splits = 2, .records = 1'000, .keys = 90}, kFirstSplits)}});
}

// a -> [middle] -> agg, b -> agg, agg -> sink
model::JobSpec union_job(std::vector<model::OperatorSpec> before = {}) {
  model::JobSpec job;
  job.operators = {{.id = "a", .kind = OperatorKind::source, .parallelism = 2, .records = 1},
                   {.id = "b", .kind = OperatorKind::source, .records = 1},
                   {.id = "agg", .kind = OperatorKind::keyed, .parallelism = 2},
                   {.id = "sink", .kind = OperatorKind::sink, .parallelism = 2}};
  std::string last = "a";
  for (model::OperatorSpec& op : before) {
    op.parallelism = 2;
    job.edges.push_back({.from = last, .to = op.id});
    last = op.id;
    job.operators.push_back(std::move(op));
  }
  job.edges.push_back({.from = last, .to = "agg", .ship = Partitioner::hash});
  job.edges.push_back({.from = "b", .to = "agg", .ship = Partitioner::hash});
  job.edges.push_back({.from = "agg", .to = "sink"});
  return job;
}

class UnionLedger : public testing::Test {
 protected:
  void judge(const model::JobSpec& job) {
    const SinkPath path = sink_paths(job, logs_).front();
    ASSERT_EQ(path.problem, "");
    ledger_ =
        std::make_unique<Ledger>(LedgerOptions{.path = path, .logs = logs_}, TraceNames(kernel_));
    run_ = std::make_unique<HandMadeRun>(*ledger_, kernel_);
    evaluator_ = std::make_unique<ReferenceEvaluator>(path, logs_);
  }
  // All that must arrive, the logs in turn, as running sums.
  std::vector<Record> output() const {
    std::vector<Record> records;
    for (uint64_t offset = 0; offset < 2'000; ++offset)
      for (uint16_t split = 0; split < evaluator_->splits(); ++split)
        if (evaluator_->reads(split) && offset < evaluator_->size(split))
          evaluator_->for_each(split, offset, offset + 1,
                               [&](const Record& record) { records.push_back(record); });
    std::map<uint64_t, int64_t> sums;
    for (Record& record : records) record.value = sums[record.key] += record.value;
    return records;
  }
  Finding finish_after(const std::vector<Record>& records) {
    run_->commit(records);
    ledger_->owe_everything();
    return ledger_->finish(run_->now);
  }

  sim::Kernel kernel_{{}};
  sim::LogSet logs_ = two_logs();
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<HandMadeRun> run_;
  std::unique_ptr<ReferenceEvaluator> evaluator_;
};

TEST_F(UnionLedger, AllRecordsOfBothLogsOnceAreWhatIsOwed) {
  judge(union_job());
  const std::vector<Record> records = output();
  EXPECT_EQ(records.size(), 7'000u);
  EXPECT_EQ(finish_after(records).judgement, Judgement::held);
  EXPECT_EQ(ledger_->counts().compared, 7'000u);
}

TEST_F(UnionLedger, ALostRecordOfTheSecondLogIsNotExcusedByItsNamesakeInTheFirst) {
  judge(union_job());
  std::vector<Record> records = output();
  // Split 0 offset 7 of the second log, by its number through.
  const uint64_t lost = sim::make_provenance(kFirstSplits, 7);
  const auto found = std::find_if(records.begin(), records.end(),
                                  [&](const Record& record) { return record.provenance == lost; });
  ASSERT_NE(found, records.end());
  const Record gone = *found;
  const int64_t value = evaluator_->record(lost).value;
  for (auto later = records.erase(found); later != records.end(); ++later)
    if (later->key == gone.key) later->value -= value;
  const Finding finding = finish_after(records);
  EXPECT_EQ(ledger_->counts().lost, 1u);
  EXPECT_EQ(ledger_->counts().doubled, 0u);
  ASSERT_EQ(finding.violations.size(), 1u);
  EXPECT_EQ(finding.violations[0].record, lost);
}

TEST_F(UnionLedger, ADoubledRecordOfTheSecondLogIsSeen) {
  judge(union_job());
  std::vector<Record> records = output();
  Record again = evaluator_->record(sim::make_provenance(kFirstSplits + 1, 3));
  for (const Record& record : records)
    if (record.key == again.key) again.value = record.value;
  records.push_back(again);
  EXPECT_EQ(finish_after(records).judgement, Judgement::violated);
  EXPECT_EQ(ledger_->counts().doubled, 1u);
  EXPECT_EQ(ledger_->counts().lost, 0u);
}

TEST_F(UnionLedger, AFilterStandsOnItsOwnWayOnly) {
  judge(union_job({{.id = "half", .kind = OperatorKind::filter, .keep = 1, .out_of = 2},
                   {.id = "twice", .kind = OperatorKind::flat_map, .copies = 2}}));
  uint64_t first = 0;
  uint64_t second = 0;
  for (const Record& record : output())
    ++(sim::provenance_split(record.provenance) < kFirstSplits ? first : second);
  EXPECT_EQ(second, 1'000u);
  EXPECT_GT(first, 5'000u);
  EXPECT_LT(first, 7'000u);
  EXPECT_EQ(first % 2, 0u);
  EXPECT_FALSE(evaluator_->expects(ReferenceEvaluator::provenance_of(kFirstSplits, 7, 1)));
  EXPECT_EQ(finish_after(output()).judgement, Judgement::held);
}

TEST_F(UnionLedger, WhatIsOwedIsCoveredLogByLog) {
  judge(union_job());
  run_->checkpoint(1, {0, 0, 0, 5, 0});
  run_->checkpoint(2, {0, 0, 0, 5, 0});
  std::vector<Record> records;
  for (uint64_t offset = 0; offset < 4; ++offset)
    records.push_back(evaluator_->record(sim::make_provenance(kFirstSplits, offset)));
  std::map<uint64_t, int64_t> sums;
  for (Record& record : records) record.value = sums[record.key] += record.value;
  run_->commit(records);
  EXPECT_EQ(ledger_->finish(run_->now).judgement, Judgement::violated);
  EXPECT_EQ(ledger_->counts().lost, 1u);
}

TEST(UnionPaths, OfOneLogAUnionCannotBeJudged) {
  EXPECT_EQ(sink_paths(union_job()).front().problem, "more than one way leads to this sink");
}

TEST(UnionPaths, ASumAndARecordCannotBeToldApart) {
  model::JobSpec job = union_job();
  job.edges[1] = {.from = "b", .to = "sink", .ship = Partitioner::rebalance};
  EXPECT_EQ(sink_paths(job, two_logs()).front().problem, "'sink' gets records of b and of agg");
}

TEST(UnionPaths, TwoSumsOfOneKeyAreNoFold) {
  model::JobSpec job = union_job();
  job.operators.push_back({.id = "other", .kind = OperatorKind::keyed, .parallelism = 2});
  job.edges[1] = {.from = "b", .to = "other", .ship = Partitioner::hash};
  job.edges.push_back({.from = "other", .to = "sink"});
  const SinkPath path = sink_paths(job, two_logs()).front();
  EXPECT_EQ(path.problem, "");
  EXPECT_TRUE(path.order_kept);
  EXPECT_FALSE(path.fold_kept);
}

TEST(UnionPaths, ASinkOfTheSecondLogOwesNothingOfTheFirst) {
  const sim::LogSet logs = two_logs();
  model::JobSpec job = straight_job({});
  job.operators[0].id = "b";
  job.edges[0].from = "b";
  const ReferenceEvaluator evaluator(sink_paths(job, logs).front(), logs);
  EXPECT_FALSE(evaluator.reads(0));
  EXPECT_FALSE(evaluator.expects(sim::make_provenance(0, 0)));
  EXPECT_TRUE(evaluator.expects(sim::make_provenance(kFirstSplits, 0)));
}

}  // namespace
}  // namespace drey::reports
