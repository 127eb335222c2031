#include "model/checkpoint/checkpoint_plan.h"

namespace drey::model {

namespace {

struct VertexCount {
  uint32_t finished = 0;
  uint32_t unfinished = 0;
};

TaskRef task_of(const CheckpointTasks& tasks, uint32_t vertex, uint32_t subtask) {
  return {vertex, subtask, tasks.current_attempt(vertex, subtask)};
}

// CC-26: each vertex with all its attempts, or nothing.
std::optional<std::vector<VertexCount>> count_finished(const CheckpointTasks& tasks) {
  std::vector<VertexCount> counts(tasks.vertices());
  for (uint32_t vertex = 0; vertex < tasks.vertices(); ++vertex) {
    for (uint32_t subtask = 0; subtask < tasks.parallelism(vertex); ++subtask) {
      switch (tasks.state(vertex, subtask)) {
        case PlanTaskState::no_attempt:
          return std::nullopt;
        case PlanTaskState::finished:
          ++counts[vertex].finished;
          break;
        case PlanTaskState::running:
        case PlanTaskState::other:
          ++counts[vertex].unfinished;
          break;
      }
    }
  }
  return counts;
}

bool has_unfinished(const CheckpointTasks& tasks, uint32_t vertex,
                    CheckpointTasks::SubtaskRange range) {
  for (uint32_t subtask = range.first; subtask <= range.last; ++subtask)
    if (tasks.state(vertex, subtask) != PlanTaskState::finished) return true;
  return false;
}

// CC-28: nobody unfinished before it can send it a barrier.
bool needs_trigger(const CheckpointTasks& tasks, const std::vector<VertexCount>& counts,
                   uint32_t vertex, uint32_t subtask) {
  const auto& inputs = tasks.inputs(vertex);
  for (uint32_t input = 0; input < inputs.size(); ++input) {
    const uint32_t producer = inputs[input].producer;
    if (counts[producer].unfinished == 0) continue;
    if (inputs[input].all_to_all) return false;
    if (counts[producer].finished == 0) return false;
    if (has_unfinished(tasks, producer, tasks.consumed(vertex, subtask, input))) return false;
  }
  return true;
}

bool is_partly_finished(const CheckpointPlan& plan, const FinishReports& reports, uint32_t vertex) {
  return plan.fully_finished.count(vertex) == 0 && reports.finished_on_restore.count(vertex) == 0;
}

FulfilError check_union_states(const CheckpointPlan& plan, const FinishReports& reports) {
  for (const TaskRef& task : plan.finished)
    if (is_partly_finished(plan, reports, task.vertex) &&
        reports.union_list_state.count(task.vertex) > 0)
      return FulfilError::union_state_part_finished;
  for (const auto& [vertex, subtasks] : reports.operators_finished)
    if (subtasks.size() != plan.parallelism[vertex] && reports.union_list_state.count(vertex) > 0)
      return FulfilError::union_state_part_called_finish;
  return FulfilError::none;
}

void mark_fully_finished(const CheckpointPlan& plan, uint32_t vertex,
                         std::map<uint32_t, CompletedVertex>& states) {
  CompletedVertex finished;
  finished.parallelism = plan.parallelism[vertex];
  finished.fully_finished = true;
  states[vertex] = std::move(finished);  // replaces a coordinator's state, too
}

}  // namespace

std::optional<CheckpointPlan> make_checkpoint_plan(const CheckpointTasks& tasks,
                                                   bool checkpoints_after_tasks_finish) {
  const auto counts = count_finished(tasks);
  if (!counts.has_value()) return std::nullopt;
  CheckpointPlan plan;
  plan.may_have_finished_tasks = checkpoints_after_tasks_finish;
  for (uint32_t vertex = 0; vertex < tasks.vertices(); ++vertex) {
    const uint32_t parallelism = tasks.parallelism(vertex);
    plan.parallelism.push_back(parallelism);
    const VertexCount& count = (*counts)[vertex];
    if (count.finished > 0 && !checkpoints_after_tasks_finish) return std::nullopt;
    if (count.unfinished == 0) plan.fully_finished.insert(vertex);
    for (uint32_t subtask = 0; subtask < parallelism; ++subtask) {
      const TaskRef task = task_of(tasks, vertex, subtask);
      const PlanTaskState state = tasks.state(vertex, subtask);
      if (state == PlanTaskState::finished) {
        plan.finished.push_back(task);
        continue;
      }
      if (state != PlanTaskState::running) return std::nullopt;  // CC-29
      plan.wait_for.push_back(task);
      if (needs_trigger(tasks, *counts, vertex, subtask)) plan.trigger.push_back(task);
    }
  }
  return plan;
}

FulfilError fulfil_finished_states(const CheckpointPlan& plan, const FinishReports& reports,
                                   std::map<uint32_t, CompletedVertex>& states) {
  if (!plan.may_have_finished_tasks) return FulfilError::none;
  const FulfilError error = check_union_states(plan, reports);
  if (error != FulfilError::none) return error;
  for (const uint32_t vertex : plan.fully_finished) mark_fully_finished(plan, vertex, states);
  for (const uint32_t vertex : reports.finished_on_restore)
    mark_fully_finished(plan, vertex, states);
  for (const TaskRef& task : plan.finished) {
    if (!is_partly_finished(plan, reports, task.vertex)) continue;
    CompletedVertex& vertex = states[task.vertex];
    vertex.parallelism = plan.parallelism[task.vertex];
    vertex.subtasks[task.subtask].acknowledgement.task = task;
    vertex.subtasks[task.subtask].finished = true;
  }
  return FulfilError::none;
}

}  // namespace drey::model
