#include "model/cluster/task_executor.h"

#include <algorithm>
#include <utility>

#include "model/trace_events.h"
#include "sim/check.h"

namespace drey::model {
TaskExecutor::TaskExecutor(sim::World& world, sim::ProcessId process, TaskExecutorSpec spec,
                           const FlinkOptions& options, Leadership& leadership, TaskFactory& tasks)
    : Endpoint(world, process, kTaskExecutorEndpoint),
      spec_(std::move(spec)),
      options_(options),
      leadership_(leadership),
      factory_(tasks),
      slots_(spec_.slots, kDefaultSlot),
      rm_retry_(options),
      rm_heartbeats_(HeartbeatRole::receiver, options.heartbeat, *this, now()),
      jm_heartbeats_(HeartbeatRole::receiver, options.heartbeat, *this, now()) {
  arm_timer(registration_timer, options_.task_manager_registration_timeout);
  leadership_.watch(std::string(kResourceManagerComponent), *this);
}

TaskExecutor::~TaskExecutor() {
  leadership_.unwatch(std::string(kResourceManagerComponent), *this);
  for (const auto& [job, connection] : jobs_) leadership_.unwatch(job_component(job), *this);
}

void TaskExecutor::tell_job_master(JobId job, sim::Body body) {
  const auto found = jobs_.find(job);
  if (found == jobs_.end() || !found->second.connected) return;
  tell(found->second.address, found->second.token, std::move(body));
}

// ---- slots

void TaskExecutor::request_slot(const sim::Call& call, const RequestSlot& request) {
  const bool from_leader = rm_connected_ && resource_manager_.has_value() &&
                           resource_manager_->token == request.resource_manager_token;
  // A slot has one size: what fits at all takes a whole one.
  const bool fits = is_at_least(slots_.profile(), request.profile);
  if (!from_leader || !fits ||
      !slots_.allocate(request.job, request.allocation, now() + options_.slot_timeout)) {
    refuse(call, sim::CallFailure::handler_failed);
    return;
  }
  announce(fact_kind(ControlFact::slot_allocated), kernel().intern(job_component(request.job)),
           *slots_.find(request.allocation), request.allocation.value, 0);
  rearm_slot_timer();
  const auto known = jobs_.find(request.job);
  if (known == jobs_.end()) {
    jobs_.emplace(request.job, JobConnection{.retry = RegistrationRetry(options_)});
    leadership_.watch(job_component(request.job), *this);
  } else if (known->second.connected) {
    offer_slots(request.job);
  }
  answer(call, make<Acknowledge>());
}

void TaskExecutor::offer_slots(JobId job) {
  JobConnection& connection = jobs_.at(job);
  const std::vector<SlotOffer> offers = slots_.inactive_of(job);
  if (!connection.connected || offers.empty()) return;
  auto body = make<OfferSlots>();
  body->resource = spec_.resource;
  body->offers = offers;
  ask(connection.address, connection.token, std::move(body), options_.ask_timeout,
      {offered, (uint64_t{job} << 32) | ++connection.offer});
}

void TaskExecutor::offer_answered(JobId job, uint64_t offer, const sim::Reply& reply) {
  const auto found = jobs_.find(job);
  if (found == jobs_.end() || !found->second.connected || found->second.offer != offer) return;
  if (reply.failure == sim::CallFailure::timeout) {
    offer_slots(job);
    return;
  }
  std::vector<SlotOffer> accepted;
  if (reply.failure == sim::CallFailure::none)
    accepted = sim::as<OfferSlotsAnswer>(*reply.body).accepted;
  for (const SlotOffer& slot : slots_.inactive_of(job)) {
    const bool kept = std::any_of(accepted.begin(), accepted.end(), [&](const SlotOffer& taken) {
      return taken.allocation == slot.allocation;
    });
    if (!kept) {
      free_slot(slot.allocation, {.kind = Cause::Kind::slot_lost, .text = "offer not accepted"});
    } else if (!slots_.mark_active(slot.allocation, job)) {
      auto body = make<FailSlot>();
      body->resource = spec_.resource;
      body->allocation = slot.allocation;
      tell_job_master(job, std::move(body));
    }
  }
  rearm_slot_timer();
}

void TaskExecutor::free_slot(AllocationId allocation, const Cause& cause) {
  const auto index = slots_.find(allocation);
  if (!index.has_value()) return;
  const JobId job = slots_.slot(*index).job;
  fail_tasks_of(allocation, cause);
  if (slots_.free(allocation) == TaskSlotTable::Freed::freed) slot_is_free(job, allocation);
  rearm_slot_timer();
}

void TaskExecutor::slot_is_free(JobId job, AllocationId allocation) {
  announce(fact_kind(ControlFact::slot_freed), kernel().intern(job_component(job)), 0,
           allocation.value, 0);
  if (rm_connected_) {
    auto body = make<SlotAvailable>();
    body->resource = spec_.resource;
    body->registration = rm_registration_;
    body->allocation = allocation;
    tell(resource_manager_->address, resource_manager_->token, std::move(body));
  }
  forget_job_without_slots(job);
}

void TaskExecutor::rearm_slot_timer() {
  const sim::Time next = slots_.next_deadline();
  if (next == sim::kEndOfTime) {
    disarm_timer(slot_timer);
  } else {
    arm_timer(slot_timer, std::max(next - now(), sim::Duration{}));
  }
}

// The JobMaster's view of this TaskManager's slots, in its heartbeat (control-plane.md 6.9).
void TaskExecutor::reconcile_slots(JobId job, const std::vector<SlotStatus>& expected) {
  for (const AllocationId allocation : slots_.active_of(job)) {
    const bool listed = std::any_of(expected.begin(), expected.end(), [&](const SlotStatus& s) {
      return s.allocation == allocation;
    });
    if (!listed)
      free_slot(allocation, {.kind = Cause::Kind::slot_lost, .text = "not known to the JobMaster"});
  }
  for (const SlotStatus& slot : expected) {
    if (slots_.find(slot.allocation).has_value()) continue;
    auto body = make<FailSlot>();
    body->resource = spec_.resource;
    body->allocation = slot.allocation;
    tell_job_master(job, std::move(body));
  }
}

// ---- heartbeats

void TaskExecutor::send_heartbeat_request(const ResourceId&, sim::Time) {
  CHECK(false, "a TaskManager only answers heartbeats");
}
void TaskExecutor::heartbeat_timed_out(const ResourceId& target, sim::Time) {
  announce(fact_kind(ControlFact::heartbeat_timeout), kernel().intern(target), 0, 0, 0);
  lost_heartbeat(target);
}
void TaskExecutor::target_unreachable(const ResourceId& target, sim::Time) {
  announce(fact_kind(ControlFact::heartbeat_timeout), kernel().intern(target), 1, 0, 0);
  lost_heartbeat(target);
}

void TaskExecutor::lost_heartbeat(const ResourceId& target) {
  if (rm_connected_ && target == resource_manager_resource_) {
    close_resource_manager(true);
    return;
  }
  for (const auto& [job, connection] : jobs_) {
    if (!connection.connected || connection.resource != target) continue;
    disconnect_job_master(job, {.kind = Cause::Kind::job_master_lost, .text = "heartbeat"}, true);
    return;
  }
}

void TaskExecutor::rearm_heartbeats() {
  const sim::Time rm = rm_heartbeats_.next_deadline();
  if (rm != sim::kEndOfTime) arm_timer(rm_heartbeat_timer, std::max(rm - now(), sim::Duration{}));
  const sim::Time jm = jm_heartbeats_.next_deadline();
  if (jm != sim::kEndOfTime) arm_timer(jm_heartbeat_timer, std::max(jm - now(), sim::Duration{}));
}

// ---- messages

void TaskExecutor::on_call(const sim::Call& call, const sim::Message& body, const sim::Body&) {
  switch (body.kind()) {
    case RequestSlot::kind_id():
      request_slot(call, sim::as<RequestSlot>(body));
      return;
    case FreeSlot::kind_id():
      free_slot(sim::as<FreeSlot>(body).allocation, sim::as<FreeSlot>(body).cause);
      answer(call, make<Acknowledge>());
      return;
    case FreeInactiveSlots::kind_id():
      for (const SlotOffer& slot : slots_.inactive_of(sim::as<FreeInactiveSlots>(body).job))
        free_slot(slot.allocation, {.kind = Cause::Kind::slot_lost, .text = "not required"});
      return;
    case HeartbeatFromResourceManager::kind_id(): {
      const auto& request = sim::as<HeartbeatFromResourceManager>(body);
      answer(call, make<Acknowledge>());
      if (!rm_heartbeats_.receive_request(request.from, now())) return;
      rearm_heartbeats();
      auto reply = make<SlotHeartbeatFromTaskManager>();
      reply->from = spec_.resource;
      reply->slots = slots_.report();
      ask(resource_manager_->address, resource_manager_->token, std::move(reply),
          options_.ask_timeout, {heartbeat_told, 0});
      return;
    }
    case HeartbeatFromJobMaster::kind_id(): {
      const auto& request = sim::as<HeartbeatFromJobMaster>(body);
      answer(call, make<Acknowledge>());
      if (!jm_heartbeats_.receive_request(request.from, now())) return;
      rearm_heartbeats();
      const auto found = jobs_.find(request.job);
      if (found == jobs_.end() || !found->second.connected) return;
      auto reply = make<HeartbeatFromTaskManager>();
      reply->from = spec_.resource;
      reply->deployed = deployed_of(request.job);
      ask(found->second.address, found->second.token, std::move(reply), options_.ask_timeout,
          {heartbeat_told, request.job});
      reconcile_slots(request.job, request.allocated);
      return;
    }
    case DisconnectJobManager::kind_id(): {
      const auto& message = sim::as<DisconnectJobManager>(body);
      if (jobs_.count(message.job) == 0) return;
      const bool over = is_globally_terminal(message.status);
      disconnect_job_master(message.job, message.cause, !over);
      if (over) forget_job_without_slots(message.job);
      return;
    }
    case DisconnectResourceManager::kind_id():
      if (rm_connected_) close_resource_manager(true);
      return;
    default:
      if (on_task_call(call, body) || on_checkpoint_call(call, body)) return;
      CHECK(false, "a TaskManager got a message that it does not know");
  }
}

void TaskExecutor::on_reply(sim::Continuation then, const sim::Reply& reply) {
  const bool ok = reply.failure == sim::CallFailure::none;
  const auto job = static_cast<JobId>(then.argument >> 32);
  const uint64_t number = then.argument & 0xffffffffu;
  switch (static_cast<Then>(then.kind)) {
    case rm_resolved:
      if (then.argument == rm_attempt_) resource_manager_resolved(reply);
      return;
    case jm_resolved:
      if (jobs_.count(job) != 0 && jobs_.at(job).attempt == number) job_master_resolved(job, reply);
      return;
    case registered_at_rm:
      if (then.argument == rm_attempt_) resource_manager_answered(reply);
      return;
    case slot_report_done:
      if (then.argument != rm_attempt_) return;
      if (!ok) {
        close_resource_manager(true);
        return;
      }
      rm_connected_ = true;
      disarm_timer(registration_timer);
      rm_heartbeats_.monitor_target(resource_manager_resource_, now());
      rearm_heartbeats();
      return;
    case registered_at_jm:
      if (jobs_.count(job) != 0 && jobs_.at(job).attempt == number) job_master_answered(job, reply);
      return;
    case offered:
      offer_answered(job, number, reply);
      return;
    case state_told:
    case event_told: {
      // What the JobMaster does not know, or did not get, fails the task.
      const bool event = then.kind == event_told;
      if (ok && (event || sim::as<UpdateTaskStateAnswer>(*reply.body).accepted)) return;
      if (Task* task = find_living(then.argument); task != nullptr)
        task->runtime->fail({.kind = Cause::Kind::job_master_lost, .text = "report not accepted"});
      return;
    }
    case partition_state: {
      if (!ok) return;
      const auto& told = sim::as<PartitionStateAnswer>(*reply.body);
      if (Task* task = find_living(then.argument); task != nullptr)
        task->runtime->partition_state(told.partition, told.producer);
      return;
    }
    case heartbeat_told:
    case rm_reconnect:
    case rm_retry:
    case jm_reconnect:
    case jm_retry:
    case cleanup:
    case tasks_end:
    case exit_due:
    case ignore:
      return;
  }
}

void TaskExecutor::on_later(sim::Continuation then) {
  const auto job = static_cast<JobId>(then.argument >> 32);
  const uint64_t number = then.argument & 0xffffffffu;
  switch (static_cast<Then>(then.kind)) {
    case rm_reconnect:
      if (then.argument == rm_attempt_ && !rm_connected_) connect_to_resource_manager();
      return;
    case rm_retry:
      if (then.argument == rm_attempt_ && !rm_connected_) register_at_resource_manager();
      return;
    case jm_reconnect:
      if (jobs_.count(job) != 0 && jobs_.at(job).attempt == number) connect_to_job_master(job);
      return;
    case jm_retry:
      if (jobs_.count(job) != 0 && jobs_.at(job).attempt == number) register_at_job_master(job);
      return;
    case tasks_end:
      end_tasks_of(static_cast<JobId>(then.argument));
      return;
    case cleanup:
      for (const AttemptId& attempt : std::exchange(ended_, {})) remove_task(attempt);
      return;
    case exit_due:
      world().machines().exit_process(process(), exit_reason_, exit_code_);
      return;
    default:
      return;
  }
}

void TaskExecutor::on_timer(uint8_t kind) {
  switch (static_cast<TimerKind>(kind)) {
    case rm_heartbeat_timer:
      rm_heartbeats_.advance(now());
      rearm_heartbeats();
      return;
    case jm_heartbeat_timer:
      jm_heartbeats_.advance(now());
      rearm_heartbeats();
      return;
    case slot_timer:
      for (const AllocationId allocation : slots_.expired(now()))
        free_slot(allocation, {.kind = Cause::Kind::slot_lost, .text = "inactive for too long"});
      rearm_slot_timer();
      return;
    case registration_timer:
      world().machines().exit_process(process(), sim::StopReason::exit, 1);
      return;
  }
}

}  // namespace drey::model
