#include "model/task/single_barrier_handler.h"

#include <algorithm>

#include "sim/check.h"

namespace drey::model {

SingleBarrierHandler::SingleBarrierHandler(const BarrierHandlerOptions& options,
                                           BarrierActions& out)
    : BarrierHandler(options, out),
      mode_(options.mode),
      channels_(options.channels),
      mutant_(options.mutant),
      phase_(first_phase()),
      aligned_(options.channels),
      blocked_(options.channels),
      announced_(options.channels) {
  CHECK(mode_ != BarrierMode::tracker, "at-least-once has a handler of its own");
}

SingleBarrierHandler::Phase SingleBarrierHandler::first_phase() const {
  return mode_ == BarrierMode::unaligned ? Phase::unaligned_first : Phase::aligned_first;
}

// ---- decisions ----

bool SingleBarrierHandler::obsolete(int64_t checkpoint) const {
  return checkpoint < current_ || (checkpoint == current_ && !checkpoint_pending());
}

// A checkpoint known by announcement only is not cancelled (BH-7).
bool SingleBarrierHandler::acts_on_cancellation(int64_t checkpoint) const {
  return checkpoint > current_ || (checkpoint == current_ && !aligned_.empty());
}

bool SingleBarrierHandler::timed_out(const CheckpointBarrier& barrier, sim::Time now) const {
  return barrier.timeoutable() && barrier.id <= current_ &&
         barrier.timeout_ms() < sim::to_millis(now) - barrier.created_ms;
}

// ---- events ----

void SingleBarrierHandler::barrier(uint32_t channel, const CheckpointBarrier& barrier,
                                   BarrierOrigin origin, sim::Time now) {
  if (mutant_ == Mutant::stale_barrier_accepted && barrier.id < current_ && checkpoint_pending()) {
    CheckpointBarrier counted = barrier;
    counted.id = current_;
    this->barrier(channel, counted, origin, now);
    return;
  }
  if (obsolete(barrier.id)) {
    if (!barrier.unaligned()) out_.resume_channel(channel);
    return;
  }
  check_new_checkpoint(barrier, now);
  mark_aligned(channel, barrier, now);
  Phase next = phase_;
  const Failure failure =
      barrier_received(next, channel, barrier, origin == BarrierOrigin::channel, now);
  settle(failure, next);
}

void SingleBarrierHandler::announcement(uint32_t channel, const CheckpointBarrier& barrier,
                                        uint32_t sequence, sim::Time now) {
  check_new_checkpoint(barrier, now);
  if (obsolete(barrier.id)) return;
  switch (phase_) {
    case Phase::aligned_first:
    case Phase::aligned_collecting:
      if (mode_ == BarrierMode::aligned) return;
      if (announced_sequence_.empty()) announced_sequence_.resize(channels_);
      announced_.insert(channel);
      announced_sequence_[channel] = sequence;
      return;
    case Phase::unaligned_first:
    case Phase::unaligned_collecting:
      out_.prioritize(channel, sequence);
      return;
  }
}

void SingleBarrierHandler::cancellation(uint32_t, int64_t checkpoint, sim::Time) {
  if (acts_on_cancellation(checkpoint))
    abort_checkpoint(checkpoint,
                     CheckpointFailureReason::checkpoint_declined_on_cancellation_barrier);
}

void SingleBarrierHandler::end_of_partition(uint32_t channel, sim::Time now) {
  CHECK(open_channels_ > 0, "more ends of partition than channels");
  --open_channels_;
  if (!checkpoint_pending()) return;
  if (!after_tasks_finish_) {
    abort_checkpoint(current_, CheckpointFailureReason::checkpoint_declined_input_end_of_stream);
    return;
  }
  CHECK(has_pending_barrier_, "a pending checkpoint has a barrier");
  mark_aligned(channel, pending_barrier_, now);
  Phase next = phase_;
  const Failure failure = end_received(next, channel, now);
  settle(failure, next);
}

void SingleBarrierHandler::alignment_timer_due(int64_t checkpoint, sim::Time) {
  timer_armed_ = false;
  if (current_ != checkpoint || all_barriers() != Barriers::open) return;
  Phase next = phase_;
  if (const Failure failure = time_out(next, pending_barrier_))
    abort_checkpoint(checkpoint, *failure);
  else
    phase_ = next;
}

void SingleBarrierHandler::close() {
  cancel_timer();
  if (received_ == Barriers::open) received_ = Barriers::failed;
}

// ---- the checkpoint as a whole ----

void SingleBarrierHandler::check_new_checkpoint(const CheckpointBarrier& barrier, sim::Time now) {
  if (current_ >= barrier.id) return;
  if (checkpoint_pending())
    abort_checkpoint(current_, CheckpointFailureReason::checkpoint_declined_subsumed);
  current_ = barrier.id;
  pending_barrier_ = barrier;
  has_pending_barrier_ = true;
  aligned_.clear();
  target_ = open_channels_;  // frozen for this checkpoint
  received_ = Barriers::open;
  if (mode_ == BarrierMode::alternating && barrier.timeoutable()) {
    const int64_t passed_ms = sim::to_millis(now) - barrier.created_ms;
    const int64_t delay_ms = std::max<int64_t>(barrier.timeout_ms() - passed_ms, 0);
    timer_armed_ = true;
    out_.arm_alignment_timer(barrier.id, sim::milliseconds(delay_ms));
  }
}

// The end of the alignment is noted before the state acts: a trigger then has complete metrics.
void SingleBarrierHandler::mark_aligned(uint32_t channel, const CheckpointBarrier& barrier,
                                        sim::Time now) {
  aligned_.insert(channel);
  if (aligned_.size() == 1) {
    if (target_ == 1)
      mark_alignment_start_and_end(barrier, now);
    else
      mark_alignment_start(barrier, now);
  }
  if (all_received() && target_ > 1) mark_alignment_end(now);
}

void SingleBarrierHandler::settle(Failure failure, Phase next) {
  if (failure.has_value())
    abort_checkpoint(current_, *failure);
  else
    phase_ = next;
  if (!all_received()) return;
  aligned_.clear();
  last_done_ = current_;
  cancel_timer();
  if (received_ == Barriers::open) received_ = Barriers::complete;
}

void SingleBarrierHandler::abort_checkpoint(int64_t checkpoint, CheckpointFailureReason reason) {
  current_ = std::max(checkpoint, current_);
  last_done_ = std::max(last_done_, checkpoint);
  has_pending_barrier_ = false;
  aligned_.clear();
  target_ = 0;
  cancel_timer();
  phase_ = abandon(phase_, checkpoint);
  if (checkpoint == current_) reset_alignment();
  out_.abort(checkpoint, reason);
  if (received_ == Barriers::open) received_ = Barriers::failed;
}

void SingleBarrierHandler::cancel_timer() {
  if (!timer_armed_) return;
  timer_armed_ = false;
  out_.cancel_alignment_timer();
}

// ---- the phases ----

SingleBarrierHandler::Failure SingleBarrierHandler::barrier_received(
    Phase& phase, uint32_t channel, const CheckpointBarrier& barrier, bool block, sim::Time now) {
  switch (phase) {
    case Phase::aligned_first:
    case Phase::aligned_collecting:
      return aligned_barrier_received(phase, channel, barrier, block, now);
    case Phase::unaligned_first:
    case Phase::unaligned_collecting:
      return unaligned_barrier_received(phase, channel, barrier, block);
  }
  CHECK(false, "unknown phase");
}

SingleBarrierHandler::Failure SingleBarrierHandler::aligned_barrier_received(
    Phase& phase, uint32_t channel, const CheckpointBarrier& barrier, bool block_it,
    sim::Time now) {
  if (barrier.unaligned()) {
    CHECK(mode_ != BarrierMode::aligned, "the aligned handler gets no unaligned barrier");
    if (const Failure failure = time_out(phase, barrier)) return failure;
    return unaligned_barrier_received(phase, channel, barrier, block_it);
  }
  announced_.erase(channel);
  if (block_it) block(channel);
  if (all_received()) {
    phase = finish_aligned(barrier);
    return {};
  }
  if (mode_ == BarrierMode::alternating && timed_out(barrier, now)) {
    if (const Failure failure = time_out(phase, barrier)) return failure;
    return unaligned_barrier_received(phase, channel, barrier.as_unaligned(), block_it);
  }
  phase = Phase::aligned_collecting;
  return {};
}

SingleBarrierHandler::Failure SingleBarrierHandler::unaligned_barrier_received(
    Phase& phase, uint32_t channel, const CheckpointBarrier& barrier, bool block_it) {
  // An aligned barrier that comes out of order: the producer has stopped behind it.
  if (block_it && !barrier.unaligned()) block(channel);
  if (phase == Phase::unaligned_first) {
    if (const Failure failure = begin_unaligned(barrier.as_unaligned())) return failure;
  }
  if (all_received())
    phase = finish_unaligned(barrier.id);
  else
    phase = Phase::unaligned_collecting;
  return {};
}

SingleBarrierHandler::Failure SingleBarrierHandler::end_received(Phase& phase, uint32_t channel,
                                                                 sim::Time now) {
  channel_finished(channel);
  switch (phase) {
    case Phase::aligned_first:
    case Phase::unaligned_first:
      return {};
    case Phase::aligned_collecting:
      if (all_received()) {
        phase = finish_aligned(pending_barrier_);
        return {};
      }
      if (mode_ == BarrierMode::alternating && timed_out(pending_barrier_, now)) {
        if (const Failure failure = time_out(phase, pending_barrier_)) return failure;
        return end_received(phase, channel, now);
      }
      return {};
    case Phase::unaligned_collecting:
      if (all_received()) phase = finish_unaligned(pending_barrier_.id);
      return {};
  }
  return {};
}

// The switch from aligned to unaligned (BH-12); nothing to do in the unaligned phases.
SingleBarrierHandler::Failure SingleBarrierHandler::time_out(Phase& phase,
                                                             const CheckpointBarrier& barrier) {
  switch (phase) {
    case Phase::aligned_first:
      prioritize_all();
      phase = Phase::unaligned_first;
      return {};
    case Phase::aligned_collecting:
      prioritize_all();
      if (const Failure failure = begin_unaligned(barrier.as_unaligned())) return failure;
      phase = Phase::unaligned_collecting;
      return {};
    case Phase::unaligned_first:
    case Phase::unaligned_collecting:
      return {};
  }
  return {};
}

SingleBarrierHandler::Failure SingleBarrierHandler::begin_unaligned(
    const CheckpointBarrier& barrier) {
  out_.init_inputs(barrier);
  if (const Failure failure = out_.start_persisting(barrier)) return failure;
  notify_trigger(barrier);
  return {};
}

SingleBarrierHandler::Phase SingleBarrierHandler::finish_aligned(const CheckpointBarrier& barrier) {
  if (mode_ == BarrierMode::alternating) out_.init_inputs(barrier);
  notify_trigger(barrier);
  unblock_all();  // after the snapshot, never before
  announced_.clear();
  return first_phase();
}

SingleBarrierHandler::Phase SingleBarrierHandler::finish_unaligned(int64_t checkpoint) {
  out_.stop_persisting(checkpoint);
  unblock_all();
  announced_.clear();
  return first_phase();
}

SingleBarrierHandler::Phase SingleBarrierHandler::abandon(Phase phase, int64_t checkpoint) {
  if (phase == Phase::unaligned_collecting) out_.stop_persisting(checkpoint);
  unblock_all();
  announced_.clear();
  return first_phase();
}

// ---- channels ----

void SingleBarrierHandler::block(uint32_t channel) {
  out_.block_channel(channel);
  if (mutant_ == Mutant::consume_past_barrier)
    out_.resume_channel(channel);
  else
    blocked_.insert(channel);
}

void SingleBarrierHandler::unblock_all() {
  blocked_.for_each([this](uint32_t channel) { out_.resume_channel(channel); });
  blocked_.clear();
}

void SingleBarrierHandler::prioritize_all() {
  announced_.for_each(
      [this](uint32_t channel) { out_.prioritize(channel, announced_sequence_[channel]); });
  announced_.clear();
}

void SingleBarrierHandler::channel_finished(uint32_t channel) {
  blocked_.erase(channel);
  announced_.erase(channel);
}

}  // namespace drey::model
