#include "reports/oracles/ledger.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/reports/hand_made_run.h"

namespace drey::reports {
namespace {

using model::OperatorKind;
using sim::Record;

constexpr uint64_t kRecords = 20'000;

std::shared_ptr<const sim::LogContents> make_log(sim::Duration disorder = {}) {
  return std::make_shared<sim::LogContents>(sim::LogSpec{.seed = 7,
                                                         .splits = 2,
                                                         .records = kRecords,
                                                         .keys = 50,
                                                         .disorder = disorder,
                                                         .event_records_per_second = 10'000});
}

// What a correct job would commit, in the order of the log.
class LedgerTest : public testing::Test {
 protected:
  void judge(const model::JobSpec& job, Guarantee guarantee = Guarantee::exactly_once,
             sim::Duration disorder = {}) {
    log_ = make_log(disorder);
    const SinkPath path = sink_paths(job).front();
    ledger_ = std::make_unique<Ledger>(
        LedgerOptions{.path = path, .logs = sim::LogSet(log_), .guarantee = guarantee},
        TraceNames(kernel_));
    run_ = std::make_unique<HandMadeRun>(*ledger_, kernel_);
    evaluator_ = std::make_unique<ReferenceEvaluator>(path, sim::LogSet(log_));
  }
  void judge_running_sums() { judge(straight_job({{.id = "agg", .kind = OperatorKind::keyed}})); }

  std::vector<Record> input() const {
    std::vector<Record> records;
    for (uint64_t offset = 0; offset < kRecords / 2; ++offset)
      for (uint16_t split = 0; split < 2; ++split)
        evaluator_->for_each(split, offset, offset + 1,
                             [&](const Record& record) { records.push_back(record); });
    return records;
  }
  static std::vector<Record> summed(std::vector<Record> records) {
    std::map<uint64_t, int64_t> sums;
    for (Record& record : records) record.value = sums[record.key] += record.value;
    return records;
  }
  static std::vector<Record> windowed(const std::vector<Record>& records, int64_t size) {
    std::map<std::pair<int64_t, uint64_t>, Record> windows;
    for (const Record& record : records) {
      const int64_t last = record.event_time / size * size + size - 1;
      Record& result = windows[{last, record.key}];
      result.key = record.key;
      result.event_time = last;
      result.value += record.value;
      result.provenance += sim::provenance_hash(record.provenance);
    }
    std::vector<Record> results;
    for (const auto& [at, result] : windows) results.push_back(result);
    return results;
  }
  void commit_all(const std::vector<Record>& records) {
    for (size_t from = 0; from < records.size(); from += 1000) {
      run_->now.ns += 1000;
      run_->commit({records.begin() + static_cast<int64_t>(from),
                    records.begin() + static_cast<int64_t>(std::min(from + 1000, records.size()))});
    }
  }
  Finding all_owed() {
    ledger_->owe_everything();
    return ledger_->finish(run_->now);
  }

  sim::Kernel kernel_{{}};
  std::shared_ptr<const sim::LogContents> log_;
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<HandMadeRun> run_;
  std::unique_ptr<ReferenceEvaluator> evaluator_;
};

TEST_F(LedgerTest, HoldsForACorrectRun) {
  judge_running_sums();
  commit_all(summed(input()));
  const Finding finding = all_owed();
  EXPECT_EQ(finding.judgement, Judgement::held) << finding.violations.front().what;
  EXPECT_EQ(finding.examined, kRecords);
  EXPECT_EQ(ledger_->counts(), (LedgerCounts{.compared = kRecords}));
}

// What a running count, minimum, maximum is after each record of its key; one that is off by one is
// named.
TEST_F(LedgerTest, FoldsEveryAggregate) {
  using model::Aggregate;
  for (const Aggregate aggregate : {Aggregate::count, Aggregate::min, Aggregate::max}) {
    judge(straight_job({{.id = "agg", .kind = OperatorKind::keyed, .aggregate = aggregate}}));
    std::vector<Record> records = input();
    std::map<uint64_t, int64_t> count, least, most;
    for (Record& record : records) {
      const bool first = ++count[record.key] == 1;
      least[record.key] = first ? record.value : std::min(least[record.key], record.value);
      most[record.key] = first ? record.value : std::max(most[record.key], record.value);
      if (aggregate == Aggregate::count) record.value = count[record.key];
      if (aggregate == Aggregate::min) record.value = least[record.key];
      if (aggregate == Aggregate::max) record.value = most[record.key];
    }
    commit_all(records);
    EXPECT_EQ(all_owed().judgement, Judgement::held) << static_cast<int>(aggregate);
    judge(straight_job({{.id = "agg", .kind = OperatorKind::keyed, .aggregate = aggregate}}));
    records[500].value += aggregate == Aggregate::min ? -100'000'000'000 : 100'000'000'000;
    commit_all(records);
    const Finding finding = all_owed();
    ASSERT_EQ(finding.judgement, Judgement::violated) << static_cast<int>(aggregate);
    EXPECT_NE(finding.violations[0].what.find("wrong value: split 0 offset 250"), std::string::npos)
        << finding.violations[0].what;
  }
}

TEST_F(LedgerTest, FoldsTheAggregateOfWindows) {
  using model::Aggregate;
  const model::JobSpec job = straight_job({{.id = "win",
                                            .kind = OperatorKind::window,
                                            .aggregate = Aggregate::max,
                                            .window_size = sim::milliseconds(100)}});
  for (const bool wrong : {false, true}) {
    judge(job);
    std::map<std::pair<int64_t, uint64_t>, int64_t> most;
    for (const Record& record : input()) {
      const auto [at, added] =
          most.try_emplace({record.event_time / 100 * 100 + 99, record.key}, record.value);
      if (!added) at->second = std::max(at->second, record.value);
    }
    std::vector<Record> results = windowed(input(), 100);
    for (Record& result : results) result.value = most[{result.event_time, result.key}];
    if (wrong) ++results[3].value;
    commit_all(results);
    EXPECT_EQ(all_owed().judgement, wrong ? Judgement::violated : Judgement::held);
  }
}

TEST_F(LedgerTest, NothingComparedIsVacuous) {
  judge_running_sums();
  EXPECT_EQ(ledger_->finish(run_->now).judgement, Judgement::vacuous);
}

TEST_F(LedgerTest, NamesALostRecordWithoutAnyOtherSign) {
  judge(straight_job({{.id = "map", .kind = OperatorKind::map}}));
  std::vector<Record> records = input();
  const uint64_t lost = records[12'345].provenance;
  records.erase(records.begin() + 12'345);
  commit_all(records);
  const Finding finding = all_owed();
  ASSERT_EQ(finding.violations.size(), 1u);
  EXPECT_EQ(finding.judgement, Judgement::violated);
  EXPECT_EQ(finding.violations[0].oracle, "ledger");
  EXPECT_EQ(finding.violations[0].what, "lost: split 1 offset 6172 was never committed");
  EXPECT_EQ(ledger_->counts().lost, 1u);
  EXPECT_EQ(ledger_->microscope(), std::vector<uint64_t>{lost});
}

TEST_F(LedgerTest, CountsLostAndDoubledOfOneBlockExactly) {
  judge(straight_job({}));
  std::vector<Record> records = input();
  records.push_back(records[100]);
  records.push_back(records[102]);
  records.erase(records.begin() + 200, records.begin() + 210);
  commit_all(records);
  EXPECT_EQ(all_owed().judgement, Judgement::violated);
  EXPECT_EQ(ledger_->counts().lost, 10u);
  EXPECT_EQ(ledger_->counts().doubled, 2u);
  EXPECT_EQ(ledger_->counts().reordered, 0u);
}

TEST_F(LedgerTest, NamesADoubledRecordAtItsSecondCommit) {
  judge_running_sums();
  const std::vector<Record> records = summed(input());
  commit_all(records);
  run_->now = sim::Time{77'000'000'000};
  run_->commit({records[5]}, "transaction/job-1-sink-0-9");
  const Finding finding = all_owed();
  ASSERT_EQ(finding.violations.size(), 1u);
  EXPECT_EQ(finding.violations[0].what, "doubled: split 1 offset 2 was committed before");
  EXPECT_EQ(finding.violations[0].at.ns, 77'000'000'000);
  EXPECT_NE(finding.violations[0].event.find("transaction/job-1-sink-0-9 committed_batch"),
            std::string::npos);
  EXPECT_EQ(ledger_->counts().doubled, 1u);
}

TEST_F(LedgerTest, SeesRecordsOfAKeyAndSplitOutOfOrder) {
  judge(straight_job({}));
  std::vector<Record> records = input();
  const auto later = std::find_if(records.begin() + 1, records.end(), [&](const Record& record) {
    return record.key == records[0].key && record.provenance >> 48 == records[0].provenance >> 48;
  });
  std::iter_swap(records.begin(), later);
  commit_all(records);
  const Finding finding = all_owed();
  ASSERT_EQ(finding.judgement, Judgement::violated);
  EXPECT_EQ(ledger_->counts().reordered, 1u);
  EXPECT_EQ(ledger_->counts().lost + ledger_->counts().doubled, 0u);
  EXPECT_NE(finding.violations[0].what.find("reordered: split 0 offset 0 came after"),
            std::string::npos);
}

TEST_F(LedgerTest, OrderIsNotAskedOfARebalance) {
  model::JobSpec job = straight_job({{.id = "map", .kind = OperatorKind::map}});
  job.edges[0].ship = model::Partitioner::rebalance;
  judge(job);
  std::vector<Record> records = input();
  std::reverse(records.begin(), records.end());
  commit_all(records);
  EXPECT_EQ(all_owed().judgement, Judgement::held);
}

TEST_F(LedgerTest, ARunningValueMustBeTheFoldOfItsKey) {
  judge_running_sums();
  std::vector<Record> records = summed(input());
  records[500].value += 1;
  commit_all(records);
  const Finding finding = all_owed();
  EXPECT_EQ(finding.judgement, Judgement::violated);
  EXPECT_NE(finding.violations[0].what.find("wrong value: split 0 offset 250"), std::string::npos);
  EXPECT_EQ(ledger_->counts().wrong, 2u);  // and back again
}

TEST_F(LedgerTest, StateThatForgotARecordShowsInTheValues) {
  judge_running_sums();
  std::vector<Record> records = input();
  records[40].value = 0;
  records = summed(records);
  commit_all(records);
  EXPECT_EQ(all_owed().judgement, Judgement::violated);
  EXPECT_EQ(ledger_->counts().wrong, 1u);
  EXPECT_EQ(ledger_->counts().lost, 0u);
}

TEST_F(LedgerTest, NamesContentThatIsNotTheLogs) {
  judge(straight_job({}));
  std::vector<Record> records = input();
  records[3].event_time += 1;
  records[9].provenance = sim::make_provenance(1, kRecords);
  commit_all(records);
  const Finding finding = ledger_->finish(run_->now);
  ASSERT_EQ(finding.violations.size(), 2u);
  EXPECT_NE(finding.violations[0].what.find("split 1 offset 1 was committed with key"),
            std::string::npos);
  EXPECT_NE(finding.violations[1].what.find("which the job cannot have made"), std::string::npos);
}

TEST_F(LedgerTest, FiltersAndCopiesAreForeseen) {
  judge(straight_job({{.id = "half", .kind = OperatorKind::filter, .keep = 1, .out_of = 2},
                      {.id = "three", .kind = OperatorKind::flat_map, .copies = 3},
                      {.id = "most", .kind = OperatorKind::filter, .keep = 3, .out_of = 4}}));
  std::vector<Record> records = input();
  EXPECT_NEAR(static_cast<double>(records.size()), kRecords * 3 * 0.375, 1000);
  // A record that the filter drops must not come.
  Record dropped;
  for (uint64_t offset = 0; dropped.provenance == 0; ++offset)
    if (!evaluator_->expects(sim::make_provenance(1, offset))) dropped = log_->record(1, offset);
  commit_all(records);
  EXPECT_EQ(all_owed().judgement, Judgement::held);
  run_->commit({dropped});
  EXPECT_EQ(ledger_->finish(run_->now).judgement, Judgement::violated);
}

TEST_F(LedgerTest, OnlyWhatCheckpointsCoverIsOwed) {
  judge(straight_job({}));
  std::vector<Record> records = input();
  records.resize(10'000);  // 5,000 offsets of each split
  commit_all(records);
  run_->checkpoint(1, {5'000, 5'000});
  run_->checkpoint(2, {9'000, 9'000});  // its transactions may be on their way
  EXPECT_EQ(ledger_->finish(run_->now).judgement, Judgement::held);
  run_->checkpoint(3, {9'000, 9'000});
  EXPECT_EQ(ledger_->finish(run_->now).judgement, Judgement::violated);
  EXPECT_EQ(ledger_->counts().lost, 8'000u);
}

TEST_F(LedgerTest, AtLeastOnceAllowsRepetitionButNoLoss) {
  judge(straight_job({{.id = "agg", .kind = OperatorKind::keyed}}), Guarantee::at_least_once);
  std::vector<Record> records = summed(input());
  commit_all(records);
  commit_all({records.begin() + 50, records.begin() + 500});
  EXPECT_EQ(all_owed().judgement, Judgement::held);
  EXPECT_EQ(ledger_->counts().doubled, 450u);

  judge(straight_job({}), Guarantee::at_least_once);
  records.erase(records.begin());
  commit_all(input());
  EXPECT_EQ(all_owed().judgement, Judgement::held);
  judge(straight_job({}), Guarantee::at_least_once);
  commit_all({records.begin(), records.begin() + 100});
  EXPECT_EQ(all_owed().judgement, Judgement::violated);
}

TEST_F(LedgerTest, OfManySinksOnlyItsOwnTransactionsCount) {
  judge(straight_job({}));
  ledger_ = std::make_unique<Ledger>(LedgerOptions{.path = sink_paths(straight_job({})).front(),
                                                   .logs = sim::LogSet(log_),
                                                   .only_sink = false},
                                     TraceNames(kernel_));
  run_ = std::make_unique<HandMadeRun>(*ledger_, kernel_);
  run_->commit(input(), "transaction/job-1-sink-0-1");
  run_->commit(input(), "transaction/job-1-sink-two-0-1");
  run_->commit(input(), "transaction/job-2-sink-0-1");
  EXPECT_EQ(all_owed().judgement, Judgement::held);
  EXPECT_EQ(ledger_->counts().compared, kRecords);
}

class WindowLedgerTest : public LedgerTest {
 protected:
  void judge_windows(Guarantee guarantee = Guarantee::exactly_once, sim::Duration disorder = {}) {
    judge(straight_job(
              {{.id = "win", .kind = OperatorKind::window, .window_size = sim::milliseconds(100)}}),
          guarantee, disorder);
  }
};

TEST_F(WindowLedgerTest, HoldsForACorrectRun) {
  judge_windows();
  const std::vector<Record> results = windowed(input(), 100);
  commit_all(results);
  const Finding finding = all_owed();
  EXPECT_EQ(finding.judgement, Judgement::held);
  EXPECT_EQ(finding.examined, results.size());
}

TEST_F(WindowLedgerTest, NamesAMissingWindow) {
  judge_windows();
  std::vector<Record> results = windowed(input(), 100);
  const Record gone = results[70];
  results.erase(results.begin() + 70);
  commit_all(results);
  const Finding finding = all_owed();
  ASSERT_EQ(finding.violations.size(), 1u);
  EXPECT_NE(finding.violations[0].what.find("was never committed"), std::string::npos);
  EXPECT_GT(ledger_->counts().lost, 0u);
  EXPECT_NE(finding.violations[0].what.find("key " + std::to_string(gone.key)), std::string::npos);
}

TEST_F(WindowLedgerTest, NamesTheRecordThatAWindowLost) {
  judge_windows();
  std::vector<Record> records = input();
  const uint64_t lost = records[4'000].provenance;
  records.erase(records.begin() + 4'000);
  commit_all(windowed(records, 100));
  const Finding finding = all_owed();
  ASSERT_EQ(finding.violations.size(), 2u);
  EXPECT_NE(finding.violations[0].what.find("wrong value: the window"), std::string::npos);
  EXPECT_NE(finding.violations[1].what.find("lost: split 0 offset 2000 in the window"),
            std::string::npos);
  EXPECT_EQ(ledger_->microscope(), std::vector<uint64_t>{lost});
  EXPECT_EQ(ledger_->counts().lost, 1u);
}

TEST_F(WindowLedgerTest, NamesTheRecordThatAWindowHoldsTwice) {
  judge_windows();
  std::vector<Record> records = input();
  records.push_back(records[4'001]);
  commit_all(windowed(records, 100));
  EXPECT_EQ(all_owed().judgement, Judgement::violated);
  EXPECT_EQ(ledger_->counts().doubled, 1u);
  EXPECT_EQ(ledger_->microscope(), std::vector<uint64_t>{records[4'001].provenance});
}

TEST_F(WindowLedgerTest, NamesAWindowThatIsCommittedTwice) {
  judge_windows();
  const std::vector<Record> results = windowed(input(), 100);
  commit_all(results);
  commit_all({results[3]});
  const Finding finding = all_owed();
  ASSERT_EQ(finding.violations.size(), 1u);
  EXPECT_EQ(ledger_->counts().doubled, 1u);
  EXPECT_NE(finding.violations[0].what.find("doubled: the window of key"), std::string::npos);
}

TEST_F(WindowLedgerTest, RecordsLaterThanTheBoundExcuseTheContents) {
  judge_windows(Guarantee::exactly_once, sim::seconds(1));
  std::vector<Record> records = input();
  records.erase(records.begin() + 4'000);
  commit_all(windowed(records, 100));
  const Finding finding = all_owed();
  EXPECT_EQ(finding.judgement, Judgement::held);
  EXPECT_NE(finding.excuse.find("later than the source's bound"), std::string::npos);
}

TEST_F(WindowLedgerTest, WithoutATailOnlyPassedWindowsAreOwed) {
  judge_windows();
  std::vector<Record> results = windowed(input(), 100);  // 2 seconds of event time
  const auto second_half = std::find_if(results.begin(), results.end(), [](const Record& record) {
    return record.event_time >= 1'000;
  });
  results.erase(second_half, results.end());
  commit_all(results);
  run_->say(sim::LogFact::fetched, "tm-1", 0, 0, kRecords / 2);
  run_->say(sim::LogFact::fetched, "tm-1", 1, 0, kRecords / 2);
  run_->checkpoint(1, {5'000, 5'000});
  run_->checkpoint(2, {10'000, 10'000});
  run_->checkpoint(3, {10'000, 10'000});
  EXPECT_EQ(ledger_->finish(run_->now).judgement, Judgement::held);
}

TEST(SinkPaths, ADiamondOrAUnionIsNotJudged) {
  model::JobSpec job = straight_job({{.id = "a", .kind = OperatorKind::map}});
  job.edges.push_back({.from = "src", .to = "sink", .ship = model::Partitioner::rebalance});
  EXPECT_EQ(sink_paths(job).front().problem, "more than one way leads to this sink");
  const sim::Kernel kernel({});
  Ledger ledger({.path = sink_paths(job).front(), .logs = sim::LogSet(make_log())},
                TraceNames(kernel));
  const Finding finding = ledger.finish(sim::Time{1});
  EXPECT_EQ(finding.judgement, Judgement::not_checked);
  EXPECT_FALSE(finding.excuse.empty());
}

TEST(SinkPaths, AFilterBehindTheSumHidesValuesButNotRecords) {
  const SinkPath path =
      sink_paths(straight_job({{.id = "agg", .kind = OperatorKind::keyed},
                               {.id = "some", .kind = OperatorKind::filter, .out_of = 2}}))
          .front();
  EXPECT_TRUE(path.problem.empty());
  EXPECT_FALSE(path.value_known);
  EXPECT_EQ(path.ways.front().steps.size(), 1u);
}

}  // namespace
}  // namespace drey::reports
