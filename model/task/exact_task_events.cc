// What comes in beside the records: events of the channels, barriers, mails.
#include <algorithm>

#include "model/task/exact_task.h"
#include "model/trace_events.h"

namespace drey::model {

void ExactTask::on_event_element(const InputElement& element) {
  const ChannelEvent event = element.event;
  switch (event.kind) {
    case ChannelEvent::Kind::barrier:
      announce_fact(fact_kind(CheckpointFact::barrier_received),
                    static_cast<uint64_t>(event.barrier.id),
                    (uint64_t{input_->gate_of(element.channel)} << 32) |
                        input_->index_in_gate(element.channel),
                    0);
      barrier_events_.try_emplace(event.barrier.id, event);
      barriers_->barrier(element.channel, event.barrier, BarrierOrigin::channel, now());
      return;
    case ChannelEvent::Kind::cancel_marker:
      barriers_->cancellation(element.channel, event.barrier.id, now());
      return;
    case ChannelEvent::Kind::end_of_data:
      input_->user_records_processed(element.channel);
      if (!event.drain) drain_ = false;
      if (++data_ended_channels_ < input_->channels()) return;
      if (sorted_ != nullptr)
        sorted_->sort();
      else
        end_of_data();
      return;
    case ChannelEvent::Kind::end_of_partition:
      barriers_->end_of_partition(element.channel, now());
      return;
  }
}

// FC-1: timers fire and operators finish, unless the job is only suspended; and everybody
// downstream is told.
void ExactTask::end_of_data() {
  clock_ = std::max(clock_, now());
  if (drain_) {
    emit_watermark(kMaxWatermark);
    if (ending_) return;
  }
  publish();
  if (drain_) chain_.sinks.end_input();
  data_ended_ = true;
  handing_over_ = chain_.sinks.hands_over();
  if (!handing_over_) end_outputs();
}

// The writers have flushed: the committers are told what to commit.
void ExactTask::hand_over_committables() {
  handing_over_ = false;
  for (const TaskSinks::Entry& entry : chain_.sinks.entries())
    if (entry.committables.has_value())
      chain_.outputs.write_to(*entry.committables, entry.sink->hand_over(), false);
  end_outputs();
}

void ExactTask::end_outputs() {
  chain_.outputs.broadcast(
      {.kind = ChannelEvent::Kind::end_of_data, .barrier = {}, .drain = drain_});
  chain_.outputs.flush();
  clock_ = std::max(clock_, chain_.outputs.busy_until());
  listener_.on_end_of_data(deployment_->attempt);
}

// FC-6: stop-with-savepoint. The source stops where it is; the barrier follows the end of its data.
void ExactTask::stop_source(CheckpointId id, SnapshotType type) {
  stopping_for_ = id;
  slice_.active = false;
  stalled_ = false;
  drain_ = type == SnapshotType::terminate_savepoint;
  end_of_data();
}

// A stopping job waits for its savepoint and for no other checkpoint.
bool ExactTask::completes_the_end(CheckpointId id) const {
  if (stopping_for_ != kNoCheckpoint) return id == stopping_for_;
  const auto final_checkpoint = checkpoints_.final_checkpoint();
  return final_checkpoint.has_value() && id >= *final_checkpoint;
}

// ---- barrier handler ----

void ExactTask::trigger(const CheckpointBarrier& barrier, const AlignmentMetrics& metrics) {
  ChannelEvent event = barrier_events_.count(barrier.id) != 0 ? barrier_events_[barrier.id]
                                                              : ChannelEvent{.barrier = barrier};
  event.barrier = barrier;
  if (is_synchronous(barrier.options.type)) stopping_for_ = barrier.id;
  barrier_events_.erase(barrier_events_.begin(), barrier_events_.upper_bound(barrier.id));
  checkpoints_.perform({.barrier = event,
                        .start_delay = metrics.start_delay,
                        .alignment = metrics.duration.value_or(sim::Duration{})});
}

void ExactTask::abort(int64_t checkpoint, CheckpointFailureReason reason) {
  barrier_events_.erase(barrier_events_.begin(), barrier_events_.upper_bound(checkpoint));
  checkpoints_.abort_by_barrier(checkpoint, reason);
}

void ExactTask::arm_alignment_timer(int64_t checkpoint, sim::Duration delay) {
  alignment_timer_ = checkpoint;
  kernel().arm(entity(), alignment_due, delay, sim::Priority::timer);
}

void ExactTask::cancel_alignment_timer() { kernel().disarm(entity(), alignment_due); }

// ---- mails ----

void ExactTask::run(const TaskMail& mail) {
  switch (mail.kind) {
    case TaskMail::Kind::trigger:
      trigger(mail);
      return;
    case TaskMail::Kind::complete:
      checkpoints_.completed(mail.id);
      if (completes_the_end(mail.id)) final_complete_ = true;
      return;
    case TaskMail::Kind::aborted:
      checkpoints_.aborted(mail.id);
      if (mail.id == stopping_for_)
        fail_task({.kind = Cause::Kind::checkpoint,
                   .text = "stop-with-savepoint failed",
                   .partition = {}});
      return;
    case TaskMail::Kind::barrier_timer:
      barriers_->alignment_timer_due(mail.id, now());
      return;
    case TaskMail::Kind::watermark_timer:
      watermark_tick();
      return;
    case TaskMail::Kind::operator_event:
      chain_.source->on_event(mail.event);
      return;
  }
}

// BH-22: a source begins; a task whose producers have finished takes the barrier for its open
// channels.
void ExactTask::trigger(const TaskMail& mail) {
  ChannelEvent event{.kind = ChannelEvent::Kind::barrier,
                     .barrier = {.id = mail.id,
                                 .created_ms = sim::to_millis(mail.stamp - sim::Time{}),
                                 .options = mail.options},
                     .created_ns = mail.stamp.ns};
  // This grain has no channel state: what may overtake is aligned instead.
  AlignmentOptions& alignment = event.barrier.options.alignment;
  if (alignment.type == AlignmentType::unaligned) alignment.type = AlignmentType::aligned;
  alignment.aligned_timeout.reset();
  announce_fact(fact_kind(CheckpointFact::task_triggered), static_cast<uint64_t>(mail.id),
                deployment_->attempt.attempt, 0);
  if (input_ == nullptr || input_->finished()) {
    if (is_synchronous(mail.options.type)) stopping_for_ = mail.id;
    if (is_synchronous(mail.options.type) && chain_.source != nullptr && !data_ended_)
      stop_source(mail.id, mail.options.type);
    if (ending_) return;
    checkpoints_.perform({.barrier = event, .start_delay = now() - mail.stamp, .alignment = {}});
    return;
  }
  barrier_events_.try_emplace(mail.id, event);
  for (uint32_t channel = 0; channel < input_->channels(); ++channel)
    if (!input_->ended(channel))
      barriers_->barrier(channel, event.barrier, BarrierOrigin::rpc, now());
}

}  // namespace drey::model
