#pragma once
// Conditions of faults: "checkpoint.phase == acknowledged and checkpoint.id >= 3".
//
//   condition := term { "and" term }      term := path op word-or-number      op := == != <= >= < >
//
//   checkpoint.phase == PHASE     a fact of that phase (model/fact_names.h) is announced
//   checkpoint.id, .subtask       of the fact that the phase term matched: number; "agg/0"
//   checkpoint.completed, .failed, .restored    counts so far
//   job.state == STATE            JobStatus                job.restarts, job.failures   counts so
//   far agg.state == STATE            all subtasks are in it   agg/0.state == STATE         this
//   one agg.attempt, agg/0.attempt    highest attempt number (0 = first) agg.records_in,
//   .records_out  records so far, in steps of buffers tm-1.state == UP|DOWN|FROZEN|REGISTERED of a
//   process leader.changes                times that leadership was granted after the first
//   broker.commits                transactions committed so far
//   fault.ID == landed|healed     another fault of this scenario
//
// Terms without an instant of their own (counts, states) are looked at together with the facts that
// change them; a condition becomes true when its last term does.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reports/expectation.h"
#include "reports/expression_lexer.h"

namespace drey::scenarios {

struct ConditionTerm {
  enum class Subject : uint8_t {
    checkpoint_phase,
    checkpoint_id,
    checkpoint_subtask,
    checkpoint_completed,
    checkpoint_failed,
    checkpoint_restored,
    job_state,
    job_restarts,
    job_failures,
    vertex_state,
    vertex_attempt,
    vertex_records_in,
    vertex_records_out,
    process_state,
    leader_changes,
    broker_commits,
    fault_state,
  };
  Subject subject = Subject::checkpoint_phase;
  std::string name;      // vertex, process or fault id
  int64_t subtask = -1;  // of a vertex or checkpoint.subtask; -1: the whole vertex
  reports::Comparator comparator = reports::Comparator::equal;
  std::string word;    // state, phase; checkpoint_subtask: the vertex
  int64_t number = 0;  // counts and ids
  friend bool operator==(const ConditionTerm&, const ConditionTerm&) = default;
};

struct Condition {
  std::vector<ConditionTerm> terms;
  friend bool operator==(const Condition&, const Condition&) = default;
};

struct ConditionNames {
  std::vector<std::string> vertices;
  std::vector<std::string> processes;
  std::vector<std::string> faults;
};

std::optional<Condition> parse_condition(std::string_view text, const ConditionNames& names,
                                         reports::TextProblem& problem);

}  // namespace drey::scenarios
