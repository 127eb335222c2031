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

std::vector<OperatorEventPtr> SubtaskGateway::open(CheckpointId id) {
  marked_.erase(id);
  const auto closed = held_.find(id);
  if (closed == held_.end()) return {};
  std::vector<OperatorEventPtr> events = std::move(closed->second);
  if (closed == held_.begin()) {
    held_.erase(closed);
    return events;
  }
  // An earlier checkpoint still holds events back: these go after its own.
  std::vector<OperatorEventPtr>& earlier = std::prev(closed)->second;
  earlier.insert(earlier.end(), events.begin(), events.end());
  held_.erase(closed);
  return {};
}

std::vector<OperatorEventPtr> SubtaskGateway::open_last_mark() {
  if (marked_.empty()) return {};
  return open(*marked_.rbegin());
}

std::vector<OperatorEventPtr> SubtaskGateway::open_all() {
  std::vector<OperatorEventPtr> events;
  for (auto& [id, held] : held_) events.insert(events.end(), held.begin(), held.end());
  held_.clear();
  marked_.clear();
  return events;
}

bool SubtaskGateway::hold(const OperatorEventPtr& event) {
  if (held_.empty()) return false;
  held_.rbegin()->second.push_back(event);
  return true;
}

void OperatorCoordinatorHolder::deliver(uint32_t subtask, const OperatorEventPtr& event) {
  const uint64_t rpc = next_rpc_++;
  unconfirmed_[rpc] = subtask;
  output_.send_event(rpc, subtask, event);
}

void OperatorCoordinatorHolder::deliver(uint32_t subtask,
                                        const std::vector<OperatorEventPtr>& events) {
  for (const OperatorEventPtr& event : events) deliver(subtask, event);
}

void OperatorCoordinatorHolder::send_event(uint32_t subtask, OperatorEventPtr event) {
  CHECK(subtask < gateways_.size(), "an event's subtask exists");
  if (gateways_[subtask].hold(event)) return;
  deliver(subtask, event);
}

void OperatorCoordinatorHolder::on_event_delivered(uint64_t rpc) {
  if (unconfirmed_.erase(rpc) == 0) return;
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
  const uint32_t subtask = found->second;
  unconfirmed_.erase(found);
  std::vector<Waiting> still;
  std::vector<CheckpointId> failed;
  for (Waiting& snapshot : waiting_) {
    if (snapshot.events.count(rpc) > 0)
      failed.push_back(snapshot.id);
    else
      still.push_back(std::move(snapshot));
  }
  waiting_ = std::move(still);
  for (const CheckpointId id : failed) output_.snapshot_result(id, false, std::nullopt);
  output_.event_was_lost(subtask);
}

void OperatorCoordinatorHolder::checkpoint(CheckpointId id) {
  for (SubtaskGateway& gateway : gateways_) {
    if (gateway.mark(id)) continue;
    output_.snapshot_result(id, false, std::nullopt);
    fail_job();
    return;
  }
  output_.begin_snapshot(id);
}

bool OperatorCoordinatorHolder::close_gateways(CheckpointId id) {
  bool all = true;
  for (SubtaskGateway& gateway : gateways_) all = gateway.close(id) && all;
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
  if (unconfirmed_.empty()) {
    output_.snapshot_result(id, true, std::move(state));
    return;
  }
  Waiting snapshot;
  snapshot.id = id;
  snapshot.state = std::move(state);
  for (const auto& [rpc, subtask] : unconfirmed_) snapshot.events.insert(rpc);
  waiting_.push_back(std::move(snapshot));
}

void OperatorCoordinatorHolder::on_snapshot_failed(CheckpointId id) {
  output_.snapshot_result(id, false, std::nullopt);
}

void OperatorCoordinatorHolder::on_subtask_acknowledged(uint32_t subtask, CheckpointId id) {
  deliver(subtask, gateways_[subtask].open(id));
}

void OperatorCoordinatorHolder::on_checkpoint_ended(CheckpointId id) {
  for (uint32_t subtask = 0; subtask < gateways_.size(); ++subtask)
    deliver(subtask, gateways_[subtask].open(id));
}

void OperatorCoordinatorHolder::abort_current_triggering() {
  for (uint32_t subtask = 0; subtask < gateways_.size(); ++subtask)
    deliver(subtask, gateways_[subtask].open_last_mark());
}

void OperatorCoordinatorHolder::reset() {
  failed_ = false;
  for (uint32_t subtask = 0; subtask < gateways_.size(); ++subtask)
    deliver(subtask, gateways_[subtask].open_all());
}

void OperatorCoordinatorHolder::fail_job() {
  if (failed_) return;
  failed_ = true;
  output_.fail_job();
}

}  // namespace drey::model
