#include "sim/machines.h"

#include "sim/check.h"
#include "sim/world.h"

namespace drey::sim {

namespace {
// An event's argument: process (32) | incarnation (24) | code (8).
uint64_t pack(ProcessId process, uint32_t incarnation, uint8_t code) {
  return (uint64_t{process.index} << 32) | (uint64_t{incarnation & 0xffffffu} << 8) | code;
}
}  // namespace

Machines::Machines(World& world) : world_(world) {
  Kernel& kernel = world_.kernel();
  id_ = kernel.add(*this, kernel.intern("machines"), {});
}

Machines::~Machines() { world_.kernel().remove(id_); }

HostId Machines::add_host(HostSpec spec) {
  const HostId id{static_cast<uint32_t>(hosts_.size())};
  const PathId path = world_.kernel().intern("host/" + spec.name);
  hosts_.push_back({.spec = std::move(spec), .path = path});
  return id;
}

ProcessId Machines::add_process(HostId host, std::string_view name, Launcher& launcher) {
  const ProcessId id{static_cast<uint32_t>(processes_.size())};
  Process& process = processes_.emplace_back();
  process.host = host;
  process.name = name;
  process.path = world_.kernel().intern(name);
  process.launcher = &launcher;
  return id;
}

void Machines::announce(MachineFact fact, PathId entity, uint64_t a, uint64_t b, uint64_t c) {
  world_.kernel().announce({.entity = entity, .kind = fact_kind(fact), .a = a, .b = b, .c = c});
}

void Machines::start(ProcessId id) {
  if (running(id) || !hosts_[processes_[id.index].host.index].up) return;
  {
    Process& process = processes_[id.index];
    ++process.incarnation;
    process.pauses = 0;
    announce(MachineFact::process_started, process.path, process.incarnation, 0, 0);
  }
  std::unique_ptr<Program> program = processes_[id.index].launcher->launch(world_, id);
  processes_[id.index].program = std::move(program);
  for (ProcessObserver* observer : observers_) observer->on_process_started(id);
}

void Machines::start_after(ProcessId id, Duration delay) {
  world_.kernel().post(delay, id_, start_due, pack(id, 0, 0), Priority::fault);
}

void Machines::kill(ProcessId id, StopReason reason, int32_t exit_code) {
  if (!running(id)) return;
  Process& process = processes_[id.index];
  announce(MachineFact::process_stopped, process.path, static_cast<uint64_t>(reason),
           process.incarnation, static_cast<uint64_t>(exit_code));
  world_.kernel().thaw(id);
  for (ProcessObserver* observer : observers_) observer->on_process_stopped(id, reason);
  const std::unique_ptr<Program> ended = std::move(processes_[id.index].program);
}

void Machines::exit_process(ProcessId id, StopReason reason, int32_t exit_code) {
  const uint64_t code =
      (static_cast<uint64_t>(reason) << 4) | static_cast<uint64_t>(exit_code & 15);
  world_.kernel().post({}, id_, exit_due, pack(id, incarnation(id), static_cast<uint8_t>(code)),
                       Priority::fault);
}

void Machines::crash_host(HostId id) {
  Host& host = hosts_[id.index];
  if (!host.up) return;
  announce(MachineFact::host_crashed, host.path, 0, 0, 0);
  for (uint32_t i = 0; i < processes_.size(); ++i)
    if (processes_[i].host == id) kill({i}, StopReason::host_crash, 0);
  host.up = false;
}

void Machines::repair_host(HostId id) {
  if (hosts_[id.index].up) return;
  hosts_[id.index].up = true;
  announce(MachineFact::host_up, hosts_[id.index].path, 0, 0, 0);
}

void Machines::repair_host_after(HostId id, Duration delay) {
  world_.kernel().post(delay, id_, repair_due, id.index, Priority::fault);
}

void Machines::freeze(ProcessId id) {
  if (!running(id)) return;
  if (++processes_[id.index].pauses > 1) return;
  announce(MachineFact::process_frozen, processes_[id.index].path, 0, 0, 0);
  world_.kernel().freeze(id);
}

void Machines::thaw(ProcessId id) { release_pause(id); }

void Machines::release_pause(ProcessId id) {
  if (!running(id) || processes_[id.index].pauses == 0) return;
  if (--processes_[id.index].pauses > 0) return;
  announce(MachineFact::process_thawed, processes_[id.index].path, 0, 0, 0);
  world_.kernel().thaw(id);
  for (ProcessObserver* observer : observers_) observer->on_process_thawed(id);
}

void Machines::freeze_for(ProcessId id, Duration pause) {
  if (!running(id) || pause.ns <= 0) return;
  announce(MachineFact::paused_for, processes_[id.index].path, static_cast<uint64_t>(pause.ns), 0,
           0);
  freeze(id);
  world_.kernel().post(pause, id_, thaw_due, pack(id, incarnation(id), 0), Priority::fault);
}

ProcessId Machines::find_process(std::string_view name) const {
  for (uint32_t i = 0; i < processes_.size(); ++i)
    if (processes_[i].name == name) return {i};
  return {};
}

HostId Machines::find_host(std::string_view name) const {
  for (uint32_t i = 0; i < hosts_.size(); ++i)
    if (hosts_[i].spec.name == name) return {i};
  return {};
}

void Machines::shut_down() {
  for (Process& process : processes_) {
    const std::unique_ptr<Program> ended = std::move(process.program);
  }
}

void Machines::on_event(const Event& event) {
  if (event.kind() == repair_due) {
    repair_host({static_cast<uint32_t>(event.argument)});
    return;
  }
  const ProcessId process{static_cast<uint32_t>(event.argument >> 32)};
  const auto code = static_cast<uint8_t>(event.argument & 0xffu);
  const bool same = ((event.argument >> 8) & 0xffffffu) == (incarnation(process) & 0xffffffu);
  switch (static_cast<Kind>(event.kind())) {
    case start_due:
      start(process);
      break;
    case exit_due:
      if (same) kill(process, static_cast<StopReason>(code >> 4), code & 15);
      break;
    case thaw_due:
      if (same) release_pause(process);
      break;
    case repair_due:
      break;
  }
}

}  // namespace drey::sim
