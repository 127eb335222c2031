#include "scenarios/assembly.h"

#include <algorithm>
#include <utility>

#include "fmt/core.h"
#include "model/cluster/null_grain.h"
#include "scenarios/job_logs.h"
#include "sim/check.h"

namespace drey::scenarios {

namespace {

sim::NetworkSpec network_of(const NetworkSpec& from) {
  sim::NetworkSpec network;
  network.latency = distribution_of(from.latency);
  network.bytes_per_second = from.bandwidth.per_second;
  network.tcp_give_up = from.tcp_give_up;
  return network;
}

sim::DiskSpec disk_of(const DiskSpec& from) {
  sim::DiskSpec disk;
  disk.write_bytes_per_second = from.bandwidth.per_second;
  disk.read_bytes_per_second = from.bandwidth.per_second * 2;
  disk.read_latency = sim::Duration{from.latency.a};
  disk.sync_latency = sim::Duration{from.sync.a};
  disk.page_cache_bytes = from.page_cache;
  return disk;
}

std::unique_ptr<model::TaskGrain> null_grain(const Scenario& scenario) {
  const NullTaskSpec& from = scenario.null_task;
  model::NullGrainOptions grain;
  grain.task.restore = from.restore;
  grain.task.acknowledge = from.acknowledge;
  grain.task.cancel = from.cancel;
  grain.task.runs_for = from.runs_for.value_or(sim::kForever);
  grain.task.state_bytes = from.state;
  grain.exchange.flush_interval = from.flush_interval;
  const FlinkOptions& flink = scenario.flink;
  if (flink.has_value("taskmanager.memory.network.size"))
    grain.exchange.network_segments = flink.size("taskmanager.memory.network.size") /
                                      flink.size("taskmanager.memory.segment-size");
  return std::make_unique<model::NullGrain>(grain);
}

model::Nondeterminism nondeterminism_of(Nondeterminism from) {
  switch (from) {
    case Nondeterminism::none:
      return model::Nondeterminism::none;
    case Nondeterminism::order:
      return model::Nondeterminism::order;
    case Nondeterminism::timing:
      return model::Nondeterminism::timing;
    case Nondeterminism::partitioning:
      return model::Nondeterminism::partitioning;
  }
  return model::Nondeterminism::none;
}

sim::Address service_address(const sim::Service& service) {
  const sim::ServiceName name = service.service_name();
  return {name.process, 0, name.endpoint};
}

std::vector<sim::Choice> forced_choices(const Scenario& scenario) {
  std::vector<sim::Choice> forced;
  for (const auto& [name, alternative] : scenario.choices) {
    // site/entity/n, where site and entity may hold slashes themselves: the site has one, n is
    // last.
    const size_t last = name.rfind('/');
    size_t first = name.find('/');
    if (first != std::string::npos) first = name.find('/', first + 1);
    if (first == std::string::npos || last == std::string::npos || first >= last) continue;
    uint64_t n = 0;
    for (const char c : name.substr(last + 1))
      if (c >= '0' && c <= '9') n = n * 10 + static_cast<uint64_t>(c - '0');
    forced.push_back({name.substr(0, first), name.substr(first + 1, last - first - 1), n,
                      static_cast<uint32_t>(alternative)});
  }
  return forced;
}

}  // namespace

std::shared_ptr<const model::JobInformation> Assembly::job_of(const Scenario& scenario,
                                                              model::JobId number,
                                                              model::Mutant mutant) const {
  auto job = std::make_shared<model::JobInformation>();
  job->job = number;
  job->spec = job_spec_of(scenario);
  job->graph = model::build_job_graph(job->spec);
  job->options = task_options_of(scenario);
  job->options.mutant = mutant;
  for (uint32_t op = 0; op < job->spec.operators.size(); ++op) {
    if (job->spec.operators[op].kind != model::OperatorKind::source) continue;
    const VertexSpec& source = *scenario.vertex(job->spec.operators[op].id);
    const size_t log = log_of_later(scenario_, scenario, source).value_or(0);
    job->logs[op] = {.service = service_address(*external_logs_[log]),
                     .member = log,
                     .first_split = logs_.members()[log].contents->first_split()};
  }
  job->broker = service_address(*broker_);
  job->object_store = service_address(*object_store_);
  job->checkpoint_directory = fmt::format("checkpoints/job-{}", number);
  // Of user code that sees one log only, splits are that log's own.
  for (model::OperatorSpec& op : job->spec.operators) {
    if (op.user_code.empty()) continue;
    const std::vector<size_t> above = logs_above(scenario, *scenario.vertex(op.id));
    if (above.size() != 1) continue;
    const VertexSpec& reader = *job_logs(scenario)[above.front()].readers.front();
    const sim::LogSet::Member& log =
        logs_.members()[log_of_later(scenario_, scenario, reader).value_or(0)];
    for (model::UserCodeFault& fault : op.user_code)
      fault.split = log.contents->number_through(fault.split);
  }
  return job;
}

Assembly::Assembly(const Scenario& scenario, const AssemblyOptions& options) : scenario_(scenario) {
  world_ = std::make_unique<sim::World>(sim::WorldOptions{
      .kernel = {.seed = options.seed,
                 .tie_salt = options.tie_salt,
                 .event_limit = scenario.limits.events > 0
                                    ? static_cast<uint64_t>(scenario.limits.events)
                                    : UINT64_MAX,
                 .forced = forced_choices(scenario),
                 .perturb = options.perturb,
                 .perturb_at = options.perturb_at},
      .network = network_of(scenario.cluster.network)});
  const sim::DiskSpec disk = disk_of(scenario.cluster.disk);
  disks_ = std::make_unique<sim::Disks>(world_->kernel(), world_->machines(), disk);
  logs_ = make_logs(scenario, options.seed);
  add_services(scenario, options);

  job_ = job_of(scenario, 1, options.mutant);
  for (const Scenario& later : scenario.later)
    later_jobs_.push_back(
        job_of(later, static_cast<model::JobId>(later_jobs_.size() + 2), options.mutant));

  grain_ = scenario.grain == Grain::null ? null_grain(scenario) : exact_grain(scenario, options);

  model::Cluster::Options cluster;
  cluster.spec.job_managers = static_cast<uint32_t>(scenario.cluster.job_managers);
  cluster.spec.spare_task_managers = static_cast<uint32_t>(scenario.cluster.spare_task_managers);
  cluster.spec.task_managers = static_cast<uint32_t>(scenario.cluster.task_manager_names().size()) -
                               cluster.spec.spare_task_managers;
  cluster.spec.slots_each = static_cast<uint32_t>(scenario.cluster.slots_each);
  cluster.spec.shuffle_service = scenario.flink.flag("drey.external-shuffle-service");
  cluster.spec.cores = static_cast<uint32_t>(scenario.cluster.cores);
  cluster.flink = flink_options_of(scenario);
  cluster.flink.mutant = options.mutant;
  cluster.jobs = {{1, job_}};
  for (size_t i = 0; i < later_jobs_.size(); ++i) {
    const model::JobId number = later_jobs_[i]->job;
    cluster.jobs[number] = later_jobs_[i];
    cluster.job_options[number] = flink_options_of(scenario.later[i]);
    cluster.job_options[number].mutant = options.mutant;
  }
  cluster.clients = {model::JobClientSpec{.job = 1, .submit_after = scenario.job.submit_after}};
  cluster.object_store = object_store_->service_name();
  cluster.pointer_store = pointer_store_->service_name();
  cluster_ = std::make_unique<model::Cluster>(*world_, std::move(cluster), *grain_);
}

std::unique_ptr<model::TaskGrain> Assembly::exact_grain(const Scenario& scenario,
                                                        const AssemblyOptions& options) const {
  model::ExactGrainOptions grain;
  grain.cores = static_cast<uint32_t>(scenario.cluster.cores);
  grain.logs = logs_;
  grain.disks = disks_.get();
  grain.exchange.mutant = options.mutant;
  for (const VertexSpec& vertex : scenario.job.vertices)
    if (vertex.nondeterministic != Nondeterminism::none)
      grain.nondeterministic[vertex.id] = nondeterminism_of(vertex.nondeterministic);
  grain.exchange.sort_shuffle_min_buffers =
      static_cast<int32_t>(scenario.flink.integer("taskmanager.network.sort-shuffle.min-buffers"));
  const GarbageCollection& gc = scenario.cluster.garbage_collection;
  grain.heap.pause_base = gc.pause;
  grain.heap.pause_per_gigabyte = gc.pause_per_gigabyte;
  grain.heap.collect_after = gc.after;
  grain.step_each_record = options.step_each_record;
  // Snapshots go to the object store as real bytes, whose digest is folded: a second walk over the
  // state adds nothing.
  grain.digest_state = false;
  return std::make_unique<model::ExactGrain>(std::move(grain));
}

// Programs refer to the cluster and the services, so they end first.
Assembly::~Assembly() { world_->machines().shut_down(); }

void Assembly::add_services(const Scenario& scenario, const AssemblyOptions& options) {
  const ClusterSpec& cluster = scenario.cluster;
  for (const sim::LogSet::Member& member : logs_.members()) {
    sim::ExternalLogOptions log;
    log.service.name = member.name;
    log.service.latency = distribution_of(cluster.broker.latency);
    external_logs_.push_back(std::make_unique<sim::ExternalLog>(*world_, log, member.contents));
  }
  sim::BrokerOptions broker;
  broker.service.latency = distribution_of(cluster.broker.latency);
  broker.transaction_timeout = cluster.broker.transaction_timeout;
  broker.keep_committed = options.keep_committed;
  broker_ = std::make_unique<sim::Broker>(*world_, broker);
  sim::ObjectStoreOptions store;
  store.service.latency = distribution_of(cluster.storage.latency);
  store.bytes_per_second = cluster.storage.bandwidth.per_second;
  object_store_ = std::make_unique<sim::ObjectStore>(*world_, store);
  sim::PointerStoreOptions pointers;
  pointers.service.latency = distribution_of(cluster.pointer_store.latency);
  pointer_store_ = std::make_unique<sim::PointerStore>(*world_, pointers);
}

// By job, then by checkpoint: what a user finds who lists the directories.
std::string Assembly::newest_snapshot(Snapshot kind) const {
  std::string newest;
  std::pair<uint64_t, uint64_t> rank;
  for (const auto& [key, content] : object_store_->objects()) {
    const size_t end = key.rfind("/_metadata");
    const bool savepoint = key.starts_with("savepoints/");
    if (end == std::string::npos || savepoint != (kind == Snapshot::savepoint)) continue;
    // "checkpoints/job-1/chk-7", "savepoints/savepoint-1-7"
    const std::string directory = key.substr(0, end);
    std::vector<uint64_t> numbers;
    for (size_t i = 0; i < directory.size(); ++i) {
      const bool digit = directory[i] >= '0' && directory[i] <= '9';
      const bool goes_on = digit && i > 0 && directory[i - 1] >= '0' && directory[i - 1] <= '9';
      if (digit && !goes_on) numbers.push_back(0);
      if (digit) numbers.back() = numbers.back() * 10 + static_cast<uint64_t>(directory[i] - '0');
    }
    if (numbers.size() != 2) continue;
    const std::pair<uint64_t, uint64_t> found{numbers[0], numbers[1]};
    if (found < rank) continue;
    rank = found;
    newest = directory;
  }
  return newest;
}

bool Assembly::resubmit(size_t fault) {
  size_t number = 0;
  for (size_t i = 0; i < fault; ++i)
    if (scenario_.faults[i].verb == FaultVerb::resubmit) ++number;
  const FlinkOptions& flink = scenario_.later[number].flink;
  model::RestoreSettings restore;
  restore.path = newest_snapshot(scenario_.faults[fault].from_snapshot);
  restore.claim_mode = flink.text("execution.state-recovery.claim-mode") == "CLAIM"
                           ? model::ClaimMode::claim
                           : model::ClaimMode::no_claim;
  restore.allow_non_restored_state = flink.flag("execution.state-recovery.ignore-unclaimed-state");
  return restore.given() && cluster_->submit(later_jobs_[number]->job, restore);
}

void Assembly::start() {
  for (const auto& log : external_logs_) log->start();
  broker_->start();
  object_store_->start();
  pointer_store_->start();
  cluster_->start();
}

sim::Distribution distribution_of(const reports::Distribution& from) {
  using Kind = reports::Distribution::Kind;
  switch (from.kind) {
    case Kind::constant:
      return sim::Distribution::constant(from.a);
    case Kind::uniform:
      return sim::Distribution::uniform(from.a, from.b);
    case Kind::exponential:
      return sim::Distribution::exponential(from.a, from.b);
    case Kind::two_point:
      return sim::Distribution::two_point(from.a, from.b,
                                          static_cast<uint64_t>(from.tail.numerator),
                                          static_cast<uint64_t>(from.tail.denominator));
    case Kind::empirical: {
      std::vector<std::pair<int64_t, uint32_t>> table;
      for (const auto& point : from.points) table.emplace_back(point.value, point.weight);
      return sim::Distribution::weighted(std::move(table));
    }
  }
  return sim::Distribution::constant(0);
}

}  // namespace drey::scenarios
