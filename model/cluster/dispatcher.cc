#include "model/cluster/dispatcher.h"

#include <algorithm>

#include "model/trace_events.h"
#include "sim/check.h"

namespace drey::model {

Dispatcher::Dispatcher(sim::World& world, sim::ProcessId process, DispatcherSpec spec,
                       const FlinkOptions& options, Leadership& leadership)
    : Endpoint(world, process, kDispatcherComponent),
      spec_(spec),
      options_(options),
      leadership_(leadership),
      access_(leadership.store()) {
  clear_token();
  leadership_.contend(std::string(kDispatcherComponent), *this);
}

Dispatcher::~Dispatcher() {
  if (highly_available()) access_->forget(*this);
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
    if (highly_available()) {
      if (stopping_.empty())
        recover(session);
      else
        granted_ = session;
      return;
    }
    set_token(session);
    leadership_.confirm(component, session, address());
    return;
  }
  for (auto& [job, entry] : jobs_) {
    if (job_component(job) != component) continue;
    entry.session = session;
    if (highly_available())
      ask_store(Step::look_for_result, job);
    else
      start_job_master(job, session, std::nullopt);
    return;
  }
}

void Dispatcher::on_revoked(const std::string& component) {
  announce(fact_kind(ControlFact::leader_revoked), kernel().intern(component), token().low, 0, 0);
  if (component == kDispatcherComponent) {
    ++term_;
    granted_.reset();
    clear_token();
    for (auto& [job, entry] : jobs_) {
      suspend(entry);
      if (entry.submission.has_value()) refuse(*entry.submission, sim::CallFailure::handler_failed);
      leadership_.withdraw(job_component(job));
    }
    jobs_.clear();
    savepoints_.clear();
    return;
  }
  for (auto& [job, entry] : jobs_) {
    if (job_component(job) == component) suspend(entry);
  }
}

void Dispatcher::suspend(Job& job) {
  if (job.master == nullptr) return;
  stopping_.push_back(std::move(job.master));
  stopping_.back()->suspend();
}

void Dispatcher::on_stopped() {
  const auto stopped = [](const auto& master) { return master->stopped(); };
  stopping_.erase(std::remove_if(stopping_.begin(), stopping_.end(), stopped), stopping_.end());
  if (!stopping_.empty() || !granted_.has_value()) return;
  const sim::FencingToken session = *granted_;
  granted_.reset();
  recover(session);
}

void Dispatcher::submit(const sim::Call& call, const SubmitJob& message) {
  const JobId job = message.job;
  auto reply = std::make_shared<SubmitJobAnswer>();
  const auto known = jobs_.find(job);
  if (known != jobs_.end() && known->second.submission.has_value()) {
    refuse(call, sim::CallFailure::handler_failed);  // not durable yet: neither taken nor refused
    return;
  }
  reply->duplicate = known != jobs_.end();
  reply->accepted = !reply->duplicate && spec_.jobs->count(job) != 0;
  if (!reply->accepted) {
    answer(call, std::move(reply));
    return;
  }
  announce(fact_kind(ControlFact::job_submitted), kernel().intern(job_component(job)), 0, 0, 0);
  Job& entry = jobs_[job];
  entry.restore = message.restore;
  if (highly_available()) {
    entry.submission = call;
    ask_store(Step::put_plan, job);
    return;
  }
  run_job(job);
  answer(call, std::move(reply));
}

const FlinkOptions& Dispatcher::options_of(JobId job) const {
  if (spec_.job_options == nullptr) return options_;
  const auto own = spec_.job_options->find(job);
  return own == spec_.job_options->end() ? options_ : own->second;
}

void Dispatcher::run_job(JobId job) { leadership_.contend(job_component(job), *this); }

void Dispatcher::start_job_master(JobId job, sim::FencingToken session,
                                  std::optional<JobStatus> ended_as) {
  Job& entry = jobs_.at(job);
  if (is_globally_terminal(entry.status) && !ended_as.has_value()) return;
  entry.master = std::make_unique<JobMaster>(world(), process(),
                                             JobMasterSpec{.job = spec_.jobs->at(job),
                                                           .token = session,
                                                           .dispatcher = address(),
                                                           .object_store = spec_.object_store,
                                                           .ended_as = ended_as,
                                                           .restore = entry.restore},
                                             options_of(job), leadership_);
  if (entry.cancel_wanted) entry.master->cancel();
}

