#include "scenarios/condition_state.h"

#include <algorithm>

#include "model/trace_events.h"
#include "reports/quantity.h"
#include "sim/broker.h"
#include "sim/check.h"
#include "sim/machines.h"

namespace drey::scenarios {

namespace {

using model::CheckpointFact;
using model::CheckpointPhase;
using model::ControlFact;
using model::DataFact;
using model::TaskFact;
using Subject = ConditionTerm::Subject;

bool compares(int64_t left, reports::Comparator comparator, int64_t right) {
  switch (comparator) {
    case reports::Comparator::equal:
      return left == right;
    case reports::Comparator::not_equal:
      return left != right;
    case reports::Comparator::less:
      return left < right;
    case reports::Comparator::less_or_equal:
      return left <= right;
    case reports::Comparator::greater:
      return left > right;
    case reports::Comparator::greater_or_equal:
      return left >= right;
  }
  return false;
}

bool compares_words(std::string_view left, reports::Comparator comparator, std::string_view right) {
  return comparator == reports::Comparator::not_equal ? left != right : left == right;
}

// The part of a path before the first slash: the process.
std::string process_in(const std::string& path) { return path.substr(0, path.find('/')); }

}  // namespace

ConditionState::ConditionState(const Scenario& scenario, const sim::Kernel& kernel)
    : scenario_(scenario), kernel_(kernel) {
  for (const VertexSpec& vertex : scenario.job.vertices)
    for (int64_t i = 0; i < vertex.parallelism; ++i) subtasks_[{vertex.id, i}];
}

uint64_t ConditionState::interests() const {
  using sim::FactGroup;
  return interest(FactGroup::machine) | interest(FactGroup::external) |
         interest(FactGroup::control) | interest(FactGroup::task) |
         interest(FactGroup::checkpoint) | interest(FactGroup::data);
}

bool ConditionState::counts(const Condition& condition) {
  return std::any_of(condition.terms.begin(), condition.terms.end(), [](const ConditionTerm& term) {
    return term.subject == Subject::vertex_records_in ||
           term.subject == Subject::vertex_records_out || term.subject == Subject::broker_commits;
  });
}

// "job-1/agg/0" -> agg, 0. A chain is named by its head: its other operators share its place.
std::optional<ConditionState::Place> ConditionState::place_of(sim::PathId path) const {
  if (!path.valid()) return {};
  const std::string& name = kernel_.name(path);
  const size_t first = name.find('/');
  const size_t last = name.rfind('/');
  if (first == std::string::npos || last == first) return {};
  const auto number = reports::parse_integer(name.substr(last + 1));
  if (!number.has_value()) return {};
  return Place{name.substr(first + 1, last - first - 1), *number};
}

ConditionState::Subtask* ConditionState::subtask_of(sim::PathId path) {
  if (!path.valid()) return nullptr;
  if (path.index >= by_path_.size()) by_path_.resize(path.index + 1);
  Known& known = by_path_[path.index];
  if (!known.looked) {
    known.looked = true;
    if (const auto place = place_of(path); place.has_value()) known.subtask = &subtasks_[*place];
  }
  return known.subtask;
}

std::string ConditionState::process_of(const std::string& vertex, int64_t subtask) const {
  const auto found = subtasks_.find({vertex, subtask});
  return found == subtasks_.end() ? std::string{} : found->second.process;
}

std::optional<PhaseFact> ConditionState::phase_of(const sim::Fact& fact) const {
  if (sim::fact_group(fact.kind) != sim::FactGroup::checkpoint) return {};
  const auto phase = [&](CheckpointPhase p) { return PhaseFact{p, static_cast<int64_t>(fact.a)}; };
  switch (static_cast<CheckpointFact>(fact.kind & 0xffu)) {
    case CheckpointFact::triggered:
      return phase(CheckpointPhase::triggered);
    case CheckpointFact::task_triggered:
      return phase(CheckpointPhase::barrier_injected);
    case CheckpointFact::barrier_received:
      return phase(CheckpointPhase::alignment_begun);
    case CheckpointFact::aligned:
      return phase(CheckpointPhase::aligned);
    case CheckpointFact::sync_done:
      return phase(CheckpointPhase::sync_done);
    case CheckpointFact::async_done:
      return phase(CheckpointPhase::async_done);
    case CheckpointFact::acknowledged:
      return phase(CheckpointPhase::acknowledged);
    case CheckpointFact::finalizing:
      return phase(CheckpointPhase::all_acknowledged);
    case CheckpointFact::metadata_written:
      return phase(CheckpointPhase::metadata_written);
    case CheckpointFact::completed:
      return phase(CheckpointPhase::completed);
    case CheckpointFact::notified_complete:
      return phase(CheckpointPhase::notified);
    case CheckpointFact::pre_committed:
      return phase(CheckpointPhase::pre_committed);
    case CheckpointFact::committed:
      return phase(CheckpointPhase::committed);
    case CheckpointFact::subsumed:
      return phase(CheckpointPhase::subsumed);
    case CheckpointFact::declined:
      return phase(CheckpointPhase::declined);
    case CheckpointFact::expired:
      return phase(CheckpointPhase::expired);
    case CheckpointFact::aborted:
      return phase(CheckpointPhase::aborted);
    case CheckpointFact::restoring:
      return phase(CheckpointPhase::restored);
    case CheckpointFact::failed:
    case CheckpointFact::trigger_refused:
    case CheckpointFact::stored:
    case CheckpointFact::snapshot:
    case CheckpointFact::source_position:
    case CheckpointFact::discarded:
    case CheckpointFact::notified_aborted:
      return {};
  }
  return {};
}

void ConditionState::on_machine(const sim::Fact& fact) {
  const std::string& name = kernel_.name(fact.entity);
  switch (static_cast<sim::MachineFact>(fact.kind & 0xffu)) {
    case sim::MachineFact::process_started:
    case sim::MachineFact::process_thawed:
      processes_[name] = "UP";
      return;
    case sim::MachineFact::process_stopped:
      processes_[name] = "DOWN";
      registered_[name] = false;
      return;
    case sim::MachineFact::process_frozen:
      processes_[name] = "FROZEN";
      return;
    case sim::MachineFact::host_crashed:
    case sim::MachineFact::host_up:
    case sim::MachineFact::paused_for:
      return;
  }
}

void ConditionState::on_control(const sim::Fact& fact) {
  const sim::PathId subject = fact.subject.valid() ? fact.subject : fact.entity;
  switch (static_cast<ControlFact>(fact.kind & 0xffu)) {
    case ControlFact::job_status:
      job_state_ = name_of(static_cast<model::JobStatus>(fact.a));
      return;
    case ControlFact::leader_granted:
      if (kernel_.name(subject) != "dispatcher") return;
      ++leader_grants_;
      leader_ = process_in(kernel_.name(fact.entity));
      return;
    case ControlFact::registered: {
      const std::string& name = kernel_.name(subject);
      registered_[name.substr(0, name.find('#'))] = true;
      return;
    }
    case ControlFact::execution_state:
      if (Subtask* subtask = subtask_of(subject); subtask != nullptr) {
        subtask->state = static_cast<model::ExecutionState>(fact.b);
        subtask->attempt = static_cast<int64_t>(fact.a);
      }
      return;
    case ControlFact::failure:
      ++failures_;
      return;
    case ControlFact::failover_begun:
      ++restarts_;
      return;
    default:
      return;
  }
}

void ConditionState::on(const sim::Fact& fact) {
  switch (sim::fact_group(fact.kind)) {
    case sim::FactGroup::machine:
      on_machine(fact);
      return;
    case sim::FactGroup::control:
      on_control(fact);
      return;
    case sim::FactGroup::external:
      if (fact.kind == sim::fact_kind(sim::BrokerFact::transaction_committed)) ++commits_;
      return;
    case sim::FactGroup::task:
      if (fact.kind == model::fact_kind(TaskFact::state))
        if (Subtask* subtask = subtask_of(fact.subject); subtask != nullptr)
          subtask->process = process_in(kernel_.name(fact.entity));
      return;
    case sim::FactGroup::checkpoint:
      if (fact.kind == model::fact_kind(CheckpointFact::completed)) ++completed_;
      if (fact.kind == model::fact_kind(CheckpointFact::aborted)) ++failed_;
      if (fact.kind == model::fact_kind(CheckpointFact::restoring) && fact.a != 0) ++restored_;
      return;
    case sim::FactGroup::data:
      if (fact.kind == model::fact_kind(DataFact::buffer_received))
        if (Subtask* subtask = subtask_of(fact.subject); subtask != nullptr)
          subtask->records_in += static_cast<int64_t>(fact.c);
      return;
    default:
      return;
  }
}

void ConditionState::on_batch(const sim::BatchFact& batch) {
  if (sim::fact_group(batch.head.kind) != sim::FactGroup::data) return;
  if (Subtask* subtask = subtask_of(batch.head.subject); subtask != nullptr)
    subtask->records_out += static_cast<int64_t>(batch.records.size());
}

bool ConditionState::vertex_state_holds(const ConditionTerm& term) const {
  bool any = false;
  for (const auto& [place, subtask] : subtasks_) {
    if (place.first != term.name || (term.subtask >= 0 && place.second != term.subtask)) continue;
    any = true;
    if (!compares_words(name_of(subtask.state), term.comparator, term.word)) return false;
  }
  return any;
}

int64_t ConditionState::vertex_number(const ConditionTerm& term) const {
  int64_t sum = 0;
  int64_t highest = 0;
  for (const auto& [place, subtask] : subtasks_) {
    if (place.first != term.name || (term.subtask >= 0 && place.second != term.subtask)) continue;
    highest = std::max(highest, subtask.attempt);
    sum += term.subject == Subject::vertex_records_in ? subtask.records_in : subtask.records_out;
  }
  return term.subject == Subject::vertex_attempt ? highest : sum;
}

bool ConditionState::term_holds(const ConditionTerm& term, const sim::Fact* fact) const {
  const auto number = [&](int64_t value) { return compares(value, term.comparator, term.number); };
  switch (term.subject) {
    case Subject::checkpoint_phase: {
      const auto phase = fact != nullptr ? phase_of(*fact) : std::nullopt;
      return phase.has_value() &&
             compares_words(model::kCheckpointPhaseNames[static_cast<size_t>(phase->phase)],
                            term.comparator, term.word);
    }
    case Subject::checkpoint_id: {
      const auto phase = fact != nullptr ? phase_of(*fact) : std::nullopt;
      return phase.has_value() && number(phase->checkpoint);
    }
    case Subject::checkpoint_subtask: {
      const auto place = fact != nullptr ? place_of(fact->subject) : std::nullopt;
      return place.has_value() && place->first == term.word &&
             (term.subtask < 0 || place->second == term.subtask);
    }
    case Subject::checkpoint_completed:
      return number(completed_);
    case Subject::checkpoint_failed:
      return number(failed_);
    case Subject::checkpoint_restored:
      return number(restored_);
    case Subject::job_state:
      return compares_words(job_state_, term.comparator, term.word);
    case Subject::job_restarts:
      return number(restarts_);
    case Subject::job_failures:
      return number(failures_);
    case Subject::vertex_state:
      return vertex_state_holds(term);
    case Subject::vertex_attempt:
    case Subject::vertex_records_in:
    case Subject::vertex_records_out:
      return number(vertex_number(term));
    case Subject::process_state: {
      if (term.word == "REGISTERED") {
        const auto found = registered_.find(term.name);
        return compares_words(found != registered_.end() && found->second ? "REGISTERED" : "",
                              term.comparator, term.word);
      }
      const auto found = processes_.find(term.name);
      return compares_words(found == processes_.end() ? "DOWN" : found->second, term.comparator,
                            term.word);
    }
    case Subject::leader_changes:
      return number(std::max<int64_t>(leader_grants_ - 1, 0));
    case Subject::broker_commits:
      return number(commits_);
    case Subject::fault_state: {
      const auto found = faults_.find(term.name);
      const bool landed = found != faults_.end() && found->second.first;
      const bool healed = found != faults_.end() && found->second.second;
      const bool is = term.word == "healed" ? healed : landed;
      return term.comparator == reports::Comparator::not_equal ? !is : is;
    }
  }
  return false;
}

bool ConditionState::holds(const Condition& condition, const sim::Fact* fact) const {
  return std::all_of(condition.terms.begin(), condition.terms.end(),
                     [&](const ConditionTerm& term) { return term_holds(term, fact); });
}

}  // namespace drey::scenarios
