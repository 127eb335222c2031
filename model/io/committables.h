#pragma once
// What a Sink V2 writer hands to its committer, and the committer's book of it: per checkpoint, per
// upstream subtask, the number that the summary promised and the commit requests that came.
//
// Invariants: a summary comes before its committables, once per (checkpoint, subtask); a batch may
// be committed when all that was promised is there. A snapshot stores the number of *received*
// committables as the promised one, so a batch that was incomplete at the snapshot counts as
// complete after a restore (as upstream).
//
// Upstream: CommittableSummary, CommittableWithLineage, CommitRequestImpl,
// SubtaskCommittableManager, CheckpointCommittableManagerImpl, CommittableCollector,
// CommittableCollectorSerializer.
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace drey::model {

// A prepared transaction of the broker, named so that any process can commit it (as
// KafkaCommittable).
struct Committable {
  std::string transactional_id;
  int64_t producer_id = 0;
  int32_t epoch = 0;
  friend bool operator==(const Committable& a, const Committable& b) {
    return a.transactional_id == b.transactional_id && a.producer_id == b.producer_id &&
           a.epoch == b.epoch;
  }
};

struct CommittableSummary {
  int subtask = 0;
  int subtasks = 0;  // parallelism of whoever emitted it
  int64_t checkpoint = 0;
  int committables = 0;
  int failed = 0;
};

struct CommittableWithLineage {
  int subtask = 0;
  int64_t checkpoint = 0;
  Committable committable;
};

using CommittableMessage = std::variant<CommittableSummary, CommittableWithLineage>;

// Why the task fails; in brackets the exception that Flink throws.
enum class CommitterError {
  none,
  duplicate_summary,      // UnsupportedOperationException
  unknown_batch,          // committable without summary [NullPointerException]
  too_many_committables,  // more than promised [IllegalStateException]
  incomplete_batch,       // [IllegalArgumentException]
  retries_exhausted,      // sink.committer.retries [IOException]
  failed_unknown_reason,  // the committer said so [IllegalStateException]
  committer_failed,       // the committer's call itself failed [IOException]
};

enum class CommitRequestState { received, retry, failed, committed };

struct CommitRequest {
  Committable committable;
  int retries = 0;
  CommitRequestState state = CommitRequestState::received;
  bool finished() const {
    return state == CommitRequestState::failed || state == CommitRequestState::committed;
  }
};

// Of one upstream subtask, for one checkpoint.
struct SubtaskCommittables {
  int expected = 0;
  int failed = 0;
  std::vector<CommitRequest> requests;

  bool received_all() const { return static_cast<int>(requests.size()) + failed == expected; }
  bool finished() const;
  void merge(const SubtaskCommittables& other);
};

class CheckpointCommittables {
 public:
  CheckpointCommittables(int64_t checkpoint, int subtasks)
      : checkpoint_(checkpoint), subtasks_(subtasks) {}

  int64_t checkpoint() const { return checkpoint_; }
  // Number of upstream subtasks that report for this checkpoint, as the first summary said.
  int subtasks() const { return subtasks_; }

  CommitterError add(const CommittableSummary& summary);
  CommitterError add(const CommittableWithLineage& committable);
  void merge(const CheckpointCommittables& other);
  void put(int subtask, SubtaskCommittables committables);

  bool finished() const;
  // Each subtask that reported has delivered all that it promised.
  bool received_all() const;
  // All upstream subtasks have reported and delivered: what a global committer waits for.
  bool globally_received_all() const;
  std::vector<CommitRequest*> pending();
  std::vector<Committable> successful() const;
  const std::map<int, SubtaskCommittables>& by_subtask() const { return by_subtask_; }

 private:
  int64_t checkpoint_;
  int subtasks_;
  std::map<int, SubtaskCommittables> by_subtask_;
};

// The whole book. A value: a copy of it is the operator's state.
class CommittableCollector {
 public:
  CommitterError add(const CommittableMessage& message);
  void merge(const CommittableCollector& other);
  void put(CheckpointCommittables committables);
  void remove(int64_t checkpoint) { by_checkpoint_.erase(checkpoint); }

  // The lowest checkpoint not above `checkpoint`; nullptr: none.
  CheckpointCommittables* first_up_to(int64_t checkpoint);
  const std::map<int64_t, CheckpointCommittables>& by_checkpoint() const { return by_checkpoint_; }

  // The state's bytes. parse() CHECKs: the bytes are our own.
  std::string serialize() const;
  static CommittableCollector parse(std::string_view bytes);

 private:
  std::map<int64_t, CheckpointCommittables> by_checkpoint_;
};

}  // namespace drey::model
