// How the TaskExecutor finds its ResourceManager and JobMasters and registers at them
// (control-plane.md 7.4): a leader is connected to, then asked.
#include "model/cluster/registration_messages.h"
#include "model/cluster/task_executor.h"
#include "model/trace_events.h"

namespace drey::model {

namespace {
// on_reply and on_later take it apart.
uint64_t of_attempt(JobId job, uint64_t attempt) { return (uint64_t{job} << 32) | attempt; }
}  // namespace

// ---- the ResourceManager

void TaskExecutor::on_leader_changed(const std::string& component) {
  if (component == kResourceManagerComponent) {
    close_resource_manager(false);
    resource_manager_ = leadership_.leader(component);
    rm_retry_.restart();
    connect_to_resource_manager();
    return;
  }
  for (const auto& [job, connection] : jobs_) {
    if (job_component(job) == component) {
      job_leader_changed(job);
      return;
    }
  }
}

void TaskExecutor::connect_to_resource_manager() {
  resource_manager_ = leadership_.leader(std::string(kResourceManagerComponent));
  const uint64_t attempt = ++rm_attempt_;
  if (!resource_manager_.has_value()) return;
  ask(resource_manager_->address, resource_manager_->token, make<ConnectRpc>(),
      options_.ask_timeout, {rm_resolved, attempt});
}

void TaskExecutor::resource_manager_resolved(const sim::Reply& reply) {
  if (reply.failure == sim::CallFailure::none)
    register_at_resource_manager();
  else
    later(rm_retry_.delay_after_failed_connect(), {rm_reconnect, rm_attempt_});
}

void TaskExecutor::register_at_resource_manager() {
  const uint64_t attempt = ++rm_attempt_;
  auto body = make<RegisterTaskExecutor>();
  body->resource = spec_.resource;
  body->address = address();
  body->slots = static_cast<uint32_t>(slots_.size());
  body->slot = slots_.profile();
  ask(resource_manager_->address, resource_manager_->token, std::move(body), rm_retry_.timeout(),
      {registered_at_rm, attempt});
}

void TaskExecutor::resource_manager_answered(const sim::Reply& reply) {
  if (reply.failure != sim::CallFailure::none) {
    later(rm_retry_.delay_after(reply.failure), {rm_retry, rm_attempt_});
    return;
  }
  const auto& answer = sim::as<RegistrationAnswer>(*reply.body);
  if (answer.verdict == RegistrationAnswer::Verdict::refused) {
    later(rm_retry_.delay_after_refusal(), {rm_retry, rm_attempt_});
    return;
  }
  if (answer.verdict == RegistrationAnswer::Verdict::rejected) {
    world().machines().exit_process(process(), sim::StopReason::exit, 1);
    return;
  }
  rm_registration_ = answer.registration;
  resource_manager_resource_ = answer.resource;
  auto report = make<SlotReport>();
  report->resource = spec_.resource;
  report->registration = rm_registration_;
  report->slots = slots_.report();
  ask(resource_manager_->address, resource_manager_->token, std::move(report), options_.ask_timeout,
      {slot_report_done, rm_attempt_});
}

void TaskExecutor::close_resource_manager(bool reconnect) {
  ++rm_attempt_;  // answers under way are for a connection that is gone
  if (rm_connected_) {
    rm_heartbeats_.unmonitor_target(resource_manager_resource_);
    rm_connected_ = false;
    arm_timer(registration_timer, options_.task_manager_registration_timeout);
    announce(fact_kind(ControlFact::disconnected), kernel().intern("resource-manager"), 0, 0, 0);
  }
  if (!reconnect) return;
  rm_retry_.restart();
  connect_to_resource_manager();
}

// ---- JobMasters

void TaskExecutor::job_leader_changed(JobId job) {
  JobConnection& connection = jobs_.at(job);
  const std::optional<Leader> leader = leadership_.leader(job_component(job));
  const bool same = leader.has_value() && connection.connected &&
                    leader->token == connection.token && leader->address == connection.address;
  if (same) return;
  if (connection.connected)
    disconnect_job_master(job, {.kind = Cause::Kind::job_master_lost, .text = "leader changed"},
                          false);
  if (jobs_.count(job) == 0) return;  // nothing of it was left here
  connection.retry.restart();
  connect_to_job_master(job);
}

void TaskExecutor::connect_to_job_master(JobId job) {
  JobConnection& connection = jobs_.at(job);
  ++connection.attempt;
  const std::optional<Leader> leader = leadership_.leader(job_component(job));
  if (!leader.has_value()) return;
  connection.address = leader->address;
  connection.token = leader->token;
  ask(connection.address, connection.token, make<ConnectRpc>(), options_.ask_timeout,
      {jm_resolved, of_attempt(job, connection.attempt)});
}

void TaskExecutor::job_master_resolved(JobId job, const sim::Reply& reply) {
  JobConnection& connection = jobs_.at(job);
  if (reply.failure == sim::CallFailure::none)
    register_at_job_master(job);
  else
    later(connection.retry.delay_after_failed_connect(),
          {jm_reconnect, of_attempt(job, connection.attempt)});
}

void TaskExecutor::register_at_job_master(JobId job) {
  JobConnection& connection = jobs_.at(job);
  ++connection.attempt;
  auto body = make<RegisterTaskManager>();
  body->resource = spec_.resource;
  body->address = address();
  body->data = factory_.data_address();
  body->job = job;
  ask(connection.address, connection.token, std::move(body), connection.retry.timeout(),
      {registered_at_jm, of_attempt(job, connection.attempt)});
}

void TaskExecutor::job_master_answered(JobId job, const sim::Reply& reply) {
  JobConnection& connection = jobs_.at(job);
  const uint64_t argument = of_attempt(job, connection.attempt);
  if (reply.failure != sim::CallFailure::none) {
    later(connection.retry.delay_after(reply.failure), {jm_retry, argument});
    return;
  }
  const auto& answer = sim::as<RegistrationAnswer>(*reply.body);
  if (answer.verdict == RegistrationAnswer::Verdict::refused) {
    later(connection.retry.delay_after_refusal(), {jm_retry, argument});
    return;
  }
  if (answer.verdict == RegistrationAnswer::Verdict::rejected) {
    for (const AllocationId allocation : slots_.all_of(job))
      free_slot(allocation, {.kind = Cause::Kind::job_master_lost, .text = "rejected"});
    forget_job_without_slots(job);
    return;
  }
  connection.connected = true;
  connection.resource = answer.resource;
  jm_heartbeats_.monitor_target(connection.resource, now());
  rearm_heartbeats();
  offer_slots(job);
}

}  // namespace drey::model
