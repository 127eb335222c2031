#pragma once
// A task of the null grain: it reports and acknowledges as told, after configurable delays, and
// moves no records. Its requests, barriers and ends of partitions are real messages, as ranges of
// channels (null_exchange.h). For the control plane at scale (design.md 2.11).
#include <cstdint>
#include <memory>

#include "model/task/null_exchange.h"
#include "model/task/task_runtime.h"
#include "model/trace_events.h"
#include "sim/kernel.h"
#include "sim/world.h"

namespace drey::model {

struct NullTaskOptions {
  sim::Duration restore = sim::milliseconds(1);      // INITIALIZING to RUNNING
  sim::Duration acknowledge = sim::milliseconds(1);  // trigger to acknowledgement
  sim::Duration cancel{};                            // cancel to CANCELED
  // From RUNNING, of a task with inputs from the end of these, to FINISHED; kForever: never. A task
  // that waits for a final checkpoint is not modelled.
  sim::Duration runs_for = sim::kForever;
  uint64_t state_bytes = 0;  // acknowledged, inline
  bool acknowledges = true;
};

class NullTask final : public TaskRuntime, public RangeTask, public sim::Entity {
 public:
  NullTask(sim::World& world, sim::ProcessId process, std::shared_ptr<const Deployment> deployment,
           TaskListener& listener, const NullTaskOptions& options, NullExchange& exchange);
  ~NullTask() override;

  void start() override;
  void trigger_checkpoint(CheckpointId id, sim::Time stamp,
                          const CheckpointOptions& options) override;
  void notify_complete(CheckpointId) override {}
  void notify_aborted(CheckpointId id, CheckpointId) override;
  void notify_subsumed(CheckpointId) override {}
  void deliver(uint32_t, const OperatorEvent&) override {}
  void update_partitions(std::span<const ShuffleDescriptor>) override {}
  void partition_state(const PartitionId& partition, ExecutionState producer) override;
  void cancel() override;
  void fail(const Cause& cause) override;
  void advance_to(sim::Time) override {}

  ExecutionState state() const { return state_; }
  JobId job() const { return deployment_->attempt.job; }
  const Deployment& deployment() const override { return *deployment_; }
  void alignment_begun(CheckpointId id) override;
  void aligned(CheckpointId id, uint64_t barriers) override;
  void inputs_ended() override;
  void partition_not_found(const PartitionId& partition) override;
  void channel_failed(const Cause& cause) override { fail(cause); }
  void on_event(const sim::Event& event) override;

 private:
  enum Kind : uint8_t { restored, acknowledge_due, canceled, finished, failed };
  void set_state(ExecutionState state, const Cause* cause);
  void announce(CheckpointFact fact, uint64_t a, uint64_t b, uint64_t c);
  void take_snapshot(CheckpointId id);
  bool ending() const { return ending_ || is_terminal(state_); }

  sim::World& world_;
  std::shared_ptr<const Deployment> deployment_;
  TaskListener& listener_;
  NullTaskOptions options_;
  NullExchange& exchange_;
  sim::PathId path_;
  sim::PathId subject_;
  sim::EntityId id_;
  ExecutionState state_ = ExecutionState::deploying;
  bool ending_ = false;
  CheckpointId last_ = 0;
  sim::Time alignment_since_;
  sim::Duration alignment_;  // of the newest checkpoint
  uint32_t asked_again_ = 0;
  bool inputs_over_ = false;
  CheckpointId aborted_ = kNoCheckpoint;
  Cause cause_;
};

}  // namespace drey::model
