#pragma once
// A small cluster for tests of the exact grain without a JobMaster: TaskManager processes with a
// data exchange each, the outside world (log, broker, object store), and a fake master that deploys
// a job and drives its checkpoints between steps of simulated time.
#include <functional>
#include <map>
#include <set>

#include "model/io/source_events.h"
#include "model/task/exact_task.h"
#include "model/trace_events.h"
#include "sim/broker.h"
#include "sim/external_log.h"
#include "sim/object_store.h"

namespace drey::model {

// What the broker made visible.
class CommittedRecords final : public sim::TraceSink {
 public:
  uint64_t interests() const override { return sim::interest(sim::FactGroup::external); }
  void on(const sim::Fact&, sim::FactNumber) override {}
  void on_batch(const sim::BatchFact& batch, sim::FactNumber) override {
    if (batch.head.kind != fact_kind(sim::BrokerFact::committed_batch)) return;
    records.insert(records.end(), batch.records.begin(), batch.records.end());
  }
  std::vector<sim::Record> records;
};

struct CountedFacts final : sim::TraceSink {
  uint64_t interests() const override {
    return sim::interest(sim::FactGroup::task) | sim::interest(sim::FactGroup::checkpoint) |
           sim::interest(sim::FactGroup::data) | sim::interest(sim::FactGroup::state);
  }
  void on(const sim::Fact& fact, sim::FactNumber) override { ++count[fact.kind]; }
  void on_batch(const sim::BatchFact& batch, sim::FactNumber) override {
    ++count[batch.head.kind];
    records[batch.head.kind] += batch.records.size();
  }
  std::map<uint16_t, uint64_t> count;
  std::map<uint16_t, uint64_t> records;
};

struct TaskManagerProgram final : sim::Program {
  TaskManagerProgram(sim::World& world, sim::ProcessId process, const DataExchangeOptions& options,
                     const HeapModel& heap_model)
      : clock(world.kernel()),
        exchange(world, process, options, &disk),
        backends({.disk = &disk, .clock = &clock, .process = process}),
        heap(world, process, heap_model) {}
  ~TaskManagerProgram() override { tasks.clear(); }
  sim::Disk disk{{}};
  sim::KernelClock clock;
  DataExchange exchange;
  TaskBackends backends;
  Cores cores{8};
  ProcessHeap heap;
  std::map<AttemptId, std::unique_ptr<ExactTask>> tasks;
};

struct TaskManagerLauncher final : sim::Launcher {
  std::unique_ptr<sim::Program> launch(sim::World& world, sim::ProcessId process) override {
    return std::make_unique<TaskManagerProgram>(world, process, options, heap);
  }
  DataExchangeOptions options;
  HeapModel heap;
};

struct HarnessOptions {
  sim::LogSpec log{.splits = 2, .records = 20'000, .keys = 100};
  uint64_t seed = 1;
  uint64_t tie_salt = 0;
  uint32_t task_managers = 2;
  bool step_each_record = false;
  bool checkpoint = true;
  bool keep_committed = true;  // what the broker made visible
  TaskOptions task{.checkpointing = true};
  HeapModel heap;
};

// What a reader that registers is told, as an event of its own: the splits of its subtask (unless
// it has restored its own), and of a bounded log that there are no more.
class SplitAssigner final : public sim::Entity {
 public:
  explicit SplitAssigner(sim::Kernel& kernel)
      : kernel_(kernel), id_(kernel.add(*this, kernel.intern("assigner"), {})) {}
  void answer_later(std::function<void()> what) {
    answers_.push_back(std::move(what));
    kernel_.post({}, id_, 0, answers_.size() - 1, sim::Priority::task);
  }
  void on_event(const sim::Event& event) override { answers_[event.argument](); }

