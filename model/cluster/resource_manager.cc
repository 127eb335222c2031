#include "model/cluster/resource_manager.h"

#include <algorithm>

#include "model/cluster/registration_messages.h"
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
  SlotManager::Options slots;
  slots.allocation.worker = times(kDefaultSlot, options_.task_slots);
  slots.allocation.slots_per_worker = options_.task_slots;
  slots.allocation.mode = options_.load_balance;
  slots.check_delay = options_.requirement_check_delay;
  slots.mutant = options_.mutant;
  SlotManagerOutput& self = *this;
  slots_ = std::make_unique<SlotManager>(slots, self, now());
  slots_->tell_unfulfillable(false);
  arm_timer(start_up_timer, options_.standalone_start_up_time);
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
  resource_of_.clear();
  jobs_.clear();
  slots_.reset();
  disarm_timer(slot_timer);
  disarm_timer(start_up_timer);
  heartbeat_target_.clear();
}

// ---- registration

void ResourceManager::register_task_executor(const sim::Call& call,
                                             const RegisterTaskExecutor& message) {
  const bool again = task_managers_.count(message.resource) != 0;
  if (again) lose_task_manager(message.resource, false);  // a new session of the same TaskManager
  if (message.slots == 0 || message.slot.kind != ResourceProfile::Kind::sized) {
    refuse(call, sim::CallFailure::handler_failed);
    return;
  }
  TaskManager& task_manager = task_managers_[message.resource];
  task_manager.address = message.address;
  task_manager.registration = ++next_number_;
  resource_of_.emplace(task_manager.registration, message.resource);
  task_manager.slots = message.slots;
  task_manager.slot = message.slot;
  announce(fact_kind(ControlFact::registered), kernel().intern(message.resource), again ? 2 : 1,
           message.slots, 0);
  tm_heartbeats_.monitor_target(message.resource, now());
  rearm_heartbeats();
  auto reply = make<RegistrationAnswer>();
  reply->resource = resource_;
  reply->registration = task_manager.registration;
  answer(call, std::move(reply));
}

// Its slots count from here on.
void ResourceManager::first_slot_report(const sim::Call& call, const SlotReport& report) {
  const auto found = task_managers_.find(report.resource);
  if (found == task_managers_.end() || found->second.registration != report.registration) {
    refuse(call, sim::CallFailure::handler_failed);
    return;
  }
  const TaskManager& task_manager = found->second;
  answer(call, make<Acknowledge>());
  slots_->register_worker(task_manager.registration, times(task_manager.slot, task_manager.slots),
                          task_manager.slot, allocated_in(task_manager, report.slots), now());
  rearm_slot_timer();
}

std::vector<ReportedSlot> ResourceManager::allocated_in(
    const TaskManager& task_manager, const std::vector<SlotStatus>& slots) const {
  std::vector<ReportedSlot> allocated;
  for (const SlotStatus& status : slots)
    if (status.job != 0) allocated.push_back({status.allocation, status.job, task_manager.slot});
  return allocated;
}

void ResourceManager::register_job_master(const sim::Call& call, const RegisterJobMaster& message) {
  const std::optional<Leader> leader = leadership_.leader(job_component(message.job));
  auto reply = make<RegistrationAnswer>();
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
  ResourceCounter requirements;
  for (const ResourceRequirement& each : message.requirements)
    requirements.add(each.profile, each.count);
  announce(fact_kind(ControlFact::slot_requested), kernel().intern(job_component(message.job)),
           requirements.total(), 0, 0);
  if (slots_->require(message.job, requirements, now()))
    answer(call, make<Acknowledge>());
  else
    refuse(call, sim::CallFailure::handler_failed);
  rearm_slot_timer();
}

void ResourceManager::slot_available(const SlotAvailable& message) {
  const auto found = task_managers_.find(message.resource);
  if (found == task_managers_.end() || found->second.registration != message.registration) return;
  slots_->free_slot(message.allocation, now());
  rearm_slot_timer();
}

void ResourceManager::rearm_slot_timer() {
  const std::optional<sim::Time> next = slots_->next_timer();
  if (next.has_value())
    arm_timer(slot_timer, std::max(*next - now(), sim::Duration{}));
  else
    disarm_timer(slot_timer);
}

// Unique over leaders: a later ResourceManager counts on in another range.
AllocationId ResourceManager::new_allocation() {
  return {(uint64_t{world().machines().incarnation(process())} << 40) |
          (uint64_t{process().index & 0xffu} << 32) | ++allocations_};
}

const ResourceManager::TaskManager& ResourceManager::registered_as(WorkerId worker) const {
  const auto resource = resource_of_.find(worker);
  CHECK(resource != resource_of_.end(), "the slots of a TaskManager go with its registration");
  return task_managers_.at(resource->second);
}

void ResourceManager::request_slot(const SlotOrder& order) {
  const TaskManager& task_manager = registered_as(order.worker);
  auto body = make<RequestSlot>();
  body->allocation = order.allocation;
  body->job = order.job;
  body->profile = order.profile;
  const auto job = jobs_.find(order.job);
  if (job != jobs_.end()) body->job_master = job->second.address;
  body->resource_manager_token = token();
  ask(task_manager.address, {}, std::move(body), options_.ask_timeout,
      {slot_requested, order.allocation.value});
}

