#include "model/cluster/exact_grain.h"

namespace drey::model {

namespace {
sim::Disk* disk_of(sim::World& world, sim::ProcessId process, const ExactGrainOptions& options) {
  return options.disks == nullptr ? nullptr : &options.disks->of(world.machines().host_of(process));
}

TaskBackends::Options backend_options(sim::World& world, sim::ProcessId process,
                                      const ExactGrainOptions& options, const sim::Clock& clock) {
  return {.disk = disk_of(world, process, options),
          .clock = &clock,
          .process = process,
          .directory = "/" + world.machines().name(process)};
}
}  // namespace

std::unique_ptr<TaskFactory> ExactGrain::make_factory(sim::World& world, sim::ProcessId process) {
  return std::make_unique<ExactTaskFactory>(world, process, options_);
}

namespace {
struct ShuffleService final : sim::Program {
  ShuffleService(sim::World& world, sim::ProcessId process, const DataExchangeOptions& options,
                 sim::Disk* disk)
      : exchange(world, process, options, disk) {}
  DataExchange exchange;
};
}  // namespace

std::unique_ptr<sim::Program> ExactGrain::make_shuffle_service(sim::World& world,
                                                               sim::ProcessId process) {
  DataExchangeOptions own = options_.exchange;
  own.shuffle_service = {};  // it stores on its own disk
  return std::make_unique<ShuffleService>(world, process, own, disk_of(world, process, options_));
}

ExactTaskFactory::ExactTaskFactory(sim::World& world, sim::ProcessId process,
                                   const ExactGrainOptions& options)
    : world_(world),
      process_(process),
      options_(options),
      exchange_(world, process, options.exchange, disk_of(world, process, options)),
      clock_(world.kernel()),
      backends_(backend_options(world, process, options, clock_)),
      cores_(options.cores),
      heap_(world, process, options.heap) {}

namespace {
// Of the source that heads the chain; null: none does.
std::shared_ptr<const sim::LogContents> log_of(const sim::LogSet& logs, const Deployment& task) {
  const std::vector<uint32_t>& operators = task.vertex().operators;
  if (operators.empty()) return nullptr;
  const auto found = task.job->logs.find(operators.front());
  if (found == task.job->logs.end()) return nullptr;
  return logs.members()[found->second.member].contents;
}
}  // namespace

std::unique_ptr<TaskRuntime> ExactTaskFactory::make(std::shared_ptr<const Deployment> deployment,
                                                    TaskListener& listener) {
  const TaskServices services{.exchange = &exchange_,
                              .backends = &backends_,
                              .cores = &cores_,
                              .heap = &heap_,
                              .log = log_of(options_.logs, *deployment),
                              .nondeterministic = &options_.nondeterministic,
                              .minimum_cost = options_.minimum_cost,
                              .step_each_record = options_.step_each_record,
                              .digest_state = options_.digest_state};
  return std::make_unique<ExactTask>(world_, process_, std::move(deployment), listener, services);
}

void ExactTaskFactory::release(const std::vector<PartitionId>& partitions) {
  exchange_.release(partitions);
}

}  // namespace drey::model
