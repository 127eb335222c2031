#include "model/checkpoint/pending_checkpoint.h"

#include <utility>

#include "sim/check.h"

namespace drey::model {

PendingCheckpoint::PendingCheckpoint(Options options)
    : options_(std::move(options)),
      open_tasks_(options_.plan.wait_for.begin(), options_.plan.wait_for.end()),
      open_coordinators_(options_.coordinators),
      open_hooks_(options_.hooks) {}

void PendingCheckpoint::note_reports(const TaskAcknowledgement& acknowledgement) {
  const TaskRef& task = acknowledgement.task;
  if (acknowledgement.uses_union_list_state) reports_.union_list_state.insert(task.vertex);
  if (acknowledgement.deployed_as_finished)
    reports_.finished_on_restore.insert(task.vertex);
  else if (acknowledgement.operators_finished)
    reports_.operators_finished[task.vertex].insert(task.subtask);
}

AckResult PendingCheckpoint::acknowledge_task(TaskAcknowledgement acknowledgement) {
  if (disposed_) return AckResult::discarded;
  const TaskRef task = acknowledgement.task;
  if (open_tasks_.erase(task) == 0)
    return acknowledged_.count(task) > 0 ? AckResult::duplicate : AckResult::unknown;
  acknowledged_.insert(task);
  note_reports(acknowledgement);
  if (acknowledgement.deployed_as_finished) return AckResult::success;  // brings no state (CC-33)
  CompletedVertex& vertex = states_[task.vertex];
  vertex.parallelism = options_.plan.parallelism[task.vertex];
  if (acknowledgement.has_state)
    vertex.subtasks[task.subtask].acknowledgement = std::move(acknowledgement);
  return AckResult::success;
}

AckResult PendingCheckpoint::acknowledge_coordinator(OperatorRef coordinator,
                                                     std::optional<CoordinatorState> state) {
  if (disposed_) return AckResult::discarded;
  if (open_coordinators_.erase(coordinator) == 0)
    return options_.coordinators.count(coordinator) > 0 ? AckResult::duplicate : AckResult::unknown;
  CompletedVertex& vertex = states_[coordinator.vertex];
  vertex.parallelism = options_.plan.parallelism[coordinator.vertex];
  if (state.has_value()) vertex.coordinators[coordinator.op] = std::move(*state);
  return AckResult::success;
}

AckResult PendingCheckpoint::acknowledge_hook(const std::string& hook,
                                              std::optional<std::string> state) {
  if (disposed_) return AckResult::discarded;
  if (open_hooks_.erase(hook) == 0)
    return options_.hooks.count(hook) > 0 ? AckResult::duplicate : AckResult::unknown;
  if (state.has_value()) master_states_[hook] = std::move(*state);
  return AckResult::success;
}

PendingCheckpoint::Finalized PendingCheckpoint::finalize(sim::Time now) {
  CHECK(is_fully_acknowledged(), "only a fully acknowledged checkpoint can be finalized");
  CHECK(!disposed_, "a disposed checkpoint cannot be finalized");
  const FulfilError error = fulfil_finished_states(options_.plan, reports_, states_);
  if (error != FulfilError::none) return {error, nullptr};
  auto checkpoint = std::make_shared<CompletedCheckpoint>();
  checkpoint->id = options_.id;
  checkpoint->props = props();
  checkpoint->taken_as = props().type;
  checkpoint->timestamp = options_.timestamp;
  checkpoint->completed_at = now;
  checkpoint->location = location_;
  checkpoint->vertices = states_;
  checkpoint->master_states = master_states_;
  return {FulfilError::none, std::move(checkpoint)};
}

void PendingCheckpoint::dispose(std::optional<CheckpointFailureReason> reason) {
  disposed_ = true;
  failure_ = reason;
}

std::vector<std::string> PendingCheckpoint::private_files() const {
  std::vector<std::string> files;
  for (const auto& [vertex, state] : states_)
    for (const auto& [index, subtask] : state.subtasks)
      for (const PrivateFile& file : subtask.acknowledgement.private_files)
        files.push_back(file.path);
  return files;
}

}  // namespace drey::model