void ResourceManager::not_enough_resources(JobId id, const ResourceCounter& acquired) {
  const auto job = jobs_.find(id);
  if (job == jobs_.end() || !job->second.connected) return;
  auto body = make<NotEnoughResources>();
  body->job = id;
  for (const auto& [profile, count] : acquired.counts()) body->acquired.push_back({profile, count});
  tell(job->second.address, job->second.token, std::move(body));
}

void ResourceManager::declare_workers(uint32_t, const std::vector<WorkerId>&) {
  CHECK(false, "a standalone ResourceManager requests no workers");
}
void ResourceManager::ask_release(WorkerId) {
  CHECK(false, "a standalone ResourceManager releases no workers");
}

void ResourceManager::free_inactive_slots(WorkerId worker, JobId job) {
  auto body = make<FreeInactiveSlots>();
  body->job = job;
  tell(registered_as(worker).address, {}, std::move(body));
}

// ---- losses (table 7.2)

void ResourceManager::lose_task_manager(const std::string& resource, bool tell_it) {
  const auto found = task_managers_.find(resource);
  if (found == task_managers_.end()) return;
  tm_heartbeats_.unmonitor_target(resource);
  const sim::Address address = found->second.address;
  slots_->unregister_worker(found->second.registration, now());
  rearm_slot_timer();
  resource_of_.erase(found->second.registration);
  task_managers_.erase(found);
  announce(fact_kind(ControlFact::disconnected), kernel().intern(resource), 0, 0, 0);
  for (const auto& [id, job] : jobs_) {
    if (!job.connected) continue;
    auto body = make<DisconnectTaskManager>();
    body->resource = resource;
    body->cause = {.kind = Cause::Kind::task_manager_lost, .text = "seen by the ResourceManager"};
    tell(job.address, job.token, std::move(body));
  }
  if (tell_it) tell(address, {}, make<DisconnectResourceManager>());
}

// Requirements are kept: its TaskManagers may serve the next leader.
void ResourceManager::lose_job(JobId id, bool tell_it) {
  Job& job = jobs_.at(id);
  if (!job.connected) return;
  job.connected = false;
  ++job.epoch;
  jm_heartbeats_.unmonitor_target(job.resource);
  announce(fact_kind(ControlFact::disconnected), kernel().intern(job_component(id)), 0, 0, 0);
  if (tell_it) tell(job.address, job.token, make<DisconnectResourceManager>());
  later(options_.job_leader_timeout, {leader_of_job, (uint64_t{id} << 32) | job.epoch});
}

// The job is over, or nobody has led it for long: what it requires is forgotten.
void ResourceManager::remove_job(JobId id) {
  if (jobs_.erase(id) == 0) return;
  slots_->clear(id);
  rearm_slot_timer();
}

JobId ResourceManager::job_of(const std::string& resource) const {
  for (const auto& [id, job] : jobs_)
    if (job.connected && job.resource == resource) return id;
  return 0;
}

void ResourceManager::send_heartbeat_request(const ResourceId& target, sim::Time) {
  const uint64_t number = ++next_number_;
  heartbeat_target_[number] = target;
  auto body = make<HeartbeatFromResourceManager>();
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
    case ConnectRpc::kind_id():
      answer(call, make<Acknowledge>());
      return;
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
    case SlotAvailable::kind_id():
      slot_available(sim::as<SlotAvailable>(body));
      return;
    case SlotHeartbeatFromTaskManager::kind_id(): {
      const auto& message = sim::as<SlotHeartbeatFromTaskManager>(body);
      answer(call, make<Acknowledge>());
      if (!tm_heartbeats_.receive_heartbeat(message.from, now())) return;
      const auto found = task_managers_.find(message.from);
      if (found == task_managers_.end()) return;
      slots_->report(found->second.registration, allocated_in(found->second, message.slots), now());
      rearm_slot_timer();
      return;
    }
    case HeartbeatFromJobMasterToResourceManager::kind_id():
      answer(call, make<Acknowledge>());
      jm_heartbeats_.receive_heartbeat(sim::as<HeartbeatFromJobMasterToResourceManager>(body).from,
                                       now());
      return;
    case DisconnectTaskManager::kind_id():
      lose_task_manager(sim::as<DisconnectTaskManager>(body).resource, false);
      return;
    case DisconnectJobManager::kind_id(): {
      const auto& message = sim::as<DisconnectJobManager>(body);
      const auto found = jobs_.find(message.job);
      if (found == jobs_.end()) return;
      if (found->second.connected) lose_job(message.job, false);
      if (is_globally_terminal(message.status)) remove_job(message.job);
      return;
    }
    default:
      CHECK(false, "the ResourceManager got a message that it does not know");
  }
}

void ResourceManager::on_reply(sim::Continuation then, const sim::Reply& reply) {
  switch (static_cast<Then>(then.kind)) {
    case slot_requested:
      if (slots_ == nullptr) return;
      slots_->slot_answered({then.argument}, reply.failure == sim::CallFailure::none, now());
      rearm_slot_timer();
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
  if (!found->second.connected) remove_job(found->first);
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
    case slot_timer:
      slots_->on_time(now());
      rearm_slot_timer();
      return;
    case start_up_timer:
      slots_->tell_unfulfillable(true);
      return;
  }
}

}  // namespace drey::model
