#include "model/client/job_client.h"

#include "model/trace_events.h"

namespace drey::model {

JobClient::JobClient(sim::World& world, sim::ProcessId process, JobClientSpec spec,
                     const FlinkOptions& options, Leadership& leadership)
    : Endpoint(world, process, kClientEndpoint),
      spec_(spec),
      options_(options),
      leadership_(leadership) {
  leadership_.watch(std::string(kDispatcherComponent), *this);
  later(spec_.submit_after, {submit_due, 0});
}

JobClient::~JobClient() { leadership_.unwatch(std::string(kDispatcherComponent), *this); }

void JobClient::ask_dispatcher(sim::Body body, Then then, Then again) {
  const std::optional<Leader> leader = leadership_.leader(std::string(kDispatcherComponent));
  if (!leader.has_value()) {
    later(spec_.retry_delay, {again, 0});
    return;
  }
  ask(leader->address, leader->token, std::move(body), options_.ask_timeout, {then, 0});
}

void JobClient::on_reply(sim::Continuation then, const sim::Reply& reply) {
  const bool ok = reply.failure == sim::CallFailure::none;
  switch (static_cast<Then>(then.kind)) {
    case submit_ended: {
      const bool taken = ok && (sim::as<SubmitJobAnswer>(*reply.body).accepted ||
                                sim::as<SubmitJobAnswer>(*reply.body).duplicate);
      if (!taken) {
        later(spec_.retry_delay, {submit_due, 0});
        return;
      }
      submitted_ = true;
      if (spec_.attached) later(spec_.poll_interval, {poll_due, 0});
      if (spec_.cancel_after.has_value()) later(*spec_.cancel_after, {cancel_due, 0});
      return;
    }
    case poll_ended: {
      if (ok && !sim::as<JobStatusAnswer>(*reply.body).known) {
        not_found_ = true;
        announce(fact_kind(ControlFact::job_result), kernel().intern(job_component(spec_.job)),
                 static_cast<uint64_t>(JobStatus::initializing), 1, 0);
        return;
      }
      const bool over = ok && sim::as<JobStatusAnswer>(*reply.body).known &&
                        is_globally_terminal(sim::as<JobStatusAnswer>(*reply.body).status);
      if (!over) {
        later(spec_.poll_interval, {poll_due, 0});
        return;
      }
      result_ = sim::as<JobStatusAnswer>(*reply.body).status;
      announce(fact_kind(ControlFact::job_result), kernel().intern(job_component(spec_.job)),
               static_cast<uint64_t>(*result_), 0, 0);
      return;
    }
    case cancel_ended:
      if (!ok) later(spec_.retry_delay, {cancel_due, 0});
      return;
    case submit_due:
    case poll_due:
    case cancel_due:
      return;
  }
}

void JobClient::on_later(sim::Continuation then) {
  switch (static_cast<Then>(then.kind)) {
    case submit_due: {
      auto body = std::make_shared<SubmitJob>();
      body->job = spec_.job;
      ask_dispatcher(std::move(body), submit_ended, submit_due);
      return;
    }
    case poll_due: {
      auto body = std::make_shared<RequestJobStatus>();
      body->job = spec_.job;
      ask_dispatcher(std::move(body), poll_ended, poll_due);
      return;
    }
    case cancel_due: {
      auto body = std::make_shared<CancelJob>();
      body->job = spec_.job;
      ask_dispatcher(std::move(body), cancel_ended, cancel_due);
      return;
    }
    case submit_ended:
    case poll_ended:
    case cancel_ended:
      return;
  }
}

}  // namespace drey::model
