#pragma once
// Builds a world and a cluster from a scenario: the only place that knows both. Everything of one
// run, in the order in which it has to be made and taken apart.
//
// Names in the world: hosts and processes tm-1, jm-1, client, log (or log-orders, log-payments,
// ..., job_logs.h), broker, storage, pointer-store.
#include <memory>
#include <string>
#include <vector>

#include "model/cluster/cluster.h"
#include "model/cluster/exact_grain.h"
#include "scenarios/scenario.h"
#include "sim/broker.h"
#include "sim/disks.h"
#include "sim/external_log.h"
#include "sim/log_set.h"
#include "sim/object_store.h"
#include "sim/pointer_store.h"

namespace drey::scenarios {

struct AssemblyOptions {
  uint64_t seed = 1;
  model::Mutant mutant = model::Mutant::none;
  uint64_t tie_salt = 0;
  bool step_each_record = false;
  sim::Perturbation perturb = sim::Perturbation::none;
  uint64_t perturb_at = 0;
  bool keep_committed = false;  // the broker keeps what it committed: for the output file
};

class Assembly {
 public:
  // The scenario has been read without errors; its CSV, if any, is read here (a file that changed
  // since is a message).
  Assembly(const Scenario& scenario, const AssemblyOptions& options);
  ~Assembly();
  Assembly(const Assembly&) = delete;
  Assembly& operator=(const Assembly&) = delete;

  void start();

  // Submits the job of the fault `resubmit` with this index from what it names. False: there is no
  // such snapshot, or nobody who submits.
  bool resubmit(size_t fault);

  sim::World& world() { return *world_; }
  sim::Disks& disks() { return *disks_; }
  model::Cluster& cluster() { return *cluster_; }
  sim::ObjectStore& object_store() { return *object_store_; }
  sim::PointerStore& pointer_store() { return *pointer_store_; }
  // In the order of logs().
  const std::vector<std::unique_ptr<sim::ExternalLog>>& external_logs() { return external_logs_; }
  sim::Broker& broker() { return *broker_; }
  const model::JobInformation& job() const { return *job_; }
  // Those that are submitted later, in the order of their faults: job-2, job-3, ...
  const std::vector<std::shared_ptr<const model::JobInformation>>& later_jobs() const {
    return later_jobs_;
  }
  const sim::LogSet& logs() const { return logs_; }

 private:
  std::shared_ptr<const model::JobInformation> job_of(const Scenario& scenario, model::JobId number,
                                                      model::Mutant mutant) const;
  std::string newest_snapshot(Snapshot kind) const;
  void add_services(const Scenario& scenario, const AssemblyOptions& options);
  std::unique_ptr<model::TaskGrain> exact_grain(const Scenario& scenario,
                                                const AssemblyOptions& options) const;

  const Scenario& scenario_;
  std::unique_ptr<sim::World> world_;
  std::unique_ptr<sim::Disks> disks_;
  sim::LogSet logs_;
  std::vector<std::unique_ptr<sim::ExternalLog>> external_logs_;
  std::unique_ptr<sim::Broker> broker_;
  std::unique_ptr<sim::ObjectStore> object_store_;
  std::unique_ptr<sim::PointerStore> pointer_store_;
  std::shared_ptr<const model::JobInformation> job_;
  std::vector<std::shared_ptr<const model::JobInformation>> later_jobs_;
  std::unique_ptr<model::TaskGrain> grain_;
  std::unique_ptr<model::Cluster> cluster_;
};

// The parts of it that others need alone.
model::JobSpec job_spec_of(const Scenario& scenario);
model::FlinkOptions flink_options_of(const Scenario& scenario);
model::TaskOptions task_options_of(const Scenario& scenario);
sim::Distribution distribution_of(const reports::Distribution& from);

}  // namespace drey::scenarios
