#pragma once
// What the checkpoint coordinator needs from the world, and nothing more. In the simulation the
// host is the JobMaster's endpoint: it turns these calls into messages, timers and writes. None of
// them may block; "begin" calls are answered by a call on the coordinator, at once (inside the
// call) or later, exactly once. A begin call whose answer is never given hangs like upstream's
// future does.
//
// Tickets name one begin call; an answer to an old one is ignored.
#include <optional>
#include <string>
#include <vector>

#include "model/checkpoint/checkpoint_plan.h"
#include "model/checkpoint/checkpoint_types.h"
#include "model/checkpoint/completed_store.h"
#include "model/checkpoint/request_decider.h"
#include "sim/time.h"

namespace drey::model {

// The coordinator's own periodic requests; their end is nobody's answer.
inline constexpr uint64_t kPeriodicRequest = UINT64_MAX;

enum class RestoreScope : uint8_t {
  subtasks,  // regional restart: operator coordinators are left alone
  all,       // global restart: coordinators are restored or reset
  initial,   // start of the JobMaster: coordinators only if there is a checkpoint; finished states
             // are checked
};

class CoordinatorHost : public StateDisposal {
 public:
  // ---- clocks and timers
  // -------------------------------------------------------------------------------------------
  virtual sim::Time now() = 0;       // relative clock: periodic trigger, pauses
  virtual sim::Time wall_now() = 0;  // absolute clock: time stamps
  // Call run_timer() as soon as this handler has ended (the coordinator's timer thread has
  // something to do). Asked again only after run_timer() was called.
  virtual void wake_timer() = 0;
  // Call on_periodic_trigger(generation) after the delay. Arming replaces what was armed.
  virtual void arm_periodic_trigger(uint64_t generation, sim::Duration delay) = 0;
  virtual void cancel_periodic_trigger() = 0;
  // Call on_expired(id) after the delay.
  virtual void arm_expiry(CheckpointId id, sim::Duration delay) = 0;
  virtual void cancel_expiry(CheckpointId id) = 0;

  // ---- tasks
  // -------------------------------------------------------------------------------------------------------
  virtual const CheckpointTasks& tasks() = 0;
  // A failed RPC is answered with on_trigger_rpc_failed.
  virtual void send_trigger(const std::vector<TaskRef>& tasks, CheckpointId id, sim::Time timestamp,
                            const CheckpointOptions& options) = 0;
  // To current attempts, fire and forget. last_subsumed kNoCheckpoint: none.
  virtual void notify_complete(const std::vector<TaskRef>& tasks, CheckpointId id,
                               sim::Time timestamp, CheckpointId last_subsumed) = 0;
  // Upstream sends these asynchronously: later triggers may overtake them (CC-6d). latest_completed
  // 0: none.
  virtual void notify_aborted(const std::vector<TaskRef>& tasks, CheckpointId id,
                              sim::Time timestamp, CheckpointId latest_completed) = 0;

  // A checkpoint has failed, or never began (id kNoCheckpoint); the verdict on it comes next.
  virtual void checkpoint_failed(CheckpointId, SnapshotType, CheckpointFailureReason) {}

  // ---- operator coordinators and master hooks
  // ------------------------------------------------------------------------ Answer:
  // on_coordinator_state or on_coordinator_failed.
  virtual void begin_coordinator_checkpoint(OperatorRef coordinator, CheckpointId id) = 0;
  virtual void abort_coordinator_triggering(OperatorRef coordinator) = 0;
  virtual void notify_coordinator_complete(OperatorRef coordinator, CheckpointId id) = 0;
  virtual void notify_coordinator_aborted(OperatorRef coordinator, CheckpointId id) = 0;
  // id kNoCheckpoint and null: back to nothing.
  virtual void reset_coordinator(OperatorRef coordinator, CheckpointId id,
                                 const CoordinatorState* state) = 0;
  // Answer: on_hook_state or on_hook_failed.
  virtual void begin_hook(const std::string& hook, CheckpointId id, sim::Time timestamp) = 0;
  virtual void restore_hook(const std::string& hook, CheckpointId id, const std::string* state) = 0;
  virtual void reset_hook(const std::string& hook) = 0;

  // ---- ids and storage
  // ---------------------------------------------------------------------------------------------
  // Answer: on_id or on_id_failed.
  virtual void begin_next_id(uint64_t ticket) = 0;
  virtual void set_next_id(CheckpointId next) = 0;
  // Makes the directory. Answer: on_location or on_location_failed.
  virtual void begin_location(uint64_t ticket, CheckpointId id, const CheckpointProperties& props,
                              const std::string& target) = 0;
  // Writes _metadata. Answer: on_metadata_written.
  virtual void begin_write_metadata(uint64_t ticket, const CompletedCheckpoint& checkpoint) = 0;
  // Writes the pointer of the completed store (none without high availability). Answer:
  // on_pointer_written.
  virtual void begin_write_pointer(uint64_t ticket, const CompletedCheckpoint& checkpoint) = 0;

  // ---- answers and verdicts
  // ----------------------------------------------------------------------------------------
  virtual void request_done(uint64_t request, const CompletedCheckpoint& checkpoint) = 0;
  virtual void request_failed(uint64_t request, CheckpointId id,
                              CheckpointFailureReason reason) = 0;
  virtual void fail_job(CheckpointId id, CheckpointFailureReason reason) = 0;
  // Only if this attempt is still the current one.
  virtual void fail_task(const TaskRef& task, CheckpointId id, CheckpointFailureReason reason) = 0;
  // The state of this checkpoint is to be given to the tasks (state assignment); an error text
  // refuses the restore.
  virtual std::optional<std::string> assign_states(const CompletedCheckpoint& checkpoint,
                                                   RestoreScope scope) = 0;
  // The lock that upstream holds from the last acknowledgement until the pointer is written was
  // given back.
  virtual void lock_released() = 0;
};

}  // namespace drey::model
