#pragma once
// The JobManager's checkpoint coordinator: periodic trigger, trigger pipeline, acknowledgements,
// declines, expiry, completion, notification, restore (CC-1..58). One object per job; everything it
// does outside goes to its CoordinatorHost, everything asynchronous comes back as a call.
//
// Two contexts of upstream matter for the order of things and are kept apart:
//  * the timer thread: a queue of small steps, run by run_timer() until it is empty (CC-5, CC-6);
//  * the coordinator's lock, held from the last acknowledgement to the written pointer. Writing
//  takes time here, so while
//    locked() other inputs wait in a queue, in order, as they would wait for the lock. Restores
//    must not be asked for while locked; the host is told by lock_released().
//
// Upstream: CheckpointCoordinator.
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/checkpoint/completed_store.h"
#include "model/checkpoint/coordinator_host.h"
#include "model/checkpoint/failure_manager.h"
#include "model/checkpoint/pending_checkpoint.h"
#include "model/checkpoint/request_decider.h"
#include "model/checkpoint/shared_state_registry.h"
#include "model/mutants.h"

namespace drey::model {

struct CheckpointCoordinatorOptions {
  std::optional<sim::Duration> interval;  // none: no periodic checkpoints
  std::optional<sim::Duration>
      interval_during_backlog;  // none: as interval; 0: off while a source has backlog
  sim::Duration timeout = sim::minutes(10);
  sim::Duration min_pause;
  uint32_t max_concurrent = 1;
  int64_t tolerable_failures = 0;
  bool exactly_once = true;
  bool unaligned = false;
  sim::Duration aligned_timeout;
  bool checkpoints_after_tasks_finish = true;
  bool pause_sources_until_first_checkpoint = false;
  RetentionPolicy retention = RetentionPolicy::no_externalized_checkpoints;
  Mutant mutant = Mutant::none;
};

// CC-1: what upstream refuses; one message per fault.
std::vector<std::string> check_options(const CheckpointCoordinatorOptions& options);

struct DelayRange {  // both ends inclusive
  sim::Duration from;
  sim::Duration to;
};
// CC-3: the first periodic delay is drawn from it, once, by whoever makes the coordinator.
DelayRange first_trigger_delay(const CheckpointCoordinatorOptions& options);

// How the write of the pointer ended. unknown: the answer was lost; the checkpoint may or may not
// be the newest one.
enum class PointerWrite : uint8_t { written, failed, unknown };

enum class AckReply : uint8_t {
  accepted,     // belongs to a pending checkpoint (whatever became of it), or to one that expired
                // lately
  not_pending,  // unknown or shut down
  waits,        // the coordinator is locked; it is handled later
  registry_error,  // a shared file was unknown or another one: never with the real protocol (SR-7)
};

class CheckpointCoordinator {
 public:
  using Options = CheckpointCoordinatorOptions;

  CheckpointCoordinator(Options options, sim::Duration first_delay,
                        std::set<OperatorRef> coordinators, std::set<std::string> hooks,
                        CompletedCheckpointStore& store, CheckpointsCleaner& cleaner,
                        CoordinatorHost& host);
  CheckpointCoordinator(const CheckpointCoordinator&) = delete;
  CheckpointCoordinator& operator=(const CheckpointCoordinator&) = delete;

  // ---- requests; each runs on the timer
  // ------------------------------------------------------------------------------ A checkpoint of
  // the configured type, or a full one (CheckpointType FULL).
  void trigger_checkpoint(uint64_t request, bool periodic, bool full);
  void trigger_savepoint(uint64_t request, const std::string& target, bool native = false);
  void trigger_stop_savepoint(uint64_t request, bool drain, const std::string& target,
                              bool native = false);
  // The same for a caller that is on the timer already: decided at once.
  void submit(CheckpointRequest request);
  // Runs the timer's queue until it is empty, or one step of it (then the host is woken again if
  // there is more): between two steps messages may come in, as upstream's threads let them (CC-6).
  void run_timer();
  void run_timer_step();

  // ---- periodic scheduling
  // -----------------------------------------------------------------------------------------
  void start_scheduler();
  void stop_scheduler();
  void on_periodic_trigger(uint64_t generation);
  void set_backlog(OperatorRef source, bool is_processing_backlog);

