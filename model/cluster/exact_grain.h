#pragma once
// The exact grain of a TaskManager process: a data exchange, state backends, cores, and tasks with
// real records.
#include <memory>

#include "model/cluster/cluster.h"
#include "model/task/exact_task.h"
#include "sim/disks.h"
#include "sim/log_set.h"

namespace drey::model {

struct ExactGrainOptions {
  DataExchangeOptions exchange;
  uint32_t cores = 2;  // of a TaskManager's host
  HeapModel heap;      // of a TaskManager
  sim::LogSet logs;    // of the run; which one a source reads: JobInformation::logs
  NondeterministicOperators nondeterministic;
  sim::Disks* disks = nullptr;  // of the TaskManagers' hosts; needed for RocksDB and batch
  sim::Duration minimum_cost = kMinimumRecordCost;
  bool step_each_record = false;
  bool digest_state = true;
};

class ExactGrain final : public TaskGrain {
 public:
  explicit ExactGrain(ExactGrainOptions options) : options_(std::move(options)) {}
  std::unique_ptr<TaskFactory> make_factory(sim::World& world, sim::ProcessId process) override;
  std::unique_ptr<sim::Program> make_shuffle_service(sim::World& world,
                                                     sim::ProcessId process) override;
  void use_shuffle_service(sim::ServiceName service) override {
    options_.exchange.shuffle_service = service;
  }

 private:
  ExactGrainOptions options_;
};

class ExactTaskFactory final : public TaskFactory {
 public:
  ExactTaskFactory(sim::World& world, sim::ProcessId process, const ExactGrainOptions& options);

  std::unique_ptr<TaskRuntime> make(std::shared_ptr<const Deployment> deployment,
                                    TaskListener& listener) override;
  void release(const std::vector<PartitionId>& partitions) override;
  sim::Address data_address() const override { return exchange_.address(); }

  const DataExchange& exchange() const { return exchange_; }

 private:
  sim::World& world_;
  sim::ProcessId process_;
  ExactGrainOptions options_;
  DataExchange exchange_;
  sim::KernelClock clock_;
  TaskBackends backends_;
  Cores cores_;
  ProcessHeap heap_;
};

}  // namespace drey::model
