// Several JobManagers, one leader: takeover from the pointer store, with tasks that only report and
// acknowledge.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "model/cluster/cluster.h"
#include "model/cluster/pointer_store_leadership.h"
#include "model/trace_events.h"
#include "sim/object_store.h"
#include "sim/pointer_store.h"

namespace drey::model {
namespace {

class AckGrain;

// RUNNING after a moment; acknowledges checkpoints with one real file each; ends when told.
class AckTask : public TaskRuntime, public sim::Entity {
 public:
  AckTask(AckGrain& grain, sim::World& world, sim::ProcessId process,
          std::shared_ptr<const Deployment> d, TaskListener& listener)
      : grain_(grain), world_(world), deployment_(std::move(d)), listener_(listener) {
    id_ = world.kernel().add(*this, world.kernel().intern("task"), process);
  }
  ~AckTask() override;
  void start() override {
    listener_.on_state(deployment_->attempt, ExecutionState::initializing, nullptr);
    post(run, 0, 5);
  }
  void on_event(const sim::Event& event) override;
  void trigger_checkpoint(CheckpointId id, sim::Time, const CheckpointOptions&) override;
  void acknowledge_later(CheckpointId id) { post(acknowledge, static_cast<uint64_t>(id), 2); }
  void finish_later() { post(finish, 0, 1); }
  bool running() const { return running_ && !over_; }
  const Deployment& deployment() const { return *deployment_; }

  void notify_complete(CheckpointId) override {}
  void notify_aborted(CheckpointId, CheckpointId) override {}
  void notify_subsumed(CheckpointId) override {}
  void deliver(uint32_t, const OperatorEvent&) override {}
  void update_partitions(std::span<const ShuffleDescriptor>) override {}
  void partition_state(const PartitionId&, ExecutionState) override {}
  void cancel() override { post(stop_canceled, 0, 1); }
  void fail(const Cause&) override { post(stop_failed, 0, 1); }
  void advance_to(sim::Time) override {}

 private:
  enum Kind : uint8_t { run, acknowledge, finish, stop_canceled, stop_failed };
  void post(Kind kind, uint64_t argument, int64_t after_ms) {
    world_.kernel().post(sim::milliseconds(after_ms), id_, kind, argument, sim::Priority::task);
  }
  void end(ExecutionState state) {
    over_ = true;
    const Cause cause{.kind = Cause::Kind::user, .text = "told to"};
    listener_.on_state(deployment_->attempt, state, &cause);
  }

  AckGrain& grain_;
  sim::World& world_;
  std::shared_ptr<const Deployment> deployment_;
  TaskListener& listener_;
  sim::EntityId id_;
  bool running_ = false;
  bool over_ = false;
};

class AckGrain : public TaskGrain {
 public:
  class Factory : public TaskFactory {
   public:
    Factory(AckGrain& grain, sim::World& world, sim::ProcessId process)
        : grain_(grain), world_(world), process_(process) {}
    std::unique_ptr<TaskRuntime> make(std::shared_ptr<const Deployment> d,
                                      TaskListener& listener) override {
      auto task = std::make_unique<AckTask>(grain_, world_, process_, std::move(d), listener);
      grain_.tasks.push_back(task.get());
      const auto& restore = task->deployment().restore;
      grain_.restored.push_back(restore == nullptr ? 0 : restore->checkpoint);
      return task;
    }
    void release(const std::vector<PartitionId>&) override {}
    sim::Address data_address() const override { return {}; }

   private:
    AckGrain& grain_;
    sim::World& world_;
    sim::ProcessId process_;
  };
  std::unique_ptr<TaskFactory> make_factory(sim::World& world, sim::ProcessId process) override {
    return std::make_unique<Factory>(*this, world, process);
  }
  // The barrier reaches everybody.
  void triggered(CheckpointId id) {
    if (!seen.insert(id).second) return;
    for (AckTask* task : tasks)
      if (task->running()) task->acknowledge_later(id);
  }
  void finish_all() {
    for (AckTask* task : tasks) task->finish_later();
  }