void Dispatcher::status_changed(const JobStatusChanged& message) {
  const auto found = jobs_.find(message.job);
  if (found == jobs_.end()) return;
  if (highly_available() && is_globally_terminal(message.status)) {
    job_ended(message.job, message.status);
    return;
  }
  found->second.status = message.status;
  if (!is_globally_terminal(message.status)) return;
  leadership_.withdraw(job_component(message.job));
  if (found->second.master != nullptr) found->second.master->clean_up();
}

void Dispatcher::cancel(const sim::Call& call, JobId job) {
  const auto found = jobs_.find(job);
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
}

// A trigger that comes again joins the operation that it began.
void Dispatcher::trigger_savepoint(const sim::Call& call, const TriggerSavepoint& message) {
  const auto found = jobs_.find(message.job);
  const auto key = std::make_pair(message.job, message.operation);
  const bool joins = savepoints_.count(key) != 0;
  if (!joins) {
    const bool begun = found != jobs_.end() && found->second.master != nullptr &&
                       found->second.master->savepoint(message.operation, message.kind,
                                                       message.format, message.directory);
    if (!begun) {
      refuse(call, sim::CallFailure::handler_failed);
      return;
    }
    savepoints_[key].state = SavepointAnswer::State::in_progress;
  }
  answer(call, std::make_shared<Acknowledge>());
}

void Dispatcher::answer_savepoint(const sim::Call& call, const RequestSavepoint& message) {
  auto reply = std::make_shared<SavepointAnswer>();
  const auto found = savepoints_.find({message.job, message.operation});
  if (found != savepoints_.end()) *reply = found->second;
  answer(call, std::move(reply));
}

void Dispatcher::savepoint_ended(const SavepointEnded& message) {
  const auto found = savepoints_.find({message.job, message.operation});
  if (found == savepoints_.end()) return;
  found->second.state =
      message.completed ? SavepointAnswer::State::completed : SavepointAnswer::State::failed;
  found->second.checkpoint = message.checkpoint;
  found->second.location = message.location;
}

void Dispatcher::on_call(const sim::Call& call, const sim::Message& body, const sim::Body&) {
  switch (body.kind()) {
    case SubmitJob::kind_id():
      submit(call, sim::as<SubmitJob>(body));
      return;
    case RequestJobStatus::kind_id(): {
      auto reply = std::make_shared<JobStatusAnswer>();
      const auto found = jobs_.find(sim::as<RequestJobStatus>(body).job);
      reply->known = found != jobs_.end();
      if (reply->known) reply->status = found->second.status;
      answer(call, std::move(reply));
      return;
    }
    case CancelJob::kind_id():
      cancel(call, sim::as<CancelJob>(body).job);
      return;
    case TriggerSavepoint::kind_id():
      trigger_savepoint(call, sim::as<TriggerSavepoint>(body));
      return;
    case RequestSavepoint::kind_id():
      answer_savepoint(call, sim::as<RequestSavepoint>(body));
      return;
    case SavepointEnded::kind_id():
      savepoint_ended(sim::as<SavepointEnded>(body));
      return;
    case JobStatusChanged::kind_id():
      answer(call, std::make_shared<Acknowledge>());
      status_changed(sim::as<JobStatusChanged>(body));
      return;
    case JobCleanedUp::kind_id():
      answer(call, std::make_shared<Acknowledge>());
      clean_up(sim::as<JobCleanedUp>(body).job);
      return;
    default:
      CHECK(false, "the Dispatcher got a message that it does not know");
  }
}

void Dispatcher::on_later(sim::Continuation then) {
  const auto found = jobs_.find(static_cast<JobId>(then.argument & 0xffffffffu));
  if (found == jobs_.end()) return;
  switch (static_cast<Then>(then.kind)) {
    case remove_job_master:
      found->second.master = nullptr;
      return;
    case retry_cleanup:
      if (is_of_this_term(then.argument))
        ask_store(static_cast<Step>(then.argument >> 56), found->first);
      return;
  }
}

}  // namespace drey::model