 private:
  sim::Kernel& kernel_;
  sim::EntityId id_;
  std::vector<std::function<void()>> answers_;
};

class ExactHarness : public TaskListener {
 public:
  ExactHarness(const HarnessOptions& options, JobSpec spec)
      : options_(options),
        world({.kernel = {.seed = options.seed, .tie_salt = options.tie_salt}, .network = {}}),
        assigner(world.kernel()),
        contents(std::make_shared<sim::LogContents>(options.log)),
        log(world, {}, contents),
        broker(world, {}),
        store(world, {}) {
    if (options.keep_committed) world.kernel().add_sink(&committed);
    world.kernel().add_sink(&facts);
    launcher.heap = options.heap;
    log.start();
    broker.start();
    store.start();
    for (uint32_t i = 0; i < options.task_managers; ++i) {
      const std::string name = "tm-" + std::to_string(i + 1);
      const sim::HostId host = world.machines().add_host({.name = "host-" + name});
      processes.push_back(world.machines().add_process(host, name, launcher));
      world.machines().start(processes.back());
    }
    auto information = std::make_shared<JobInformation>();
    information->job = 1;
    information->graph = build_job_graph(spec);
    information->spec = std::move(spec);
    information->options = options.task;
    information->logs = read_by_all(information->spec, log.service_name());
    information->broker = address(broker.service_name());
    information->object_store = address(store.service_name());
    information->checkpoint_directory = "checkpoints/job-1";
    job = information;
    topology = std::make_unique<ExecutionTopology>(job->graph);
  }
  ~ExactHarness() override { world.machines().shut_down(); }

  static sim::Address address(sim::ServiceName name) { return {name.process, 0, name.endpoint}; }
  // One log for all sources of the job.
  static std::map<uint32_t, SourceLog> read_by_all(const JobSpec& spec, sim::ServiceName log) {
    std::map<uint32_t, SourceLog> logs;
    for (uint32_t op = 0; op < spec.operators.size(); ++op)
      if (spec.operators[op].kind == OperatorKind::source) logs[op] = {.service = address(log)};
    return logs;
  }
  TaskManagerProgram& tm(uint32_t i) {
    return *static_cast<TaskManagerProgram*>(world.machines().program(processes[i]));
  }
  uint32_t place(SubtaskIndex subtask) const {
    return (topology->vertex_of(subtask) + topology->index_of(subtask)) %
           static_cast<uint32_t>(processes.size());
  }
  AttemptId attempt_of(SubtaskIndex subtask) const {
    const JobVertexIndex vertex = topology->vertex_of(subtask);
    const auto own = attempt_of_vertex.find(vertex);
    return {1, vertex, topology->index_of(subtask),
            attempt + (own == attempt_of_vertex.end() ? 0 : own->second)};
  }

  void deploy(CheckpointId restore_from = 0) {
    acknowledged.clear();
    states.clear();
    if (restore_from != 0) checkpoint_ = restore_from;
    for (SubtaskIndex subtask = 0; subtask < topology->subtasks(); ++subtask)
      deploy_one(subtask, restore_from);
    for (auto& [id, task] : all_tasks()) task->start();
  }

  void deploy_vertex(JobVertexIndex vertex) {
    const IndexRange subtasks = topology->subtasks_of(vertex);
    for (SubtaskIndex s = subtasks.first; s <= subtasks.last; ++s) deploy_one(s, 0);
    for (auto& [id, task] : all_tasks())
      if (id.vertex == vertex) task->start();
  }

