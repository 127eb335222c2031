#pragma once
// A cluster in a world: hosts, processes and what runs in them. One JobManager process holds a
// Dispatcher, a ResourceManager and the JobMasters; a TaskManager process holds a TaskExecutor and
// its tasks; a client process holds a client for each job. Which grain the tasks have is decided by
// the TaskGrain.
//
// Process and host names: "jm-1", "tm-1", "client"; each process has a host of its own of the same
// name. Upstream: StandaloneSessionClusterEntrypoint, TaskManagerRunner.
#include <memory>
#include <string>
#include <vector>

#include "model/client/job_client.h"
#include "model/cluster/dispatcher.h"
#include "model/cluster/resource_manager.h"
#include "model/cluster/task_executor.h"

namespace drey::model {

struct ClusterSpec {
  uint32_t job_managers = 1;
  uint32_t task_managers = 1;
  uint32_t spare_task_managers = 0;  // further ones, not started by start()
  uint32_t slots_each = 1;
  uint32_t cores = 2;                                          // of each host
  bool shuffle_service = false;                                // a process "shuffle"
  sim::Duration job_manager_restart_delay = sim::seconds(10);  // after one that ended itself
};

// One per TaskManager process: what its tasks share, and the maker of tasks.
class TaskGrain {
 public:
  virtual ~TaskGrain() = default;
  virtual std::unique_ptr<TaskFactory> make_factory(sim::World& world, sim::ProcessId process) = 0;
  // An external shuffle service: its program, and its name for the TaskManagers. Without one there
  // is no program.
  virtual std::unique_ptr<sim::Program> make_shuffle_service(sim::World&, sim::ProcessId) {
    return nullptr;
  }
  virtual void use_shuffle_service(sim::ServiceName) {}
};

class Cluster : private sim::ProcessObserver {
 public:
  struct Options {
    ClusterSpec spec;
    FlinkOptions flink;
    JobCatalogue jobs;
    std::map<JobId, FlinkOptions> job_options;  // of jobs that have a configuration of their own
    std::vector<JobClientSpec> clients;
    sim::ServiceName object_store;
    sim::ServiceName pointer_store;  // with high availability
  };
  // World and grain outlive the cluster; the cluster outlives the world's processes
  // (World::machines().shut_down()).
  Cluster(sim::World& world, Options options, TaskGrain& grain);
  ~Cluster() override;
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  // Starts every process: JobManagers, TaskManagers, then the client.
  void start();

  const std::vector<sim::ProcessId>& job_managers() const { return job_managers_; }
  const std::vector<sim::ProcessId>& task_managers() const { return task_managers_; }
  sim::ProcessId shuffle_service() const { return shuffle_service_; }  // may be invalid
  sim::ProcessId client() const { return client_; }
  const FlinkOptions& flink() const { return options_.flink; }

  // A fault: the code of this operator throws in this subtask. False: it runs nowhere now.
  bool fail_task(std::string_view op, uint32_t subtask, const Cause& cause);

  // A TaskManager says good-bye to its JobMasters and the ResourceManager and ends (SIGTERM); other
  // processes just end. False: it does not run.
  bool terminate(sim::ProcessId process);
  // The client asks for the cancellation of its jobs. False: it does not run.
  bool cancel_jobs();
  // The client asks for a savepoint of its jobs. False: it does not run.
  bool savepoint_jobs(SavepointKind kind, SavepointFormat format);

  // The client submits a further job of the catalogue. False: it does not run.
  bool submit(JobId job, const RestoreSettings& restore);

  // For oracles' builders and tests: null while the process is down.
  const TaskExecutor* task_executor(sim::ProcessId process) const;
  const Dispatcher* dispatcher(sim::ProcessId process) const;
  const JobMaster* job_master(JobId job) const;
  // The JobManager whose Dispatcher leads; invalid: none.
  sim::ProcessId leader() const;
  // Every client's job has ended.
  bool all_results_known() const;

 private:
  class JobManagerProgram;
  class TaskManagerProgram;
  class ClientProgram;
  class ShuffleLauncher;

  void on_process_stopped(sim::ProcessId process, sim::StopReason reason) override;
  std::unique_ptr<Leadership> make_leadership(sim::ProcessId self);

  sim::World& world_;
  Options options_;
  TaskGrain& grain_;
  std::unique_ptr<sim::Launcher> job_manager_launcher_;
  std::unique_ptr<sim::Launcher> task_manager_launcher_;
  std::unique_ptr<sim::Launcher> client_launcher_;
  std::vector<sim::ProcessId> job_managers_;
  std::vector<sim::ProcessId> task_managers_;
  sim::ProcessId client_;
  std::unique_ptr<ShuffleLauncher> shuffle_launcher_;
  sim::ProcessId shuffle_service_;
};

}  // namespace drey::model
