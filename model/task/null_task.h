#pragma once
// A task of the null grain: it reports and acknowledges as told, after configurable delays, and
// moves no data. For tests of the control plane at scale (design.md 2.11).
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "model/task/task_runtime.h"
#include "sim/kernel.h"
#include "sim/world.h"

namespace drey::model {

struct NullTaskOptions {
  sim::Duration restore = sim::milliseconds(1);      // INITIALIZING to RUNNING
  sim::Duration acknowledge = sim::milliseconds(1);  // trigger to acknowledgement
  sim::Duration cancel{};                            // cancel to CANCELED
  // RUNNING to FINISHED; kForever: never. A task that waits for a final checkpoint is not modelled.
  sim::Duration runs_for = sim::kForever;
  uint64_t state_bytes = 0;  // acknowledged, inline
  bool acknowledges = true;
};

class NullTask;

// Stands in for the barriers, which null tasks do not send: the first trigger of a checkpoint at
// one of the job's sources is heard by all the job's null tasks that run. Shared by all
// TaskManagers of a run.
class NullBarriers {
 public:
  void add(NullTask& task) { tasks_.push_back(&task); }
  void remove(NullTask& task);
  void barrier(JobId job, CheckpointId id);

 private:
  std::vector<NullTask*> tasks_;  // in the order of deployment
  std::map<JobId, CheckpointId> last_;
};

class NullTask final : public TaskRuntime, public sim::Entity {
 public:
  NullTask(sim::World& world, sim::ProcessId process, std::shared_ptr<const Deployment> deployment,
           TaskListener& listener, const NullTaskOptions& options, NullBarriers& barriers);
  ~NullTask() override;

  void start() override;
  void trigger_checkpoint(CheckpointId id, sim::Time stamp,
                          const CheckpointOptions& options) override;
  void notify_complete(CheckpointId) override {}
  void notify_aborted(CheckpointId id, CheckpointId) override;
  void notify_subsumed(CheckpointId) override {}
  void deliver(uint32_t, const OperatorEvent&) override {}
  void update_partitions(std::span<const ShuffleDescriptor>) override {}
  void partition_state(const PartitionId&, ExecutionState) override {}
  void cancel() override;
  void fail(const Cause& cause) override;
  void advance_to(sim::Time) override {}

  ExecutionState state() const { return state_; }
  JobId job() const { return deployment_->attempt.job; }
  void barrier(CheckpointId id);
  void on_event(const sim::Event& event) override;

 private:
  enum Kind : uint8_t { restored, acknowledge_due, canceled, finished, failed };
  void set_state(ExecutionState state, const Cause* cause);
  bool ending() const { return ending_ || is_terminal(state_); }

  sim::World& world_;
  std::shared_ptr<const Deployment> deployment_;
  TaskListener& listener_;
  NullTaskOptions options_;
  NullBarriers& barriers_;
  sim::PathId path_;
  sim::PathId subject_;
  sim::EntityId id_;
  ExecutionState state_ = ExecutionState::deploying;
  bool ending_ = false;
  CheckpointId last_ = 0;
  CheckpointId aborted_ = kNoCheckpoint;
  Cause cause_;
};

}  // namespace drey::model
