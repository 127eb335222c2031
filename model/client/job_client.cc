#include "model/client/job_client.h"

#include "fmt/core.h"
#include "model/savepoint_facts.h"
#include "model/trace_events.h"

namespace drey::model {

JobClient::JobClient(sim::World& world, sim::ProcessId process, JobClientSpec spec,
                     const FlinkOptions& options, Leadership& leadership)
    : Endpoint(world, process,
               spec.job == 1 ? std::string(kClientEndpoint)
                             : fmt::format("{}-{}", kClientEndpoint, spec.job)),
      spec_(spec),
      options_(options),
      leadership_(leadership) {
  leadership_.watch(std::string(kDispatcherComponent), *this);
  later(spec_.submit_after, {submit_due, 0});
}

JobClient::~JobClient() { leadership_.unwatch(std::string(kDispatcherComponent), *this); }

void JobClient::ask_dispatcher(sim::Body body, Then then, Then again, uint64_t argument) {
  const std::optional<Leader> leader = leadership_.leader(std::string(kDispatcherComponent));
  if (!leader.has_value()) {
    later(spec_.retry_delay, {again, argument});
    return;
  }
  ask(leader->address, leader->token, std::move(body), options_.ask_timeout, {then, argument});
}

// ---- savepoints

void JobClient::savepoint(SavepointKind kind, SavepointFormat format) {
  const uint64_t operation = ++last_savepoint_;
  savepoints_[operation] = {kind, format};
  announce(fact_kind(SavepointFact::requested), kernel().intern(job_component(spec_.job)),
           operation, static_cast<uint64_t>(kind), 0);
  later({}, {savepoint_due, operation});
}

void JobClient::trigger_savepoint(uint64_t operation) {
  auto body = std::make_shared<TriggerSavepoint>();
  body->job = spec_.job;
  body->operation = operation;
  body->kind = savepoints_.at(operation).kind;
  body->format = savepoints_.at(operation).format;
  body->directory = spec_.savepoint_directory;
  ask_dispatcher(std::move(body), savepoint_begun, savepoint_due, operation);
}

void JobClient::poll_savepoint(uint64_t operation) {
  auto body = std::make_shared<RequestSavepoint>();
  body->job = spec_.job;
  body->operation = operation;
  ask_dispatcher(std::move(body), savepoint_polled, savepoint_poll_due, operation);
}

// A lost answer is asked for again; the operation may have ended meanwhile.
void JobClient::savepoint_answered(uint64_t operation, const sim::Reply& reply) {
  if (reply.failure != sim::CallFailure::none) {
    later(spec_.retry_delay, {savepoint_poll_due, operation});
    return;
  }
  const auto& answer = sim::as<SavepointAnswer>(*reply.body);
  switch (answer.state) {
    case SavepointAnswer::State::in_progress:
      later(spec_.poll_interval, {savepoint_poll_due, operation});
      return;
    case SavepointAnswer::State::completed:
      savepoint_ended(operation, answer.checkpoint);
      return;
    case SavepointAnswer::State::unknown:
    case SavepointAnswer::State::failed:
      savepoint_ended(operation, 0);
      return;
  }
}

void JobClient::savepoint_ended(uint64_t operation, CheckpointId checkpoint) {
  savepoints_.erase(operation);
  announce(fact_kind(SavepointFact::ended), kernel().intern(job_component(spec_.job)), operation,
           static_cast<uint64_t>(checkpoint), 0);
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
    case savepoint_begun:
      if (reply.failure == sim::CallFailure::handler_failed)
        savepoint_ended(then.argument, 0);
      else
        later(spec_.poll_interval, {savepoint_poll_due, then.argument});
      return;
    case savepoint_polled:
      savepoint_answered(then.argument, reply);
      return;
    case submit_due:
    case poll_due:
    case cancel_due:
    case savepoint_due:
    case savepoint_poll_due:
      return;
  }
}

void JobClient::on_later(sim::Continuation then) {
  switch (static_cast<Then>(then.kind)) {
    case submit_due: {
      auto body = std::make_shared<SubmitJob>();
      body->job = spec_.job;
      body->restore = spec_.restore;
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
    case savepoint_due:
      trigger_savepoint(then.argument);
      return;
    case savepoint_poll_due:
      poll_savepoint(then.argument);
      return;
    case submit_ended:
    case poll_ended:
    case cancel_ended:
    case savepoint_begun:
    case savepoint_polled:
      return;
  }
}

}  // namespace drey::model
