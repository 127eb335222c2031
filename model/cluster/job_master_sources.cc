// What the JobMaster does for the coordinators of its sources: events to readers, questions to the
// external log.
#include "model/cluster/job_master.h"
#include "model/trace_events.h"
#include "sim/external_log.h"

namespace drey::model {

namespace {
// Between two tries to learn which splits the log has.
constexpr sim::Duration kDescribePause = sim::milliseconds(100);
}  // namespace

void JobMaster::wake_sources() { later({}, {sources_due, 0}); }

void JobMaster::send_to_operator(uint64_t number, SubtaskIndex subtask, uint32_t attempt,
                                 uint32_t op, const OperatorEventPtr& event) {
  const AssignedSlot& slot = scheduler_.slot(subtask);
  if (scheduler_.graph().attempt(subtask) != attempt || !slot.valid()) {
    later({}, {event_not_sent, number});
    return;
  }
  auto body = std::make_shared<EventToOperator>();
  body->attempt = scheduler_.attempt_id(subtask);
  body->op = op;
  body->event = *event;
  ask(slot.control, {}, std::move(body), options_.ask_timeout, {event_told, number});
}

void JobMaster::describe_log(uint32_t source) {
  const auto found = spec_.job->logs.find(sources_.op(source));
  if (found == spec_.job->logs.end()) return;  // a source without a log has no splits
  const sim::Address& log = found->second.service;
  ask(sim::resolve(world(), {log.process, log.endpoint}), {}, std::make_shared<sim::DescribeLog>(),
      options_.ask_timeout, {log_described, source});
}

void JobMaster::describe_log_later(uint32_t source) { later(kDescribePause, {log_retry, source}); }

void JobMaster::coordinator_done(OperatorRef coordinator, CheckpointId id, bool succeeded,
                                 std::optional<CoordinatorState> state) {
  checkpoints_.on_coordinator(coordinator, id, succeeded, std::move(state));
}

void JobMaster::operator_event_lost(SubtaskIndex subtask, uint32_t attempt) {
  if (scheduler_.graph().attempt(subtask) != attempt) return;
  scheduler_.fail_if_running(
      scheduler_.attempt_id(subtask),
      {.kind = Cause::Kind::internal, .text = "an event of a coordinator was lost"});
}

void JobMaster::source_failed(const std::string& text) {
  scheduler_.fail_global({.kind = Cause::Kind::internal, .text = text});
}

void JobMaster::announce_source(uint16_t kind, std::optional<SubtaskIndex> subtask, uint64_t a,
                                uint64_t b, uint64_t c) {
  announce(kind, subtask.has_value() ? subtask_path(*subtask) : job_path_, a, b, c);
}

void JobMaster::source_answered(sim::Continuation then, const sim::Reply& reply) {
  if (over_) return;
  const bool ok = reply.failure == sim::CallFailure::none;
  if (then.kind == event_told) {
    sources_.on_event_told(then.argument, ok);
  } else if (then.kind == log_described) {
    sources_.on_described(static_cast<uint32_t>(then.argument),
                          ok ? &sim::as<sim::LogDescription>(*reply.body).sizes : nullptr);
  }
}

void JobMaster::source_due(sim::Continuation then) {
  if (over_) return;
  if (then.kind == sources_due)
    sources_.run();
  else if (then.kind == event_not_sent)
    sources_.on_event_told(then.argument, false);
  else if (then.kind == log_retry)
    describe_log(static_cast<uint32_t>(then.argument));
}

}  // namespace drey::model
