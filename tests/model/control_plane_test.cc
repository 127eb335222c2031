// The control plane end to end with tasks that only report: submission, slots, deployment,
// failover, cancellation.
#include <gtest/gtest.h>

#include "model/cluster/cluster.h"
#include "model/trace_events.h"
#include "sim/object_store.h"

namespace drey::model {
namespace {

// Reports INITIALIZING and RUNNING after a moment, and whatever else it is told.
class ReportingTask : public TaskRuntime, public sim::Entity {
 public:
  ReportingTask(sim::World& world, sim::ProcessId process, std::shared_ptr<const Deployment> d,
                TaskListener& listener)
      : world_(world), deployment_(std::move(d)), listener_(listener) {
    id_ = world.kernel().add(*this, world.kernel().intern("task"), process);
  }
  ~ReportingTask() override { world_.kernel().remove(id_); }
  void start() override {
    listener_.on_state(deployment_->attempt, ExecutionState::initializing, nullptr);
    world_.kernel().post(sim::milliseconds(5), id_, 0, 0, sim::Priority::task);
  }
  void on_event(const sim::Event& event) override {
    if (over_) return;
    if (event.kind() == 0) {
      listener_.on_state(deployment_->attempt, ExecutionState::running, nullptr);
    } else {
      over_ = true;
      const Cause cause{.kind = Cause::Kind::user, .text = "told to"};
      listener_.on_state(deployment_->attempt,
                         failing_ ? ExecutionState::failed : ExecutionState::canceled, &cause);
    }
  }
  void trigger_checkpoint(CheckpointId, sim::Time, const CheckpointOptions&) override {}
  void notify_complete(CheckpointId) override {}
  void notify_aborted(CheckpointId, CheckpointId) override {}
  void notify_subsumed(CheckpointId) override {}
  void deliver(uint32_t, const OperatorEvent&) override {}
  void update_partitions(std::span<const ShuffleDescriptor>) override {}
  void partition_state(const PartitionId&, ExecutionState) override {}
  void cancel() override { end(false); }
  void fail(const Cause&) override { end(true); }
  void advance_to(sim::Time) override {}

 private:
  void end(bool failing) {
    failing_ = failing;
    world_.kernel().post(sim::milliseconds(1), id_, 1, 0, sim::Priority::task);
  }
  sim::World& world_;
  std::shared_ptr<const Deployment> deployment_;
  TaskListener& listener_;
  sim::EntityId id_;
  bool failing_ = false;
  bool over_ = false;
};

class ReportingFactory : public TaskFactory {
 public:
  ReportingFactory(sim::World& world, sim::ProcessId process, std::vector<TaskRuntime*>& all)
      : world_(world), process_(process), all_(all) {}
  std::unique_ptr<TaskRuntime> make(std::shared_ptr<const Deployment> d,
                                    TaskListener& listener) override {
    auto task = std::make_unique<ReportingTask>(world_, process_, std::move(d), listener);
    all_.push_back(task.get());
    return task;
  }
  void release(const std::vector<PartitionId>&) override {}
  sim::Address data_address() const override { return {}; }

 private:
  sim::World& world_;
  sim::ProcessId process_;
  std::vector<TaskRuntime*>& all_;
};

class ReportingGrain : public TaskGrain {
 public:
  std::unique_ptr<TaskFactory> make_factory(sim::World& world, sim::ProcessId process) override {
    return std::make_unique<ReportingFactory>(world, process, tasks);
  }
  std::vector<TaskRuntime*> tasks;
};

struct Recorder : sim::TraceSink {
  uint64_t interests() const override { return sim::interest(sim::FactGroup::control); }
  void on(const sim::Fact& fact, sim::FactNumber) override { facts.push_back(fact); }
  size_t count(ControlFact kind) const {
    size_t n = 0;
    for (const sim::Fact& fact : facts) n += fact.kind == fact_kind(kind);
    return n;
  }
  std::vector<sim::Fact> facts;
};

std::shared_ptr<const JobInformation> job() {
  auto information = std::make_shared<JobInformation>();
  information->job = 1;
  information->spec.operators = {{.id = "src", .kind = OperatorKind::source, .parallelism = 2},
                                 {.id = "agg", .kind = OperatorKind::keyed, .parallelism = 2},
                                 {.id = "sink", .kind = OperatorKind::sink, .parallelism = 2}};
  information->spec.edges = {{"src", "agg", Partitioner::hash}, {"agg", "sink"}};
  information->graph = build_job_graph(information->spec);
  return information;
}

struct ControlPlaneTest : testing::Test {
  sim::World world{{.kernel = {.seed = 5}}};
  ReportingGrain grain;
  Recorder recorder;
  std::unique_ptr<Cluster> cluster;

