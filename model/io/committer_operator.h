#pragma once
// The committer operators of a Sink V2 sink: they collect committables and commit those of
// completed checkpoints.
//
// Committing blocks the task. The operator never calls out: while committing() it wants round() to
// be sent to the external system, and round_answered() with one verdict per request carries on
// (next round of retries, next checkpoint, emission downstream). The owner must not call anything
// else meanwhile, as Flink's task thread is inside Committer.commit.
//
//   op.checkpoint_complete(7);
//   while (op.committing()) op.round_answered(ask_broker(op.round()));   // in the simulation: one
//   ask per loop if (op.error() != CommitterError::none) fail the task
//
// Rules (spec/checkpoint-and-state.md 9.2): checkpoints are committed in ascending order, each
// whole before the next; all unfinished requests are tried again at once, at most `retries` more
// times; a request that failed for a known reason is dropped. After an error the operator is dead.
//
// Upstream: CommitterOperator, GlobalCommitterOperator.
#include <cstdint>
#include <optional>
#include <vector>

#include "model/io/committables.h"
#include "model/mutants.h"

namespace drey::model {

enum class CommitVerdict {
  committed,
  already_committed,
  retry_later,
  failed_known_reason,
  failed_unknown_reason,  // fails the task, the requests after it are not looked at
  call_failed,            // the call threw: fails the task
};

struct CommitAnswer {
  CommitVerdict verdict = CommitVerdict::committed;
  std::optional<Committable> updated{};  // with retry_later: what to try next time
};

// Commits one checkpoint's requests, round by round.
class CommitLoop {
 public:
  CommitterError start(CheckpointCommittables& committables, int max_retries);
  CommitterError answered(const std::vector<CommitAnswer>& answers);
  bool active() const { return !requests_.empty(); }
  const std::vector<CommitRequest*>& requests() const { return requests_; }

 private:
  void select();

  std::vector<CommitRequest*> requests_;
  int max_retries_ = 0;
  int round_ = 0;
};

class CommittableOutput {
 public:
  virtual ~CommittableOutput() = default;
  virtual void emit(const CommittableMessage& message) = 0;
};

struct CommitterOptions {
  int subtask = 0;
  int parallelism = 1;
  bool batch = false;
  bool checkpointing = true;
  bool post_commit_topology = false;  // else nothing is emitted
  int retries = 10;                   // sink.committer.retries
  Mutant mutant = Mutant::none;
};

class CommitterOperator {
 public:
  CommitterOperator(CommitterOptions options, CommittableOutput& output)
      : options_(options), output_(output) {}

  // Merges the states that this subtask was given and commits all up to `checkpoint` at once: the
  // failed attempt may have done so already, so committing must be idempotent.
  void restore(const std::vector<CommittableCollector>& states, int64_t checkpoint);
  void add(const CommittableMessage& message);
  CommittableCollector snapshot() const { return collector_; }
  void checkpoint_complete(int64_t checkpoint);
  void end_input();

  bool committing() const { return loop_.active(); }
  const std::vector<CommitRequest*>& round() const { return loop_.requests(); }
  void round_answered(const std::vector<CommitAnswer>& answers);
  CommitterError error() const { return error_; }

 private:
  void commit_up_to(int64_t checkpoint);
  void carry_on();
  void emit(const CheckpointCommittables& committables);

  CommitterOptions options_;
  CommittableOutput& output_;
  CommittableCollector collector_;
  CommitLoop loop_;
  int64_t last_completed_ = 0;
  CommitterError error_ = CommitterError::none;
};

// Parallelism 1, behind all committers: commits a checkpoint when the summaries of all upstream
// subtasks and all their committables are there; an incomplete one stops the loop silently and is
// tried again later.
class GlobalCommitterOperator {
 public:
  // commit_on_input (no checkpointing, or batch): on arrival instead of on completion.
  GlobalCommitterOperator(bool commit_on_input, int retries)
      : commit_on_input_(commit_on_input), retries_(retries) {}

  void restore(const std::vector<CommittableCollector>& states, int64_t checkpoint);
  void add(const CommittableMessage& message);
  CommittableCollector snapshot() const { return collector_; }
  void checkpoint_complete(int64_t checkpoint);

  bool committing() const { return loop_.active(); }
  const std::vector<CommitRequest*>& round() const { return loop_.requests(); }
  void round_answered(const std::vector<CommitAnswer>& answers);
  CommitterError error() const { return error_; }

 private:
  void commit_up_to(int64_t checkpoint);
  void carry_on();

  bool commit_on_input_;
  int retries_;
  CommittableCollector collector_;
  CommitLoop loop_;
  int64_t limit_ = 0;
  CommitterError error_ = CommitterError::none;
};

}  // namespace drey::model
