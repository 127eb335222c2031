#include "scenarios/fault_injector.h"

#include <algorithm>

#include "sim/check.h"

namespace drey::scenarios {

FaultInjector::FaultInjector(const Scenario& scenario, Assembly& assembly)
    : scenario_(scenario),
      assembly_(assembly),
      kernel_(assembly.world().kernel()),
      state_(scenario, assembly.world().kernel()) {
  id_ = kernel_.add(*this, kernel_.intern("faults"), {});
  for (const FaultSpec& spec : scenario.faults) {
    Armed& armed = faults_.emplace_back();
    armed.spec = &spec;
    armed.path = kernel_.intern("fault/" + spec.id);
    armed.instant = spec.when.has_value() &&
                    std::any_of(spec.when->terms.begin(), spec.when->terms.end(),
                                [](const ConditionTerm& term) {
                                  return term.subject == ConditionTerm::Subject::checkpoint_phase;
                                });
  }
  for (const FaultSpec& spec : scenario.faults)
    asks_for_counts_ =
        asks_for_counts_ || (spec.when.has_value() && ConditionState::counts(*spec.when));
  for (const Armed& armed : faults_)
    all_at_phases_ = all_at_phases_ && (armed.instant || !armed.spec->when.has_value());
  kernel_.add_sink(this);
}

FaultInjector::~FaultInjector() { kernel_.remove(id_); }

uint64_t FaultInjector::interests() const { return faults_.empty() ? 0 : state_.interests(); }

// Of these there are many, and conditions that are looked at only at a checkpoint's facts seldom
// ask for what they count.
bool FaultInjector::wants(uint16_t kind) const {
  const sim::FactGroup group = sim::fact_group(kind);
  const bool counted = group == sim::FactGroup::data || group == sim::FactGroup::external;
  return !counted || !all_at_phases_ || asks_for_counts_;
}

void FaultInjector::start() {
  for (size_t i = 0; i < faults_.size(); ++i) {
    const FaultSpec& spec = *faults_[i].spec;
    if (spec.when.has_value()) continue;
    const sim::Duration at = spec.at.value_or(sim::Duration{});
    const sim::Duration after = sample(spec.after, i, sim::name_hash("after"));
    kernel_.post(at + after, id_, due, i, sim::Priority::fault);
  }
  look(nullptr);
}

std::vector<FaultInjector::Report> FaultInjector::reports() const {
  std::vector<Report> all;
  for (const Armed& armed : faults_)
    all.push_back({armed.spec->id, armed.spec->optional, armed.landed, armed.healed});
  return all;
}

// ---- when

void FaultInjector::on(const sim::Fact& fact, sim::FactNumber) {
  state_.on(fact);
  look(&fact);
}

void FaultInjector::on_batch(const sim::BatchFact& batch, sim::FactNumber) {
  state_.on_batch(batch);
  look(&batch.head);
}

// A condition counts each time that it becomes true; one with a term of an instant, each time that
// it is.
void FaultInjector::look(const sim::Fact* fact) {
  const bool at_phase =
      fact != nullptr && sim::fact_group(fact->kind) == sim::FactGroup::checkpoint;
  if (all_at_phases_ && !at_phase) return;
  for (size_t i = 0; i < faults_.size(); ++i) {
    Armed& armed = faults_[i];
    const FaultSpec& spec = *armed.spec;
    if (!spec.when.has_value()) continue;
    const bool repeats = spec.times > 1 && !spec.every.has_value();
    if (armed.fired >= (repeats ? spec.times : 1)) continue;
    const bool holds = (!armed.instant || at_phase) && state_.holds(*spec.when, fact);
    const bool becomes = holds && (armed.instant || !armed.was_true);
    armed.was_true = holds;
    if (!becomes || ++armed.times_true < spec.nth) continue;
    ++armed.fired;
    const sim::Duration after = sample(spec.after, i, sim::name_hash("after"));
    if (after.ns == 0) {
      kernel_.post_urgent(id_, due, i);
    } else {
      kernel_.post(after, id_, due, i, sim::Priority::fault);
    }
  }
}

sim::Duration FaultInjector::sample(const std::optional<reports::Distribution>& from, size_t index,
                                    uint64_t purpose) {
  if (!from.has_value()) return {};
  const auto n = static_cast<uint64_t>(faults_[index].fired);
  const uint64_t draw = kernel_.draw(sim::name_hash("fault"), faults_[index].path, purpose, n);
  return {distribution_of(*from).sample(draw)};
}

void FaultInjector::on_event(const sim::Event& event) {
  const auto index = static_cast<size_t>(event.argument);
  switch (static_cast<Kind>(event.kind())) {
    case due: {
      const FaultSpec& spec = *faults_[index].spec;
      if (!spec.when.has_value() || spec.every.has_value()) ++faults_[index].fired;
      fire(index);
      if (spec.every.has_value() && faults_[index].fired < spec.times)
        kernel_.post(sample(spec.every, index, sim::name_hash("every")), id_, due, index,
                     sim::Priority::fault);
      break;
    }
    case heal_due:
      heal(index);
      break;
  }
}

void FaultInjector::announce(FaultFact kind, size_t index, uint64_t b) {
  kernel_.announce({.entity = faults_[index].path,
                    .kind = fact_kind(kind),
                    .a = static_cast<uint64_t>(faults_[index].spec->verb),
                    .b = b});
}

void FaultInjector::landed(size_t index) {
  if (++faults_[index].landed == 1) announce(FaultFact::landed, index, 0);
  state_.fault_landed(faults_[index].spec->id);
}

void FaultInjector::on_lost(uint32_t fault) { landed(fault); }
void FaultInjector::on_service_fault(uint32_t fault) { landed(fault); }

// ---- whom

std::vector<sim::ProcessId> FaultInjector::processes(const Target& target, size_t index) {
  const sim::Machines& machines = assembly_.world().machines();
  const auto named = [&](const std::string& name) {
    const sim::ProcessId process = machines.find_process(name);
    return process.valid() ? std::vector<sim::ProcessId>{process} : std::vector<sim::ProcessId>{};
  };
  switch (target.form) {
    case Target::Form::name: {
      if (target.text != "log") return named(target.text);
      std::vector<sim::ProcessId> logs;
      for (const auto& log : assembly_.external_logs()) logs.push_back(log->process());
      return logs;
    }
    case Target::Form::leader:
      return named(state_.leader());
    case Target::Form::standby: {
      std::vector<sim::ProcessId> standby;
      for (const sim::ProcessId process : assembly_.cluster().job_managers())
        if (machines.name(process) != state_.leader()) standby.push_back(process);
      return standby;
    }
    case Target::Form::task:
      return named(state_.process_of(target.text, target.subtask));
    case Target::Form::prefix:
    case Target::Form::any:
      break;
  }
  std::vector<sim::ProcessId> found;
  const std::string prefix = target.form == Target::Form::any ? target.text + "-" : target.text;
  for (uint32_t i = 0; i < machines.process_count(); ++i)
    if (machines.name({i}).compare(0, prefix.size(), prefix) == 0) found.push_back({i});
  if (target.form == Target::Form::prefix || found.empty()) return found;
  const std::vector<uint32_t> weights(found.size(), 1);
  const uint32_t chosen = kernel_.choose("fault/any", faults_[index].path,
                                         static_cast<uint64_t>(faults_[index].fired), weights);
  return {found[chosen]};
}

std::vector<sim::ProcessId> FaultInjector::processes(const std::vector<Target>& targets,
                                                     size_t index) {
  std::vector<sim::ProcessId> all;
  for (const Target& target : targets)
    for (const sim::ProcessId process : processes(target, index))
      if (std::find(all.begin(), all.end(), process) == all.end()) all.push_back(process);
  return all;
}

std::string FaultInjector::process_name(const std::optional<Target>& target, size_t index) {
  if (!target.has_value()) return {};
  const std::vector<sim::ProcessId> found = processes(*target, index);
  return found.empty() ? std::string("?") : assembly_.world().machines().name(found.front());
}

}  // namespace drey::scenarios
