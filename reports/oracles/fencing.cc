#include "reports/oracles/fencing.h"

#include <fmt/core.h>

#include <array>

#include "model/graph/execution_state.h"
#include "model/trace_events.h"
#include "reports/fact_text.h"
#include "sim/machines.h"
#include "sim/message.h"
#include "sim/network.h"
#include "sim/pointer_store.h"

namespace drey::reports {

using model::CheckpointFact;
using model::ControlFact;
using model::ExecutionState;
using model::TaskFact;
using sim::FactGroup;
using sim::MachineFact;
using sim::NetworkFact;
using sim::PointerFact;

namespace {

constexpr std::string_view kLatch = "latch/leader-latch";
constexpr std::string_view kResourceManager = "resource-manager";
constexpr std::string_view kDispatcher = "dispatcher";
constexpr uint32_t kSubmitTask = sim::endpoint_id("submit_task");
// What only a leader may write.
constexpr std::array<std::string_view, 4> kGuarded{
    "pointer/plans/", "pointer/results/", "pointer/checkpoint-counter/", "pointer/checkpoints/"};

}  // namespace

uint64_t Fencing::interests() const {
  return sim::interest(FactGroup::control) | sim::interest(FactGroup::checkpoint) |
         sim::interest(FactGroup::task) | sim::interest(FactGroup::store) |
         sim::interest(FactGroup::machine) | sim::interest(FactGroup::network);
}

bool Fencing::wants(uint16_t kind) const {
  return sim::fact_group(kind) != FactGroup::network || kind == fact_kind(NetworkFact::delivered);
}

void Fencing::violate(const sim::Fact& fact, std::string what) {
  evidence_.violate(fact.at, fact_text(fact, view_->names()), std::move(what));
}

std::string_view Fencing::process_of(sim::PathId path) const {
  return reports::process_of(view_->names()(path));
}

void Fencing::on(const sim::Fact& fact, sim::FactNumber) {
  switch (sim::fact_group(fact.kind)) {
    case FactGroup::network:
      if (fact.a == kSubmitTask)
        submitted_[std::string(process_of(fact.entity))] = {fact.at,
                                                            std::string(process_of(fact.subject))};
      return;
    case FactGroup::machine:
      on_machine(fact);
      return;
    case FactGroup::store:
      on_pointer(fact);
      return;
    case FactGroup::task:
      if (fact.kind == fact_kind(TaskFact::state)) on_task_start(fact);
      return;
    default:
      break;
  }
  if (fact.kind == fact_kind(ControlFact::leader_granted) ||
      fact.kind == fact_kind(ControlFact::leader_revoked)) {
    on_leadership(fact);
    return;
  }
  const std::string_view entity = view_->names()(fact.entity);
  const size_t slash = entity.find('/');
  const std::string_view component =
      slash == std::string_view::npos ? std::string_view() : entity.substr(slash + 1);
  if (component == view_->job() || component == kResourceManager) on_decision(fact, component);
}

void Fencing::on_machine(const sim::Fact& fact) {
  if (fact.kind != fact_kind(MachineFact::process_started) &&
      fact.kind != fact_kind(MachineFact::process_stopped))
    return;
  const std::string process(process_of(fact.entity));
  // A new process has no term yet: what it decides before it is granted one is a violation, too.
  for (auto& [of, term] : terms_)
    if (of.first == process) term = Term::revoked;
  registered_at_.erase(process);
}

void Fencing::on_pointer(const sim::Fact& fact) {
  const std::string_view name = view_->names()(fact.subject);
  if (fact.kind == fact_kind(PointerFact::leader_changed)) {
    latches_[std::string(name)] = fact.a;
    return;
  }
  if (fact.kind != fact_kind(PointerFact::written) && fact.kind != fact_kind(PointerFact::removed))
    return;
  bool guarded = false;
  for (const std::string_view prefix : kGuarded) guarded = guarded || name.starts_with(prefix);
  if (!guarded) return;
  evidence_.examined();
  const auto latch = latches_.find(std::string(kLatch));
  const uint64_t leader = latch == latches_.end() ? 0 : latch->second;
  if (fact.b != leader)
    violate(fact, fmt::format("session {} changes {}, but session {} leads", fact.b,
                              name.substr(std::string_view("pointer/").size()), leader));
}

void Fencing::on_leadership(const sim::Fact& fact) {
  evidence_.examined();
  const std::string process(process_of(fact.entity));
  const std::string component(view_->names()(fact.subject));
  const bool granted = fact.kind == fact_kind(ControlFact::leader_granted);
  terms_[{process, component}] = granted ? Term::granted : Term::revoked;
  // The JobMasters end with the term of their Dispatcher.
  if (!granted && component == kDispatcher) terms_[{process, view_->job()}] = Term::revoked;
}

void Fencing::on_decision(const sim::Fact& fact, std::string_view component) {
  const bool decides = fact.kind == fact_kind(ControlFact::deployed) ||
                       fact.kind == fact_kind(ControlFact::registered) ||
                       fact.kind == fact_kind(ControlFact::slot_assigned) ||
                       fact.kind == fact_kind(ControlFact::failover_begun) ||
                       fact.kind == fact_kind(CheckpointFact::triggered) ||
                       fact.kind == fact_kind(CheckpointFact::completed) ||
                       fact.kind == fact_kind(CheckpointFact::restoring);
  if (!decides) return;
  evidence_.examined();
  const std::string process(process_of(fact.entity));
  const auto term = terms_.find({process, std::string(component)});
  if (term == terms_.end() || term->second == Term::revoked)
    violate(fact, fmt::format("{} on {} decides, but does not lead", component, process));
  if (component == view_->job() && fact.kind == fact_kind(ControlFact::registered))
    registered_at_[std::string(process_of(fact.subject))] = process;
}

void Fencing::on_task_start(const sim::Fact& fact) {
  if (!view_->subtask(fact.subject).has_value()) return;
  if (fact.b != static_cast<uint64_t>(ExecutionState::initializing)) return;
  const std::string task_manager(process_of(fact.entity));
  const auto submitted = submitted_.find(task_manager);
  const auto registered = registered_at_.find(task_manager);
  if (submitted == submitted_.end() || registered == registered_at_.end()) return;
  if (submitted->second.first != fact.at) return;
  evidence_.examined();
  if (submitted->second.second != registered->second)
    violate(fact, fmt::format("{} starts a task that {} sent, but its JobMaster is on {}",
                              task_manager, submitted->second.second, registered->second));
}

Finding Fencing::finish(sim::Time) { return evidence_.finding(name()); }

}  // namespace drey::reports
