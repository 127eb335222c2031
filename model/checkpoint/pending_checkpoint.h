#pragma once
// One checkpoint that was started and is not complete: who acknowledged, with what.
//
// Invariants: acknowledgements are keyed by execution attempt (CC-34); after dispose() nothing is
// accepted any more.
//
// Upstream: PendingCheckpoint.
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/checkpoint/checkpoint_plan.h"
#include "model/checkpoint/checkpoint_types.h"
#include "model/checkpoint/completed_store.h"
#include "model/checkpoint/request_decider.h"

namespace drey::model {

enum class AckResult : uint8_t {
  success,
  duplicate,  // acknowledged before; what came now is ignored, not deleted
  unknown,    // nobody waits for this attempt
  discarded,  // the checkpoint is disposed
};

class PendingCheckpoint {
 public:
  struct Options {
    CheckpointId id = kNoCheckpoint;
    CheckpointRequest request;  // also the place where the answer goes
    sim::Time timestamp;        // wall clock, at the start of the trigger
    CheckpointPlan plan;
    std::set<OperatorRef> coordinators;
    std::set<std::string> hooks;
  };

  explicit PendingCheckpoint(Options options);

  AckResult acknowledge_task(TaskAcknowledgement acknowledgement);
  AckResult acknowledge_coordinator(OperatorRef coordinator, std::optional<CoordinatorState> state);
  AckResult acknowledge_hook(const std::string& hook, std::optional<std::string> state);

  bool tasks_done() const { return open_tasks_.empty(); }
  bool coordinators_done() const { return open_coordinators_.empty(); }
  bool hooks_done() const { return open_hooks_.empty(); }
  bool is_fully_acknowledged() const { return tasks_done() && coordinators_done() && hooks_done(); }
  // Also true for a task that nobody waits for.
  bool is_acknowledged_by(const TaskRef& task) const { return open_tasks_.count(task) == 0; }
  // Savepoints are never subsumed (CC-40).
  bool can_be_subsumed() const { return !options_.request.props.is_savepoint(); }

  struct Finalized {
    FulfilError error = FulfilError::none;
    std::shared_ptr<CompletedCheckpoint> checkpoint;  // null on an error
  };
  // Must be fully acknowledged. Does not dispose.
  Finalized finalize(sim::Time now);

  void dispose(std::optional<CheckpointFailureReason> reason);
  bool is_disposed() const { return disposed_; }
  std::optional<CheckpointFailureReason> failure() const { return failure_; }

  void set_location(std::string location) { location_ = std::move(location); }
  const std::string& location() const { return location_; }
  std::vector<std::string> private_files() const;

  CheckpointId id() const { return options_.id; }
  const CheckpointRequest& request() const { return options_.request; }
  const CheckpointProperties& props() const { return options_.request.props; }
  sim::Time timestamp() const { return options_.timestamp; }
  const CheckpointPlan& plan() const { return options_.plan; }
  // Finished tasks count; but an acknowledgement of theirs is unknown, not a duplicate.
  size_t acknowledged() const { return acknowledged_.size() + options_.plan.finished.size(); }
  size_t unacknowledged() const { return open_tasks_.size(); }
  const FinishReports& reports() const { return reports_; }
  const std::map<uint32_t, CompletedVertex>& states() const { return states_; }
  const std::map<std::string, std::string>& master_states() const { return master_states_; }

 private:
  void note_reports(const TaskAcknowledgement& acknowledgement);

  Options options_;
  std::set<TaskRef> open_tasks_;
  std::set<TaskRef> acknowledged_;
  std::set<OperatorRef> open_coordinators_;
  std::set<std::string> open_hooks_;
  FinishReports reports_;
  std::map<uint32_t, CompletedVertex> states_;
  std::map<std::string, std::string> master_states_;
  std::string location_;
  bool disposed_ = false;
  std::optional<CheckpointFailureReason> failure_;
};

}  // namespace drey::model
