#pragma once
// Stands between one operator coordinator (a source's enumerator, say) and its subtasks and makes
// its checkpoints consistent with the events it sends (OC-1..4): an event is delivered either
// before the subtask's barrier N, and then its effect is in the coordinator's state N, or after the
// subtask's snapshot N.
//
// Per attempt of a subtask there is a gateway. It is marked for N when checkpoint N starts, closed
// when the coordinator has given its state (events are held back from then on) and opened when the
// subtask acknowledged N, or N ended either way. An event counts as unconfirmed from the moment it
// was handed to its gateway; what is unconfirmed when a snapshot is taken keeps that one from being
// reported, and no later one.
//
// Upstream: OperatorCoordinatorHolder, SubtaskGatewayImpl, IncompleteFuturesTracker.
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "model/checkpoint/checkpoint_types.h"
#include "model/task/task_runtime.h"

namespace drey::model {

// What a coordinator sends to a subtask, and the number of the sending.
using OperatorEventPtr = std::shared_ptr<const OperatorEvent>;
struct SentEvent {
  uint64_t rpc = 0;
  OperatorEventPtr event;
};

class OperatorCoordinatorOutput {
 public:
  OperatorCoordinatorOutput() = default;
  OperatorCoordinatorOutput(const OperatorCoordinatorOutput&) = delete;
  OperatorCoordinatorOutput& operator=(const OperatorCoordinatorOutput&) = delete;
  virtual ~OperatorCoordinatorOutput() = default;

  // Answer: on_event_delivered or on_event_lost, once.
  virtual void send_event(uint64_t rpc, uint32_t subtask, uint32_t attempt,
                          const OperatorEventPtr& event) = 0;
  // Asks the coordinator itself. Answer: on_snapshot or on_snapshot_failed.
  virtual void begin_snapshot(CheckpointId id) = 0;
  // The result for the checkpoint coordinator; no value of the outer optional: failed.
  virtual void snapshot_result(CheckpointId id, bool succeeded,
                               std::optional<CoordinatorState> state) = 0;
  // A lost event fails its target, if that attempt still runs (OC-3).
  virtual void event_was_lost(uint32_t subtask, uint32_t attempt) = 0;
  virtual void fail_job() = 0;
};

class SubtaskGateway {
 public:
  // False: ids must grow (upstream ignores the mark then, or throws, by version).
  bool mark(CheckpointId id);
  bool close(CheckpointId id);  // false: not marked any more
  bool has_seen(CheckpointId id) const { return id <= latest_; }
  // The events that leave now, in order.
  std::vector<SentEvent> open(CheckpointId id);
  std::vector<SentEvent> open_last_mark();
  std::vector<SentEvent> open_all();
  // True: held back.
  bool hold(const SentEvent& event);

 private:
  std::map<CheckpointId, std::vector<SentEvent>> held_;  // closed checkpoints
  std::set<CheckpointId> marked_;
  CheckpointId latest_ = INT64_MIN;
};

class OperatorCoordinatorHolder {
 public:
  OperatorCoordinatorHolder(uint32_t subtasks, OperatorCoordinatorOutput& output);

  void send_event(uint32_t subtask, OperatorEventPtr event);  // to the newest attempt
  void send_event(uint32_t subtask, uint32_t attempt, OperatorEventPtr event);
  void on_event_delivered(uint64_t rpc);
  void on_event_lost(uint64_t rpc);

  void checkpoint(CheckpointId id);
  void on_snapshot(CheckpointId id, std::optional<CoordinatorState> state);
  void on_snapshot_failed(CheckpointId id);
  // AcknowledgeCheckpointEvent: the subtask has taken its snapshot. False: its gateway never heard
  // of the checkpoint (upstream throws IllegalState).
  bool on_subtask_acknowledged(uint32_t subtask, CheckpointId id);
  // Completed or aborted. False: a gateway never heard of it, the others after it are left alone
  // and the coordinator is not told.
  bool on_checkpoint_ended(CheckpointId id);
  void abort_current_triggering();

  // Reset of the coordinator: all gateways open, a next failure counts again.
  void reset();
  // A new attempt of this subtask: what was held back for the old one never leaves.
  void subtask_restarted(uint32_t subtask, uint32_t attempt);
  // One more attempt beside those that are there (speculative execution).
  void attempt_added(uint32_t subtask, uint32_t attempt);
  // Only the first call until a reset reaches the scheduler.
  void fail_job();

 private:
  struct Waiting {  // a snapshot that waits for the events sent before it
    CheckpointId id = kNoCheckpoint;
    std::optional<CoordinatorState> state;
    std::set<uint64_t> events;
  };
  struct Target {
    uint32_t subtask = 0;
    uint32_t attempt = 0;
    friend constexpr auto operator<=>(Target, Target) = default;
  };

  void deliver(const Target& target, const std::vector<SentEvent>& events);
  bool close_gateways(CheckpointId id);
  Target newest(uint32_t subtask) const { return {subtask, newest_[subtask]}; }

  std::map<Target, SubtaskGateway> gateways_;
  std::vector<uint32_t> newest_;  // attempt, by subtask
  OperatorCoordinatorOutput& output_;
  std::map<uint64_t, Target> unconfirmed_;  // by rpc
  std::set<uint64_t> not_waited_for_;       // of those, the ones that no snapshot waits for yet
  std::vector<Waiting> waiting_;
  uint64_t next_rpc_ = 0;
  bool failed_ = false;
};

}  // namespace drey::model
