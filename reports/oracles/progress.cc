#include "reports/oracles/progress.h"

#include <fmt/core.h>

#include <algorithm>

#include "model/graph/execution_state.h"
#include "model/graph/result_partition_type.h"
#include "model/savepoint_facts.h"
#include "model/trace_events.h"
#include "reports/fact_text.h"
#include "sim/machines.h"
#include "sim/network.h"

namespace drey::reports {

using model::CheckpointFact;
using model::ControlFact;
using model::ExecutionState;
using model::JobStatus;
using sim::FactGroup;
using sim::MachineFact;
using sim::NetworkFact;

namespace {

// Kinds of FactGroup::fault.
constexpr uint16_t kHealed = sim::fact_kind(FactGroup::fault, 2);

bool works(uint64_t state) {
  return state == static_cast<uint64_t>(ExecutionState::running) ||
         state == static_cast<uint64_t>(ExecutionState::finished);
}

}  // namespace

sim::Duration progress_bound_of(const OracleSetup& setup) {
  const sim::Duration backoff = std::max(
      setup.restart.delay, setup.restart.kind == RestartBudgetSetup::Kind::exponential_delay
                               ? setup.restart.max_backoff
                               : sim::Duration{});
  sim::Duration bound = setup.heartbeat_timeout + setup.slot_request_timeout +
                        setup.cancellation_timeout + backoff * 2 + setup.tcp_retransmission;
  if (setup.checkpoint_interval.has_value())
    bound = bound + setup.checkpoint_timeout + *setup.checkpoint_interval * 2 +
            setup.checkpoint_min_pause;
  return bound;
}

uint64_t Progress::interests() const {
  return sim::interest(FactGroup::control) | sim::interest(FactGroup::checkpoint) |
         sim::interest(FactGroup::machine) | sim::interest(FactGroup::network) |
         sim::interest(FactGroup::fault);
}

bool Progress::wants(uint16_t kind) const {
  return sim::fact_group(kind) != FactGroup::network ||
         kind == fact_kind(NetworkFact::link_changed);
}

void Progress::on(const sim::Fact& fact, sim::FactNumber) {
  const FactGroup group = sim::fact_group(fact.kind);
  look(fact.at);
  if (group == FactGroup::fault) {
    on_fault(fact);
  } else if (group == FactGroup::machine) {
    on_machine(fact);
  } else if (group == FactGroup::network) {
    cut_[{fact.entity.index, fact.subject.index}] = fact.a != 0;
    last_disturbance_ = fact_text(fact, view_->names());
    disturb(fact.at);
  } else if (!view_->of_job(fact)) {
    return;
  } else if (fact.kind == fact_kind(model::SavepointFact::refused)) {
    refused_ = true;  // it never began
  } else if (fact.kind == fact_kind(model::SavepointFact::stands)) {
    stands_ = true;
  } else if (fact.kind == fact_kind(ControlFact::job_status)) {
    on_status(fact);
  } else if (fact.kind == fact_kind(ControlFact::restart_refused)) {
    refused_ = true;
  } else if (fact.kind == fact_kind(ControlFact::execution_state)) {
    const std::optional<model::SubtaskIndex> subtask = view_->subtask(fact.subject);
    if (!subtask.has_value()) return;
    uint64_t& state = states_[*subtask];
    working_ -= works(state) ? 1 : 0;
    state = fact.b;
    working_ += works(state) ? 1 : 0;
    if (working_ == view_->topology().subtasks()) runs_ = true;
  } else if (fact.kind == fact_kind(CheckpointFact::completed)) {
    checkpointed_ = checkpointed_ || runs_;
  }
}

void Progress::disturb(sim::Time at) {
  quiet_since_ = at;
  settled_ = false;
  checkpointed_ = false;
  runs_ = working_ == view_->topology().subtasks();
}

void Progress::on_fault(const sim::Fact& fact) {
  const std::string_view entity = view_->names()(fact.entity);
  const std::string id(entity.substr(entity.find('/') + 1));
  if (fact.kind == kHealed)
    active_.erase(id);
  else if (options_.lasting_faults.count(id) != 0)
    active_.insert(id);
  last_disturbance_ = fact_text(fact, view_->names());
  disturb(fact.at);
}

void Progress::on_machine(const sim::Fact& fact) {
  const std::string name(view_->names()(fact.entity));
  const bool stopped = fact.kind == fact_kind(MachineFact::process_stopped);
  if (fact.kind == fact_kind(MachineFact::process_started) ||
      fact.kind == fact_kind(MachineFact::process_thawed))
    up_[name] = true;
  else if (stopped || fact.kind == fact_kind(MachineFact::process_frozen))
    up_[name] = false;
  if (stopped && name.starts_with("jm-") && !options_.high_availability && submitted_)
    job_lost_ = true;
  if (fact.kind == fact_kind(MachineFact::paused_for)) return;
  last_disturbance_ = fact_text(fact, view_->names());
  disturb(fact.at);
}

void Progress::on_status(const sim::Fact& fact) {
  submitted_ = true;
  const auto status = static_cast<JobStatus>(fact.a);
  if (fact.b == static_cast<uint64_t>(JobStatus::created)) {  // a new JobMaster
    states_.clear();
    working_ = 0;
    // One that cannot start from its snapshot has refused before its first change.
    if (status == JobStatus::running) refused_ = false;
    over_ = false;
    stands_ = false;
  }
  status_ = fact.a;
  if (!model::is_globally_terminal(status)) return;
  over_ = true;
  evidence_.examined();
  const auto not_finished = [](const auto& entry) {
    return entry.second != static_cast<uint64_t>(ExecutionState::finished);
  };
  const bool stop_failed = stands_ && std::any_of(states_.begin(), states_.end(), not_finished);
  if (status == JobStatus::failed && !refused_ && !stop_failed)
    evidence_.violate(fact.at, fact_text(fact, view_->names()),
                      "the job failed, but its restart strategy has refused nothing");
}

bool Progress::world_is_whole() const {
  if (!submitted_ || job_lost_ || !active_.empty()) return false;
  for (const auto& [link, cut] : cut_)
    if (cut) return false;
  uint32_t task_managers = 0;
  uint32_t job_managers = 0;
  for (const auto& [name, up] : up_) {
    if (up && name.starts_with("tm-")) ++task_managers;
    if (up && name.starts_with("jm-")) ++job_managers;
    // Services and the client have no stand-in.
    if (!up && !name.starts_with("tm-") && !name.starts_with("jm-")) return false;
  }
  return job_managers > 0 && task_managers * options_.slots_each >= options_.slots_needed;
}

// The bound is over: was the job back?
void Progress::look(sim::Time now) {
  if (settled_ || over_ || now - quiet_since_ < options_.bound || !world_is_whole()) return;
  settled_ = true;
  evidence_.examined();
  if (is_back()) return;
  evidence_.violate(
      quiet_since_ + options_.bound, last_disturbance_,
      fmt::format(
          "{} s after the last disturbance {} of {} tasks work, {}",
          options_.bound.ns / 1'000'000'000, working_, view_->topology().subtasks(),
          !runs_ ? "and never all at once" : "and no checkpoint has completed since all did"));
}

Finding Progress::finish(sim::Time end) {
  look(end);
  if (!settled_ && !over_) {
    if (is_back() && world_is_whole())
      evidence_.examined();
    else if (!world_is_whole())
      evidence_.excuse("at the end of the run the world was not whole");
    else
      evidence_.excuse(
          fmt::format("the run ended {} s after the last disturbance, before the job "
                      "had to be back",
                      (end - quiet_since_).ns / 1'000'000'000));
  }
  return evidence_.finding(name());
}

}  // namespace drey::reports
