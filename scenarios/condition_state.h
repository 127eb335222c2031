#pragma once
// What conditions of faults can ask: states and counts, followed from the facts as they are
// announced.
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model/fact_names.h"
#include "model/graph/execution_state.h"
#include "scenarios/scenario.h"
#include "sim/kernel.h"

namespace drey::scenarios {

// The phase that a fact stands for, and what it says of it; nothing for other facts.
struct PhaseFact {
  model::CheckpointPhase phase = model::CheckpointPhase::triggered;
  int64_t checkpoint = 0;
};

class ConditionState {
 public:
  ConditionState(const Scenario& scenario, const sim::Kernel& kernel);

  uint64_t interests() const;
  // Whether it asks for what facts of data or of the outside world count.
  static bool counts(const Condition& condition);
  void on(const sim::Fact& fact);
  void on_batch(const sim::BatchFact& batch);
  void fault_landed(const std::string& id) { faults_[id].first = true; }
  void fault_healed(const std::string& id) { faults_[id].second = true; }

  // Whether all terms hold now; `fact` is the fact that is being announced, for terms that hold
  // only at an instant.
  bool holds(const Condition& condition, const sim::Fact* fact) const;

  // The process of the JobManager that leads, and of the TaskManager that runs a subtask; empty:
  // none.
  const std::string& leader() const { return leader_; }
  std::string process_of(const std::string& vertex, int64_t subtask) const;

 private:
  struct Subtask {
    model::ExecutionState state = model::ExecutionState::created;
    int64_t attempt = 0;
    std::string process;
    int64_t records_in = 0;
    int64_t records_out = 0;
  };
  using Place = std::pair<std::string, int64_t>;  // vertex, subtask

  std::optional<Place> place_of(sim::PathId path) const;
  Subtask* subtask_of(sim::PathId path);
  std::optional<PhaseFact> phase_of(const sim::Fact& fact) const;
  bool term_holds(const ConditionTerm& term, const sim::Fact* fact) const;
  bool vertex_state_holds(const ConditionTerm& term) const;
  int64_t vertex_number(const ConditionTerm& term) const;
  void on_machine(const sim::Fact& fact);
  void on_control(const sim::Fact& fact);

  const Scenario& scenario_;
  const sim::Kernel& kernel_;
  struct Known {
    bool looked = false;
    Subtask* subtask = nullptr;  // in subtasks_; null: the path is no subtask's
  };

  std::map<Place, Subtask> subtasks_;
  std::vector<Known> by_path_;  // a path's name is taken apart once, not once per buffer
  std::map<std::string, std::string> processes_;  // name -> UP, DOWN, FROZEN
  std::map<std::string, bool> registered_;
  std::map<std::string, std::pair<bool, bool>> faults_;
  std::string job_state_ = "INITIALIZING";
  std::string leader_;
  int64_t leader_grants_ = 0;
  int64_t restarts_ = 0;
  int64_t failures_ = 0;
  int64_t completed_ = 0;
  int64_t failed_ = 0;
  int64_t restored_ = 0;
  int64_t commits_ = 0;
};

}  // namespace drey::scenarios