  // ---- messages and time-outs
  // --------------------------------------------------------------------------------------
  AckReply on_acknowledge(CheckpointId id, TaskAcknowledgement acknowledgement);
  void on_decline(CheckpointId id, const TaskRef& task, CheckpointFailureReason reason);
  void on_expired(CheckpointId id);
  void on_trigger_rpc_failed(CheckpointId id, CheckpointFailureReason reason);
  void abort_pending(CheckpointFailureReason reason);
  void fail_unacknowledged_pending_for(const TaskRef& task);
  void shutdown();

  // ---- answers to begin calls
  // --------------------------------------------------------------------------------------
  void on_id(uint64_t ticket, CheckpointId id);
  void on_id_failed(uint64_t ticket, CheckpointFailureReason reason);
  void on_location(uint64_t ticket, const std::string& location);
  void on_location_failed(uint64_t ticket, CheckpointFailureReason reason);
  void on_coordinator_state(OperatorRef coordinator, CheckpointId id,
                            std::optional<CoordinatorState> state);
  void on_coordinator_failed(OperatorRef coordinator, CheckpointId id,
                             CheckpointFailureReason reason);
  void on_hook_state(const std::string& hook, CheckpointId id, std::optional<std::string> state);
  void on_hook_failed(const std::string& hook, CheckpointId id, CheckpointFailureReason reason);
  void on_metadata_written(uint64_t ticket, bool written);
  void on_pointer_written(uint64_t ticket, PointerWrite outcome);
  void on_discard_finished(uint64_t ticket);

  // ---- restore
  // -----------------------------------------------------------------------------------------------------
  struct Restored {
    CompletedCheckpointStore::Entry checkpoint;  // null: none was there
    std::string error;                           // not empty: refused
  };
  // From the newest completed checkpoint of the store (RS-1).
  Restored restore_latest(RestoreScope scope);
  // A savepoint or retained checkpoint whose metadata were read; its pointer is written already
  // (RS-3).
  Restored restore_savepoint(std::shared_ptr<CompletedCheckpoint> loaded, ClaimMode mode);

  // ---- looking
  // -----------------------------------------------------------------------------------------------------
  bool locked() const { return completion_.has_value(); }
  bool is_triggering() const { return triggering_; }
  bool is_started() const { return periodic_scheduling_; }
  bool is_shutdown() const { return shutdown_; }
  bool force_full_snapshot() const { return force_full_snapshot_; }
  size_t queued_requests() const { return decider_.queued(); }
  size_t expired_ids() const { return expired_.size(); }
  const std::map<CheckpointId, std::unique_ptr<PendingCheckpoint>>& pending() const {
    return pending_;
  }
  const CompletedCheckpointStore& store() const { return store_; }

 private:
  enum class StepKind : uint8_t {
    submit,
    run_decider,
    create_pending,
    checkpoint_coordinators,
    acknowledge_coordinators,
    run_hooks,
    end_of_master_part,
    acknowledge_hook,
    abort_pending,
  };
  struct Step {
    StepKind kind = StepKind::run_decider;
    uint64_t pipeline = 0;
    std::optional<CheckpointRequest> request;       // submit
    CheckpointId id = kNoCheckpoint;                // abort_pending
    std::optional<CheckpointFailureReason> reason;  // abort_pending, acknowledge_hook
    std::string hook;                               // acknowledge_hook
    std::optional<std::string> hook_state;
  };
  // One run of the trigger pipeline. Its "master part" (everything before the tasks are told) ends
  // once, well or not.
  struct Pipeline {
    uint64_t number = 0;
    CheckpointRequest request;
    sim::Time timestamp;
    CheckpointPlan plan;
    CheckpointId id = kNoCheckpoint;
    bool created = false;  // its pending checkpoint was created
    bool master_ended = false;
    std::optional<CheckpointFailureReason> failure;
    std::set<OperatorRef> open_coordinators;
    std::map<OperatorRef, std::optional<CoordinatorState>> coordinator_states;
    std::string location;
  };
  // Between the last acknowledgement and the written pointer: the time of the lock.
  struct Completion {
    uint64_t ticket = 0;
    CheckpointId id = kNoCheckpoint;
    bool from_pipeline = false;
    std::shared_ptr<CompletedCheckpoint> checkpoint;
  };
  struct Blocked {
    enum class Kind : uint8_t {
      acknowledge,
      decline,
      expired,
      periodic,
      abort_all,
      task_failed,
      start,
      stop,
      shutdown
    } kind = Kind::acknowledge;
    CheckpointId id = kNoCheckpoint;
    uint64_t generation = 0;
    TaskAcknowledgement acknowledgement;
    CheckpointFailureReason reason = CheckpointFailureReason::checkpoint_declined;
  };

