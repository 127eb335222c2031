// The whole of it: JobMaster, TaskManagers and exact tasks, from submission to the broker.
#include <gtest/gtest.h>

#include "model/cluster/exact_grain.h"
#include "model/cluster/null_grain.h"
#include "tests/model/exact_harness.h"

namespace drey::model {
namespace {

struct FullCluster {
  explicit FullCluster(const HarnessOptions& o, JobSpec spec, FlinkOptions flink = {})
      : world({.kernel = {.seed = o.seed}}),
        contents(std::make_shared<sim::LogContents>(o.log)),
        log(world, {}, contents),
        broker(world, {}),
        store(world, {}),
        grain({.cores = 8, .logs = sim::LogSet(contents), .step_each_record = o.step_each_record}) {
    world.kernel().add_sink(&committed);
    log.start();
    broker.start();
    store.start();
    auto information = std::make_shared<JobInformation>();
    information->job = 1;
    information->graph = build_job_graph(spec);
    information->spec = std::move(spec);
    information->options = o.task;
    information->logs = ExactHarness::read_by_all(information->spec, log.service_name());
    information->broker = ExactHarness::address(broker.service_name());
    information->object_store = ExactHarness::address(store.service_name());
    information->checkpoint_directory = "checkpoints/job-1";
    flink.checkpointing.interval = sim::milliseconds(200);
    flink.restart = FixedDelayOptions{.attempts = 1000, .delay = sim::seconds(1)};
    cluster =
        std::make_unique<Cluster>(world,
                                  Cluster::Options{.spec = {.task_managers = 3, .slots_each = 1},
                                                   .flink = std::move(flink),
                                                   .jobs = {{1, information}},
                                                   .clients = {JobClientSpec{}},
                                                   .object_store = store.service_name()},
                                  grain);
    cluster->start();
  }
  ~FullCluster() { world.machines().shut_down(); }

  sim::World world;
  std::shared_ptr<const sim::LogContents> contents;
  CommittedRecords committed;
  sim::ExternalLog log;
  sim::Broker broker;
  sim::ObjectStore store;
  ExactGrain grain;
  std::unique_ptr<Cluster> cluster;
};

HarnessOptions paced(uint64_t records, uint64_t per_second) {
  HarnessOptions options;
  options.log = {.splits = 2, .records = records, .records_per_second = per_second, .keys = 100};
  return options;
}

void expect_each_record_once(const FullCluster& cluster) {
  std::map<uint64_t, uint64_t> seen;
  for (const sim::Record& record : cluster.committed.records) ++seen[record.provenance];
  uint64_t records = 0;
  for (uint16_t split = 0; split < cluster.contents->splits(); ++split)
    for (uint64_t offset = 0; offset < cluster.contents->size(split); ++offset, ++records)
      ASSERT_EQ(seen[cluster.contents->record(split, offset).provenance], 1u);
  EXPECT_EQ(cluster.committed.records.size(), records);
}

TEST(ExactCluster, AJobRunsToItsEnd) {
  FullCluster cluster(paced(40'000, 40'000), sum_job(2, 2));
  for (int i = 1; i <= 60 && !cluster.cluster->all_results_known(); ++i)
    cluster.world.kernel().run(sim::Time{} + sim::seconds(i));
  EXPECT_TRUE(cluster.cluster->all_results_known());
  expect_each_record_once(cluster);
}

TEST(ExactCluster, AKilledTaskManagerCostsNoRecord) {
  FullCluster cluster(paced(200'000, 40'000), sum_job(2, 2));
  cluster.world.kernel().run(sim::Time{} + sim::milliseconds(3'100));
  cluster.world.machines().kill(cluster.cluster->task_managers()[0], sim::StopReason::kill, 9);
  for (int i = 4; i <= 120 && !cluster.cluster->all_results_known(); ++i)
    cluster.world.kernel().run(sim::Time{} + sim::seconds(i));
  EXPECT_TRUE(cluster.cluster->all_results_known());
  expect_each_record_once(cluster);
}

}  // namespace
}  // namespace drey::model
