#include "model/cluster/resource_manager.h"

#include <algorithm>

#include "model/trace_events.h"
#include "sim/check.h"

namespace drey::model {

ResourceManager::ResourceManager(sim::World& world, sim::ProcessId process,
                                 const FlinkOptions& options, Leadership& leadership)
    : Endpoint(world, process, kResourceManagerComponent),
      options_(options),
      leadership_(leadership),
      resource_("resource-manager@" + world.machines().name(process) + "#" +
                std::to_string(world.machines().incarnation(process))),
      start_up_over_(now() + options.standalone_start_up_time),
      tm_heartbeats_(HeartbeatRole::sender, options.heartbeat, *this, now()),
      jm_heartbeats_(HeartbeatRole::sender, options.heartbeat, *this, now()) {
  clear_token();
  rearm_heartbeats();
  leadership_.contend(std::string(kResourceManagerComponent), *this);
}

ResourceManager::~ResourceManager() {
  leadership_.withdraw(std::string(kResourceManagerComponent));
}

void ResourceManager::on_granted(const std::string& component, sim::FencingToken session) {
  set_token(session);
  announce(fact_kind(ControlFact::leader_granted), kernel().intern(component), session.low, 0, 0);
  start_up_over_ = now() + options_.standalone_start_up_time;
  leadership_.confirm(component, session, address());
}

// A new leader starts with nothing: everybody registers again (upstream makes a new ResourceManager
// per term).
void ResourceManager::on_revoked(const std::string& component) {
  announce(fact_kind(ControlFact::leader_revoked), kernel().intern(component), token().low, 0, 0);
  clear_token();
  for (const auto& [resource, task_manager] : task_managers_)
    tm_heartbeats_.unmonitor_target(resource);
  for (const auto& [job, entry] : jobs_)
    if (entry.connected) jm_heartbeats_.unmonitor_target(entry.resource);
  task_managers_.clear();
  jobs_.clear();
  requests_.clear();
  heartbeat_target_.clear();
}

// ---- registration

void ResourceManager::register_task_executor(const sim::Call& call,
                                             const RegisterTaskExecutor& message) {
  const bool again = task_managers_.count(message.resource) != 0;
  if (again) lose_task_manager(message.resource, false);  // a new session of the same TaskManager
  TaskManager& task_manager = task_managers_[message.resource];
  task_manager.address = message.address;
  task_manager.registration = ++next_number_;
  task_manager.slots.assign(message.slots, {});
  announce(fact_kind(ControlFact::registered), kernel().intern(message.resource), again ? 2 : 1,
           message.slots, 0);
  tm_heartbeats_.monitor_target(message.resource, now());
  rearm_heartbeats();
  auto reply = std::make_shared<RegistrationAnswer>();
  reply->resource = resource_;
  reply->registration = task_manager.registration;
  answer(call, std::move(reply));
}

void ResourceManager::first_slot_report(const sim::Call& call, const SlotReport& report) {
  const auto found = task_managers_.find(report.resource);
  if (found == task_managers_.end() || found->second.registration != report.registration) {
    refuse(call, sim::CallFailure::handler_failed);
    return;
  }
  found->second.reported = true;
  apply_report(found->second, report.slots);
  answer(call, std::make_shared<Acknowledge>());
  check_later();
}

// A slot that we hold as allocated and that the report shows free is free; one that it shows
// allocated is. A pending request is decided by its own answer.
void ResourceManager::apply_report(TaskManager& task_manager,
                                   const std::vector<SlotStatus>& slots) {
  for (const SlotStatus& status : slots) {
    if (status.index >= task_manager.slots.size()) continue;
    Slot& slot = task_manager.slots[status.index];
    if (slot.state == SlotState::pending) continue;
    if (status.job == 0) {
      if (slot.state == SlotState::allocated) free(slot);
    } else {
      slot = {SlotState::allocated, status.job, status.allocation};
    }
  }
}

void ResourceManager::register_job_master(const sim::Call& call, const RegisterJobMaster& message) {
  const std::optional<Leader> leader = leadership_.leader(job_component(message.job));
  auto reply = std::make_shared<RegistrationAnswer>();
  if (leader.has_value() && !(leader->token == message.token)) {
    refuse(call, sim::CallFailure::handler_failed);
    return;
  }
  Job& job = jobs_[message.job];
  const bool again = job.connected;
  if (job.connected) jm_heartbeats_.unmonitor_target(job.resource);
  job.address = message.address;
  job.token = message.token;
  job.resource =
      job_component(message.job) + "@" + world().machines().name(message.address.process) + "#" +
      std::to_string(message.address.incarnation) + "." + std::to_string(message.token.low);
  job.connected = true;
  ++job.epoch;
  announce(fact_kind(ControlFact::registered), kernel().intern(job_component(message.job)),
           again ? 2 : 1, 0, 0);
  jm_heartbeats_.monitor_target(job.resource, now());
  rearm_heartbeats();
  reply->resource = resource_;
  reply->registration = job.epoch;
  answer(call, std::move(reply));
}

// ---- slots

void ResourceManager::declare(const sim::Call& call, const DeclareRequiredResources& message) {
  const auto found = jobs_.find(message.job);
  if (found == jobs_.end() || !found->second.connected ||
      !(found->second.address == message.address)) {
    refuse(call, sim::CallFailure::handler_failed);
    return;
  }
  found->second.required = message.slots;
  announce(fact_kind(ControlFact::slot_requested), kernel().intern(job_component(message.job)),
           message.slots, 0, 0);
  answer(call, std::make_shared<Acknowledge>());
  if (message.slots == 0) {
    for (const auto& [resource, task_manager] : task_managers_) {
      auto body = std::make_shared<FreeInactiveSlots>();
      body->job = message.job;
      tell(task_manager.address, {}, std::move(body));
    }
  }
  check_later();
}

// A pending check absorbs later triggers.
void ResourceManager::check_later() {
  if (check_pending_) return;
  check_pending_ = true;
  arm_timer(check_timer, options_.requirement_check_delay);
}

uint32_t ResourceManager::acquired(JobId job) const {
  uint32_t count = 0;
  for (const auto& [resource, task_manager] : task_managers_)
    for (const Slot& slot : task_manager.slots)
      if (slot.state != SlotState::free && slot.job == job) ++count;
  return count;
}

bool ResourceManager::allocate_one(JobId job) {
  for (auto& [resource, task_manager] : task_managers_) {
    if (!task_manager.reported) continue;
    for (uint32_t i = 0; i < task_manager.slots.size(); ++i) {
      Slot& slot = task_manager.slots[i];
      if (slot.state != SlotState::free) continue;
      // Unique over leaders: a later ResourceManager counts on in another range.
      const uint64_t value = (uint64_t{world().machines().incarnation(process())} << 40) |
                             (uint64_t{process().index & 0xffu} << 32) | ++allocations_;
      slot = {SlotState::pending, job, {value}};
      const uint64_t number = ++next_number_;
      requests_[number] = {resource, task_manager.registration, i, slot.allocation};
      auto body = std::make_shared<RequestSlot>();
      body->allocation = slot.allocation;
      body->job = job;
      body->index = i;
      body->job_master = jobs_.at(job).address;
      body->resource_manager_token = token();
      ask(task_manager.address, {}, std::move(body), options_.ask_timeout,
          {slot_requested, number});
      return true;
    }
  }
  return false;
}

void ResourceManager::check() {
  for (auto& [id, job] : jobs_) {
    uint32_t have = acquired(id);
    while (have < job.required && allocate_one(id)) ++have;
    if (have >= job.required || now() < start_up_over_ || !job.connected) continue;
    auto body = std::make_shared<NotEnoughResources>();
    body->job = id;
    body->acquired = have;
    tell(job.address, job.token, std::move(body));
  }
}

void ResourceManager::slot_request_ended(uint64_t number, const sim::Reply& reply) {
  const auto found = requests_.find(number);
  if (found == requests_.end()) return;
  const PendingRequest request = found->second;
  requests_.erase(found);
  const auto owner = task_managers_.find(request.resource);
  if (owner == task_managers_.end() || owner->second.registration != request.registration) return;
  Slot& slot = owner->second.slots[request.slot];
  if (slot.state != SlotState::pending || slot.allocation != request.allocation) return;
  if (reply.failure == sim::CallFailure::none) {
    slot.state = SlotState::allocated;
  } else {
    free(slot);
  }
}

void ResourceManager::free(Slot& slot) {
  slot = {};
  check_later();
}

// ---- losses (table 7.2)

void ResourceManager::lose_task_manager(const std::string& resource, bool tell_it) {
  const auto found = task_managers_.find(resource);
  if (found == task_managers_.end()) return;
  tm_heartbeats_.unmonitor_target(resource);
  const sim::Address address = found->second.address;
  task_managers_.erase(found);
  announce(fact_kind(ControlFact::disconnected), kernel().intern(resource), 0, 0, 0);
  for (const auto& [id, job] : jobs_) {
    if (!job.connected) continue;
    auto body = std::make_shared<DisconnectTaskManager>();
    body->resource = resource;
    body->cause = {.kind = Cause::Kind::task_manager_lost, .text = "seen by the ResourceManager"};
    tell(job.address, job.token, std::move(body));
  }
  if (tell_it) tell(address, {}, std::make_shared<DisconnectResourceManager>());
  check_later();
}

// Requirements are kept: its TaskManagers may serve the next leader.
void ResourceManager::lose_job(JobId id, bool tell_it) {
  Job& job = jobs_.at(id);
  if (!job.connected) return;
  job.connected = false;
  ++job.epoch;
  jm_heartbeats_.unmonitor_target(job.resource);
  announce(fact_kind(ControlFact::disconnected), kernel().intern(job_component(id)), 0, 0, 0);
  if (tell_it) tell(job.address, job.token, std::make_shared<DisconnectResourceManager>());
  later(options_.job_leader_timeout, {leader_of_job, (uint64_t{id} << 32) | job.epoch});
}

JobId ResourceManager::job_of(const std::string& resource) const {
  for (const auto& [id, job] : jobs_)
    if (job.connected && job.resource == resource) return id;
  return 0;
}

void ResourceManager::send_heartbeat_request(const ResourceId& target, sim::Time) {
  const uint64_t number = ++next_number_;
  heartbeat_target_[number] = target;
  auto body = std::make_shared<HeartbeatFromResourceManager>();
  body->from = resource_;
  const auto task_manager = task_managers_.find(target);
  if (task_manager != task_managers_.end()) {
    ask(task_manager->second.address, {}, std::move(body), options_.ask_timeout,
        {heartbeat_to_tm, number});
    return;
  }
  const JobId id = job_of(target);
  if (id == 0) return;
  const Job& job = jobs_.at(id);
  ask(job.address, job.token, std::move(body), options_.ask_timeout, {heartbeat_to_jm, number});
}

void ResourceManager::heartbeat_timed_out(const ResourceId& target, sim::Time) {
  lost(target, false);
}
void ResourceManager::target_unreachable(const ResourceId& target, sim::Time) {
  lost(target, true);
}

void ResourceManager::lost(const ResourceId& target, bool unreachable) {
  announce(fact_kind(ControlFact::heartbeat_timeout), kernel().intern(target), unreachable ? 1 : 0,
           0, 0);
  if (task_managers_.count(target) != 0) {
    lose_task_manager(target, true);
    return;
  }
  if (const JobId id = job_of(target); id != 0) lose_job(id, true);
}

void ResourceManager::heartbeat_ended(HeartbeatManager& manager, uint64_t number,
                                      const sim::Reply& reply) {
  const auto found = heartbeat_target_.find(number);
  if (found == heartbeat_target_.end()) return;
  const std::string target = found->second;
  heartbeat_target_.erase(found);
  manager.rpc_finished(target, heartbeat_outcome(reply.failure), now());
  rearm_heartbeats();
}

void ResourceManager::rearm_heartbeats() {
  const auto wait = [&](const HeartbeatManager& manager) {
    return std::max(manager.next_deadline() - now(), sim::Duration{});
  };
  if (tm_heartbeats_.next_deadline() != sim::kEndOfTime)
    arm_timer(tm_heartbeat_timer, wait(tm_heartbeats_));
  if (jm_heartbeats_.next_deadline() != sim::kEndOfTime)
    arm_timer(jm_heartbeat_timer, wait(jm_heartbeats_));
}

// ---- messages

void ResourceManager::on_call(const sim::Call& call, const sim::Message& body, const sim::Body&) {
  switch (body.kind()) {
    case RegisterTaskExecutor::kind_id():
      register_task_executor(call, sim::as<RegisterTaskExecutor>(body));
      return;
    case RegisterJobMaster::kind_id():
      register_job_master(call, sim::as<RegisterJobMaster>(body));
      return;
    case SlotReport::kind_id():
      first_slot_report(call, sim::as<SlotReport>(body));
      return;
    case DeclareRequiredResources::kind_id():
      declare(call, sim::as<DeclareRequiredResources>(body));
      return;
    case SlotAvailable::kind_id(): {
      const auto& message = sim::as<SlotAvailable>(body);
      const auto found = task_managers_.find(message.resource);
      if (found == task_managers_.end() || found->second.registration != message.registration)
        return;
      for (Slot& slot : found->second.slots)
        if (slot.allocation == message.allocation && slot.state != SlotState::free) free(slot);
      return;
    }
    case SlotHeartbeatFromTaskManager::kind_id(): {
      const auto& message = sim::as<SlotHeartbeatFromTaskManager>(body);
      answer(call, std::make_shared<Acknowledge>());
      if (!tm_heartbeats_.receive_heartbeat(message.from, now())) return;
      rearm_heartbeats();
      const auto found = task_managers_.find(message.from);
      if (found != task_managers_.end() && found->second.reported)
        apply_report(found->second, message.slots);
      return;
    }
    case HeartbeatFromJobMasterToResourceManager::kind_id():
      answer(call, std::make_shared<Acknowledge>());
      jm_heartbeats_.receive_heartbeat(sim::as<HeartbeatFromJobMasterToResourceManager>(body).from,
                                       now());
      rearm_heartbeats();
      return;
    case DisconnectJobManager::kind_id(): {
      const auto& message = sim::as<DisconnectJobManager>(body);
      const auto found = jobs_.find(message.job);
      if (found == jobs_.end()) return;
      if (found->second.connected) lose_job(message.job, false);
      if (is_globally_terminal(message.status)) jobs_.erase(message.job);
      return;
    }
    default:
      CHECK(false, "the ResourceManager got a message that it does not know");
  }
}

void ResourceManager::on_reply(sim::Continuation then, const sim::Reply& reply) {
  switch (static_cast<Then>(then.kind)) {
    case slot_requested:
      slot_request_ended(then.argument, reply);
      return;
    case heartbeat_to_tm:
      heartbeat_ended(tm_heartbeats_, then.argument, reply);
      return;
    case heartbeat_to_jm:
      heartbeat_ended(jm_heartbeats_, then.argument, reply);
      return;
    case leader_of_job:
    case none:
      return;
  }
}

void ResourceManager::on_later(sim::Continuation then) {
  if (then.kind != leader_of_job) return;
  const auto found = jobs_.find(static_cast<JobId>(then.argument >> 32));
  if (found == jobs_.end() || found->second.epoch != (then.argument & 0xffffffffu)) return;
  if (!found->second.connected) jobs_.erase(found);
}

void ResourceManager::on_timer(uint8_t kind) {
  switch (static_cast<TimerKind>(kind)) {
    case tm_heartbeat_timer:
      tm_heartbeats_.advance(now());
      rearm_heartbeats();
      return;
    case jm_heartbeat_timer:
      jm_heartbeats_.advance(now());
      rearm_heartbeats();
      return;
    case check_timer:
      check_pending_ = false;
      check();
      return;
  }
}

}  // namespace drey::model
