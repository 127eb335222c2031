#include "model/checkpoint/operator_coordinator_holder.h"

#include <iterator>
#include <utility>

#include "sim/check.h"

namespace drey::model {

bool SubtaskGateway::mark(CheckpointId id) {
  if (id <= latest_) return false;
  latest_ = id;
  marked_.insert(id);
  return true;
}

bool SubtaskGateway::close(CheckpointId id) {
  if (marked_.count(id) == 0) return false;
  held_.try_emplace(id);
  return true;
}

std::vector<SentEvent> SubtaskGateway::open(CheckpointId id) {
  marked_.erase(id);
  const auto closed = held_.find(id);
  if (closed == held_.end()) return {};
  std::vector<SentEvent> events = std::move(closed->second);
  if (closed == held_.begin()) {
    held_.erase(closed);
    return events;
  }
  // An earlier checkpoint still holds events back: these go after its own.
  std::vector<SentEvent>& earlier = std::prev(closed)->second;
  earlier.insert(earlier.end(), events.begin(), events.end());
  held_.erase(closed);
  return {};
}

std::vector<SentEvent> SubtaskGateway::open_last_mark() {
  if (marked_.empty()) return {};
  return open(*marked_.rbegin());
}

std::vector<SentEvent> SubtaskGateway::open_all() {
  std::vector<SentEvent> events;
  for (auto& [id, held] : held_) events.insert(events.end(), held.begin(), held.end());
  held_.clear();
  marked_.clear();
  return events;
}

bool SubtaskGateway::hold(const SentEvent& event) {
  if (held_.empty()) return false;
  held_.rbegin()->second.push_back(event);
  return true;
}

OperatorCoordinatorHolder::OperatorCoordinatorHolder(uint32_t subtasks,
                                                     OperatorCoordinatorOutput& output)
    : newest_(subtasks, 0), output_(output) {
  for (uint32_t subtask = 0; subtask < subtasks; ++subtask) gateways_[{subtask, 0}] = {};
}

void OperatorCoordinatorHolder::deliver(const Target& target,
                                        const std::vector<SentEvent>& events) {
  for (const SentEvent& each : events)
    output_.send_event(each.rpc, target.subtask, target.attempt, each.event);
}

void OperatorCoordinatorHolder::send_event(uint32_t subtask, OperatorEventPtr event) {
  CHECK(subtask < newest_.size(), "an event's subtask exists");
  send_event(subtask, newest_[subtask], std::move(event));
}

void OperatorCoordinatorHolder::send_event(uint32_t subtask, uint32_t attempt,
                                           OperatorEventPtr event) {
  const Target target{subtask, attempt};
  SentEvent sent;
  sent.rpc = next_rpc_++;
  sent.event = std::move(event);
  unconfirmed_[sent.rpc] = target;
  not_waited_for_.insert(sent.rpc);
  const auto gateway = gateways_.find(target);
  const bool held = gateway != gateways_.end() && gateway->second.hold(sent);
  if (!held) deliver(target, {sent});
}

void OperatorCoordinatorHolder::on_event_delivered(uint64_t rpc) {
  if (unconfirmed_.erase(rpc) == 0) return;
  not_waited_for_.erase(rpc);
  std::vector<Waiting> still;
  std::vector<Waiting> complete;
  for (Waiting& snapshot : waiting_) {
    snapshot.events.erase(rpc);
    (snapshot.events.empty() ? complete : still).push_back(std::move(snapshot));
  }
  waiting_ = std::move(still);
  for (Waiting& snapshot : complete)
    output_.snapshot_result(snapshot.id, true, std::move(snapshot.state));
}

void OperatorCoordinatorHolder::on_event_lost(uint64_t rpc) {
  const auto found = unconfirmed_.find(rpc);
  if (found == unconfirmed_.end()) return;
  const Target target = found->second;
  unconfirmed_.erase(found);
  not_waited_for_.erase(rpc);
  std::vector<Waiting> still;
  std::vector<CheckpointId> failed;
  for (Waiting& snapshot : waiting_) {
    if (snapshot.events.count(rpc) > 0)
      failed.push_back(snapshot.id);
    else
      still.push_back(std::move(snapshot));
  }
  waiting_ = std::move(still);
  output_.event_was_lost(target.subtask, target.attempt);
  for (const CheckpointId id : failed) output_.snapshot_result(id, false, std::nullopt);
}

void OperatorCoordinatorHolder::checkpoint(CheckpointId id) {
  for (uint32_t subtask = 0; subtask < newest_.size(); ++subtask) {
    if (gateways_[newest(subtask)].mark(id)) continue;
    output_.snapshot_result(id, false, std::nullopt);
    fail_job();
    return;
  }
  output_.begin_snapshot(id);
}

bool OperatorCoordinatorHolder::close_gateways(CheckpointId id) {
  bool all = true;
  for (uint32_t subtask = 0; subtask < newest_.size(); ++subtask)
    all = gateways_[newest(subtask)].close(id) && all;
  return all;
}

void OperatorCoordinatorHolder::on_snapshot(CheckpointId id,
                                            std::optional<CoordinatorState> state) {
  if (!close_gateways(id)) {
    // Aborted meanwhile. A gateway that did close would hold events back for ever.
    on_checkpoint_ended(id);
    output_.snapshot_result(id, false, std::nullopt);
    return;
  }
  Waiting snapshot;
  snapshot.id = id;
  snapshot.state = std::move(state);
  snapshot.events.swap(not_waited_for_);
  if (snapshot.events.empty())
    output_.snapshot_result(id, true, std::move(snapshot.state));
  else
    waiting_.push_back(std::move(snapshot));
}

void OperatorCoordinatorHolder::on_snapshot_failed(CheckpointId id) {
  output_.snapshot_result(id, false, std::nullopt);
}

bool OperatorCoordinatorHolder::on_subtask_acknowledged(uint32_t subtask, CheckpointId id) {
  const Target target = newest(subtask);
  if (!gateways_[target].has_seen(id)) return false;
  deliver(target, gateways_[target].open(id));
  return true;
}

bool OperatorCoordinatorHolder::on_checkpoint_ended(CheckpointId id) {
  for (uint32_t subtask = 0; subtask < newest_.size(); ++subtask)
    if (!on_subtask_acknowledged(subtask, id)) return false;
  return true;
}

void OperatorCoordinatorHolder::abort_current_triggering() {
  for (uint32_t subtask = 0; subtask < newest_.size(); ++subtask)
    deliver(newest(subtask), gateways_[newest(subtask)].open_last_mark());
}

void OperatorCoordinatorHolder::reset() {
  failed_ = false;
  for (uint32_t subtask = 0; subtask < newest_.size(); ++subtask)
    deliver(newest(subtask), gateways_[newest(subtask)].open_all());
}

void OperatorCoordinatorHolder::subtask_restarted(uint32_t subtask, uint32_t attempt) {
  attempt_added(subtask, attempt);
  // Of the ones replaced, the last may still be written to by a coordinator that was not told yet.
  const auto first = gateways_.lower_bound({subtask, 0});
  const auto last = gateways_.lower_bound({subtask, attempt > 0 ? attempt - 1 : 0});
  gateways_.erase(first, last);
}

void OperatorCoordinatorHolder::attempt_added(uint32_t subtask, uint32_t attempt) {
  newest_[subtask] = attempt;
  gateways_[{subtask, attempt}] = {};
}

void OperatorCoordinatorHolder::fail_job() {
  if (failed_) return;
  failed_ = true;
  output_.fail_job();
}

}  // namespace drey::model