  void deploy_one(SubtaskIndex subtask, CheckpointId restore_from) {
    auto deployment = std::make_shared<Deployment>();
    deployment->attempt = attempt_of(subtask);
    deployment->job = job;
    topology->for_each_produced_partition(subtask, [&](PartitionIndex p) {
      const DataSetIndex data_set = topology->data_set_of(p);
      const EdgeIndex edge = job->graph.data_sets[data_set].consumers.front();
      const EdgeShape shape{job->graph.data_sets[data_set].pattern,
                            job->graph.vertices[job->graph.producer_of(edge)].parallelism,
                            job->graph.vertices[job->graph.edges[edge].consumer].parallelism};
      deployment->results.push_back({{p, deployment->attempt},
                                     data_set,
                                     subpartitions_of(shape, topology->index_of(subtask))});
    });
    topology->for_each_consumed_group(subtask, [&](GroupIndex g) {
      const PartitionGroup& group = topology->group(g);
      auto producers = std::make_shared<std::vector<ShuffleDescriptor>>();
      for (PartitionIndex p = group.partitions.first; p <= group.partitions.last; ++p) {
        const SubtaskIndex producer = topology->producer_of(p);
        producers->push_back(
            {{p, attempt_of(producer)}, tm(place(producer)).exchange.address(), true});
      }
      const JobEdge& edge = job->graph.edges[group.edge];
      const EdgeShape shape{job->graph.data_sets[edge.data_set].pattern,
                            job->graph.vertices[job->graph.producer_of(group.edge)].parallelism,
                            job->graph.vertices[edge.consumer].parallelism};
      const uint32_t sub = consumed_subpartition(shape, topology->index_of(subtask));
      deployment->gates.push_back({group.edge, g, producers, {sub, sub}});
    });
    if (restore_from != 0) {
      auto restore = std::make_shared<TaskRestore>();
      restore->checkpoint = restore_from;
      AttemptId old = deployment->attempt;
      for (const auto& [id, ack] : completed.at(restore_from)) {
        old.attempt = id.attempt;
        if (id == old && ack.snapshot != nullptr)
          restore->operators = static_cast<const TaskStateSnapshot&>(*ack.snapshot).operators;
      }
      deployment->restore = restore;
    }
    TaskManagerProgram& program = tm(place(subtask));
    const TaskServices services{.exchange = &program.exchange,
                                .backends = &program.backends,
                                .cores = &program.cores,
                                .heap = &program.heap,
                                .log = contents,
                                .step_each_record = options_.step_each_record};
    program.tasks[deployment->attempt] =
        std::make_unique<ExactTask>(world, processes[place(subtask)], deployment, *this, services);
  }

  std::map<AttemptId, ExactTask*> all_tasks() {
    std::map<AttemptId, ExactTask*> all;
    for (uint32_t i = 0; i < processes.size(); ++i) {
      if (!world.machines().running(processes[i])) continue;
      for (auto& [id, task] : tm(i).tasks) all[id] = task.get();
    }
    return all;
  }

  void run_for(sim::Duration d) {
    now_ = now_ + d;
    world.kernel().run(now_);
  }

  CheckpointId trigger(SnapshotType type = SnapshotType::checkpoint) {
    const CheckpointId id = ++checkpoint_;
    CheckpointOptions checkpoint;
    checkpoint.type = type;
    checkpoint.alignment.type =
        options_.task.exactly_once ? AlignmentType::aligned : AlignmentType::at_least_once;
    for (auto& [attempt_id, task] : all_tasks())
      if (task->deployment().gates.empty())
        task->trigger_checkpoint(id, world.kernel().now(), checkpoint);
    return id;
  }
  // Finished tasks have nothing more to say (FLIP-147).
  bool all_acknowledged(CheckpointId id) {
    for (SubtaskIndex s = 0; s < topology->subtasks(); ++s)
      if (acknowledged[id].count(attempt_of(s)) == 0 &&
          states[attempt_of(s)] != ExecutionState::finished)
        return false;
    return true;
  }
  void complete(CheckpointId id) {
    completed[id] = acknowledged[id];
    for (auto& [attempt_id, task] : all_tasks()) task->notify_complete(id);
  }
  // Triggers, waits, completes. False: not all acknowledged within the time.
  bool checkpoint(sim::Duration limit = sim::seconds(10),
                  SnapshotType type = SnapshotType::checkpoint) {
    const CheckpointId id = trigger(type);
    for (int64_t waited = 0; waited < limit.ns; waited += sim::milliseconds(5).ns) {
      run_for(sim::milliseconds(5));
      if (!all_acknowledged(id)) continue;
      complete(id);
      return true;
    }
    return false;
  }
  bool all_in(ExecutionState state) {
    for (SubtaskIndex s = 0; s < topology->subtasks(); ++s)
      if (states[attempt_of(s)] != state) return false;
    return true;
  }
  // Checkpoints every `interval` until all tasks have finished.
  bool run_to_end(sim::Duration interval, sim::Duration limit) {
    for (sim::Duration spent; spent < limit; spent = spent + interval) {
      run_for(interval);
      if (all_in(ExecutionState::finished)) return true;
      if (options_.checkpoint && !checkpoint()) {
        if (all_in(ExecutionState::finished)) return true;
        return false;
      }
    }
    return false;
  }
  void destroy_tasks() {
    for (uint32_t i = 0; i < processes.size(); ++i)
      if (world.machines().running(processes[i])) tm(i).tasks.clear();
  }
  void cancel_all() {
    for (auto& [id, task] : all_tasks()) task->cancel();
    run_for(sim::milliseconds(10));
    destroy_tasks();
    ++attempt;
  }

