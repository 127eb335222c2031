#include "model/io/committer_operator.h"

#include <algorithm>
#include <utility>

#include "sim/check.h"

namespace drey::model {

CommitterError CommitLoop::start(CheckpointCommittables& committables, int max_retries) {
  if (!committables.received_all()) return CommitterError::incomplete_batch;
  requests_ = committables.pending();
  max_retries_ = max_retries;
  round_ = 0;
  select();
  return CommitterError::none;
}

void CommitLoop::select() {
  for (CommitRequest* request : requests_) request->state = CommitRequestState::received;
}

CommitterError CommitLoop::answered(const std::vector<CommitAnswer>& answers) {
  CHECK(active() && answers.size() == requests_.size(), "one answer per request of the round");
  for (size_t i = 0; i < requests_.size(); ++i) {
    CommitRequest& request = *requests_[i];
    switch (answers[i].verdict) {
      case CommitVerdict::committed:
      case CommitVerdict::already_committed:
        request.state = CommitRequestState::committed;
        break;
      case CommitVerdict::retry_later:
        request.state = CommitRequestState::retry;
        ++request.retries;
        if (answers[i].updated) request.committable = *answers[i].updated;
        break;
      case CommitVerdict::failed_known_reason:
        request.state = CommitRequestState::failed;
        break;
      case CommitVerdict::failed_unknown_reason:
        requests_.clear();
        return CommitterError::failed_unknown_reason;
      case CommitVerdict::call_failed:
        requests_.clear();
        return CommitterError::committer_failed;
    }
  }
  requests_.erase(std::remove_if(requests_.begin(), requests_.end(),
                                 [](const CommitRequest* request) { return request->finished(); }),
                  requests_.end());
  if (++round_ > max_retries_ && !requests_.empty()) {
    requests_.clear();
    return CommitterError::retries_exhausted;
  }
  select();
  return CommitterError::none;
}

void CommitterOperator::restore(const std::vector<CommittableCollector>& states,
                                int64_t checkpoint) {
  for (const CommittableCollector& state : states) collector_.merge(state);
  commit_up_to(checkpoint);
}

void CommitterOperator::add(const CommittableMessage& message) {
  CHECK(!committing(), "the task is inside commit");
  const CommitterError error = collector_.add(message);
  if (error != CommitterError::none) error_ = error;
}

void CommitterOperator::checkpoint_complete(int64_t checkpoint) {
  if (options_.mutant == Mutant::commit_ahead_of_checkpoint) checkpoint = INT64_MAX;
  commit_up_to(std::max(last_completed_, checkpoint));
}

void CommitterOperator::end_input() {
  // With checkpoints in streaming the final checkpoint commits the rest.
  if (!options_.checkpointing || options_.batch) commit_up_to(INT64_MAX);
}

void CommitterOperator::commit_up_to(int64_t checkpoint) {
  CHECK(!committing(), "the task is inside commit");
  last_completed_ = checkpoint;
  carry_on();
}

void CommitterOperator::carry_on() {
  while (error_ == CommitterError::none) {
    CheckpointCommittables* next = collector_.first_up_to(last_completed_);
    if (next == nullptr) return;
    error_ = loop_.start(*next, options_.retries);
    if (loop_.active() || error_ != CommitterError::none) return;
    emit(*next);
    collector_.remove(next->checkpoint());
  }
}

void CommitterOperator::round_answered(const std::vector<CommitAnswer>& answers) {
  error_ = loop_.answered(answers);
  if (loop_.active() || error_ != CommitterError::none) return;
  CheckpointCommittables* done = collector_.first_up_to(last_completed_);
  emit(*done);
  collector_.remove(done->checkpoint());
  carry_on();
}

// The lineage downstream is the committer's own. The failed count is always 0: failures show in
// metrics only.
void CommitterOperator::emit(const CheckpointCommittables& committables) {
  if (!options_.post_commit_topology) return;
  const std::vector<Committable> successful = committables.successful();
  CommittableSummary summary;
  summary.subtask = options_.subtask;
  summary.subtasks = std::min(options_.parallelism, committables.subtasks());
  summary.checkpoint = committables.checkpoint();
  summary.committables = static_cast<int>(successful.size());
  output_.emit(summary);
  for (const Committable& committable : successful)
    output_.emit(CommittableWithLineage{options_.subtask, committables.checkpoint(), committable});
}

void GlobalCommitterOperator::restore(const std::vector<CommittableCollector>& states,
                                      int64_t checkpoint) {
  for (const CommittableCollector& state : states) collector_.merge(state);
  commit_up_to(checkpoint);
}

void GlobalCommitterOperator::add(const CommittableMessage& message) {
  CHECK(!committing(), "the task is inside commit");
  const CommitterError error = collector_.add(message);
  if (error != CommitterError::none) {
    error_ = error;
    return;
  }
  if (!commit_on_input_) return;
  commit_up_to(std::visit([](const auto& m) { return m.checkpoint; }, message));
}

void GlobalCommitterOperator::checkpoint_complete(int64_t checkpoint) {
  if (!commit_on_input_) commit_up_to(checkpoint);
}

void GlobalCommitterOperator::commit_up_to(int64_t checkpoint) {
  CHECK(!committing(), "the task is inside commit");
  limit_ = checkpoint;
  carry_on();
}

void GlobalCommitterOperator::carry_on() {
  while (error_ == CommitterError::none) {
    CheckpointCommittables* next = collector_.first_up_to(limit_);
    if (next == nullptr || !next->globally_received_all()) return;
    error_ = loop_.start(*next, retries_);
    if (loop_.active() || error_ != CommitterError::none) return;
    collector_.remove(next->checkpoint());
  }
}

void GlobalCommitterOperator::round_answered(const std::vector<CommitAnswer>& answers) {
  error_ = loop_.answered(answers);
  if (loop_.active() || error_ != CommitterError::none) return;
  collector_.remove(collector_.first_up_to(limit_)->checkpoint());
  carry_on();
}

}  // namespace drey::model
