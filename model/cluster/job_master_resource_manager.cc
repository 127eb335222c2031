// The JobMaster and the ResourceManager: found through its leader, registered at with retries, told
// the requirements.
#include "model/cluster/job_master.h"
#include "model/cluster/registration_messages.h"
#include "model/trace_events.h"

namespace drey::model {

void JobMaster::on_leader_changed(const std::string& component) {
  if (stopping_) return;
  if (component != kResourceManagerComponent) {  // this job's own leader: seen to be confirmed
    if (!rm_connected_ && !rm_registering_) connect_to_resource_manager();
    return;
  }
  const bool at_it = rm_connected_ || rm_registering_;
  if (at_it && leadership_.leader(component) == resource_manager_) return;
  close_resource_manager(false);
  rm_retry_.restart();
  connect_to_resource_manager();
}

void JobMaster::connect_to_resource_manager() {
  if (over_ || !leads_visibly()) return;
  resource_manager_ = leadership_.leader(std::string(kResourceManagerComponent));
  const uint64_t attempt = ++rm_attempt_;
  rm_registering_ = resource_manager_.has_value();
  if (!rm_registering_) return;
  ask(resource_manager_->address, resource_manager_->token, make<ConnectRpc>(),
      options_.ask_timeout, {rm_resolved, attempt});
}

void JobMaster::resource_manager_resolved(const sim::Reply& reply) {
  if (reply.failure == sim::CallFailure::none)
    register_at_resource_manager();
  else
    later(rm_retry_.delay_after_failed_connect(), {rm_reconnect, rm_attempt_});
}

void JobMaster::register_at_resource_manager() {
  const uint64_t attempt = ++rm_attempt_;
  auto body = make<RegisterJobMaster>();
  body->job = spec_.job->job;
  body->address = address();
  body->token = spec_.token;
  ask(resource_manager_->address, resource_manager_->token, std::move(body), rm_retry_.timeout(),
      {registered_at_rm, attempt});
}

void JobMaster::resource_manager_answered(const sim::Reply& reply) {
  if (reply.failure != sim::CallFailure::none) {
    later(rm_retry_.delay_after(reply.failure), {rm_retry, rm_attempt_});
    return;
  }
  const auto& answer = sim::as<RegistrationAnswer>(*reply.body);
  rm_connected_ = true;
  rm_registering_ = false;
  resource_manager_resource_ = answer.resource;
  rm_heartbeats_.monitor_target(resource_manager_resource_, now());
  rearm_heartbeats();
  send_requirements();
}

void JobMaster::close_resource_manager(bool reconnect) {
  ++rm_attempt_;
  ++declaration_;
  rm_registering_ = false;
  if (rm_connected_) {
    rm_connected_ = false;
    rm_heartbeats_.unmonitor_target(resource_manager_resource_);
    announce(fact_kind(ControlFact::disconnected), kernel().intern("resource-manager"), 0, 0, 0);
  }
  if (!reconnect) return;
  rm_retry_.restart();
  connect_to_resource_manager();
}

void JobMaster::send_requirements() {
  if (!rm_connected_) return;
  auto body = make<DeclareRequiredResources>();
  body->job = spec_.job->job;
  body->address = address();
  for (const auto& [profile, count] : slots_.required().counts())
    body->requirements.push_back({profile, count});
  ask(resource_manager_->address, resource_manager_->token, std::move(body), options_.ask_timeout,
      {declared, ++declaration_});
}

}  // namespace drey::model
