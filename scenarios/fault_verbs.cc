// What each verb of a fault does to the world.
#include <algorithm>
#include <array>
#include <utility>

#include "fmt/core.h"
#include "model/fact_names.h"
#include "scenarios/fault_injector.h"
#include "sim/check.h"

namespace drey::scenarios {

namespace {

// Flink people write AcknowledgeCheckpoint; on the wire it is acknowledge_checkpoint.
std::string wire_name(const std::string& rpc) {
  std::string name;
  for (size_t i = 0; i < rpc.size(); ++i) {
    const bool upper = rpc[i] >= 'A' && rpc[i] <= 'Z';
    if (upper && i > 0) name += '_';
    name += upper ? static_cast<char>(rpc[i] - 'A' + 'a') : rpc[i];
  }
  return name;
}

sim::ServiceEffect effect_of(FaultEffect effect) {
  switch (effect) {
    case FaultEffect::error:
      return sim::ServiceEffect::error;
    case FaultEffect::throttle:
      return sim::ServiceEffect::throttle;
    case FaultEffect::lose_answer:
      return sim::ServiceEffect::lose_answer;
    case FaultEffect::none:
    case FaultEffect::outage:
    case FaultEffect::session_expiry:
    case FaultEffect::remove:
    case FaultEffect::truncate:
      return sim::ServiceEffect::outage;
  }
  return sim::ServiceEffect::outage;
}

model::SavepointKind savepoint_of(const FaultSpec& fault) {
  if (fault.verb == FaultVerb::cancel_with_savepoint) return model::SavepointKind::cancel;
  if (fault.verb == FaultVerb::savepoint) return model::SavepointKind::plain;
  return fault.drain ? model::SavepointKind::drain : model::SavepointKind::stop;
}

// The request of a service that a scenario's word for an operation names; empty = any.
std::string request_of(const std::string& operation) {
  constexpr std::array<std::array<std::string_view, 2>, 14> kRequests{{
      {"put", "put_object"},
      {"get", "get_object"},
      {"delete", "delete_object"},
      {"list", "list_objects"},
      {"read", "read_pointers"},
      {"compare_and_set", "write_pointer"},
      {"create", "write_pointer"},
      {"init", "init_producer"},
      {"begin", "append_records"},
      {"append", "append_records"},
      {"pre_commit", "append_records"},
      {"commit", "end_transaction"},
      {"abort", "end_transaction"},
      {"fetch", "fetch_records"},
  }};
  for (const auto& [word, request] : kRequests)
    if (operation == word) return std::string(request);
  return {};
}

// Whether a fault on this log, or on no log by name, is one on that service.
bool names_log(const std::string& log, const std::string& service) {
  return log.empty() || log == "log" || log == service;
}

}  // namespace

void FaultInjector::fire(size_t index) {
  const FaultSpec& spec = *faults_[index].spec;
  switch (spec.verb) {
    case FaultVerb::kill:
    case FaultVerb::crash:
      kill(index);
      return;
    case FaultVerb::pause:
      pause(index);
      return;
    case FaultVerb::restart:
      restart(index);
      return;
    case FaultVerb::cut:
      cut(index, true);
      return;
    case FaultVerb::slow_link:
      slow_link(index, true);
      return;
    case FaultVerb::reset:
      reset(index);
      return;
    case FaultVerb::lose:
      lose(index);
      return;
    case FaultVerb::storage:
    case FaultVerb::broker:
      service(index);
      return;
    case FaultVerb::pointer_store:
      if (spec.effect == FaultEffect::session_expiry) {
        session_expiry(index);
      } else {
        service(index);
      }
      return;
    case FaultVerb::slow_card:
      card(index, true);
      return;
    case FaultVerb::slow_disk:
      disk(index, true);
      return;
    case FaultVerb::lose_disk:
      lose_disk(index);
      return;
    case FaultVerb::damage_result:
      damage_result(index);
      return;
    case FaultVerb::fail:
      fail(index);
      return;
    case FaultVerb::terminate:
      for (const sim::ProcessId process : processes(spec.targets, index))
        if (assembly_.cluster().terminate(process)) landed(index);
      return;
    case FaultVerb::cancel:
    case FaultVerb::savepoint:
    case FaultVerb::stop_with_savepoint:
    case FaultVerb::cancel_with_savepoint:
    case FaultVerb::resubmit:
      if (ask_client(index)) landed(index);
      return;
  }
}

// What a user asks the client for. False: nobody was asked.
bool FaultInjector::ask_client(size_t index) {
  const FaultSpec& spec = *faults_[index].spec;
  if (spec.verb == FaultVerb::cancel) return assembly_.cluster().cancel_jobs();
  if (spec.verb == FaultVerb::resubmit) return assembly_.resubmit(index);
  return assembly_.cluster().savepoint_jobs(
      savepoint_of(spec),
      spec.native ? model::SavepointFormat::native : model::SavepointFormat::canonical);
}

void FaultInjector::lose_disk(size_t index) {
  for (const sim::ProcessId process : processes(faults_[index].spec->targets, index)) {
    assembly_.world().machines().kill(process, sim::StopReason::kill, 137);
    assembly_.disks().replace(assembly_.world().machines().host_of(process));
    assembly_.world().machines().start(process);
    landed(index);
  }
}

void FaultInjector::heal(size_t index) {
  const FaultSpec& spec = *faults_[index].spec;
  switch (spec.verb) {
    case FaultVerb::cut:
      cut(index, false);
      break;
    case FaultVerb::slow_link:
      slow_link(index, false);
      break;
    case FaultVerb::slow_card:
      card(index, false);
      break;
    case FaultVerb::slow_disk:
      disk(index, false);
      break;
    case FaultVerb::storage:
      assembly_.object_store().remove_rules(static_cast<uint32_t>(index));
      break;
    case FaultVerb::broker:
      assembly_.broker().remove_rules(static_cast<uint32_t>(index));
      for (const auto& log : assembly_.external_logs())
        log->remove_rules(static_cast<uint32_t>(index));
      break;
    case FaultVerb::pointer_store:
      assembly_.pointer_store().remove_rules(static_cast<uint32_t>(index));
      break;
    case FaultVerb::kill:
    case FaultVerb::crash:
    case FaultVerb::pause:
    case FaultVerb::restart:
    case FaultVerb::reset:
    case FaultVerb::lose:
    case FaultVerb::lose_disk:
    case FaultVerb::damage_result:
    case FaultVerb::fail:
    case FaultVerb::terminate:
    case FaultVerb::cancel:
    case FaultVerb::savepoint:
    case FaultVerb::stop_with_savepoint:
    case FaultVerb::cancel_with_savepoint:
    case FaultVerb::resubmit:
      break;
  }
  faults_[index].healed = true;
  announce(FaultFact::healed, index, 0);
  state_.fault_healed(spec.id);
  look(nullptr);
}

void FaultInjector::kill(size_t index) {
  const FaultSpec& spec = *faults_[index].spec;
  sim::Machines& machines = assembly_.world().machines();
  for (const sim::ProcessId process : processes(spec.targets, index)) {
    const sim::HostId host = machines.host_of(process);
    if (!machines.running(process)) continue;
    announce(FaultFact::injected, index, static_cast<uint64_t>(faults_[index].fired));
    landed(index);
    if (spec.verb == FaultVerb::crash) {
      machines.crash_host(host);
    } else {
      machines.kill(process, sim::StopReason::kill, 137);
    }
    if (!spec.back_after.has_value()) continue;
    const sim::Duration back = sample(spec.back_after, index, sim::name_hash("back"));
    if (spec.verb == FaultVerb::crash) machines.repair_host_after(host, back);
    machines.start_after(process, back);
  }
}

void FaultInjector::pause(size_t index) {
  const FaultSpec& spec = *faults_[index].spec;
  const sim::Duration pause = sample(spec.duration, index, sim::name_hash("for"));
  for (const sim::ProcessId process : processes(spec.targets, index)) {
    if (!assembly_.world().machines().running(process)) continue;
    if (spec.duration.has_value() && pause.ns == 0) continue;
    landed(index);
    if (spec.duration.has_value()) {
      assembly_.world().machines().freeze_for(process, pause);
    } else {
      assembly_.world().machines().freeze(process);
    }
  }
}

void FaultInjector::restart(size_t index) {
  sim::Machines& machines = assembly_.world().machines();
  for (const sim::ProcessId process : processes(faults_[index].spec->targets, index)) {
    machines.kill(process, sim::StopReason::kill, 143);
    machines.start(process);
    landed(index);
  }
}

// The processes that the fault hits now, or, when it heals, those that it has hit: of a link both
// ends, of a disk its host's.
std::vector<std::pair<sim::ProcessId, sim::ProcessId>> FaultInjector::pairs(size_t index, bool on) {
  Armed& armed = faults_[index];
  if (!on) return std::exchange(armed.hit, {});
  std::vector<std::pair<sim::ProcessId, sim::ProcessId>> now;
  const bool one_sided = armed.spec->other_side.empty();
  for (const sim::ProcessId from : processes(armed.spec->targets, index)) {
    if (one_sided) now.emplace_back(from, from);
    for (const sim::ProcessId to : processes(armed.spec->other_side, index))
      if (!(from == to)) now.emplace_back(from, to);
  }
  armed.hit.insert(armed.hit.end(), now.begin(), now.end());
  return now;
}

void FaultInjector::cut(size_t index, bool on) {
  const FaultSpec& spec = *faults_[index].spec;
  sim::World& world = assembly_.world();
  const sim::Duration lasts = sample(spec.duration, index, sim::name_hash("for"));
  if (on && spec.duration.has_value() && lasts.ns == 0) return;
  const auto set = [&](sim::ProcessId from, sim::ProcessId to) {
    const sim::HostId a = world.machines().host_of(from);
    const sim::HostId b = world.machines().host_of(to);
    sim::LinkState state = world.network().link(a, b);
    (spec.rejects ? state.rejects : state.cut) = on;
    world.network().set_link(a, b, state);
  };
  for (const auto& [from, to] : pairs(index, on)) {
    set(from, to);
    if (spec.symmetric) set(to, from);
    if (on) landed(index);
  }
  if (on && spec.duration.has_value())
    kernel_.post(lasts, id_, heal_due, index, sim::Priority::fault);
}

void FaultInjector::heal_later(size_t index) {
  const FaultSpec& spec = *faults_[index].spec;
  if (spec.duration.has_value())
    kernel_.post(sample(spec.duration, index, sim::name_hash("for")), id_, heal_due, index,
                 sim::Priority::fault);
}

void FaultInjector::slow_link(size_t index, bool on) {
  const FaultSpec& spec = *faults_[index].spec;
  sim::World& world = assembly_.world();
  const sim::Duration extra = sample(spec.latency, index, sim::name_hash("latency"));
  const uint64_t rate = spec.bandwidth.has_value() ? spec.bandwidth->per_second : 0;
  if (on && extra.ns == 0 && rate == 0) return;
  for (const auto& [from, to] : pairs(index, on)) {
    for (const bool back : {false, true}) {
      const sim::HostId a = world.machines().host_of(back ? to : from);
      const sim::HostId b = world.machines().host_of(back ? from : to);
      sim::LinkState state = world.network().link(a, b);
      state.extra_latency = on ? extra : sim::Duration{};
      state.bytes_per_second = on ? rate : 0;
      state.queue = on && spec.shared ? static_cast<uint32_t>(2 * index) + (back ? 2u : 1u) : 0u;
      world.network().set_link(a, b, state);
    }
    if (on) landed(index);
  }
  if (on) heal_later(index);
}

void FaultInjector::reset(size_t index) {
  const FaultSpec& spec = *faults_[index].spec;
  for (const sim::ProcessId from : processes(spec.targets, index)) {
    for (const sim::ProcessId to : processes(spec.other_side, index)) {
      if (from == to) continue;
      assembly_.world().network().reset(from, to);
      landed(index);
    }
  }
}

void FaultInjector::lose(size_t index) {
  const FaultSpec& spec = *faults_[index].spec;
  // "log" is every log: each of them loses so many.
  const auto ends = [&](const std::optional<Target>& target) {
    std::vector<std::string> names{process_name(target, index)};
    if (!target.has_value() || target->text != "log") return names;
    names.clear();
    for (const sim::LogSet::Member& log : assembly_.logs().members()) names.push_back(log.name);
    return names;
  };
  for (const std::string& from : ends(spec.from))
    for (const std::string& to : ends(spec.to))
      for (int64_t i = 0; i < spec.count; ++i)
        assembly_.world().network().lose({.message = wire_name(spec.rpc),
                                          .from = from,
                                          .to = to,
                                          .answer = spec.answer,
                                          .number = static_cast<uint64_t>(spec.number),
                                          .fault = static_cast<uint32_t>(index)},
                                         this);
}

void FaultInjector::service(size_t index) {
  const FaultSpec& spec = *faults_[index].spec;
  const sim::Duration lasts = sample(spec.duration, index, sim::name_hash("for"));
  sim::ServiceRule rule;
  rule.effect = effect_of(spec.effect);
  rule.operation = request_of(spec.operation);
  rule.from = process_name(spec.from, index);
  rule.fault = static_cast<uint32_t>(index);
  const bool numbered =
      spec.effect == FaultEffect::error || spec.effect == FaultEffect::lose_answer;
  if (spec.duration.has_value()) {
    if (lasts.ns == 0) return;
    rule.until = kernel_.now() + lasts;
    kernel_.post(lasts, id_, heal_due, index, sim::Priority::fault);
  } else if (numbered) {
    rule.number = static_cast<uint64_t>(spec.number);
    rule.count = static_cast<uint64_t>(spec.count);
  }
  if (spec.bandwidth.has_value()) rule.bytes_per_second = spec.bandwidth->per_second;
  if (spec.latency.has_value()) rule.delay = sample(spec.latency, index, sim::name_hash("latency"));
  switch (spec.verb) {
    case FaultVerb::storage:
      assembly_.object_store().add_rule(rule, this);
      return;
    case FaultVerb::broker:
      if (rule.operation == "fetch_records" || spec.operation == "any")
        for (const auto& log : assembly_.external_logs())
          if (names_log(spec.log, assembly_.world().machines().name(log->process())))
            log->add_rule(rule, this);
      if (rule.operation != "fetch_records" && spec.log.empty())
        assembly_.broker().add_rule(rule, this);
      return;
    default:
      assembly_.pointer_store().add_rule(rule, this);
      return;
  }
}

void FaultInjector::session_expiry(size_t index) {
  const FaultSpec& spec = *faults_[index].spec;
  const sim::ProcessId process =
      assembly_.world().machines().find_process(process_name(spec.from, index));
  if (!process.valid()) return;
  assembly_.pointer_store().expire_sessions_of(process);
  landed(index);
}

void FaultInjector::card(size_t index, bool on) {
  const FaultSpec& spec = *faults_[index].spec;
  const uint64_t rate = spec.bandwidth.has_value() ? spec.bandwidth->per_second : 0;
  if (on && rate == 0) return;
  for (const auto& [process, same] : pairs(index, on)) {
    assembly_.world().network().limit_card(assembly_.world().machines().host_of(process),
                                           on ? rate : 0);
    if (on) landed(index);
  }
  if (on) heal_later(index);
}

void FaultInjector::disk(size_t index, bool on) {
  const FaultSpec& spec = *faults_[index].spec;
  const sim::Duration extra = sample(spec.latency, index, sim::name_hash("latency"));
  const uint64_t rate = spec.bandwidth.has_value() ? spec.bandwidth->per_second : 0;
  if (on && extra.ns == 0 && rate == 0) return;
  for (const auto& [process, same] : pairs(index, on)) {
    const sim::HostId host = assembly_.world().machines().host_of(process);
    if (on) {
      assembly_.disks().slow(host, extra, rate);
      landed(index);
    } else {
      assembly_.disks().restore_speed(host);
    }
  }
  if (on) heal_later(index);
}

void FaultInjector::fail(size_t index) {
  const FaultSpec& spec = *faults_[index].spec;
  const model::Cause cause{.kind = model::Cause::Kind::user, .text = spec.cause};
  if (assembly_.cluster().fail_task(spec.vertex, static_cast<uint32_t>(spec.subtask), cause))
    landed(index);
}

// The stored results of every attempt of the subtask that some process still keeps:
// ".../results/job-1/src/0#1.0.data".
void FaultInjector::damage_result(size_t index) {
  const FaultSpec& spec = *faults_[index].spec;
  const model::JobInformation& job = assembly_.job();
  std::string vertex;
  for (const model::JobVertex& candidate : job.graph.vertices)
    for (const uint32_t op : candidate.operators)
      if (job.spec.operators[op].id == spec.vertex) vertex = candidate.id;
  const std::string name = fmt::format("/job-1/{}/{}#", vertex, spec.subtask);
  std::vector<sim::ProcessId> keepers = assembly_.cluster().task_managers();
  if (assembly_.cluster().shuffle_service().valid())
    keepers.push_back(assembly_.cluster().shuffle_service());
  for (const sim::ProcessId process : keepers) {
    if (!assembly_.world().machines().running(process)) continue;
    sim::Disk& disk = assembly_.disks().of(assembly_.world().machines().host_of(process));
    std::vector<std::string> hit;
    for (const auto& [path, file] : disk.files())
      if (path.find(name) != std::string::npos && path.ends_with(".data")) hit.push_back(path);
    for (const std::string& path : hit) {
      if (spec.effect == FaultEffect::truncate)
        disk.cut_file(path, disk.open(path)->content.size() / 2);
      else
        disk.remove({.writer = process, .now = kernel_.now()}, path);
      landed(index);
    }
  }
}

}  // namespace drey::scenarios