  void build(FlinkOptions flink, JobClientSpec client, uint32_t task_managers = 2) {
    world.kernel().add_sink(&recorder);
    cluster = std::make_unique<Cluster>(
        world,
        Cluster::Options{.spec = {.task_managers = task_managers, .slots_each = 1},
                         .flink = std::move(flink),
                         .jobs = {{1, job()}},
                         .clients = {client}},
        grain);
    cluster->start();
  }
  ~ControlPlaneTest() override { world.machines().shut_down(); }
  void run(sim::Duration until) { world.kernel().run(sim::Time{} + until); }
  JobStatus status() const { return cluster->job_master(1)->status(); }
};

TEST_F(ControlPlaneTest, AJobGetsItsSlotsAndRuns) {
  build({}, {});
  run(sim::seconds(5));
  EXPECT_EQ(status(), JobStatus::running);
  EXPECT_EQ(recorder.count(ControlFact::deployed), 4u);
  for (const sim::ProcessId tm : cluster->task_managers())
    EXPECT_EQ(cluster->task_executor(tm)->task_count(), 2u);
}

TEST_F(ControlPlaneTest, AKilledTaskManagerIsNoticedAndTheJobRestartsOnAnother) {
  build({.restart = FixedDelayOptions{.attempts = 3, .delay = sim::seconds(1)}}, {}, 3);
  run(sim::seconds(5));
  // The slots are on two of the three.
  world.machines().kill(cluster->task_managers()[0], sim::StopReason::kill, 137);
  run(sim::seconds(60));
  EXPECT_EQ(status(), JobStatus::running);
  EXPECT_EQ(recorder.count(ControlFact::failover_begun), 1u);
  EXPECT_EQ(recorder.count(ControlFact::restart_task), 4u);
  EXPECT_EQ(recorder.count(ControlFact::deployed), 8u);
}

TEST_F(ControlPlaneTest, WithoutARestartStrategyAFailureEndsTheJob) {
  build({.restart = NoRestartOptions{}}, {});
  run(sim::seconds(5));
  grain.tasks[0]->fail({.kind = Cause::Kind::user});
  run(sim::seconds(20));
  EXPECT_TRUE(cluster->all_results_known());
  EXPECT_EQ(recorder.facts.back().kind, fact_kind(ControlFact::job_result));
  EXPECT_EQ(recorder.facts.back().a, static_cast<uint64_t>(JobStatus::failed));
  for (const sim::ProcessId tm : cluster->task_managers()) {
    EXPECT_EQ(cluster->task_executor(tm)->task_count(), 0u);
    EXPECT_EQ(cluster->task_executor(tm)->slots().slot(0).state, TaskSlotTable::State::free);
  }
}

TEST_F(ControlPlaneTest, CancelEndsTheJobAndFreesTheSlots) {
  build({}, {.cancel_after = sim::seconds(4)});
  run(sim::seconds(20));
  EXPECT_TRUE(cluster->all_results_known());
  EXPECT_EQ(recorder.facts.back().a, static_cast<uint64_t>(JobStatus::canceled));
  for (const sim::ProcessId tm : cluster->task_managers())
    EXPECT_EQ(cluster->task_executor(tm)->slots().slot(0).state, TaskSlotTable::State::free);
}

TEST_F(ControlPlaneTest, TooFewSlotsFailTheJobAfterTheRequestTimeout) {
  build({.restart = NoRestartOptions{}}, {}, 1);
  run(sim::minutes(4));
  EXPECT_FALSE(cluster->all_results_known());
  run(sim::minutes(6));
  EXPECT_TRUE(cluster->all_results_known());
}

TEST_F(ControlPlaneTest, ACutShorterThanTheHeartbeatTimeoutChangesNothing) {
  build({}, {});
  run(sim::seconds(5));
  sim::Machines& machines = world.machines();
  const sim::HostId jm = machines.find_host("jm-1");
  const sim::HostId tm = machines.find_host("tm-1");
  world.network().set_link(jm, tm, {.cut = true});
  world.network().set_link(tm, jm, {.cut = true});
  run(sim::seconds(35));
  world.network().set_link(jm, tm, {});
  world.network().set_link(tm, jm, {});
  run(sim::seconds(200));
  EXPECT_EQ(status(), JobStatus::running);
  EXPECT_EQ(recorder.count(ControlFact::failover_begun), 0u);
}

TEST_F(ControlPlaneTest, ACutLongerThanTheHeartbeatTimeoutCostsTheTaskManager) {
  build({.restart = FixedDelayOptions{.attempts = 3, .delay = sim::seconds(1)}}, {}, 3);
  run(sim::seconds(5));
  sim::Machines& machines = world.machines();
  const sim::HostId jm = machines.find_host("jm-1");
  const sim::HostId tm = machines.find_host("tm-1");
  world.network().set_link(jm, tm, {.cut = true});
  world.network().set_link(tm, jm, {.cut = true});
  run(sim::seconds(90));
  EXPECT_EQ(status(), JobStatus::running);
  EXPECT_EQ(recorder.count(ControlFact::failover_begun), 1u);
  world.network().set_link(jm, tm, {});
  world.network().set_link(tm, jm, {});
  run(sim::seconds(400));
  EXPECT_EQ(status(), JobStatus::running);
  EXPECT_EQ(recorder.count(ControlFact::failover_begun), 1u);
}

TEST_F(ControlPlaneTest, TheSameSeedGivesTheSameHash) {
  build({}, {});
  run(sim::seconds(30));
  sim::World other{{.kernel = {.seed = 5}}};
  ReportingGrain other_grain;
  Cluster twin(other,
               Cluster::Options{.spec = {.task_managers = 2, .slots_each = 1},
                                .jobs = {{1, job()}},
                                .clients = {JobClientSpec{}}},
               other_grain);
  twin.start();
  other.kernel().run(sim::Time{} + sim::seconds(30));
  EXPECT_EQ(to_hex(other.kernel().hash()), to_hex(world.kernel().hash()));
  other.machines().shut_down();
}

}  // namespace
}  // namespace drey::model
