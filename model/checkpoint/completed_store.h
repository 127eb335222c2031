#pragma once
// Completed checkpoints of a job and what becomes of them: retention, subsumption, cleaning
// (CC-41..44, RT-1, RT-2).
//
// CompletedCheckpointStore is the JobManager's list; the pointer in ZooKeeper or a ConfigMap is
// written by the coordinator's host before add() is called and removed on
// StateDisposal::remove_pointer. Everything that leaves is a call on StateDisposal; deletion of a
// checkpoint is asynchronous, the host answers with discard_finished.
//
// Invariants: checkpoints are ordered by the time of their addition (ids ascend, except that a
// restored savepoint may come first); the newest one is never subsumed; a checkpoint is deleted
// only if its properties say so, no entry of the shared registry needs its directory, and a newer
// real checkpoint is the lowest retained one.
//
// Upstream: StandaloneCompletedCheckpointStore, DefaultCompletedCheckpointStore,
// CheckpointSubsumeHelper, CheckpointsCleaner, CompletedCheckpoint.
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/checkpoint/checkpoint_types.h"
#include "model/checkpoint/shared_state_registry.h"
#include "sim/time.h"

namespace drey::model {

// State of one subtask in a completed checkpoint: what its task acknowledged, or a marker.
struct CompletedSubtask {
  TaskAcknowledgement acknowledgement;
  bool finished = false;  // FINISHED when the plan was made (CC-53)
};

// State of one job vertex. (Operators of a chain live and die together here: their states are
// inside the snapshots.)
struct CompletedVertex {
  uint32_t parallelism = 0;
  bool fully_finished = false;  // CC-51: then there are no subtasks and no coordinator state
  std::map<uint32_t, CompletedSubtask> subtasks;      // by subtask index
  std::map<uint32_t, CoordinatorState> coordinators;  // by operator index
};

// An operator as a snapshot knows it, whatever the job that is started from it looks like.
struct OperatorIdentity {
  std::string uid;
  uint32_t parallelism = 0;  // with which its state was taken
  uint32_t max_parallelism = 0;
  uint32_t vertex = 0;    // key into CompletedCheckpoint::vertices
  uint32_t in_chain = 0;  // key into CompletedVertex::coordinators
};
using OperatorIdentities = std::map<uint32_t, OperatorIdentity>;

struct CompletedCheckpoint {
  CheckpointId id = kNoCheckpoint;
  CheckpointProperties props;
  sim::Time timestamp;  // of the trigger
  sim::Time completed_at;
  std::string location;  // directory; _metadata lies in it
  std::map<uint32_t, CompletedVertex> vertices;
  std::map<std::string, std::string> master_states;  // by hook id
  SnapshotType taken_as =
      SnapshotType::checkpoint;  // what it was when taken (differs after a restore)
  bool restored = false;
  OperatorIdentities operators;  // by index in the job that took it; read from its metadata

  std::vector<std::string> private_files() const;
  std::vector<SharedFile> shared_files() const;
  bool has_subtask_states() const;
};

class StateDisposal {
 public:
  StateDisposal() = default;
  StateDisposal(const StateDisposal&) = delete;
  StateDisposal& operator=(const StateDisposal&) = delete;
  virtual ~StateDisposal() = default;

  // Asynchronously delete the files and the directory of a checkpoint or pending checkpoint; answer
  // with discard_finished(ticket), whatever came of it.
  virtual void discard_checkpoint(uint64_t ticket, CheckpointId id, const std::string& location,
                                  std::vector<std::string> files) = 0;
  // Asynchronously delete files that belong to no checkpoint any more; no answer is awaited.
  virtual void discard_files(std::vector<std::string> files) = 0;
  // High availability only: remove the pointer to a subsumed or dropped checkpoint; deletes of its
  // files that follow must wait for it.
  virtual void remove_pointer(CheckpointId id) = 0;
};

// Counts running deletes (they hold up new checkpoints, CC-13) and keeps subsumed checkpoints until
// they may go.
class CheckpointsCleaner {
 public:
  explicit CheckpointsCleaner(StateDisposal& disposal) : disposal_(disposal) {}

  // Deletes now, if `discard`; else it is a cleanup of nothing, which ends at once and still makes
  // the decider run.
  void clean(CheckpointId id, const std::string& location, std::vector<std::string> files,
             bool discard);
  void add_subsumed(std::shared_ptr<const CompletedCheckpoint> checkpoint);
  // CC-42: of the subsumed ones, those below `below` that are not in use.
  void clean_subsumed(CheckpointId below, const std::set<CheckpointId>& in_use);
  // True: the ticket was known; the caller then runs the decider.
  bool discard_finished(uint64_t ticket);

  // Cleanups of nothing since the last call: the decider runs once for each.
  uint32_t take_empty_cleanups();

  uint32_t number_to_clean() const { return static_cast<uint32_t>(running_.size()); }
  std::vector<CheckpointId> waiting() const;

 private:
  static bool may_clean(const CompletedCheckpoint& checkpoint, CheckpointId below,
                        const std::set<CheckpointId>& in_use);

  StateDisposal& disposal_;
  std::set<uint64_t> running_;
  uint64_t next_ticket_ = 0;
  uint32_t empty_cleanups_ = 0;
  std::vector<std::shared_ptr<const CompletedCheckpoint>> subsumed_;
};

class CompletedCheckpointStore {
 public:
  struct Options {
    uint32_t num_retained = 1;  // >= 1
    bool high_availability = false;
    Mutant mutant = Mutant::none;
  };
  using Entry = std::shared_ptr<const CompletedCheckpoint>;

  CompletedCheckpointStore(Options options, SharedStateRegistry& registry,
                           CheckpointsCleaner& cleaner, StateDisposal& disposal);

  // Adds (its pointer is durable) and subsumes old ones. Returns the newest one that was subsumed.
  Entry add(Entry checkpoint);
  // RT-1, RT-2. Keeps pointers and files if the store is highly available and the status is not
  // globally terminal.
  void shutdown(FinalJobStatus status);
  // High availability: what the pointers named at JobManager start, in any order.
  void recover(std::vector<Entry> checkpoints);
  // For tests and for adaptive re-scaling: drops the oldest as if it had been subsumed.
  void remove_oldest();

  Entry latest() const;
  // 0 if there is none: what abort notifications carry (CC-47).
  CheckpointId latest_id() const { return checkpoints_.empty() ? 0 : checkpoints_.back()->id; }
  const std::deque<Entry>& all() const { return checkpoints_; }
  SharedStateRegistry& registry() { return registry_; }

 private:
  Entry subsume();
  bool can_subsume(const CompletedCheckpoint& candidate, const Entry& newest_real) const;
  Entry newest_real_checkpoint() const;
  std::optional<CheckpointId> lowest_real_id() const;
  void release_below(CheckpointId lowest);

  Options options_;
  SharedStateRegistry& registry_;
  CheckpointsCleaner& cleaner_;
  StateDisposal& disposal_;
  std::deque<Entry> checkpoints_;  // oldest first
};

}  // namespace drey::model
