#pragma once
// Which subtasks of a job are triggered, waited for and told of the end of one checkpoint
// (CC-26..29), and what finished subtasks leave in it (CC-51..53).
//
// Vertices are numbered in topological order. Costs are linear in subtasks plus pointwise
// connections: an all-to-all input is judged once per vertex.
//
// Upstream: DefaultCheckpointPlanCalculator, DefaultCheckpointPlan.
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "model/checkpoint/checkpoint_types.h"
#include "model/checkpoint/completed_store.h"

namespace drey::model {

enum class PlanTaskState : uint8_t { no_attempt, running, finished, other };

// The JobMaster's view of its executions at this instant.
class CheckpointTasks {
 public:
  struct Input {
    uint32_t producer = 0;  // vertex
    bool all_to_all = false;
  };
  struct SubtaskRange {  // [first, last]
    uint32_t first = 0;
    uint32_t last = 0;
  };

  CheckpointTasks() = default;
  CheckpointTasks(const CheckpointTasks&) = delete;
  CheckpointTasks& operator=(const CheckpointTasks&) = delete;
  virtual ~CheckpointTasks() = default;

  virtual uint32_t vertices() const = 0;
  virtual uint32_t parallelism(uint32_t vertex) const = 0;
  virtual const std::vector<Input>& inputs(uint32_t vertex) const = 0;
  // Pointwise input number `input`: the producer's subtasks that this subtask consumes.
  virtual SubtaskRange consumed(uint32_t vertex, uint32_t subtask, uint32_t input) const = 0;
  virtual PlanTaskState state(uint32_t vertex, uint32_t subtask) const = 0;
  virtual uint32_t current_attempt(uint32_t vertex, uint32_t subtask) const = 0;
};

struct CheckpointPlan {
  std::vector<TaskRef> trigger;
  std::vector<TaskRef> wait_for;  // also those that are told of completion or abort
  std::vector<TaskRef> finished;
  std::set<uint32_t> fully_finished;  // vertices
  std::vector<uint32_t> parallelism;  // by vertex
  bool may_have_finished_tasks = false;
};

// No value: NOT_ALL_REQUIRED_TASKS_RUNNING.
std::optional<CheckpointPlan> make_checkpoint_plan(const CheckpointTasks& tasks,
                                                   bool checkpoints_after_tasks_finish);

// What tasks reported while the checkpoint was pending.
struct FinishReports {
  std::set<uint32_t> finished_on_restore;                     // vertices
  std::map<uint32_t, std::set<uint32_t>> operators_finished;  // vertex -> subtasks
  std::set<uint32_t> union_list_state;                        // vertices
};

enum class FulfilError : uint8_t {
  none,
  union_state_part_finished,
  union_state_part_called_finish
};

// Writes the finished status into the states; on an error they are unchanged.
FulfilError fulfil_finished_states(const CheckpointPlan& plan, const FinishReports& reports,
                                   std::map<uint32_t, CompletedVertex>& states);

}  // namespace drey::model
