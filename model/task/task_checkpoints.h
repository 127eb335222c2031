#pragma once
// The checkpoints of one task: from "all barriers are here" to the acknowledgement.
//
//   perform -> prepare (the sink flushes; may wait) -> barrier to all outputs -> sync part -> async
//   part -> acknowledge
//
// Ids only grow: what is not above the last one is ignored silently; one that was aborted before it
// came is answered by a cancellation marker downstream, and by nothing to the JobMaster. A failure
// in the async part declines, one before it fails the task. Rules TS-0 to TS-11 of the checkpoint
// page. Upstream: SubtaskCheckpointCoordinatorImpl, AsyncCheckpointRunnable.
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "model/task/task_chain.h"
#include "model/task/task_context.h"
#include "model/task/user_code.h"

namespace drey::model {

// What the task does for its checkpoints.
class CheckpointHost {
 public:
  virtual ~CheckpointHost() = default;
  virtual void acknowledge(CheckpointId id, TaskAcknowledgement ack,
                           const CheckpointTimes& times) = 0;
  virtual void decline(CheckpointId id, CheckpointFailureReason reason) = 0;
  virtual void look() = 0;
  virtual void run_background_jobs() = 0;
  virtual bool digest_state() const = 0;
  virtual const UserCode& user_code() const = 0;
  virtual bool data_ended() const = 0;
  // The coordinators of its operators are told (AcknowledgeCheckpointEvent).
  virtual void sync_part_over(CheckpointId id) = 0;
};

class TaskCheckpoints {
 public:
  struct Request {
    ChannelEvent barrier;  // as it goes on downstream
    sim::Duration start_delay;
    sim::Duration alignment;
  };

  TaskCheckpoints(TaskChain& chain, TaskContext& context, CheckpointHost& host)
      : chain_(chain), context_(context), host_(host) {}

  void restored(CheckpointId id) { last_ = id; }
  void perform(const Request& request);
  // The sink's flush is over.
  void go_on();
  bool preparing() const { return preparing_.has_value(); }
  // By a barrier handler: declined and passed on.
  void abort_by_barrier(CheckpointId id, CheckpointFailureReason reason);
  // Told by the JobMaster.
  void aborted(CheckpointId id);
  void completed(CheckpointId id);
  void subsumed(CheckpointId id);
  // Of jobs that a snapshot may wait for.
  void job_done();
  // A background job serialises the checkpoint until then; job_done() follows.
  void serialises_until(CheckpointId id, sim::Time end);

  // Also while an object of one that was aborted is still on its way: it is deleted when it is
  // there (StreamTask waits for its asynchronous parts before it finishes).
  bool running() const { return !running_.empty() || !uploads_.empty(); }
  // The first checkpoint performed after the end of data; none yet: nothing.
  std::optional<CheckpointId> final_checkpoint() const { return final_; }

  void answered(TaskCall call, const sim::Reply& reply);
  void timer(TaskCall call);
  void cancel_all();

 private:
  enum Kind : uint8_t { async_begins, uploaded, copied, pause_begins };
  struct Upload {
    CheckpointId id = 0;
    size_t op = 0;  // index in Running::operators
    std::string name;
    std::string object_key;
    uint64_t bytes = 0;
    bool shared = false;
    sim::Body put;  // not sent yet: a transfer thread copies
  };
  struct Running {
    Request request;
    std::shared_ptr<TaskStateSnapshot> snapshot;
    std::vector<state::KeyedBackend*> backends;  // by operator of the chain, null without
    size_t pulling = 0;                          // the operator whose files are pulled
    uint32_t uploading = 0;
    std::vector<PrivateFile> private_files;
    std::vector<SharedFile> shared_files;
    std::vector<Upload> stored;
    sim::Duration sync;
    sim::Time async_begin;
    sim::Time serialised;  // before then its files are not there yet
  };

  void pass_on_cancellation(CheckpointId id);
  state::KeyedBackend::SnapshotKind kind_of(const Request& request) const;
  void take_snapshot(const Request& request);
  void snapshot_sinks(TaskStateSnapshot& snapshot) const;
  void announce_digest(CheckpointId id, const Operator& op);
  void pull(CheckpointId id);
  void upload(Running& running, const state::KeyedBackend::File& file);
  void send(uint64_t number);
  void finish(CheckpointId id);
  void announce_engine(const state::KeyedBackend& backend);
  void register_reused(Running& running, const state::KeyedStateHandle& handle);
  void announce_shared_files(CheckpointId id, const TaskStateSnapshot& snapshot);
  void fail_async(CheckpointId id);
  void discard(Running& running);
  void delete_object(const std::string& key);
  std::string object_key(const Running& running, uint32_t op, const std::string& name,
                         bool shared) const;

  TaskChain& chain_;
  TaskContext& context_;
  CheckpointHost& host_;
  CheckpointId last_ = 0;
  std::optional<Request> preparing_;
  std::map<CheckpointId, Running> running_;
  std::map<uint64_t, Upload> uploads_;
  uint64_t last_upload_ = 0;
  std::set<CheckpointId> aborted_before_;
  CheckpointId highest_aborted_ = kNoCheckpoint;
  std::optional<CheckpointId> final_;
  sim::Time paused_until_;  // by its user code, after its part of a checkpoint
};

}  // namespace drey::model
