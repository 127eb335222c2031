// Takeover with real records and real state: whatever happens to the leader, each record is
// committed once.
#include <gtest/gtest.h>

#include "model/cluster/exact_grain.h"
#include "sim/pointer_store.h"
#include "tests/model/exact_harness.h"

namespace drey::model {
namespace {

struct TakeoverCluster {
  explicit TakeoverCluster(uint64_t seed, bool tolerate_suspended = false)
      : world({.kernel = {.seed = seed}}),
        contents(std::make_shared<sim::LogContents>(sim::LogSpec{
            .splits = 2, .records = 20'000, .records_per_second = 1'000, .keys = 100})),
        log(world, {}, contents),
        broker(world, {}),
        store(world, {}),
        pointers(world, {}),
        grain({.cores = 8, .logs = sim::LogSet(contents)}) {
    world.kernel().add_sink(&committed);
    log.start();
    broker.start();
    store.start();
    pointers.start();
    auto information = std::make_shared<JobInformation>();
    information->job = 1;
    information->spec = sum_job(2, 2);
    information->graph = build_job_graph(information->spec);
    information->options = TaskOptions{.checkpointing = true};
    information->logs = ExactHarness::read_by_all(information->spec, log.service_name());
    information->broker = ExactHarness::address(broker.service_name());
    information->object_store = ExactHarness::address(store.service_name());
    information->checkpoint_directory = "checkpoints/job-1";
    FlinkOptions flink;
    flink.high_availability = HighAvailability::pointer_store;
    flink.pointer_client.session_timeout = sim::seconds(6);
    flink.pointer_client.connection_timeout = sim::seconds(3);
    flink.pointer_client.retry_wait = sim::milliseconds(500);
    flink.pointer_client.tolerate_suspended = tolerate_suspended;
    flink.checkpointing.interval = sim::milliseconds(500);
    flink.restart = FixedDelayOptions{.attempts = 1000, .delay = sim::milliseconds(500)};
    cluster = std::make_unique<Cluster>(
        world,
        Cluster::Options{.spec = {.job_managers = 2, .task_managers = 2, .slots_each = 1},
                         .flink = std::move(flink),
                         .jobs = {{1, information}},
                         .clients = {JobClientSpec{}},
                         .object_store = store.service_name(),
                         .pointer_store = pointers.service_name()},
        grain);
    cluster->start();
  }
  ~TakeoverCluster() { world.machines().shut_down(); }

  void run(sim::Duration until) { world.kernel().run(sim::Time{} + until); }
  void run_to_end() {
    for (int i = 1; i <= 300 && !cluster->all_results_known(); ++i)
      world.kernel().run(world.kernel().now() + sim::seconds(1));
  }
  void expect_each_record_once() const {
    std::map<uint64_t, uint64_t> seen;
    for (const sim::Record& record : committed.records) ++seen[record.provenance];
    uint64_t wrong = 0;
    uint64_t records = 0;
    for (uint16_t split = 0; split < contents->splits(); ++split)
      for (uint64_t offset = 0; offset < contents->size(split); ++offset, ++records)
        if (seen[contents->record(split, offset).provenance] != 1) ++wrong;
    EXPECT_EQ(wrong, 0u);
    EXPECT_EQ(committed.records.size(), records);
  }

