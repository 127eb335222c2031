#include <gtest/gtest.h>

#include "tests/model/exact_harness.h"

namespace drey::model {
namespace {

// Each record of the log is in the output once, and the last value of each key is its sum.
void expect_exact_sums(const ExactHarness& harness) {
  std::map<uint64_t, uint64_t> seen;
  std::map<uint64_t, int64_t> last;
  for (const sim::Record& record : harness.committed.records) {
    ++seen[record.provenance];
    last[record.key] = record.value;
  }
  uint64_t expected = 0;
  std::map<uint64_t, int64_t> sums;
  for (uint16_t split = 0; split < harness.contents->splits(); ++split) {
    for (uint64_t offset = 0; offset < harness.contents->size(split); ++offset, ++expected) {
      const sim::Record record = harness.contents->record(split, offset);
      sums[record.key] += record.value;
      ASSERT_EQ(seen[record.provenance], 1u) << "split " << split << " offset " << offset;
    }
  }
  EXPECT_EQ(harness.committed.records.size(), expected);
  EXPECT_EQ(last, sums);
}

HarnessOptions paced(uint64_t records, uint64_t per_second) {
  HarnessOptions options;
  options.log = {.splits = 2, .records = records, .records_per_second = per_second, .keys = 100};
  return options;
}

void expect_no_failure(const ExactHarness& cluster) {
  for (const Cause& cause : cluster.causes) ADD_FAILURE() << cause.text;
}

void expect_nothing_left(ExactHarness& cluster) {
  cluster.destroy_tasks();
  cluster.run_for(sim::seconds(1));
  for (uint32_t i = 0; i < cluster.processes.size(); ++i) {
    EXPECT_EQ(cluster.tm(i).exchange.partitions(), 0u);
    NetworkBufferPool& buffers = cluster.tm(i).exchange.buffers();
    EXPECT_EQ(buffers.free(), buffers.total());
  }
}

TEST(ExactTask, RecordsFlowFromSourceToSink) {
  ExactHarness cluster({}, sum_job(2, 2));
  cluster.deploy();
  EXPECT_TRUE(cluster.run_to_end(sim::milliseconds(100), sim::seconds(30)));
  expect_no_failure(cluster);
  expect_exact_sums(cluster);
  expect_nothing_left(cluster);
  EXPECT_EQ(cluster.facts.records[fact_kind(DataFact::source_emitted)], 20'000u);
  EXPECT_EQ(cluster.facts.records[fact_kind(DataFact::buffer_emitted)], 20'000u);
  EXPECT_EQ(cluster.facts.records[fact_kind(DataFact::sink_written)], 20'000u);
}

TEST(ExactTask, CheckpointsCommitWhatWasWrittenBeforeThem) {
  ExactHarness cluster(paced(20'000, 20'000), sum_job(2, 2));
  cluster.deploy();
  cluster.run_for(sim::milliseconds(400));
  EXPECT_TRUE(cluster.committed.records.empty());
  ASSERT_TRUE(cluster.checkpoint());
  cluster.run_for(sim::milliseconds(20));
  EXPECT_GT(cluster.committed.records.size(), 4'000u);
  EXPECT_LT(cluster.committed.records.size(), 9'000u);
  EXPECT_TRUE(cluster.run_to_end(sim::milliseconds(200), sim::seconds(30)));
  expect_no_failure(cluster);
  expect_exact_sums(cluster);
  EXPECT_GE(cluster.facts.count[fact_kind(CheckpointFact::snapshot)], 4u);
}

TEST(ExactTask, AKilledTaskManagerIsRecoveredFromExactly) {
  ExactHarness cluster(paced(40'000, 40'000), sum_job(2, 2));
  cluster.deploy();
  cluster.run_for(sim::milliseconds(200));
  ASSERT_TRUE(cluster.checkpoint());
  cluster.run_for(sim::milliseconds(200));
  const CheckpointId lost = cluster.trigger();  // prepared, never completed
  cluster.run_for(sim::milliseconds(150));
  EXPECT_TRUE(cluster.all_acknowledged(lost));
  cluster.world.machines().kill(cluster.processes[1], sim::StopReason::kill, 9);
  cluster.run_for(sim::milliseconds(50));
  ASSERT_FALSE(cluster.causes.empty());
  for (const Cause& cause : cluster.causes)
    EXPECT_EQ(cause.kind, Cause::Kind::remote_transport) << cause.text;
  cluster.causes.clear();
  cluster.cancel_all();
  cluster.world.machines().start(cluster.processes[1]);
  cluster.deploy(lost - 1);
  EXPECT_TRUE(cluster.run_to_end(sim::milliseconds(200), sim::seconds(30)));
  expect_no_failure(cluster);
  expect_exact_sums(cluster);
  expect_nothing_left(cluster);
}

TEST(ExactTask, WithoutACheckpointItStartsAgainFromTheBeginning) {
  ExactHarness cluster(paced(20'000, 40'000), sum_job(2, 1));
  cluster.deploy();
  cluster.run_for(sim::milliseconds(200));
  cluster.cancel_all();
  expect_nothing_left(cluster);
  cluster.deploy();
  EXPECT_TRUE(cluster.run_to_end(sim::milliseconds(200), sim::seconds(30)));
  expect_no_failure(cluster);
  expect_exact_sums(cluster);
}

sim::Digest128 hash_of(HarnessOptions options, const JobSpec& spec) {
  ExactHarness cluster(options, spec);
  cluster.deploy();
  EXPECT_TRUE(cluster.run_to_end(sim::milliseconds(70), sim::seconds(60)));
  return cluster.world.kernel().hash();
}

TEST(ExactTask, SteppingEachRecordChangesNothing) {
  JobSpec spec = sum_job(2, 3);
  spec.operators[1].cost = sim::microseconds(20);  // slices of 20 ms, looked into by many
  spec.operators[2].cost = sim::microseconds(7);
  HarnessOptions options = paced(10'000, 100'000);
  const sim::Digest128 sliced = hash_of(options, spec);
  options.step_each_record = true;
  EXPECT_EQ(hash_of(options, spec), sliced);
  options.seed = 2;
  EXPECT_NE(hash_of(options, spec), sliced);
}

TEST(ExactTask, SteppingChangesNothingUnderBackPressure) {
  JobSpec spec = sum_job(3, 2);
  spec.operators[2].cost = sim::microseconds(30);
  HarnessOptions options;
  options.log = {.splits = 3, .records = 60'000, .keys = 50, .pattern = sim::KeyPattern::hot};
  const sim::Digest128 sliced = hash_of(options, spec);
  options.step_each_record = true;
  EXPECT_EQ(hash_of(options, spec), sliced);
}

TEST(ExactTask, BackPressureReachesTheSource) {
  JobSpec spec = sum_job(1, 1);
  spec.operators[2].cost = sim::microseconds(100);
  HarnessOptions options;
  options.log = {.splits = 1, .records = 200'000, .keys = 100};
  ExactHarness cluster(options, spec);
  cluster.deploy();
  cluster.run_for(sim::seconds(2));
  // 20,000 records are summed; the source is ahead by what the buffers of the channel hold.
  const uint64_t emitted = cluster.facts.records[fact_kind(DataFact::source_emitted)];
  EXPECT_GT(emitted, 20'000u);
  EXPECT_LT(emitted, 20'000u + 30 * 1024);
  ASSERT_TRUE(cluster.checkpoint(sim::seconds(30)));
  cluster.cancel_all();
  expect_nothing_left(cluster);
}

TEST(ExactTask, FiltersAndFlatMapsKeepCount) {
  JobSpec spec = sum_job(2, 2);
  spec.operators.push_back(
      {.id = "some", .kind = OperatorKind::filter, .parallelism = 2, .keep = 1, .out_of = 3});
  spec.operators.push_back(
      {.id = "copy", .kind = OperatorKind::flat_map, .parallelism = 2, .copies = 3});
  spec.edges = {{.from = "src", .to = "map"},
                {.from = "map", .to = "some"},
                {.from = "some", .to = "copy"},
                {.from = "copy", .to = "sum", .ship = Partitioner::hash},
                {.from = "sum", .to = "out"}};
  ExactHarness cluster({}, spec);
  cluster.deploy();
  EXPECT_TRUE(cluster.run_to_end(sim::milliseconds(100), sim::seconds(30)));
  expect_no_failure(cluster);
  std::set<uint64_t> expected;
  for (uint16_t split = 0; split < 2; ++split)
    for (uint64_t offset = 0; offset < cluster.contents->size(split); ++offset) {
      const sim::Record record = cluster.contents->record(split, offset);
      if (!filter_keeps(record, sim::name_hash("some"), 1, 3)) continue;
      for (uint32_t copy = 0; copy < 3; ++copy)
        expected.insert(flat_map_copy(record, 3, copy).provenance);
    }
  std::set<uint64_t> seen;
  for (const sim::Record& record : cluster.committed.records) seen.insert(record.provenance);
  EXPECT_EQ(seen, expected);
  EXPECT_EQ(cluster.committed.records.size(), expected.size());
  EXPECT_NEAR(static_cast<double>(expected.size()), 20'000.0, 1'000.0);
}

TEST(ExactTask, WindowsHoldTheirRecordsOverARestore) {
  JobSpec spec = sum_job(2, 2);
  spec.operators[0].max_out_of_orderness = sim::milliseconds(50);
  spec.operators[2].kind = OperatorKind::window;
  spec.operators[2].window_size = sim::milliseconds(100);
  HarnessOptions options = paced(40'000, 40'000);
  options.log.disorder = sim::milliseconds(40);
  ExactHarness cluster(options, spec);
  cluster.deploy();
  cluster.run_for(sim::milliseconds(330));
  ASSERT_TRUE(cluster.checkpoint());
  cluster.run_for(sim::milliseconds(100));
  cluster.cancel_all();
  cluster.deploy(1);
  EXPECT_TRUE(cluster.run_to_end(sim::milliseconds(200), sim::seconds(30)));
  expect_no_failure(cluster);
  std::map<std::pair<uint64_t, int64_t>, std::pair<int64_t, uint64_t>> expected;
  std::map<std::pair<uint64_t, int64_t>, std::pair<int64_t, uint64_t>> seen;
  for (uint16_t split = 0; split < 2; ++split)
    for (uint64_t offset = 0; offset < cluster.contents->size(split); ++offset) {
      const sim::Record record = cluster.contents->record(split, offset);
      auto& [sum, hash] = expected[{record.key, record.event_time / 100 * 100 + 99}];
      sum += record.value;
      hash += sim::provenance_hash(record.provenance);
    }
  for (const sim::Record& record : cluster.committed.records)
    EXPECT_TRUE(
        seen.try_emplace({record.key, record.event_time}, record.value, record.provenance).second);
  EXPECT_EQ(seen, expected);
  EXPECT_EQ(cluster.facts.count[fact_kind(TaskFact::late_dropped)], 0u);
}

TEST(ExactTask, AtLeastOnceLosesNothing) {
  JobSpec spec = sum_job(2, 2);
  spec.operators[3].delivery = Delivery::at_least_once;
  HarnessOptions options = paced(40'000, 40'000);
  options.task.exactly_once = false;
  ExactHarness cluster(options, spec);
  cluster.deploy();
  cluster.run_for(sim::milliseconds(200));
  ASSERT_TRUE(cluster.checkpoint());
  cluster.run_for(sim::milliseconds(200));
  cluster.cancel_all();
  cluster.deploy(1);
  EXPECT_TRUE(cluster.run_to_end(sim::milliseconds(200), sim::seconds(30)));
  expect_no_failure(cluster);
  std::set<uint64_t> seen;
  for (const sim::Record& record : cluster.committed.records) seen.insert(record.provenance);
  EXPECT_EQ(seen.size(), 40'000u);
  EXPECT_GT(cluster.committed.records.size(), 40'000u);
}

TEST(ExactTask, AnAbortedCheckpointLeavesNoFiles) {
  ExactHarness cluster(paced(20'000, 20'000), sum_job(2, 2));
  cluster.deploy();
  cluster.run_for(sim::milliseconds(200));
  const CheckpointId id = cluster.trigger();
  cluster.run_for(sim::milliseconds(4));  // uploading
  EXPECT_FALSE(cluster.all_acknowledged(id));
  for (auto& [attempt, task] : cluster.all_tasks()) task->notify_aborted(id, 0);
  ASSERT_TRUE(cluster.checkpoint());
  cluster.run_for(sim::milliseconds(100));
  for (const auto& [key, bytes] : cluster.store.objects())
    EXPECT_EQ(key.find("chk-1/"), std::string::npos) << key;
  EXPECT_TRUE(cluster.run_to_end(sim::milliseconds(200), sim::seconds(30)));
  expect_exact_sums(cluster);
}

TEST(ExactTask, RocksDbStateIsRecoveredFromIncrementalCheckpoints) {
  HarnessOptions options = paced(20'000, 20'000);
  options.task.backend = TaskOptions::Backend::rocksdb;
  options.task.incremental = true;
  ExactHarness cluster(options, sum_job(2, 2));
  cluster.deploy();
  for (int i = 0; i < 2; ++i) {
    cluster.run_for(sim::milliseconds(200));
    ASSERT_TRUE(cluster.checkpoint());
  }
  cluster.run_for(sim::milliseconds(100));
  cluster.world.machines().kill(cluster.processes[0], sim::StopReason::kill, 9);
  cluster.run_for(sim::milliseconds(50));
  cluster.causes.clear();
  cluster.cancel_all();
  cluster.world.machines().start(cluster.processes[0]);
  cluster.deploy(2);
  EXPECT_TRUE(cluster.run_to_end(sim::milliseconds(200), sim::seconds(30)));
  expect_no_failure(cluster);
  expect_exact_sums(cluster);
}

TEST(ExactTask, ALostConnectionFailsTheConsumersOnly) {
  ExactHarness cluster(paced(40'000, 20'000), sum_job(2, 2));
  cluster.deploy();
  cluster.run_for(sim::milliseconds(300));
  cluster.world.network().reset(cluster.processes[0], cluster.processes[1]);
  cluster.run_for(sim::milliseconds(50));
  ASSERT_EQ(cluster.causes.size(), 2u);
  for (const Cause& cause : cluster.causes) EXPECT_EQ(cause.kind, Cause::Kind::remote_transport);
  for (SubtaskIndex s = 0; s < cluster.topology->subtasks(); ++s)
    EXPECT_EQ(cluster.states[cluster.attempt_of(s)], cluster.topology->vertex_of(s) == 0
                                                         ? ExecutionState::running
                                                         : ExecutionState::failed);
}

TEST(ExactTask, AProducerThatComesLateIsFound) {
  ExactHarness cluster(paced(20'000, 20'000), sum_job(2, 2));
  cluster.deploy_vertex(1);
  cluster.run_for(sim::seconds(3));
  cluster.deploy_vertex(0);
  EXPECT_TRUE(cluster.run_to_end(sim::milliseconds(200), sim::seconds(30)));
  expect_no_failure(cluster);
  expect_exact_sums(cluster);
}

TEST(ExactTask, AProducerThatNeverComesIsAskedFor) {
  ExactHarness cluster(paced(20'000, 20'000), sum_job(2, 2));
  cluster.deploy_vertex(1);
  cluster.run_for(sim::seconds(21));  // a request waits for 10 to 20 s
  EXPECT_EQ(cluster.state_requests, 2u);
  cluster.run_for(sim::seconds(5));  // the local ones have looked for 22.7 s
  ASSERT_EQ(cluster.causes.size(), 2u);
  for (const Cause& cause : cluster.causes) {
    EXPECT_EQ(cause.kind, Cause::Kind::partition_not_found);
    EXPECT_TRUE(cause.partition.has_value());
  }
}

TEST(ExactTask, StopWithSavepointEndsTheJobBehindIt) {
  for (const SnapshotType type :
       {SnapshotType::suspend_savepoint, SnapshotType::terminate_savepoint}) {
    ExactHarness cluster(paced(0, 20'000), sum_job(2, 2));
    cluster.deploy();
    cluster.run_for(sim::milliseconds(500));
    ASSERT_TRUE(cluster.checkpoint(sim::seconds(10), type));
    cluster.run_for(sim::milliseconds(500));
    EXPECT_TRUE(cluster.all_in(ExecutionState::finished));
    expect_no_failure(cluster);
    const uint64_t emitted = cluster.facts.records[fact_kind(DataFact::source_emitted)];
    EXPECT_EQ(cluster.committed.records.size(), emitted);
    EXPECT_GT(emitted, 9'000u);
    expect_nothing_left(cluster);
  }
}

TEST(ExactTask, ABatchJobReadsWhatItsProducersHaveFinished) {
  JobSpec spec = sum_job(2, 2);
  spec.mode = RuntimeMode::batch;
  HarnessOptions options;
  options.task.checkpointing = false;
  options.checkpoint = false;
  ExactHarness cluster(options, spec);
  cluster.deploy_vertex(0);
  cluster.run_for(sim::seconds(1));
  EXPECT_EQ(cluster.states[cluster.attempt_of(0)], ExecutionState::finished);
  EXPECT_EQ(cluster.available_partitions, 2u);
  cluster.deploy_vertex(1);
  cluster.run_for(sim::milliseconds(6));
  EXPECT_EQ(cluster.states[cluster.attempt_of(2)], ExecutionState::running);
  for (auto& [id, task] : cluster.all_tasks())
    if (id.vertex == 1) task->cancel();
  cluster.run_for(sim::milliseconds(1));
  cluster.destroy_tasks();
  // Reads it again, with the producers' first attempt.
  ++cluster.attempt_of_vertex[1];
  cluster.deploy_vertex(1);
  cluster.run_for(sim::seconds(1));
  EXPECT_EQ(cluster.states[cluster.attempt_of(2)], ExecutionState::finished);
  EXPECT_TRUE(cluster.committed.records.empty());
  cluster.deploy_vertex(2);
  cluster.run_for(sim::seconds(1));
  EXPECT_EQ(cluster.states[cluster.attempt_of(4)], ExecutionState::finished);
  expect_no_failure(cluster);
  expect_exact_sums(cluster);
}

TEST(ExactTask, AnOutageOfTheBrokerDelaysCommits) {
  ExactHarness cluster(paced(20'000, 20'000), sum_job(2, 2));
  cluster.deploy();
  cluster.run_for(sim::milliseconds(300));
  cluster.broker.add_rule({.effect = sim::ServiceEffect::lose_answer, .number = 1, .count = 3},
                          nullptr);
  cluster.run_for(sim::milliseconds(200));
  ASSERT_TRUE(cluster.checkpoint(sim::seconds(60)));
  EXPECT_TRUE(cluster.run_to_end(sim::milliseconds(200), sim::seconds(120)));
  expect_no_failure(cluster);
  expect_exact_sums(cluster);
}

TEST(ExactTask, ACrashedHostSaysNothingAndComesBack) {
  ExactHarness cluster(paced(40'000, 40'000), sum_job(2, 2));
  cluster.deploy();
  cluster.run_for(sim::milliseconds(200));
  ASSERT_TRUE(cluster.checkpoint());
  cluster.run_for(sim::milliseconds(200));
  const sim::HostId host = cluster.world.machines().host_of(cluster.processes[1]);
  cluster.world.machines().crash_host(host);
  cluster.run_for(sim::milliseconds(200));
  expect_no_failure(cluster);
  cluster.world.machines().repair_host(host);
  cluster.world.machines().start(cluster.processes[1]);
  cluster.cancel_all();
  cluster.deploy(1);
  EXPECT_TRUE(cluster.run_to_end(sim::milliseconds(200), sim::seconds(30)));
  expect_no_failure(cluster);
  expect_exact_sums(cluster);
  expect_nothing_left(cluster);
}

TEST(ExactTask, AFailedUploadDeclines) {
  ExactHarness cluster(paced(20'000, 20'000), sum_job(2, 2));
  cluster.deploy();
  cluster.run_for(sim::milliseconds(300));
  cluster.store.add_rule({.effect = sim::ServiceEffect::error, .number = 1, .count = 1}, nullptr);
  const CheckpointId id = cluster.trigger();
  cluster.run_for(sim::milliseconds(200));
  EXPECT_EQ(cluster.declined, 1u);
  for (auto& [attempt, task] : cluster.all_tasks()) task->notify_aborted(id, 0);
  EXPECT_TRUE(cluster.run_to_end(sim::milliseconds(200), sim::seconds(30)));
  expect_no_failure(cluster);
  expect_exact_sums(cluster);
}

}  // namespace
}  // namespace drey::model
