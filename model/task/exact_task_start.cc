// From deployment to RUNNING: buffers, the chain, its state, the sink's opening.
#include <algorithm>

#include "fmt/core.h"
#include "model/io/source_events.h"
#include "model/task/exact_task.h"
#include "model/trace_events.h"
#include "sim/check.h"
#include "sim/service.h"

namespace drey::model {

namespace {

std::string subtask_name(const Deployment& deployment) {
  return fmt::format("job-{}/{}/{}", deployment.attempt.job, deployment.vertex().id,
                     deployment.attempt.subtask);
}

PartitionerKind partitioner_of(Partitioner ship);

Keeping kept_as(ResultPartitionType type) {
  if (type == ResultPartitionType::hybrid_full) return Keeping::growing;
  return type == ResultPartitionType::hybrid_selective ? Keeping::selective : Keeping::whole;
}

// Sort-merge: one half of its buffers collects while the other one is written. The disk tier of a
// hybrid result flushes what it caches at 5 MiB.
uint64_t region_buffers(ResultPartitionType type, const PartitionBuffers& need) {
  constexpr uint64_t kHybridBuffers = 160;
  return is_hybrid(type) ? kHybridBuffers : static_cast<uint64_t>(std::max(need.min / 2, 1));
}

}  // namespace

ExactTask::ExactTask(sim::World& world, sim::ProcessId process,
                     std::shared_ptr<const Deployment> deployment, TaskListener& listener,
                     const TaskServices& services)
    : Endpoint(world, process,
               fmt::format("{}#{}", subtask_name(*deployment), deployment->attempt.attempt)),
      deployment_(std::move(deployment)),
      listener_(listener),
      services_(services),
      path_(
          world.kernel().intern(world.machines().name(process) + "/" + subtask_name(*deployment_))),
      subject_(world.kernel().intern(subtask_name(*deployment_))),
      life_(*this),
      restore_(*this),
      checkpoints_(chain_, *this, *this),
      loop_(*this) {}

ExactTask::~ExactTask() {
  silent_ = true;
  if (!cleaned_) clean_up(DataExchange::Removal::canceled);
}

void ExactTask::start() { life_.start(); }

void ExactTask::deploy() {
  const bool buffers = set_up_outputs();
  if (!is_source()) {
    input_ = std::make_unique<TaskInput>(*deployment_, TaskInput::Options{.buffers = {}},
                                         *services_.exchange, *this);
    valve_ = std::make_unique<WatermarkValve>(input_->channels());
    if (sorts_input()) sorted_ = std::make_unique<SortedInput>();
    barriers_ = make_barrier_handler(
        {.mode =
             deployment_->job->options.exactly_once ? BarrierMode::aligned : BarrierMode::tracker,
         .channels = input_->channels(),
         .checkpoints_after_tasks_finish = deployment_->job->options.checkpoints_after_tasks_finish,
         .mutant = deployment_->job->options.mutant},
        *this);
  }
  if (!buffers || (input_ != nullptr && !input_->set_up())) {
    fail_task({.kind = Cause::Kind::internal,
               .text = "insufficient number of network buffers",
               .partition = {}});
    return;
  }
  life_.stage_returned();
}

// execution.sorted-inputs.enabled, of batch mode only.
bool ExactTask::sorts_input() const {
  const JobVertex& vertex = deployment_->vertex();
  if (deployment_->job->graph.mode != RuntimeMode::batch || vertex.operators.empty()) return false;
  const OperatorKind head = spec(vertex.operators.front()).kind;
  return head == OperatorKind::keyed || head == OperatorKind::window;
}

bool ExactTask::set_up_outputs() {
  const JobInformation& job = *deployment_->job;
  uint32_t index = 0;
  for (const ResultPartitionSpec& result : deployment_->results) {
    const IntermediateDataSet& data_set = job.graph.data_sets[result.data_set];
    NetworkBufferSettings settings;
    settings.sort_shuffle_min_buffers = services_.exchange->sort_shuffle_min_buffers();
    const PartitionBuffers need = partition_buffers(
        settings, data_set.type, static_cast<int32_t>(result.subpartitions), false, 0);
    std::shared_ptr<ResultStore> store;
    if (is_released_by_scheduler(data_set.type))
      store = services_.exchange->store_of(
          result.id,
          fmt::format("{}#{}.{}", subtask_name(*deployment_), deployment_->attempt.attempt,
                      result.id.partition),
          kept_as(data_set.type));
    auto partition = std::make_shared<ResultPartition>(
        ResultPartitionOptions{
            .id = result.id,
            .index = index,
            .subpartitions = result.subpartitions,
            .units_per_buffer = job.options.buffer_bytes / job.options.record_bytes,
            .unit_bytes = job.options.record_bytes,
            .exclusive_per_channel =
                static_cast<int32_t>(job.options.exclusive_buffers_per_channel),
            .store = std::move(store),
            .region_buffers = region_buffers(data_set.type, need),
            .order = varies(Nondeterminism::order) ? variation() : 0,
            .mutant = job.options.mutant,
            .reconnects = data_set.type == ResultPartitionType::pipelined_approximate},
        *this);
    if (!partition->set_up(services_.exchange->buffers(),
                           {.required = need.min,
                            .max = need.max,
                            .subpartitions = static_cast<int32_t>(result.subpartitions),
                            .max_per_subpartition = settings.max_per_subpartition,
                            .max_overdraft = settings.max_overdraft}))
      return false;
    const JobEdge& edge = job.graph.edges[data_set.consumers.front()];
    const uint64_t draw =
        kernel().draw(sim::name_hash("rebalance"), subject_, index, deployment_->attempt.attempt);
    chain_.outputs.add(
        {.partition = partition,
         .kind = partitioner_of(data_set.ship),
         .max_parallelism = static_cast<int32_t>(job.graph.vertices[edge.consumer].max_parallelism),
         .first_channel = static_cast<uint32_t>(draw % result.subpartitions)});
    services_.exchange->add(partition);
    ++index;
  }
  return true;
}

// ---- the chain, when all state is here ----

void ExactTask::restore_done() {
  opening_ = true;
  const JobVertex& vertex = deployment_->vertex();
  chain_.cost = {};
  chain_.sinks = TaskSinks(deployment_->job->options.mutant);
  chain_.tree = ChainTree::of(*deployment_, deployment_->job->options.mutant);
  if (vertex.operators.empty()) build_committer();
  for (const uint32_t op : vertex.operators) {
    chain_.cost = chain_.cost + spec(op).cost;
    user_code_.add(chain_.tree != nullptr ? chain_.ops.size() : chain_.operators.size(), spec(op),
                   deployment_->attempt.subtask, deployment_->attempt.attempt);
    build_operator(op);
    if (ending_) return;
    chain_.ops.push_back(op);
    if (chain_.tree != nullptr) add_to_tree(op);
  }
  order_operators();
  if (varies(Nondeterminism::timing))
    chain_.cost = chain_.cost * static_cast<int64_t>(75 + variation() % 76) / 100;
  if (varies(Nondeterminism::partitioning)) chain_.outputs.scatter(variation());
  if (chain_.cost < services_.minimum_cost) chain_.cost = services_.minimum_cost;
  if (deployment_->restore != nullptr) {
    checkpoints_.restored(deployment_->restore->checkpoint);
    announce_fact(fact_kind(TaskFact::restored), deployment_->attempt.attempt,
                  static_cast<uint64_t>(deployment_->restore->checkpoint), restore_.bytes());
  }
  chain_.sinks.open();
}

// An operator of the chain is declared nondeterministic so.
bool ExactTask::varies(Nondeterminism how) const {
  if (services_.nondeterministic == nullptr) return false;
  for (const uint32_t op : deployment_->vertex().operators) {
    const auto declared = services_.nondeterministic->find(spec(op).id);
    if (declared != services_.nondeterministic->end() && declared->second == how) return true;
  }
  return false;
}

uint64_t ExactTask::variation() const {
  return kernel().draw(sim::name_hash("nondeterminism"), subject_, 0, deployment_->attempt.attempt);
}

void ExactTask::build_operator(uint32_t op) {
  switch (spec(op).kind) {
    case OperatorKind::source:
      build_source(op);
      return;
    case OperatorKind::map:
      chain_.operators.push_back(std::make_unique<MapOperator>(op));
      return;
    case OperatorKind::filter: {
      auto filter = std::make_unique<FilterOperator>(op, spec(op));
      chain_.shape.add(*filter);
      chain_.operators.push_back(std::move(filter));
      return;
    }
    case OperatorKind::flat_map: {
      auto flat_map = std::make_unique<FlatMapOperator>(op, spec(op));
      chain_.shape.add(*flat_map);
      chain_.operators.push_back(std::move(flat_map));
      return;
    }
    case OperatorKind::window:
      chain_.shape.add_window();
      [[fallthrough]];
    case OperatorKind::keyed:
      build_keyed(op);
      return;
    case OperatorKind::sink:
      build_sink(op);
      return;
  }
}

void ExactTask::build_source(uint32_t op) {
  CHECK(services_.log != nullptr, "a source needs a log to read");
  chain_.source_op = op;
  chain_.source = std::make_unique<LogSource>(
      LogSource::Options{
          .log = services_.log,
          .service = deployment_->job->logs.at(op).service,
          .bound_ms = sim::to_millis(spec(op).max_out_of_orderness),
          .records_per_second = spec(op).paced_by_reader ? spec(op).records_per_second : 0,
          .generated = spec(op).generated,
          .idle_timeout = spec(op).idle_timeout,
          .slice_records =
              deployment_->job->options.buffer_bytes / deployment_->job->options.record_bytes,
          .mutant = deployment_->job->options.mutant},
      *this);
  bool found = false;
  const std::vector<SourcePosition> positions = restore_.source(op, found);
  if (found) chain_.source->restore(positions);
  listener_.on_operator_event(deployment_->attempt, op,
                              source_event(SourceEvent::reader_registration));
}

void ExactTask::build_sink(uint32_t op) {
  const std::optional<size_t> committables = result_of(op);
  make_sink(op, committables.has_value() ? BrokerSink::Role::writer : BrokerSink::Role::both,
            committables);
  if (deployment_->restore != nullptr)
    chain_.sinks.entries().back().sink->restore(restore_.bytes_of(op),
                                                deployment_->restore->checkpoint);
}

// Of a sink: what its committer reads.
std::optional<size_t> ExactTask::result_of(uint32_t op) const {
  for (size_t i = 0; i < deployment_->results.size(); ++i) {
    const DataSetIndex data_set = deployment_->results[i].data_set;
    if (deployment_->job->graph.data_sets[data_set].producing_operator == op) return i;
  }
  return std::nullopt;
}

// Batch: a vertex without operators of its own commits what the sink before it has written.
void ExactTask::build_committer() {
  const JobGraph& graph = deployment_->job->graph;
  const EdgeIndex input = deployment_->vertex().inputs.front();
  const uint32_t op = graph.data_set_of(input).producing_operator;
  make_sink(op, BrokerSink::Role::committer, {});
  chain_.ops.push_back(op);
}

void ExactTask::make_sink(uint32_t op, BrokerSink::Role role, std::optional<size_t> committables) {
  const JobInformation& job = *deployment_->job;
  auto sink = std::make_unique<BrokerSink>(
      BrokerSink::Options{.role = role,
                          .number = static_cast<uint32_t>(chain_.sinks.size()),
                          .exactly_once = spec(op).delivery == Delivery::exactly_once,
                          .checkpointing = job.options.checkpointing,
                          .broker = job.broker,
                          .prefix = fmt::format("job-{}-{}", job.job, spec(op).id),
                          .subtask = deployment_->attempt.subtask,
                          .parallelism = deployment_->vertex().parallelism,
                          .mutant = job.options.mutant},
      *this);
  chain_.sinks.add({.op = op, .sink = std::move(sink), .committables = committables});
}

bool ExactTask::build_keyed(uint32_t op) {
  const JobVertex& vertex = deployment_->vertex();
  const auto max_parallelism = static_cast<int32_t>(vertex.max_parallelism);
  state::Charge charge;
  OpenedBackend opened = services_.backends->open(
      {.options = &deployment_->job->options,
       .range =
           state::key_groups_of_subtask(static_cast<int32_t>(deployment_->attempt.subtask),
                                        max_parallelism, static_cast<int32_t>(vertex.parallelism)),
       .max_parallelism = max_parallelism,
       .name = fmt::format("{}#{}/{}", subtask_name(*deployment_), deployment_->attempt.attempt,
                           spec(op).id),
       .restore = restore_.keyed(op),
       .state_bytes_per_key = spec(op).state_bytes_per_key},
      charge);
  busy(charge.time());
  std::unique_ptr<KeyedOperator> keyed;
  if (opened.backend != nullptr) {
    if (spec(op).kind == OperatorKind::window)
      keyed = std::make_unique<KeyedWindowOperator>(
          op, std::move(opened.backend), sim::to_millis(spec(op).window_size), spec(op).aggregate,
          deployment_->job->options.mutant);
    else
      keyed = std::make_unique<RunningAggregateOperator>(op, std::move(opened.backend),
                                                         spec(op).aggregate, spec(op).passes_on);
  }
  if (keyed == nullptr || !keyed->open()) {
    fail_task({.kind = Cause::Kind::state,
               .text = opened.error.empty() ? "keyed state could not be restored" : opened.error,
               .partition = {}});
    return false;
  }
  chain_.cost = chain_.cost + opened.cost_per_record;
  if (spec(op).kind == OperatorKind::window) chain_.cost = chain_.cost + opened.window_cost;
  if (opened.cost_per_record.ns == 0) chain_.cost_varies = true;
  announce_fact(fact_kind(StateFact::backend_opened), op, restore_.bytes(), 0);
  chain_.operators.push_back(std::move(keyed));
  return true;
}

// INITIALIZING ends when the state is here, the sink is open and the thread has done its part.
void ExactTask::restore_goes_on() {
  if (!opening_ && restore_.done()) restore_done();
  if (!opening_ || ending_ || !chain_.sinks.opened()) return;
  if (now() < clock_)
    kernel().arm(entity(), wake_due, clock_ - now(), sim::Priority::task);
  else
    life_.stage_returned();
}

void ExactTask::begin_invoke() {
  run_start_ = now();
  load_.begin(now());
  kernel().arm(entity(), load_due, kLoadInterval, sim::Priority::timer);
  loop_.start();
  if (input_ != nullptr) input_->connect_known();
  if (chain_.source == nullptr) return;
  chain_.source->start();
  const sim::Duration interval = deployment_->job->options.watermark_interval;
  if (interval.ns > 0) kernel().arm(entity(), watermark_due, interval, sim::Priority::timer);
}

namespace {
PartitionerKind partitioner_of(Partitioner ship) {
  switch (ship) {
    case Partitioner::forward:
      return PartitionerKind::forward;
    case Partitioner::hash:
      return PartitionerKind::hash;
    case Partitioner::rebalance:
      return PartitionerKind::rebalance;
    case Partitioner::rescale:
      return PartitionerKind::rescale;
    case Partitioner::broadcast:
      return PartitionerKind::broadcast;
  }
  return PartitionerKind::forward;
}
}  // namespace

}  // namespace drey::model
