#include "model/cluster/cluster.h"

#include <algorithm>

#include "model/cluster/pointer_store_leadership.h"
#include "model/cluster/standalone_leadership.h"
#include "model/task/data_exchange.h"
#include "sim/check.h"

namespace drey::model {

// Members are destroyed in reverse: endpoints before what they refer to.
class Cluster::JobManagerProgram : public sim::Program {
 public:
  JobManagerProgram(Cluster& cluster, sim::World& world, sim::ProcessId process)
      : leadership_(cluster.make_leadership(process)),
        resource_manager_(world, process, cluster.options_.flink, *leadership_),
        dispatcher_(world, process,
                    {.jobs = &cluster.options_.jobs,
                     .job_options = &cluster.options_.job_options,
                     .object_store = cluster.options_.object_store},
                    cluster.options_.flink, *leadership_) {}

  const Dispatcher& dispatcher() const { return dispatcher_; }

 private:
  std::unique_ptr<Leadership> leadership_;
  ResourceManager resource_manager_;
  Dispatcher dispatcher_;
};

class Cluster::TaskManagerProgram : public sim::Program {
 public:
  TaskManagerProgram(Cluster& cluster, sim::World& world, sim::ProcessId process)
      : leadership_(cluster.make_leadership(process)),
        tasks_(cluster.grain_.make_factory(world, process)),
        executor_(world, process,
                  {.resource = world.machines().name(process) + "#" +
                               std::to_string(world.machines().incarnation(process)),
                   .slots = cluster.options_.spec.slots_each},
                  cluster.options_.flink, *leadership_, *tasks_) {}

  const TaskExecutor& executor() const { return executor_; }
  TaskExecutor& executor() { return executor_; }

 private:
  std::unique_ptr<Leadership> leadership_;
  std::unique_ptr<TaskFactory> tasks_;
  TaskExecutor executor_;
};

class Cluster::ClientProgram : public sim::Program {
 public:
  ClientProgram(Cluster& cluster, sim::World& world, sim::ProcessId process)
      : cluster_(cluster),
        world_(world),
        process_(process),
        leadership_(cluster.make_leadership(process)) {
    for (const JobClientSpec& spec : cluster.options_.clients)
      clients_.push_back(
          std::make_unique<JobClient>(world, process, spec, cluster.options_.flink, *leadership_));
  }

  void submit(JobId job, const RestoreSettings& restore) {
    clients_.push_back(std::make_unique<JobClient>(
        world_, process_,
        JobClientSpec{.job = job, .submit_after = {}, .cancel_after = {}, .restore = restore},
        cluster_.options_.flink, *leadership_));
  }
  // Those that have not ended: over a job that is over nobody has power.
  void cancel_jobs() {
    for (const auto& client : clients_)
      if (!client->over()) client->cancel();
  }
  void savepoint_jobs(SavepointKind kind, SavepointFormat format) {
    for (const auto& client : clients_)
      if (!client->over()) client->savepoint(kind, format);
  }
  bool all_results_known() const {
    return std::all_of(clients_.begin(), clients_.end(),
                       [](const auto& client) { return client->over(); });
  }

 private:
  Cluster& cluster_;
  sim::World& world_;
  sim::ProcessId process_;
  std::unique_ptr<Leadership> leadership_;
  std::vector<std::unique_ptr<JobClient>> clients_;
};

namespace {

template <class ProgramType, class ClusterType>
class ProgramLauncher : public sim::Launcher {
 public:
  explicit ProgramLauncher(ClusterType& cluster) : cluster_(cluster) {}
  std::unique_ptr<sim::Program> launch(sim::World& world, sim::ProcessId process) override {
    return std::make_unique<ProgramType>(cluster_, world, process);
  }

 private:
  ClusterType& cluster_;
};

}  // namespace

class Cluster::ShuffleLauncher : public sim::Launcher {
 public:
  explicit ShuffleLauncher(TaskGrain& grain) : grain_(grain) {}
  std::unique_ptr<sim::Program> launch(sim::World& world, sim::ProcessId process) override {
    return grain_.make_shuffle_service(world, process);
  }

