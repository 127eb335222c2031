#pragma once
// Stands between one operator coordinator (a source's enumerator, say) and its subtasks and makes
// its checkpoints consistent with the events it sends (OC-1..4): an event is delivered either
// before the subtask's barrier N, and then its effect is in the coordinator's state N, or after the
// subtask's snapshot N.
//
// Per subtask there is a gateway. It is marked for N when checkpoint N starts, closed when the
// coordinator has given its state (events are held back from then on) and opened when the subtask
// acknowledged N, or N ended either way.
//
// Upstream: OperatorCoordinatorHolder, SubtaskGatewayImpl, IncompleteFuturesTracker.
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "model/checkpoint/checkpoint_types.h"

namespace drey::model {

// What a coordinator sends to a subtask; opaque here.
class OperatorEvent {
 public:
  OperatorEvent() = default;
  OperatorEvent(const OperatorEvent&) = delete;
  OperatorEvent& operator=(const OperatorEvent&) = delete;
  virtual ~OperatorEvent() = default;
};
using OperatorEventPtr = std::shared_ptr<const OperatorEvent>;

class OperatorCoordinatorOutput {
 public:
  OperatorCoordinatorOutput() = default;
  OperatorCoordinatorOutput(const OperatorCoordinatorOutput&) = delete;
  OperatorCoordinatorOutput& operator=(const OperatorCoordinatorOutput&) = delete;
  virtual ~OperatorCoordinatorOutput() = default;

  // Answer: on_event_delivered or on_event_lost, once.
  virtual void send_event(uint64_t rpc, uint32_t subtask, const OperatorEventPtr& event) = 0;
  // Asks the coordinator itself. Answer: on_snapshot or on_snapshot_failed.
  virtual void begin_snapshot(CheckpointId id) = 0;
  // The result for the checkpoint coordinator; no value of the outer optional: failed.
  virtual void snapshot_result(CheckpointId id, bool succeeded,
                               std::optional<CoordinatorState> state) = 0;
  // A lost event fails its target, if that attempt still runs (OC-3).
  virtual void event_was_lost(uint32_t subtask) = 0;
  virtual void fail_job() = 0;
};

class SubtaskGateway {
 public:
  // False: ids must grow (upstream throws IllegalState).
  bool mark(CheckpointId id);
  bool close(CheckpointId id);  // false: not marked any more
  // The events that leave now, in order.
  std::vector<OperatorEventPtr> open(CheckpointId id);
  std::vector<OperatorEventPtr> open_last_mark();
  std::vector<OperatorEventPtr> open_all();
  // True: held back.
  bool hold(const OperatorEventPtr& event);

 private:
  std::map<CheckpointId, std::vector<OperatorEventPtr>> held_;  // closed checkpoints
  std::set<CheckpointId> marked_;
  CheckpointId latest_ = INT64_MIN;
};

class OperatorCoordinatorHolder {
 public:
  OperatorCoordinatorHolder(uint32_t subtasks, OperatorCoordinatorOutput& output)
      : gateways_(subtasks), output_(output) {}

  void send_event(uint32_t subtask, OperatorEventPtr event);
  void on_event_delivered(uint64_t rpc);
  void on_event_lost(uint64_t rpc);

  void checkpoint(CheckpointId id);
  void on_snapshot(CheckpointId id, std::optional<CoordinatorState> state);
  void on_snapshot_failed(CheckpointId id);
  // AcknowledgeCheckpointEvent: the subtask has taken its snapshot.
  void on_subtask_acknowledged(uint32_t subtask, CheckpointId id);
  void on_checkpoint_ended(CheckpointId id);  // completed or aborted
  void abort_current_triggering();

  // Reset of the coordinator: all gateways open, a next failure counts again.
  void reset();
  // A new attempt of this subtask: what was held back for the old one is gone.
  void subtask_restarted(uint32_t subtask) { gateways_[subtask] = SubtaskGateway{}; }
  // Only the first call until a reset reaches the scheduler.
  void fail_job();

 private:
  struct Waiting {  // a snapshot that waits for the events sent before it
    CheckpointId id = kNoCheckpoint;
    std::optional<CoordinatorState> state;
    std::set<uint64_t> events;
  };

  void deliver(uint32_t subtask, const std::vector<OperatorEventPtr>& events);
  void deliver(uint32_t subtask, const OperatorEventPtr& event);
  bool close_gateways(CheckpointId id);

  std::vector<SubtaskGateway> gateways_;
  OperatorCoordinatorOutput& output_;
  std::map<uint64_t, uint32_t> unconfirmed_;  // rpc -> subtask
  std::vector<Waiting> waiting_;
  uint64_t next_rpc_ = 0;
  bool failed_ = false;
};

}  // namespace drey::model
