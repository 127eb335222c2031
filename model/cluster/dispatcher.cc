#include "model/cluster/dispatcher.h"

#include "model/trace_events.h"
#include "sim/check.h"

namespace drey::model {

Dispatcher::Dispatcher(sim::World& world, sim::ProcessId process, DispatcherSpec spec,
                       const FlinkOptions& options, Leadership& leadership)
    : Endpoint(world, process, kDispatcherComponent),
      spec_(spec),
      options_(options),
      leadership_(leadership) {
  clear_token();
  leadership_.contend(std::string(kDispatcherComponent), *this);
}

Dispatcher::~Dispatcher() {
  leadership_.withdraw(std::string(kDispatcherComponent));
  for (const auto& [job, entry] : jobs_) leadership_.withdraw(job_component(job));
}

const JobMaster* Dispatcher::job_master(JobId job) const {
  const auto found = jobs_.find(job);
  return found == jobs_.end() ? nullptr : found->second.master.get();
}

void Dispatcher::on_granted(const std::string& component, sim::FencingToken session) {
  announce(fact_kind(ControlFact::leader_granted), kernel().intern(component), session.low, 0, 0);
  if (component == kDispatcherComponent) {
    set_token(session);
    leadership_.confirm(component, session, address());
    return;
  }
  for (const auto& [job, entry] : jobs_)
    if (job_component(job) == component) {
      start_job_master(job, session);
      return;
    }
}

void Dispatcher::on_revoked(const std::string& component) {
  announce(fact_kind(ControlFact::leader_revoked), kernel().intern(component), token().low, 0, 0);
  if (component == kDispatcherComponent) {
    clear_token();
    for (auto& [job, entry] : jobs_) {
      if (entry.master != nullptr) entry.master->suspend();
      leadership_.withdraw(job_component(job));
    }
    jobs_.clear();
    return;
  }
  for (auto& [job, entry] : jobs_) {
    if (job_component(job) != component || entry.master == nullptr) continue;
    entry.master->suspend();
    entry.master = nullptr;
  }
}

void Dispatcher::submit(const sim::Call& call, JobId job) {
  auto reply = std::make_shared<SubmitJobAnswer>();
  reply->duplicate = jobs_.count(job) != 0;
  reply->accepted = !reply->duplicate && spec_.jobs->count(job) != 0;
  if (reply->accepted) {
    announce(fact_kind(ControlFact::job_submitted), kernel().intern(job_component(job)), 0, 0, 0);
    jobs_[job];
    leadership_.contend(job_component(job), *this);
  }
  answer(call, std::move(reply));
}

void Dispatcher::start_job_master(JobId job, sim::FencingToken session) {
  Job& entry = jobs_.at(job);
  if (is_globally_terminal(entry.status)) return;
  entry.master = std::make_unique<JobMaster>(
      world(), process(),
      JobMasterSpec{.job = spec_.jobs->at(job),
                    .token = session,
                    .dispatcher = address(),
                    .object_store = spec_.object_store},
      options_, leadership_);
  leadership_.confirm(job_component(job), session, entry.master->address());
  if (entry.cancel_wanted) entry.master->cancel();
}

void Dispatcher::status_changed(const JobStatusChanged& message) {
  const auto found = jobs_.find(message.job);
  if (found == jobs_.end()) return;
  found->second.status = message.status;
  if (!is_globally_terminal(message.status)) return;
  leadership_.withdraw(job_component(message.job));
  later({}, {remove_job_master, message.job});
}

void Dispatcher::on_call(const sim::Call& call, const sim::Message& body, const sim::Body&) {
  switch (body.kind()) {
    case SubmitJob::kind_id():
      submit(call, sim::as<SubmitJob>(body).job);
      return;
    case RequestJobStatus::kind_id(): {
      auto reply = std::make_shared<JobStatusAnswer>();
      const auto found = jobs_.find(sim::as<RequestJobStatus>(body).job);
      reply->known = found != jobs_.end();
      if (reply->known) reply->status = found->second.status;
      answer(call, std::move(reply));
      return;
    }
    case CancelJob::kind_id(): {
      const auto found = jobs_.find(sim::as<CancelJob>(body).job);
      if (found == jobs_.end()) {
        refuse(call, sim::CallFailure::handler_failed);
        return;
      }
      answer(call, std::make_shared<Acknowledge>());
      if (found->second.master != nullptr) {
        found->second.master->cancel();
      } else {
        found->second.cancel_wanted = true;
      }
      return;
    }
    case JobStatusChanged::kind_id():
      status_changed(sim::as<JobStatusChanged>(body));
      return;
    default:
      CHECK(false, "the Dispatcher got a message that it does not know");
  }
}

void Dispatcher::on_later(sim::Continuation then) {
  const auto found = jobs_.find(static_cast<JobId>(then.argument));
  if (then.kind == remove_job_master && found != jobs_.end()) found->second.master = nullptr;
}

}  // namespace drey::model
