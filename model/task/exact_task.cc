#include "model/task/exact_task.h"

#include <algorithm>

#include "model/io/source_events.h"
#include "model/trace_events.h"
#include "sim/service.h"

namespace drey::model {

// ---- the door ----

void ExactTask::trigger_checkpoint(CheckpointId id, sim::Time stamp,
                                   const CheckpointOptions& options) {
  // A request that crosses the end of its task would else be waited for until it expires.
  if (ended()) {
    listener_.on_decline(deployment_->attempt, id,
                         CheckpointFailureReason::checkpoint_declined_task_not_ready);
    return;
  }
  if (state() != ExecutionState::running) {
    checkpoints_.abort_by_barrier(id, CheckpointFailureReason::checkpoint_declined_task_not_ready);
    return;
  }
  post_mail(
      {.kind = TaskMail::Kind::trigger, .id = id, .stamp = stamp, .options = options, .event = {}});
}

void ExactTask::notify_complete(CheckpointId id) {
  post_mail({.kind = TaskMail::Kind::complete, .id = id, .stamp = {}, .options = {}, .event = {}});
}

void ExactTask::notify_aborted(CheckpointId id, CheckpointId) {
  post_mail({.kind = TaskMail::Kind::aborted, .id = id, .stamp = {}, .options = {}, .event = {}});
}

void ExactTask::notify_subsumed(CheckpointId id) { checkpoints_.subsumed(id); }

void ExactTask::deliver(uint32_t op, const OperatorEvent& event) {
  if (ended() || chain_.source == nullptr || op != chain_.source_op) return;
  TaskMail mail;
  mail.kind = TaskMail::Kind::operator_event;
  mail.event = event;
  post_mail(std::move(mail));
}

void ExactTask::update_partitions(std::span<const ShuffleDescriptor> now_known) {
  if (ended() || input_ == nullptr) return;
  if (state() == ExecutionState::running) {
    look();
    input_->update(now_known);
  } else {
    input_->note_known(now_known);
  }
}

void ExactTask::partition_state(const PartitionId& partition, ExecutionState producer) {
  if (!ended() && input_ != nullptr) input_->partition_state(partition, producer);
}

void ExactTask::cancel() {
  look();
  life_.cancel();
  if (state() == ExecutionState::canceling && announced_ != state()) announce_state(state());
}

void ExactTask::fail(const Cause& cause) {
  look();
  life_.fail({.kind = TaskThrowable::Kind::external, .what = keep(cause)});
}

// ---- the endpoint ----

void ExactTask::on_timer(uint8_t kind) {
  if (life_.thread_ended()) return;
  if (kind == end_due) {
    stage_over();
    return;
  }
  if (kind == watchdog_due) {
    life_.watchdog_due();
    return;
  }
  if (ending_) return;
  switch (static_cast<Timer>(kind)) {
    case step_due:  // only applies: nothing becomes visible (design.md 2.12)
      advance_to(now());
      if (slice_.active && !stalled_ && !slice_applied() && !thread_blocked())
        kernel().arm(entity(), step_due, std::max(clock_ + cost_ - now(), sim::Duration{}),
                     sim::Priority::task);
      return;
    case flush_due:
      flush_armed_ = false;
      look();
      chain_.outputs.flush();
      if (slice_.active && !stalled_ && !chain_.outputs.empty()) arm_flush();
      break;
    case watermark_due:
      kernel().arm(entity(), watermark_due, deployment_->job->options.watermark_interval,
                   sim::Priority::timer);
      post_mail({.kind = TaskMail::Kind::watermark_timer,
                 .id = 0,
                 .stamp = {},
                 .options = {},
                 .event = {}});
      return;
    case alignment_due:
      post_mail({.kind = TaskMail::Kind::barrier_timer,
                 .id = alignment_timer_,
                 .stamp = {},
                 .options = {},
                 .event = {}});
      return;
    case seek_due:
      input_->try_again();
      break;
    case load_due:
      announce_load();
      kernel().arm(entity(), load_due, kLoadInterval, sim::Priority::timer);
      return;
    case work_due:
    case wake_due:
    case end_due:
    case watchdog_due:
      break;
  }
  go_on();
}

void ExactTask::on_reply(sim::Continuation then, const sim::Reply& reply) {
  if (ended()) return;
  look();
  const TaskCall call{.part = static_cast<TaskPart>(then.kind >> 8),
                      .kind = static_cast<uint8_t>(then.kind & 0xff),
                      .argument = then.argument};
  answering_ = true;
  woken_ = false;
  switch (call.part) {
    case TaskPart::source:
      chain_.source->answered(call, reply);
      break;
    case TaskPart::sink:
      chain_.sinks.answered(call, reply);
      break;
    case TaskPart::restore:
      restore_.answered(call, reply);
      break;
    case TaskPart::checkpoint:
      checkpoints_.answered(call, reply);
      break;
    case TaskPart::task:
      break;
  }
  answering_ = false;
  // Most answers are of a sink that has room all the time.
  if (call.part == TaskPart::sink && !woken_ && undisturbed()) return;
  go_on();
}

void ExactTask::on_later(sim::Continuation then) {
  if (ended()) return;
  look();
  const TaskCall call{.part = static_cast<TaskPart>(then.kind >> 8),
                      .kind = static_cast<uint8_t>(then.kind & 0xff),
                      .argument = then.argument};
  answering_ = true;
  switch (call.part) {
    case TaskPart::source:
      chain_.source->timer(call);
      break;
    case TaskPart::sink:
      chain_.sinks.timer(call);
      break;
    case TaskPart::restore:
      restore_.timer(call);
      break;
    case TaskPart::checkpoint:
      checkpoints_.timer(call);
      break;
    case TaskPart::task:
      --background_busy_;
      checkpoints_.job_done();
      break;
  }
  answering_ = false;
  go_on();
}

// ---- context ----

sim::Address ExactTask::locate(const sim::Address& service) const {
  return sim::resolve(world(), {service.process, service.endpoint});
}

void ExactTask::call(sim::Address to, sim::Body body, sim::Duration timeout, TaskCall then) {
  const auto kind = static_cast<uint16_t>((static_cast<uint16_t>(then.part) << 8) | then.kind);
  ask(to, {}, std::move(body), timeout, {kind, then.argument});
}

void ExactTask::after(sim::Duration delay, TaskCall then) {
  const auto kind = static_cast<uint16_t>((static_cast<uint16_t>(then.part) << 8) | then.kind);
  later(delay, {kind, then.argument});
}

void ExactTask::busy(sim::Duration cost) { clock_ = std::max(clock_, now()) + cost; }

void ExactTask::announce_fact(uint16_t kind, uint64_t a, uint64_t b, uint64_t c) {
  if (silent_) return;
  kernel().announce({.entity = path_, .subject = subject_, .kind = kind, .a = a, .b = b, .c = c});
}

void ExactTask::announce_records(uint16_t kind, uint64_t a, uint64_t b, uint64_t c,
                                 std::span<const sim::Record> records, sim::Digest128 content) {
  kernel().announce_batch(
      {.entity = path_, .subject = subject_, .kind = kind, .a = a, .b = b, .c = c}, records,
      content);
}

void ExactTask::wake() {
  woken_ = true;
  if (!ended() && !answering_) kernel().arm(entity(), wake_due, {}, sim::Priority::task);
}

// Flushes, compactions, serialising: each has its effect at once and keeps a background thread busy
// for its charge.
void ExactTask::run_background_jobs() {
  for (const auto& op : chain_.operators) {
    state::KeyedBackend* const backend = op->backend();
    if (backend == nullptr) continue;
    while (background_busy_ < deployment_->job->options.rocksdb_threads) {
      const auto job = backend->take_job();
      if (!job.has_value()) break;
      state::Charge charge;
      if (backend->run_job(*job, charge) != state::Outcome::ok) {
        fail_task({.kind = Cause::Kind::state,
                   .text = "a background job of the state failed",
                   .partition = {}});
        return;
      }
      announce_fact(fact_kind(StateFact::job_run), static_cast<uint64_t>(job->kind),
                    charge.disk_read_bytes, charge.disk_write_bytes);
      ++background_busy_;
      const sim::Duration takes = charge.time();
      if (job->kind == state::KeyedBackend::Job::Kind::serialise)
        checkpoints_.serialises_until(static_cast<CheckpointId>(job->checkpoint), now() + takes);
      after(takes, {.part = TaskPart::task});
    }
  }
}

// ---- input ----

void ExactTask::input_canceled() {
  if (!ended()) leave_stage({.kind = TaskThrowable::Kind::cancel_task, .what = 0}, {});
}

void ExactTask::ask_partition_state(const PartitionId& partition) {
  listener_.on_request_partition_state(deployment_->attempt, partition);
}

void ExactTask::try_again_after(sim::Duration delay) {
  kernel().arm(entity(), seek_due, delay, sim::Priority::timer);
}

void ExactTask::channel_opened(const ShuffleDescriptor& producer, uint32_t subpartition,
                               bool open) {
  const auto fact = open ? TaskFact::channel_opened : TaskFact::channel_closed;
  announce_fact(fact_kind(fact), producer.id.partition, subpartition, producer.id.producer.attempt);
}

// ---- checkpoints ----

void ExactTask::acknowledge(CheckpointId id, TaskAcknowledgement ack,
                            const CheckpointTimes& times) {
  listener_.on_acknowledge(deployment_->attempt, id, std::move(ack), times);
}

void ExactTask::sync_part_over(CheckpointId id) {
  if (chain_.source == nullptr) return;
  listener_.on_operator_event(
      deployment_->attempt, chain_.source_op,
      source_event(SourceEvent::acknowledge_checkpoint, static_cast<uint64_t>(id)));
}

void ExactTask::decline(CheckpointId id, CheckpointFailureReason reason) {
  listener_.on_decline(deployment_->attempt, id, reason);
}

}  // namespace drey::model