 private:
  TaskGrain& grain_;
};

Cluster::Cluster(sim::World& world, Options options, TaskGrain& grain)
    : world_(world), options_(std::move(options)), grain_(grain) {
  options_.flink.task_slots = options_.spec.slots_each;
  job_manager_launcher_ = std::make_unique<ProgramLauncher<JobManagerProgram, Cluster>>(*this);
  task_manager_launcher_ = std::make_unique<ProgramLauncher<TaskManagerProgram, Cluster>>(*this);
  client_launcher_ = std::make_unique<ProgramLauncher<ClientProgram, Cluster>>(*this);
  const auto add = [&](const std::string& name, sim::Launcher& launcher) {
    sim::Machines& machines = world_.machines();
    return machines.add_process(machines.add_host({.name = name, .cores = options_.spec.cores}),
                                name, launcher);
  };
  for (uint32_t i = 1; i <= options_.spec.job_managers; ++i)
    job_managers_.push_back(add("jm-" + std::to_string(i), *job_manager_launcher_));
  for (uint32_t i = 1; i <= options_.spec.task_managers + options_.spec.spare_task_managers; ++i)
    task_managers_.push_back(add("tm-" + std::to_string(i), *task_manager_launcher_));
  client_ = add("client", *client_launcher_);
  if (options_.spec.shuffle_service) {
    shuffle_launcher_ = std::make_unique<ShuffleLauncher>(grain_);
    shuffle_service_ = add("shuffle", *shuffle_launcher_);
    options_.flink.shuffle_service = {shuffle_service_,
                                      sim::endpoint_id(DataExchange::kEndpointName)};
    grain_.use_shuffle_service(options_.flink.shuffle_service);
  }
  world_.machines().observe(this);
}

Cluster::~Cluster() = default;

std::unique_ptr<Leadership> Cluster::make_leadership(sim::ProcessId self) {
  switch (options_.flink.high_availability) {
    case HighAvailability::none:
      return std::make_unique<StandaloneLeadership>(world_, self, job_managers_.front());
    case HighAvailability::pointer_store:
      CHECK(options_.pointer_store.process.valid(), "high availability needs a pointer store");
      return std::make_unique<PointerStoreLeadership>(world_, self, options_.pointer_store,
                                                      options_.flink);
  }
  return nullptr;
}

// A JobManager that ended itself (a fatal error) is started again, as by systemd or Kubernetes.
void Cluster::on_process_stopped(sim::ProcessId process, sim::StopReason reason) {
  if (reason != sim::StopReason::exit) return;
  if (std::find(job_managers_.begin(), job_managers_.end(), process) == job_managers_.end()) return;
  world_.machines().start_after(process, options_.spec.job_manager_restart_delay);
}

void Cluster::start() {
  for (const sim::ProcessId process : job_managers_) world_.machines().start(process);
  if (shuffle_service_.valid()) world_.machines().start(shuffle_service_);
  for (size_t i = 0; i < options_.spec.task_managers; ++i)
    world_.machines().start(task_managers_[i]);
  world_.machines().start(client_);
}

bool Cluster::fail_task(std::string_view op, uint32_t subtask, const Cause& cause) {
  for (const sim::ProcessId process : task_managers_) {
    auto* program = static_cast<TaskManagerProgram*>(world_.machines().program(process));
    if (program != nullptr && program->executor().inject_failure(op, subtask, cause)) return true;
  }
  return false;
}

bool Cluster::terminate(sim::ProcessId process) {
  if (!world_.machines().running(process)) return false;
  const bool task_manager =
      std::find(task_managers_.begin(), task_managers_.end(), process) != task_managers_.end();
  if (task_manager)
    static_cast<TaskManagerProgram*>(world_.machines().program(process))->executor().shut_down();
  else
    world_.machines().exit_process(process, sim::StopReason::exit, 143);
  return true;
}

bool Cluster::cancel_jobs() {
  auto* program = static_cast<ClientProgram*>(world_.machines().program(client_));
  if (program == nullptr) return false;
  program->cancel_jobs();
  return true;
}

bool Cluster::submit(JobId job, const RestoreSettings& restore) {
  auto* program = static_cast<ClientProgram*>(world_.machines().program(client_));
  if (program == nullptr) return false;
  program->submit(job, restore);
  return true;
}

bool Cluster::savepoint_jobs(SavepointKind kind, SavepointFormat format) {
  auto* program = static_cast<ClientProgram*>(world_.machines().program(client_));
  if (program == nullptr) return false;
  program->savepoint_jobs(kind, format);
  return true;
}

const TaskExecutor* Cluster::task_executor(sim::ProcessId process) const {
  const auto* program = static_cast<const TaskManagerProgram*>(world_.machines().program(process));
  return program == nullptr ? nullptr : &program->executor();
}

const Dispatcher* Cluster::dispatcher(sim::ProcessId process) const {
  const auto* program = static_cast<const JobManagerProgram*>(world_.machines().program(process));
  return program == nullptr ? nullptr : &program->dispatcher();
}

sim::ProcessId Cluster::leader() const {
  for (const sim::ProcessId process : job_managers_)
    if (const Dispatcher* found = dispatcher(process); found != nullptr && found->leads())
      return process;
  return {};
}

const JobMaster* Cluster::job_master(JobId job) const {
  for (const sim::ProcessId process : job_managers_) {
    const auto* program = static_cast<const JobManagerProgram*>(world_.machines().program(process));
    if (program == nullptr) continue;
    if (const JobMaster* master = program->dispatcher().job_master(job)) return master;
  }
  return nullptr;
}

bool Cluster::all_results_known() const {
  const auto* program = static_cast<const ClientProgram*>(world_.machines().program(client_));
  return program != nullptr && program->all_results_known();
}

}  // namespace drey::model