  // TaskListener
  void on_state(const AttemptId& id, ExecutionState state, const Cause* cause) override {
    states[id] = state;
    if (cause != nullptr) causes.push_back(*cause);
  }
  void on_acknowledge(const AttemptId& id, CheckpointId checkpoint, TaskAcknowledgement ack,
                      const CheckpointTimes&) override {
    acknowledged[checkpoint][id] = std::move(ack);
  }
  void on_decline(const AttemptId&, CheckpointId, CheckpointFailureReason) override { ++declined; }
  void on_operator_event(const AttemptId& id, uint32_t op, const OperatorEvent& event) override {
    ++operator_events;
    if (event.kind != static_cast<uint32_t>(SourceEvent::reader_registration)) return;
    assigner.answer_later([this, id, op] {
      const auto tasks = all_tasks();
      const auto task = tasks.find(id);
      if (task == tasks.end()) return;
      const Deployment& deployment = task->second->deployment();
      std::vector<SplitId> splits;
      for (SplitId split = id.subtask; split < contents->splits();
           split += deployment.vertex().parallelism)
        splits.push_back(split);
      if (deployment.restore == nullptr) task->second->deliver(op, add_splits_event(splits));
      if (contents->total() != sim::LogContents::kUnbounded)
        task->second->deliver(op, source_event(SourceEvent::no_more_splits));
    });
  }
  void on_partition_available(const AttemptId&, const PartitionId&) override {
    ++available_partitions;
  }
  void on_request_partition_state(const AttemptId&, const PartitionId&) override {
    ++state_requests;
  }
  void on_end_of_data(const AttemptId&) override { ++ended_data; }
  void on_fatal_error(const AttemptId&, const Cause&) override { ++fatal; }

 private:
  HarnessOptions options_;

 public:
  sim::World world;
  SplitAssigner assigner;
  std::shared_ptr<const sim::LogContents> contents;
  CommittedRecords committed;
  CountedFacts facts;
  sim::ExternalLog log;
  sim::Broker broker;
  sim::ObjectStore store;
  TaskManagerLauncher launcher;
  std::vector<sim::ProcessId> processes;
  std::shared_ptr<const JobInformation> job;
  std::unique_ptr<ExecutionTopology> topology;
  uint32_t attempt = 0;
  std::map<JobVertexIndex, uint32_t> attempt_of_vertex;  // beyond that
  std::map<AttemptId, ExecutionState> states;
  std::vector<Cause> causes;
  std::map<CheckpointId, std::map<AttemptId, TaskAcknowledgement>> acknowledged;
  std::map<CheckpointId, std::map<AttemptId, TaskAcknowledgement>> completed;
  uint32_t declined = 0;
  uint32_t state_requests = 0;
  uint32_t fatal = 0;
  uint32_t available_partitions = 0;
  uint32_t ended_data = 0;
  uint32_t operator_events = 0;

 private:
  CheckpointId checkpoint_ = 0;
  sim::Time now_;
};

// source -> map -> (hash) sum -> sink
inline JobSpec sum_job(uint32_t sources, uint32_t sums) {
  JobSpec spec;
  spec.operators = {
      {.id = "src", .kind = OperatorKind::source, .parallelism = sources},
      {.id = "map", .kind = OperatorKind::map, .parallelism = sources},
      {.id = "sum", .kind = OperatorKind::keyed, .parallelism = sums},
      {.id = "out", .kind = OperatorKind::sink, .parallelism = sums},
  };
  spec.edges = {{.from = "src", .to = "map"},
                {.from = "map", .to = "sum", .ship = Partitioner::hash},
                {.from = "sum", .to = "out"}};
  return spec;
}

}  // namespace drey::model
