#include "model/checkpoint/request_decider.h"

#include <algorithm>
#include <utility>

namespace drey::model {

bool CheckpointRequestDecider::goes_before(const Entry& a, const Entry& b) {
  const CheckpointRequest& x = a.request;
  const CheckpointRequest& y = b.request;
  if (x.props.is_savepoint() != y.props.is_savepoint()) return x.props.is_savepoint();
  if (x.props.forced != y.props.forced) return x.props.forced;
  if (x.periodic != y.periodic) return !x.periodic;
  if (x.timestamp != y.timestamp) return x.timestamp < y.timestamp;
  return a.sequence < b.sequence;  // upstream: object identity
}

bool CheckpointRequestDecider::is_full_for_new_requests() const {
  return queue_.size() >= options_.max_queued && !queue_.back().request.periodic;
}

bool CheckpointRequestDecider::is_blocked_by_cleaning(const Situation& situation) const {
  return situation.cleaning > options_.max_concurrent;
}

bool CheckpointRequestDecider::is_too_soon(const CheckpointRequest& head, sim::Duration wait) {
  return head.periodic && !head.props.forced && wait > sim::Duration{};
}

CheckpointRequest CheckpointRequestDecider::pop_front() {
  CheckpointRequest head = std::move(queue_.front().request);
  queue_.erase(queue_.begin());
  return head;
}

Decision CheckpointRequestDecider::submit(CheckpointRequest request, const Situation& situation) {
  constexpr auto kTooMany = CheckpointFailureReason::too_many_checkpoint_requests;
  Decision decision;
  if (is_full_for_new_requests()) {
    decision.failed.push_back({std::move(request), kTooMany});
    return decision;
  }
  Entry entry{std::move(request), submissions_++};
  const auto place = std::upper_bound(queue_.begin(), queue_.end(), entry, goes_before);
  queue_.insert(place, std::move(entry));
  std::optional<FailedRequest> dropped;
  if (queue_.size() > options_.max_queued) {
    dropped = FailedRequest{std::move(queue_.back().request), kTooMany};
    queue_.pop_back();
  }
  decision = choose(situation);
  if (dropped.has_value()) decision.failed.insert(decision.failed.begin(), std::move(*dropped));
  return decision;
}

Decision CheckpointRequestDecider::choose(const Situation& situation) {
  Decision decision;
  if (situation.triggering || queue_.empty() || is_blocked_by_cleaning(situation)) return decision;
  const CheckpointRequest& head = queue_.front().request;
  if (situation.pending >= options_.max_concurrent) {
    if (head.props.forced) decision.chosen = pop_front();
    return decision;
  }
  const sim::Duration wait = situation.last_completion + options_.min_pause - situation.now;
  if (is_too_soon(head, wait)) {
    decision.failed.push_back(
        {pop_front(), CheckpointFailureReason::minimum_time_between_checkpoints});
    decision.rearm_after = wait;
    return decision;
  }
  decision.chosen = pop_front();
  return decision;
}

std::vector<FailedRequest> CheckpointRequestDecider::abort_all(CheckpointFailureReason reason) {
  std::vector<FailedRequest> failed;
  for (Entry& entry : queue_) failed.push_back({std::move(entry.request), reason});
  queue_.clear();
  return failed;
}

}  // namespace drey::model
