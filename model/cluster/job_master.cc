#include "model/cluster/job_master.h"

#include <algorithm>
#include <utility>

#include "model/cluster/registration_messages.h"
#include "model/trace_events.h"
#include "sim/check.h"

namespace drey::model {

namespace {

JobMasterSpec of_job(JobMasterSpec spec, const std::shared_ptr<JobInformation>& own) {
  if (own != nullptr) spec.job = own;
  return spec;
}

constexpr sim::Duration kDeclareBackoffMin = sim::milliseconds(1);
constexpr sim::Duration kDeclareBackoffMax = sim::seconds(10);

SlotProvider::Options slot_options(const FlinkOptions& options, RuntimeMode mode) {
  return {.pool = {.request_max_interval = options.slot_request_interval,
                   .idle_timeout = options.slot_idle_timeout},
          .request_timeout = options.slot_request_timeout,
          .mode = options.load_balance,
          .streaming = mode == RuntimeMode::streaming};
}

// CC-3: uniform, once, in whole milliseconds.
sim::Duration first_delay(sim::Kernel& kernel, sim::PathId path, const FlinkOptions& options) {
  if (!options.checkpointing.interval.has_value()) return {};
  const DelayRange range = first_trigger_delay(
      {.interval = options.checkpointing.interval, .min_pause = options.checkpointing.min_pause});
  const int64_t low = sim::to_millis(range.from);
  const auto width = static_cast<uint64_t>(sim::to_millis(range.to) - low) + 1;
  const uint64_t draw = kernel.draw(sim::name_hash("checkpoint/first-delay"), path, 0, 0);
  return sim::milliseconds(low + static_cast<int64_t>(sim::scale_draw(draw, width)));
}

}  // namespace

JobMaster::JobMaster(sim::World& world, sim::ProcessId process, JobMasterSpec spec,
                     const FlinkOptions& options, Leadership& leadership)
    : Endpoint(world, process, job_component(spec.job->job)),
      own_job_(spec.restore.given() ? std::make_shared<JobInformation>(*spec.job) : nullptr),
      spec_(of_job(std::move(spec), own_job_)),
      options_(options),
      leadership_(leadership),
      resource_(job_component(spec_.job->job) + "@" + world.machines().name(process) + "#" +
                std::to_string(world.machines().incarnation(process)) + "." +
                std::to_string(spec_.token.low)),
      job_path_(world.kernel().intern(job_component(spec_.job->job))),
      restart_strategy_(make_restart_strategy(options.restart, this, options.mutant)),
      scheduler_(spec_.job, scheduler_options(world, *spec_.job, options), *restart_strategy_,
                 *this),
      slots_(slot_options(options, spec_.job->spec.mode), scheduler_.graph().topology(), *this),
      sources_(*spec_.job, scheduler_.graph().topology(), *this),
      checkpoints_(*spec_.job, options_, first_delay(world.kernel(), path(), options), *this),
      end_of_data_(scheduler_.graph().topology().subtasks(), false),
      declare_backoff_(kDeclareBackoffMin),
      rm_retry_(options),
      tm_heartbeats_(HeartbeatRole::sender, options.heartbeat, *this, Endpoint::now()),
      rm_heartbeats_(HeartbeatRole::receiver, options.heartbeat, *this, Endpoint::now()) {
  set_token(spec_.token);
  const ExecutionTopology& topology = scheduler_.graph().topology();
  for (SubtaskIndex i = 0; i < topology.subtasks(); ++i)
    subtask_paths_.push_back(
        kernel().intern(job_component(spec_.job->job) + "/" + topology.name_of(i)));
  JobHaDataHost& self = *this;
  if (leadership_.store() != nullptr)
    ha_ = std::make_unique<JobHaData>(*leadership_.store(), spec_.job->job, self);
  rearm_heartbeats();
  later({}, {start_job, 0});
}

JobMaster::~JobMaster() {
  leadership_.unwatch(std::string(kResourceManagerComponent), *this);
  leadership_.unwatch(job_component(spec_.job->job), *this);
}

void JobMaster::cancel() {
  if (started_)
    scheduler_.cancel();
  else
    cancel_wanted_ = true;
}

bool JobMaster::savepoint(uint64_t operation, SavepointKind kind, SavepointFormat format,
                          const std::string& directory) {
  return started_ && !over_ && checkpoints_.begin_savepoint(operation, kind, format, directory);
}

// ---- TaskManagers

void JobMaster::register_task_manager(const sim::Call& call, const RegisterTaskManager& message) {
  auto reply = make<RegistrationAnswer>();
  if (message.job != spec_.job->job) {
    reply->verdict = RegistrationAnswer::Verdict::rejected;
    answer(call, std::move(reply));
    return;
  }
  const bool again = task_managers_.count(message.resource) != 0;
  if (!again) {
    TaskManager& entry = task_managers_[message.resource];
    entry.control = message.address;
    entry.data = message.data;
    tm_heartbeats_.monitor_target(message.resource, now());
    rearm_heartbeats();
  }
  announce(fact_kind(ControlFact::registered), kernel().intern(message.resource), again ? 2 : 1, 0,
           0);
  reply->resource = resource_;
  reply->registration = ++next_number_;
  answer(call, std::move(reply));
}

void JobMaster::offered(const sim::Call& call, const OfferSlots& offer) {
  auto reply = make<OfferSlotsAnswer>();
  const auto known = task_managers_.find(offer.resource);
  const bool refused = options_.mutant == Mutant::returned_manager_is_refused &&
                       lost_once_.count(offer.resource) != 0;
  if (known == task_managers_.end() || over_ || refused) {
    answer(call, std::move(reply));
    return;
  }
  const AssignedSlot at{
      .task_manager = offer.resource, .control = known->second.control, .data = known->second.data};
  const std::string host = world().machines().name(known->second.control.process);
  reply->accepted = slots_.offer(at, host, offer.offers, now());
  answer(call, std::move(reply));
}

// A TaskManager that is left without slots and results of the job is let go.
void JobMaster::fail_slot(const FailSlot& message) {
  if (task_managers_.count(message.resource) == 0) return;
  slots_.fail_slot(message.allocation,
                   {.kind = Cause::Kind::slot_lost, .text = "failed by the TaskManager"}, now());
  if (slots_.has_slots_of(message.resource) || scheduler_.tracks_results_at(message.resource))
    return;
  lose_task_manager(message.resource, {.kind = Cause::Kind::slot_lost,
                                       .text = "no more slots registered at the JobMaster"});
}

// Table 7.2, row "JM | TM". The order matters: slots first, then the payloads one by one, then the
// tracked results.
void JobMaster::lose_task_manager(const std::string& resource, const Cause& cause) {
  const auto found = task_managers_.find(resource);
  if (found == task_managers_.end()) return;
  const TaskManager lost = found->second;
  tm_heartbeats_.unmonitor_target(resource);
  announce(fact_kind(ControlFact::disconnected), kernel().intern(resource),
           static_cast<uint64_t>(cause.kind), 0, 0);
  slots_.lose_task_manager(resource, cause, now());
  scheduler_.stop_tracking(resource);
  task_managers_.erase(resource);
  if (options_.mutant == Mutant::returned_manager_is_refused) lost_once_.insert(resource);
  auto body = make<DisconnectJobManager>();
  body->job = spec_.job->job;
  body->status = scheduler_.status();
  body->cause = cause;
  tell(lost.control, {}, std::move(body));
}

// control-plane.md 7.3.
void JobMaster::heartbeat_from_task_manager(const HeartbeatFromTaskManager& message) {
  const auto found = task_managers_.find(message.from);
  if (found == task_managers_.end()) return;
  std::vector<AttemptId> missing;
  for (const AttemptId& attempt : found->second.deployed)
    if (std::find(message.deployed.begin(), message.deployed.end(), attempt) ==
        message.deployed.end())
      missing.push_back(attempt);
  for (const AttemptId& attempt : message.deployed) {
    if (found->second.deployed.count(attempt) != 0 || found->second.pending.count(attempt) != 0)
      continue;
    auto body = make<CancelTask>();
    body->attempt = attempt;
    ask(found->second.control, {}, std::move(body), options_.ask_timeout, {ignore, 0});
  }
  for (const AttemptId& attempt : missing) {
    const auto still = task_managers_.find(message.from);
    if (still != task_managers_.end()) still->second.deployed.erase(attempt);
    scheduler_.on_not_deployed(attempt);
  }
}

// ---- heartbeats

void JobMaster::send_heartbeat_request(const ResourceId& target, sim::Time) {
  const auto found = task_managers_.find(target);
  if (found == task_managers_.end()) return;
  const uint64_t number = ++next_number_;
  heartbeat_target_[number] = target;
  auto body = make<HeartbeatFromJobMaster>();
  body->from = resource_;
  body->job = spec_.job->job;
  body->allocated = slots_.allocated_at(target);
  if (options_.mutant == Mutant::slot_report_of_before)
    std::swap(body->allocated, reported_before_[target]);
  ask(found->second.control, {}, std::move(body), options_.ask_timeout, {heartbeat_to_tm, number});
}

void JobMaster::heartbeat_timed_out(const ResourceId& target, sim::Time) {
  lost_heartbeat(target, false);
}
void JobMaster::target_unreachable(const ResourceId& target, sim::Time) {
  lost_heartbeat(target, true);
}

void JobMaster::lost_heartbeat(const ResourceId& target, bool unreachable) {
  announce(fact_kind(ControlFact::heartbeat_timeout), kernel().intern(target), unreachable ? 1 : 0,
           0, 0);
  if (rm_connected_ && target == resource_manager_resource_) {
    close_resource_manager(true);
    return;
  }
  lose_task_manager(target, {.kind = Cause::Kind::task_manager_lost,
                             .text = unreachable ? "unreachable" : "heartbeat timed out"});
}

// For a deadline that has come nearer. A heartbeat moves one away: the timer, when it comes, finds
// nothing due and looks again, which is cheaper than to look at a thousand monitors per heartbeat.
void JobMaster::rearm_heartbeats() {
  const auto wait = [&](const HeartbeatManager& manager) {
    return std::max(manager.next_deadline() - now(), sim::Duration{});
  };
  if (tm_heartbeats_.next_deadline() != sim::kEndOfTime)
    arm_timer(tm_heartbeat_timer, wait(tm_heartbeats_));
  if (rm_heartbeats_.next_deadline() != sim::kEndOfTime)
    arm_timer(rm_heartbeat_timer, wait(rm_heartbeats_));
}

// ---- messages

void JobMaster::on_call(const sim::Call& call, const sim::Message& body, const sim::Body&) {
  if (stopping_) return hold(body);
  if (on_task_report(call, body)) return;
  switch (body.kind()) {
    case RegisterTaskManager::kind_id():
      register_task_manager(call, sim::as<RegisterTaskManager>(body));
      return;
    case ConnectRpc::kind_id():
      answer(call, make<Acknowledge>());
      return;
    case OfferSlots::kind_id():
      offered(call, sim::as<OfferSlots>(body));
      return;
    case FailSlot::kind_id():
      fail_slot(sim::as<FailSlot>(body));
      return;
    case HeartbeatFromTaskManager::kind_id(): {
      const auto& message = sim::as<HeartbeatFromTaskManager>(body);
      answer(call, make<Acknowledge>());
      if (!tm_heartbeats_.receive_heartbeat(message.from, now())) return;
      heartbeat_from_task_manager(message);
      return;
    }
    case HeartbeatFromResourceManager::kind_id(): {
      const auto& message = sim::as<HeartbeatFromResourceManager>(body);
      answer(call, make<Acknowledge>());
      if (!rm_heartbeats_.receive_request(message.from, now()) || !rm_connected_) return;
      auto reply = make<HeartbeatFromJobMasterToResourceManager>();
      reply->from = resource_;
      ask(resource_manager_->address, resource_manager_->token, std::move(reply),
          options_.ask_timeout, {heartbeat_told, 0});
      return;
    }
    case NotEnoughResources::kind_id():
      slots_.not_enough_resources(now());
      return;
    case DisconnectTaskManager::kind_id(): {
      const auto& message = sim::as<DisconnectTaskManager>(body);
      lose_task_manager(message.resource, message.cause);
      return;
    }
    case DisconnectResourceManager::kind_id():
      if (rm_connected_) close_resource_manager(true);
      return;
    default:
      CHECK(false, "a JobMaster got a message that it does not know");
  }
}

bool JobMaster::on_task_report(const sim::Call& call, const sim::Message& body) {
  switch (body.kind()) {
    case UpdateTaskState::kind_id(): {
      const auto& message = sim::as<UpdateTaskState>(body);
      auto reply = make<UpdateTaskStateAnswer>();
      reply->accepted = scheduler_.on_task_state(message.attempt, message.state, message.cause);
      // A current attempt has left its TaskManager's list with its state (execution_changed).
      if (is_terminal(message.state) && !scheduler_.find(message.attempt).has_value())
        for (auto& [resource, entry] : task_managers_) entry.deployed.erase(message.attempt);
      answer(call, std::move(reply));
      return true;
    }
    case AcknowledgeCheckpoint::kind_id(): {
      const auto& message = sim::as<AcknowledgeCheckpoint>(body);
      if (const auto subtask = scheduler_.find(message.attempt); subtask.has_value())
        checkpoints_.on_acknowledge(*subtask, message.checkpoint, message.acknowledgement);
      return true;
    }
    case DeclineCheckpoint::kind_id(): {
      const auto& message = sim::as<DeclineCheckpoint>(body);
      if (const auto subtask = scheduler_.find(message.attempt); subtask.has_value())
        checkpoints_.on_decline(*subtask, message.checkpoint, message.reason);
      return true;
    }
    case RequestPartitionState::kind_id(): {
      const auto& message = sim::as<RequestPartitionState>(body);
      auto reply = make<PartitionStateAnswer>();
      reply->partition = message.partition;
      const auto producer = scheduler_.find(message.partition.producer);
      reply->known = producer.has_value();
      if (producer.has_value()) reply->producer = scheduler_.graph().state(*producer);
      if (producer.has_value()) {
        answer(call, std::move(reply));
      } else {
        refuse(call, sim::CallFailure::handler_failed);  // PartitionProducerDisposedException
      }
      return true;
    }
    case PartitionAvailable::kind_id():
      return true;  // hybrid results only: the scheduler of pipelined regions does not wait for it
    case EndOfData::kind_id():
      end_of_data(sim::as<EndOfData>(body).attempt);
      return true;
    case EventToCoordinator::kind_id(): {
      const auto& message = sim::as<EventToCoordinator>(body);
      if (sources_.on_event(message.attempt, message.op, message.event))
        answer(call, make<Acknowledge>());
      else
        refuse(call, sim::CallFailure::handler_failed);
      return true;
    }
    default:
      return false;
  }
}

void JobMaster::end_of_data(const AttemptId& attempt) {
  const auto subtask = scheduler_.find(attempt);
  if (!subtask.has_value()) return;
  end_of_data_[*subtask] = true;
  const bool all = std::all_of(end_of_data_.begin(), end_of_data_.end(), [](bool b) { return b; });
  if (all) checkpoints_.trigger_at_end_of_data();
}

void JobMaster::on_reply(sim::Continuation then, const sim::Reply& reply) {
  if (stopping_) return;
  const bool ok = reply.failure == sim::CallFailure::none;
  switch (static_cast<Then>(then.kind)) {
    case rm_resolved:
      if (then.argument == rm_attempt_) resource_manager_resolved(reply);
      return;
    case registered_at_rm:
      if (then.argument == rm_attempt_) resource_manager_answered(reply);
      return;
    case declared:
      if (then.argument != declaration_ || over_) return;
      if (ok) {
        declare_backoff_ = kDeclareBackoffMin;
        return;
      }
      later(declare_backoff_, {declare_retry, declaration_});
      declare_backoff_ = std::min(declare_backoff_ * 2, kDeclareBackoffMax);
      return;
    case heartbeat_to_tm: {
      const auto found = heartbeat_target_.find(then.argument);
      if (found == heartbeat_target_.end()) return;
      const std::string target = found->second;
      heartbeat_target_.erase(found);
      tm_heartbeats_.rpc_finished(target, heartbeat_outcome(reply.failure), now());
      return;
    }
    case submitted:
      submit_ended(then.argument, reply);
      return;
    case cancelled:
      cancel_ended(then.argument, reply);
      return;
    case object_stored:
      checkpoints_.on_stored(then.argument, ok);
      return;
    case object_deleted:
      deletion_answered(then.argument, reply);
      return;
    case metadata_read:
      metadata_answered(then.argument, reply);
      return;
    case end_told:
      if (reply.failure == sim::CallFailure::timeout) tell_end();
      return;
    case cleaned_told:
      if (reply.failure == sim::CallFailure::timeout) tell_cleaned();
      return;
    default:
      source_answered(then, reply);
      return;
  }
}

void JobMaster::on_later(sim::Continuation then) {
  if (stopping_) {
    if (then.kind == tasks_suspended) close_stores();
    return;
  }
  switch (static_cast<Then>(then.kind)) {
    case rm_reconnect:
      if (then.argument == rm_attempt_ && !rm_connected_) connect_to_resource_manager();
      return;
    case rm_retry:
      if (then.argument == rm_attempt_ && !rm_connected_) register_at_resource_manager();
      return;
    case declare_retry:
      if (then.argument == declaration_) send_requirements();
      return;
    case restart_due:
      scheduler_.on_restart_due(then.argument);
      return;
    case coordinator_timer:
      checkpoints_.on_timer(Timer::coordinator, then.argument);
      return;
    case periodic_timer:
      checkpoints_.on_timer(Timer::periodic, then.argument);
      return;
    case expiry_timer:
      checkpoints_.on_timer(Timer::expiry, then.argument);
      return;
    case verdict_timer:
      checkpoints_.on_timer(Timer::verdict, then.argument);
      return;
    case after_savepoint_timer:
      checkpoints_.on_timer(Timer::after_savepoint, then.argument);
      return;
    case bulk_check:
      if (!over_) slots_.check_bulk(static_cast<BulkId>(then.argument), now());
      return;
    case idle_check:
      if (over_) return;
      slots_.release_idle(now());
      later(options_.slot_idle_timeout, {idle_check, 0});
      return;
    case start_job:
      start();
      return;
    case metadata_retry:
      read_metadata(then.argument);
      return;
    default:
      source_due(then);
      return;
  }
}

}  // namespace drey::model