  // timer
  void post(Step step);
  void wake_timer_if_needed();
  void post_decider();
  void post_decider_for_empty_cleanups();
  void run_step(Step step);
  // requests
  void request(uint64_t number, CheckpointProperties props, bool periodic,
               const std::string& target);
  void obey(const Decision& decision);
  void run_decider();
  CheckpointRequestDecider::Situation situation() const;
  void answer_failed(const CheckpointRequest& request, CheckpointId id,
                     CheckpointFailureReason reason);
  // pipeline
  std::optional<CheckpointFailureReason> pre_check(bool periodic) const;
  void start_pipeline(CheckpointRequest request);
  void create_pending();
  void checkpoint_coordinators();
  void coordinators_done();
  void acknowledge_coordinators();
  void run_hooks();
  void acknowledge_hook(const Step& step);
  void end_master_part(std::optional<CheckpointFailureReason> failure);
  void master_part_ended();
  void trigger_tasks(const PendingCheckpoint& pending);
  bool must_be_full(const CheckpointProperties& props) const;
  void pipeline_succeeded();
  void pipeline_failed(CheckpointFailureReason reason);
  void fail_before_pending(const CheckpointRequest& request, CheckpointFailureReason reason);
  void end_trigger();
  bool is_current(uint64_t pipeline) const;
  PendingCheckpoint* find_pending(CheckpointId id);
  // periodic
  std::optional<sim::Duration> current_interval() const;
  void arm_trigger(sim::Duration delay);
  void cancel_trigger();
  // abort and completion
  void abort(CheckpointId id, CheckpointFailureReason reason, std::optional<TaskRef> by);
  template <class Condition>
  void abort_if(CheckpointFailureReason reason, Condition condition);
  void abort_pending_and_queued(CheckpointFailureReason reason);
  void release_pending_state(const PendingCheckpoint& pending);
  void judge_failure(CheckpointId id, const CheckpointProperties& props,
                     CheckpointFailureReason reason, std::optional<TaskRef> by);
  void send_aborted(const PendingCheckpoint& pending);
  std::vector<TaskRef> current_attempts(const CheckpointPlan& plan) const;
  void remember_expired(CheckpointId id);
  void complete(PendingCheckpoint& pending, bool from_pipeline);
  void completion_failed(CheckpointFailureReason reason);
  bool may_delete_files(PointerWrite outcome) const;
  void store_failed(PointerWrite outcome);
  void stored();
  void after_completion(CompletedCheckpoint& checkpoint, const PendingCheckpoint& pending,
                        const CompletedCheckpointStore::Entry& last_subsumed);
  void release_lock();
  void handle_blocked(Blocked blocked);
  bool blocks(Blocked blocked);
  Restored restore_from(CompletedCheckpointStore::Entry checkpoint, RestoreScope scope);
  void reset_to_nothing(RestoreScope scope);

  Options options_;
  std::set<OperatorRef> coordinators_;
  std::set<std::string> hooks_;
  CompletedCheckpointStore& store_;
  CheckpointsCleaner& cleaner_;
  CoordinatorHost& host_;
  CheckpointRequestDecider decider_;
  CheckpointFailureManager failures_;

  std::map<CheckpointId, std::unique_ptr<PendingCheckpoint>> pending_;
  std::deque<CheckpointId> expired_;  // the last 16
  sim::Time last_completion_;
  bool triggering_ = false;
  bool shutdown_ = false;
  bool force_full_snapshot_ = false;

  std::deque<Step> timer_;
  bool timer_woken_ = false;
  bool timer_running_ = false;
  std::optional<Pipeline> pipeline_;
  uint64_t next_number_ = 1;  // pipelines and tickets
  // The answer to a request leaves only after its submission has returned, as upstream's caller
  // gets the future first.
  std::optional<uint64_t> submitting_;
  struct LateAnswer {
    CheckpointId id = kNoCheckpoint;
    CheckpointFailureReason reason = CheckpointFailureReason::trigger_checkpoint_failure;
  };
  std::optional<LateAnswer> late_answer_;

  std::optional<Completion> completion_;
  std::deque<Blocked> blocked_;

  bool periodic_scheduling_ = false;
  sim::Duration trigger_delay_;
  std::optional<sim::Duration> base_interval_;  // none: disabled
  std::set<OperatorRef> backlog_;
  uint64_t generation_ = 0;
  bool trigger_armed_ = false;
  sim::Time next_trigger_ = sim::kEndOfTime;
};

}  // namespace drey::model