  std::vector<AckTask*> tasks;         // alive
  std::vector<CheckpointId> restored;  // by deployment, 0 = started empty
  std::set<CheckpointId> seen;
};

AckTask::~AckTask() {
  grain_.tasks.erase(std::find(grain_.tasks.begin(), grain_.tasks.end(), this));
  world_.kernel().remove(id_);
}

void AckTask::trigger_checkpoint(CheckpointId id, sim::Time, const CheckpointOptions&) {
  grain_.triggered(id);
}

void AckTask::on_event(const sim::Event& event) {
  if (over_) return;
  switch (static_cast<Kind>(event.kind())) {
    case run:
      running_ = true;
      listener_.on_state(deployment_->attempt, ExecutionState::running, nullptr);
      return;
    case acknowledge: {
      TaskAcknowledgement mine;
      mine.has_state = true;
      mine.inline_bytes = 10;
      listener_.on_acknowledge(deployment_->attempt, static_cast<CheckpointId>(event.argument),
                               std::move(mine), {});
      return;
    }
    case finish:
      end(ExecutionState::finished);
      return;
    case stop_canceled:
      end(ExecutionState::canceled);
      return;
    case stop_failed:
      end(ExecutionState::failed);
      return;
  }
}

struct Recorder : sim::TraceSink {
  uint64_t interests() const override {
    return sim::interest(sim::FactGroup::control) | sim::interest(sim::FactGroup::checkpoint);
  }
  void on(const sim::Fact& fact, sim::FactNumber) override { facts.push_back(fact); }
  template <class Kind>
  std::vector<sim::Fact> of(Kind kind) const {
    std::vector<sim::Fact> found;
    for (const sim::Fact& fact : facts)
      if (fact.kind == fact_kind(kind)) found.push_back(fact);
    return found;
  }
  template <class Kind>
  size_t count(Kind kind) const {
    return of(kind).size();
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
  information->checkpoint_directory = "checkpoints/job-1";
  return information;
}

FlinkOptions options() {
  FlinkOptions flink;
  flink.high_availability = HighAvailability::pointer_store;
  flink.pointer_client.session_timeout = sim::seconds(12);
  flink.pointer_client.retry_wait = sim::seconds(1);
  flink.restart = FixedDelayOptions{.attempts = 10, .delay = sim::seconds(1)};
  flink.checkpointing.interval = sim::seconds(2);
  return flink;
}

struct HighAvailabilityTest : testing::Test {
  sim::World world{{.kernel = {.seed = 5}}};
  sim::ObjectStore objects{world, {}};
  sim::PointerStore pointers{world, {}};
  AckGrain grain;
  Recorder recorder;
  std::unique_ptr<Cluster> cluster;
  std::string first;
  std::string standby;

  void build(FlinkOptions flink = options(), JobClientSpec client = {}) {
    world.kernel().add_sink(&recorder);
    objects.start();
    pointers.start();
    cluster = std::make_unique<Cluster>(
        world,
        Cluster::Options{.spec = {.job_managers = 2, .task_managers = 2, .slots_each = 1},
                         .flink = std::move(flink),
                         .jobs = {{1, job()}},
                         .clients = {client},
                         .object_store = objects.service_name(),
                         .pointer_store = pointers.service_name()},
        grain);
    cluster->start();
  }
  ~HighAvailabilityTest() override { world.machines().shut_down(); }