  sim::World world;
  std::shared_ptr<const sim::LogContents> contents;
  CommittedRecords committed;
  sim::ExternalLog log;
  sim::Broker broker;
  sim::ObjectStore store;
  sim::PointerStore pointers;
  ExactGrain grain;
  std::unique_ptr<Cluster> cluster;
};

class ExactTakeover : public testing::TestWithParam<uint64_t> {};

// Moments that fall into every step of a checkpoint.
sim::Duration moment(uint64_t seed) {
  return sim::seconds(8) + sim::milliseconds(static_cast<int64_t>(seed * 137 % 1000));
}

TEST_P(ExactTakeover, AKilledLeaderCostsNoRecord) {
  TakeoverCluster all(GetParam());
  all.run(moment(GetParam()));
  const sim::ProcessId leader = all.cluster->leader();
  ASSERT_TRUE(leader.valid());
  all.world.machines().kill(leader, sim::StopReason::kill, 137);
  all.world.machines().start_after(leader, sim::seconds(3));
  all.run_to_end();
  EXPECT_TRUE(all.cluster->all_results_known());
  all.expect_each_record_once();
  for (const auto& [name, value] : all.pointers.values())
    EXPECT_FALSE(name.starts_with("plans/") || name.starts_with("checkpoint")) << name;
}

TEST_P(ExactTakeover, AFrozenLeaderCostsNoRecord) {
  TakeoverCluster all(GetParam());
  all.run(moment(GetParam()));
  all.world.machines().freeze_for(all.cluster->leader(), sim::seconds(12));
  all.run_to_end();
  EXPECT_TRUE(all.cluster->all_results_known());
  all.expect_each_record_once();
}

TEST_P(ExactTakeover, LostAnswersOfThePointerStoreCostNoRecord) {
  TakeoverCluster all(GetParam());
  all.run(moment(GetParam()));
  all.pointers.add_rule({.effect = sim::ServiceEffect::lose_answer,
                         .operation = "write_pointer",
                         .until = all.world.kernel().now() + sim::seconds(9)},
                        nullptr);
  all.run(moment(GetParam()) + sim::seconds(5));
  const sim::ProcessId leader = all.cluster->leader();
  if (leader.valid()) {
    all.world.machines().kill(leader, sim::StopReason::kill, 137);
    all.world.machines().start_after(leader, sim::seconds(3));
  }
  all.run_to_end();
  EXPECT_TRUE(all.cluster->all_results_known());
  all.expect_each_record_once();
}

// Four troubles of the pointer store's side of the world, at moments of their own, some at once.
TEST_P(ExactTakeover, TroubleAfterTroubleCostsNoRecord) {
  const uint64_t seed = GetParam();
  TakeoverCluster all(seed, seed % 2 == 0);
  sim::Machines& machines = all.world.machines();
  for (uint64_t i = 0; i < 4; ++i) {
    const uint64_t draw = sim::name_hash("trouble " + std::to_string(seed * 4 + i));
    all.world.kernel().run(all.world.kernel().now() + sim::seconds(3) +
                           sim::milliseconds(static_cast<int64_t>(draw % 6'000)));
    const sim::Duration length =
        sim::milliseconds(500 + static_cast<int64_t>((draw >> 16) % 14'000));
    const sim::ProcessId victim = all.cluster->job_managers()[(draw >> 32) % 2];
    switch ((draw >> 40) % 6) {
      case 0:
        machines.freeze_for(all.pointers.process(), length);
        break;
      case 1:
        machines.kill(all.pointers.process(), sim::StopReason::kill, 137);
        machines.start_after(all.pointers.process(), length);
        break;
      case 2:
        machines.kill(victim, sim::StopReason::kill, 137);
        machines.start_after(victim, length);
        break;
      case 3:
        machines.freeze_for(victim, length);
        break;
      case 4:
        all.pointers.expire_sessions_of(victim);
        break;
      default:
        all.pointers.add_rule({.effect = sim::ServiceEffect::lose_answer,
                               .operation = "write_pointer",
                               .until = all.world.kernel().now() + length},
                              nullptr);
    }
  }
  all.run_to_end();
  EXPECT_TRUE(all.cluster->all_results_known());
  all.expect_each_record_once();
}

struct Loss {
  const char* message;
  bool answer;
};

// Of each kind that high availability adds, one message after the other is lost, before and after a
// takeover.
TEST(ExactTakeoverLosses, NoSingleLossCostsARecord) {
  const Loss losses[] = {
      {"open_session", false},  {"open_session", true},       {"ping_session", false},
      {"ping_session", true},   {"join_latch", false},        {"join_latch", true},
      {"leave_latch", false},   {"leave_latch", true},        {"write_pointer", false},
      {"write_pointer", true},  {"remove_pointer", false},    {"remove_pointer", true},
      {"read_pointers", false}, {"read_pointers", true},      {"watch_pointers", false},
      {"watch_pointers", true}, {"latch_changed", false},     {"pointer_changed", false},
      {"get_object", false},    {"get_object", true},         {"job_cleaned_up", false},
      {"job_cleaned_up", true}, {"job_status_changed", false}};
  for (const Loss& loss : losses) {
    SCOPED_TRACE(std::string(loss.message) + (loss.answer ? " answer" : ""));
    TakeoverCluster all(3);
    const auto lose = [&](uint64_t number) {
      all.world.network().lose({.message = loss.message, .answer = loss.answer, .number = number},
                               nullptr);
    };
    lose(1);
    lose(5);
    all.run(sim::seconds(8));
    lose(1);
    lose(3);
    const sim::ProcessId leader = all.cluster->leader();
    if (leader.valid()) {
      all.world.machines().kill(leader, sim::StopReason::kill, 137);
      all.world.machines().start_after(leader, sim::seconds(3));
    }
    all.run_to_end();
    EXPECT_TRUE(all.cluster->all_results_known());
    all.expect_each_record_once();
    all.world.kernel().run(all.world.kernel().now() + sim::seconds(20));
    for (const auto& [name, value] : all.pointers.values())
      EXPECT_TRUE(name.starts_with("leader/")) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, ExactTakeover, testing::Range<uint64_t>(1, 5));

}  // namespace
}  // namespace drey::model
