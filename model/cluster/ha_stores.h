#pragma once
// What high availability keeps in the pointer store, and under which names. Each call is one
// request of PointerAccess; writes and removals are guarded by the leader latch, so a JobManager
// that does not lead any more changes nothing.
//
//   plans/job-1                submitted and not cleaned up yet            ExecutionPlanStore
//   results/job-1              how it ended, "dirty" until all else is gone JobResultStore
//   checkpoint-counter/job-1   the next checkpoint id to give               CheckpointIdCounter
//   checkpoints/job-1/<id>     where that completed checkpoint lies         pointers of the
//   completed store
//
// Upstream: DefaultExecutionPlanStore, FileSystemJobResultStore (a pointer here instead of a file),
// ZooKeeperCheckpointIDCounter, DefaultCompletedCheckpointStore.
#include <optional>
#include <string>
#include <vector>

#include "model/checkpoint/checkpoint_types.h"
#include "model/cluster/pointer_access.h"
#include "model/graph/execution_state.h"
#include "model/task/deployment.h"

namespace drey::model {

// a of ControlFact::job_result_entry.
enum class JobResultEntry : uint8_t {
  dirty,
  clean,
  found,  // by a new leader: the job is not executed again
};

struct JobResult {
  JobId job = 0;
  JobStatus status = JobStatus::finished;
  bool clean = false;
};

class ExecutionPlanStore {
 public:
  explicit ExecutionPlanStore(PointerAccess& access) : access_(access) {}
  void put(PointerUser& user, uint64_t ticket, JobId job);
  void remove(PointerUser& user, uint64_t ticket, JobId job);
  void read_all(PointerUser& user, uint64_t ticket);
  static std::vector<JobId> jobs_in(const PointerOutcome& outcome);

 private:
  PointerAccess& access_;
};

class JobResultStore {
 public:
  explicit JobResultStore(PointerAccess& access) : access_(access) {}
  void put_dirty(PointerUser& user, uint64_t ticket, JobId job, JobStatus status);
  // Keeps the entry as clean, or deletes it (job-result-store.delete-on-commit).
  void mark_clean(PointerUser& user, uint64_t ticket, JobId job, JobStatus status, bool remove);
  void read(PointerUser& user, uint64_t ticket, JobId job);
  void read_all(PointerUser& user, uint64_t ticket);
  static std::vector<JobResult> results_in(const PointerOutcome& outcome);

 private:
  PointerAccess& access_;
};

class CheckpointIdCounter {
 public:
  CheckpointIdCounter(PointerAccess& access, JobId job) : access_(access), job_(job) {}
  void read(PointerUser& user, uint64_t ticket);
  // Nothing stored yet: the first id is 1.
  void recovered(const PointerOutcome& outcome);
  CheckpointId next() const { return next_; }
  // Makes `next` the next id to give; compare-and-set against what was read or written last.
  void advance_to(PointerUser& user, uint64_t ticket, CheckpointId next);
  void advanced(CheckpointId next, const PointerOutcome& outcome);
  // Whether what is stored may differ from what is known here: read again before the next id.
  bool stale() const { return stale_; }
  void remove(PointerUser& user, uint64_t ticket);

 private:
  PointerAccess& access_;
  JobId job_;
  CheckpointId next_ = 1;
  uint64_t version_ = 0;
  bool stale_ = false;
};

struct CheckpointPointer {
  CheckpointId id = 0;
  std::string location;
};

class CheckpointPointers {
 public:
  CheckpointPointers(PointerAccess& access, JobId job) : access_(access), job_(job) {}
  void put(PointerUser& user, uint64_t ticket, const CheckpointPointer& pointer);
  void remove(PointerUser& user, uint64_t ticket, CheckpointId id);
  void read_all(PointerUser& user, uint64_t ticket);
  static std::vector<CheckpointPointer> pointers_in(const PointerOutcome& outcome);

 private:
  std::string prefix() const;
  PointerAccess& access_;
  JobId job_;
};

// A read that came to an answer, also if there is nothing.
bool was_read(const PointerOutcome& outcome);
// A removal after which the pointer is certainly not there.
bool is_gone(const PointerOutcome& outcome);

}  // namespace drey::model