  void run(sim::Duration until) { world.kernel().run(sim::Time{} + until); }
  sim::Machines& machines() { return world.machines(); }
  // Between a process's host and the pointer store.
  void cut(const std::string& name, bool cut) {
    const sim::HostId one = machines().find_host(name);
    const sim::HostId two = pointers.host();
    world.network().set_link(one, two, {.cut = cut});
    world.network().set_link(two, one, {.cut = cut});
  }
  std::string leader_name() const {
    const sim::ProcessId process = cluster->leader();
    return process.valid() ? const_cast<sim::World&>(world).machines().name(process) : "";
  }
  // Fixed once the first leader is there.
  void run_to_first_leader(sim::Duration until) {
    run(until);
    first = leader_name();
    ASSERT_NE(first, "");
    standby = first == "jm-1" ? "jm-2" : "jm-1";
  }
  bool job_runs() const {
    const JobMaster* master = cluster->job_master(1);
    return master != nullptr && master->status() == JobStatus::running && grain.tasks.size() == 4;
  }
  size_t leaders() const {
    return static_cast<size_t>(
        std::count_if(cluster->job_managers().begin(), cluster->job_managers().end(),
                      [&](sim::ProcessId process) {
                        const Dispatcher* found = cluster->dispatcher(process);
                        return found != nullptr && found->leads();
                      }));
  }
  size_t count_pointers(std::string_view prefix) const {
    size_t n = 0;
    for (const auto& [name, value] : pointers.values()) n += name.starts_with(prefix);
    return n;
  }
  CheckpointId last_completed() const {
    const auto facts = recorder.of(CheckpointFact::completed);
    return facts.empty() ? 0 : static_cast<CheckpointId>(facts.back().a);
  }
  // Every pointer names metadata that are there.
  void expect_pointers_lead_somewhere() const {
    for (const auto& [name, value] : pointers.values()) {
      if (!name.starts_with("checkpoints/")) continue;
      EXPECT_EQ(objects.objects().count(value.value + "/_metadata"), 1u) << name;
    }
  }
  // Ids of completed checkpoints never come twice and only grow.
  void expect_ids_ascend() const {
    const auto facts = recorder.of(CheckpointFact::completed);
    for (size_t i = 1; i < facts.size(); ++i) EXPECT_LT(facts[i - 1].a, facts[i].a);
  }
};

TEST_F(HighAvailabilityTest, OneOfTwoLeadsAndRunsTheJob) {
  build();
  run_to_first_leader(sim::seconds(10));
  EXPECT_EQ(leaders(), 1u);
  EXPECT_TRUE(job_runs());
  EXPECT_GE(last_completed(), 3);
  EXPECT_EQ(count_pointers("plans/"), 1u);
  EXPECT_EQ(count_pointers("checkpoints/job-1/"), 1u);
  EXPECT_EQ(count_pointers("leader/"), 3u);
  // One session id for all components.
  std::set<uint64_t> sessions;
  for (const sim::Fact& fact : recorder.of(ControlFact::leader_granted)) sessions.insert(fact.a);
  EXPECT_EQ(sessions.size(), 1u);
}

TEST_F(HighAvailabilityTest, AStandbyTakesOverFromAKilledLeader) {
  build();
  run_to_first_leader(sim::seconds(15));
  const CheckpointId before = last_completed();
  ASSERT_GT(before, 2);
  machines().kill(machines().find_process(first), sim::StopReason::kill, 137);
  run(sim::seconds(60));
  EXPECT_EQ(leader_name(), standby);
  EXPECT_TRUE(job_runs());
  EXPECT_EQ(recorder.count(ControlFact::job_recovered), 1u);
  ASSERT_EQ(recorder.count(CheckpointFact::restoring), 1u);
  EXPECT_EQ(recorder.of(CheckpointFact::restoring)[0].a, static_cast<uint64_t>(before));
  ASSERT_EQ(grain.restored.size(), 8u);
  for (size_t i = 4; i < 8; ++i) EXPECT_EQ(grain.restored[i], before);
  EXPECT_GT(last_completed(), before + 5);
  expect_ids_ascend();
  EXPECT_EQ(recorder.count(ControlFact::failover_begun), 0u);
}

TEST_F(HighAvailabilityTest, AKilledJobManagerThatComesBackIsTheNextStandby) {
  build();
  run_to_first_leader(sim::seconds(10));
  const sim::ProcessId killed = machines().find_process(first);
  machines().kill(killed, sim::StopReason::kill, 137);
  machines().start_after(killed, sim::seconds(5));
  run(sim::seconds(60));
  EXPECT_EQ(leader_name(), standby);
  machines().kill(machines().find_process(standby), sim::StopReason::kill, 137);
  run(sim::seconds(120));
  EXPECT_EQ(leader_name(), first);
  EXPECT_TRUE(job_runs());
  EXPECT_EQ(recorder.count(ControlFact::job_recovered), 2u);
  expect_ids_ascend();
}

TEST_F(HighAvailabilityTest, APointerStoreThatIsSilentForAShortTimeChangesNothing) {
  build();
  run_to_first_leader(sim::seconds(10));
  machines().freeze_for(pointers.process(), sim::seconds(3));
  run(sim::seconds(60));
  EXPECT_EQ(leader_name(), first);
  EXPECT_TRUE(job_runs());
  EXPECT_EQ(recorder.count(ControlFact::leader_revoked), 0u);
  EXPECT_EQ(recorder.count(ControlFact::failover_begun), 0u);
  expect_ids_ascend();
}

TEST_F(HighAvailabilityTest,
       ASuspendedConnectionCostsTheLeadershipAndTheJobGoesOnFromItsCheckpoint) {
  build();
  run_to_first_leader(sim::seconds(10));
  machines().freeze_for(pointers.process(), sim::seconds(10));  // more than 2/3 of 12 s
  run(sim::seconds(90));
  EXPECT_EQ(leaders(), 1u);
  EXPECT_TRUE(job_runs());
  EXPECT_GE(recorder.count(ControlFact::leader_revoked), 2u);
  EXPECT_GE(recorder.count(CheckpointFact::restoring), 1u);
  EXPECT_GT(last_completed(), 20);
  expect_ids_ascend();
}

TEST_F(HighAvailabilityTest, ToleratedSuspensionKeepsTheLeader) {
  FlinkOptions flink = options();
  flink.pointer_client.tolerate_suspended = true;
  build(flink);
  run_to_first_leader(sim::seconds(10));
  // The store's process is replaced: sessions outlive it, connections do not.
  machines().kill(pointers.process(), sim::StopReason::kill, 137);
  machines().start_after(pointers.process(), sim::seconds(2));
  run(sim::seconds(60));
  EXPECT_EQ(leader_name(), first);
  EXPECT_TRUE(job_runs());
  EXPECT_EQ(recorder.count(ControlFact::leader_revoked), 0u);
  EXPECT_EQ(recorder.count(ControlFact::failover_begun), 0u);
  expect_ids_ascend();
}

TEST_F(HighAvailabilityTest, APointerStoreSilentForLongerThanItsSessionsEndsInOneLeader) {
  build();
  run_to_first_leader(sim::seconds(10));
  machines().freeze_for(pointers.process(), sim::seconds(40));
  run(sim::seconds(180));
  EXPECT_EQ(leaders(), 1u);
  EXPECT_TRUE(job_runs());
  EXPECT_GT(last_completed(), 30);
  expect_ids_ascend();
}

TEST_F(HighAvailabilityTest, ALeaderCutOffFromThePointerStoreNeverActsBesideTheNext) {
  build();
  run_to_first_leader(sim::seconds(10));
  cut(first, true);
  for (int second = 11; second < 60; ++second) {
    run(sim::seconds(second));
    EXPECT_LE(leaders(), 1u) << second;
  }
  EXPECT_EQ(leader_name(), standby);
  EXPECT_TRUE(job_runs());
  cut(first, false);
  run(sim::seconds(120));
  EXPECT_EQ(leader_name(), standby);
  EXPECT_TRUE(job_runs());
  expect_ids_ascend();
}

// The leader believes in itself for longer than its session lives; the guard of the latch makes its
// writes refused.
TEST_F(HighAvailabilityTest, AnOldLeadersCheckpointsNeverCountBesideTheNewOnes) {
  FlinkOptions flink = options();
  flink.pointer_client.tolerate_suspended = true;
  build(flink);
  run_to_first_leader(sim::seconds(10));
  pointers.expire_sessions_of(machines().find_process(first));
  run(sim::seconds(90));
  EXPECT_EQ(leader_name(), standby);
  EXPECT_TRUE(job_runs());
  expect_ids_ascend();
}

TEST_F(HighAvailabilityTest, APointerWrittenWithTheAnswerLostIsKept) {
  build();
  run_to_first_leader(sim::seconds(10));
  // Checkpoint pointers are the only writes of a running job besides the counter: lose the answers
  // for a while.
  pointers.add_rule({.effect = sim::ServiceEffect::lose_answer,
                     .operation = "write_pointer",
                     .from = first,
                     .count = 2},
                    nullptr);
  run(sim::seconds(80));
  EXPECT_TRUE(job_runs());
  EXPECT_GT(last_completed(), 20);
  expect_ids_ascend();
  expect_pointers_lead_somewhere();
}

TEST_F(HighAvailabilityTest, ALeaderThatDiesWithAnAnswerLostLeavesACheckpointThatCanBeRestored) {
  build();
  run_to_first_leader(sim::seconds(10));
  pointers.add_rule({.effect = sim::ServiceEffect::lose_answer,
                     .operation = "write_pointer",
                     .from = first,
                     .number = 2,
                     .until = sim::Time{} + sim::seconds(25)},
                    nullptr);
  run(sim::seconds(20));
  machines().kill(machines().find_process(first), sim::StopReason::kill, 137);
  run(sim::seconds(80));
  EXPECT_EQ(leader_name(), standby);
  EXPECT_TRUE(job_runs());
  EXPECT_EQ(recorder.count(ControlFact::fatal_error), 0u);
  expect_ids_ascend();
}

TEST_F(HighAvailabilityTest, AFinishedJobLeavesNothingInTheStores) {
  build();
  run_to_first_leader(sim::seconds(10));
  grain.finish_all();
  run(sim::seconds(20));
  EXPECT_TRUE(cluster->all_results_known());
  EXPECT_EQ(count_pointers("plans/"), 0u);
  EXPECT_EQ(count_pointers("results/"), 0u);
  EXPECT_EQ(count_pointers("checkpoint"), 0u);
  EXPECT_EQ(objects.objects().size(), 0u);
}

// H9: the leader dies between the dirty entry and the removal of the plan.
TEST_F(HighAvailabilityTest, AFinishedJobIsNotExecutedAgainAfterATakeover) {
  build();
  run_to_first_leader(sim::seconds(10));
  // Removals get no answer, so the clean-up cannot go on.
  pointers.add_rule(
      {.effect = sim::ServiceEffect::outage, .operation = "remove_pointer", .from = first},
      nullptr);
  grain.finish_all();
  run(sim::seconds(12));
  ASSERT_EQ(count_pointers("plans/"), 1u);
  ASSERT_EQ(count_pointers("results/"), 1u);
  const size_t deployed = recorder.count(ControlFact::deployed);
  machines().kill(machines().find_process(first), sim::StopReason::kill, 137);
  run(sim::seconds(60));
  EXPECT_EQ(leader_name(), standby);
  EXPECT_EQ(recorder.count(ControlFact::deployed), deployed);
  EXPECT_EQ(recorder.count(ControlFact::job_recovered), 0u);
  EXPECT_EQ(count_pointers("plans/"), 0u);
  EXPECT_EQ(count_pointers("results/"), 0u);
  EXPECT_EQ(count_pointers("checkpoint"), 0u);
  EXPECT_EQ(objects.objects().size(), 0u);
}

TEST_F(HighAvailabilityTest, ASubmissionIsAnsweredOnlyWhenItIsDurable) {
  JobClientSpec client{.submit_after = sim::seconds(5)};
  build(options(), client);
  run_to_first_leader(sim::seconds(4));
  pointers.add_rule({.effect = sim::ServiceEffect::outage,
                     .operation = "write_pointer",
                     .from = first,
                     .count = 1},
                    nullptr);
  run(sim::seconds(6));
  EXPECT_EQ(recorder.count(ControlFact::plan_stored), 0u);
  EXPECT_EQ(recorder.count(ControlFact::deployed), 0u);
  run(sim::seconds(60));
  EXPECT_EQ(recorder.count(ControlFact::plan_stored), 1u);
  EXPECT_TRUE(job_runs());
}

// FLINK-22494: all tries are made and all answers are lost; the pointer is there, and so are its
// files.
TEST_F(HighAvailabilityTest, ACheckpointWhosePointerMayHaveBeenWrittenIsNotDiscarded) {
  FlinkOptions flink = options();
  flink.pointer_client.connection_timeout = sim::seconds(1);
  build(flink);
  run_to_first_leader(sim::milliseconds(9500));
  const auto stored = recorder.count(CheckpointFact::stored);
  uint64_t counter_writes = 1;  // the next write is the counter's, then comes the pointer
  pointers.add_rule({.effect = sim::ServiceEffect::lose_answer,
                     .operation = "write_pointer",
                     .from = first,
                     .number = counter_writes + 1,
                     .until = sim::Time{} + sim::seconds(40)},
                    nullptr);
  for (int second = 10; second < 40; ++second) {
    run(sim::seconds(second));
    expect_pointers_lead_somewhere();
  }
  EXPECT_EQ(recorder.count(CheckpointFact::stored), stored);  // nobody heard of one
  EXPECT_EQ(count_pointers("checkpoints/job-1/"), 2u);        // and yet it is there
  EXPECT_GE(recorder.count(CheckpointFact::aborted), 1u);
  const CheckpointId known = last_completed();
  machines().kill(machines().find_process(first), sim::StopReason::kill, 137);
  run(sim::seconds(90));
  EXPECT_EQ(leader_name(), standby);
  EXPECT_TRUE(job_runs());
  // The newest checkpoint counts, although its own leader did not know.
  EXPECT_EQ(recorder.of(CheckpointFact::restoring).back().a, static_cast<uint64_t>(known) + 1);
  EXPECT_EQ(count_pointers("checkpoints/job-1/"), 1u);
  expect_pointers_lead_somewhere();
}

// Its commands name attempts that it did not deploy and are not obeyed. But it takes its
// TaskManagers for lost and tells them so, and that message names only the job, as upstream's
// disconnectJobManager does.
TEST_F(HighAvailabilityTest, ALeaderThatWakesUpLateCostsTheNextOneARestartAtMost) {
  build();
  run_to_first_leader(sim::seconds(10));
  machines().freeze_for(machines().find_process(first), sim::seconds(45));
  run(sim::seconds(54));
  EXPECT_EQ(leaders(), 2u);         // the frozen one does not know yet
  EXPECT_GT(last_completed(), 10);  // checkpoints of the standby
  const size_t deployed = recorder.count(ControlFact::deployed);
  run(sim::seconds(56));
  EXPECT_EQ(leaders(), 1u);
  EXPECT_EQ(leader_name(), standby);
  run(sim::seconds(120));
  EXPECT_TRUE(job_runs());
  EXPECT_EQ(leaders(), 1u);
  EXPECT_LE(recorder.count(ControlFact::deployed), deployed + 4);
  expect_ids_ascend();
  expect_pointers_lead_somewhere();
}

TEST_F(HighAvailabilityTest, ATaskManagerCutOffFromThePointerStoreFailsItsTasksAndComesBack) {
  build();
  run_to_first_leader(sim::seconds(10));
  cut("tm-1", true);
  run(sim::seconds(25));
  EXPECT_EQ(leader_name(), first);
  EXPECT_FALSE(job_runs());
  cut("tm-1", false);
  run(sim::seconds(90));
  EXPECT_EQ(leader_name(), first);
  EXPECT_TRUE(job_runs());
  EXPECT_GE(recorder.count(ControlFact::failover_begun), 1u);
  expect_ids_ascend();
}

TEST_F(HighAvailabilityTest, NoticesThatAreLostAreMadeUpFor) {
  build();
  run_to_first_leader(sim::seconds(10));
  for (const char* message : {"latch_changed", "pointer_changed"})
    for (const std::string& to : {standby, std::string("tm-1"), std::string("tm-2")})
      for (uint64_t number = 1; number < 4; ++number)
        world.network().lose({.message = message, .to = to, .number = number}, nullptr);
  machines().kill(machines().find_process(first), sim::StopReason::kill, 137);
  run(sim::seconds(120));
  EXPECT_EQ(leader_name(), standby);
  EXPECT_TRUE(job_runs());
  expect_ids_ascend();
}

TEST_F(HighAvailabilityTest, ARecoveryThatCannotReadEndsTheProcessAndIsTriedAgain) {
  build();
  run_to_first_leader(sim::seconds(10));
  pointers.add_rule({.effect = sim::ServiceEffect::error,
                     .operation = "read_pointers",
                     .from = standby,
                     .until = sim::Time{} + sim::seconds(60)},
                    nullptr);
  machines().kill(machines().find_process(first), sim::StopReason::kill, 137);
  run(sim::seconds(60));
  EXPECT_GE(recorder.count(ControlFact::fatal_error), 1u);
  EXPECT_EQ(recorder.count(ControlFact::job_recovered), 0u);
  run(sim::seconds(150));
  EXPECT_EQ(leader_name(), standby);
  EXPECT_TRUE(job_runs());
  expect_ids_ascend();
}

// An older checkpoint is never taken instead, and the job is not dropped (H12).
TEST_F(HighAvailabilityTest, ACheckpointThatCannotBeReadKeepsTheJobFromStarting) {
  build();
  run_to_first_leader(sim::seconds(10));
  machines().kill(machines().find_process(first), sim::StopReason::kill, 137);
  for (const auto& [name, value] : pointers.values())
    if (name.starts_with("checkpoints/")) objects.lose(value.value + "/_metadata");
  const size_t deployed = recorder.count(ControlFact::deployed);
  run(sim::seconds(90));
  EXPECT_GE(recorder.count(ControlFact::fatal_error), 2u);
  EXPECT_EQ(recorder.count(ControlFact::deployed), deployed);
  EXPECT_EQ(count_pointers("plans/"), 1u);
}

TEST_F(HighAvailabilityTest, AJobThatIsCancelledIsCleanedUpAndNotRunAgain) {
  JobClientSpec client{.cancel_after = sim::seconds(8)};
  build(options(), client);
  run_to_first_leader(sim::seconds(5));
  run(sim::seconds(20));
  EXPECT_TRUE(cluster->all_results_known());
  EXPECT_EQ(count_pointers("plans/"), 0u);
  EXPECT_EQ(count_pointers("checkpoint"), 0u);
  machines().kill(machines().find_process(first), sim::StopReason::kill, 137);
  const size_t deployed = recorder.count(ControlFact::deployed);
  run(sim::seconds(60));
  EXPECT_EQ(leader_name(), standby);
  EXPECT_EQ(recorder.count(ControlFact::deployed), deployed);
}

TEST_F(HighAvailabilityTest, TheSameSeedGivesTheSameHash) {
  std::string hashes[2];
  for (std::string& hash : hashes) {
    sim::World own{{.kernel = {.seed = 9}}};
    sim::ObjectStore own_objects{own, {}};
    sim::PointerStore own_pointers{own, {}};
    AckGrain own_grain;
    own_objects.start();
    own_pointers.start();
    Cluster twin(own,
                 Cluster::Options{.spec = {.job_managers = 2, .task_managers = 2, .slots_each = 1},
                                  .flink = options(),
                                  .jobs = {{1, job()}},
                                  .clients = {JobClientSpec{}},
                                  .object_store = own_objects.service_name(),
                                  .pointer_store = own_pointers.service_name()},
                 own_grain);
    twin.start();
    own.kernel().run(sim::Time{} + sim::seconds(10));
    own.machines().kill(own.machines().find_process("jm-1"), sim::StopReason::kill, 137);
    own.kernel().run(sim::Time{} + sim::seconds(40));
    hash = to_hex(own.kernel().hash());
    own.machines().shut_down();
  }
  EXPECT_EQ(hashes[0], hashes[1]);
}

}  // namespace
}  // namespace drey::model
