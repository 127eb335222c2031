#pragma once
// What one subtask does with the barriers, cancellation markers and ends of its input channels.
//
// Channels are numbered 0..n-1 over all gates of the task. Every call happens on the task's thread
// (a mail or the default action) and carries the time; everything that follows goes to
// BarrierActions, in Flink's order. No allocation per call once every channel has been seen; 1 to 3
// bits per channel before any announcement. Upstream: CheckpointBarrierHandler with its two
// implementations, SingleCheckpointBarrierHandler (single_barrier_handler.h) and
// CheckpointBarrierTracker (barrier_tracker.h). Rules BH-1 to BH-21 of the checkpoint page.
#include <cstdint>
#include <memory>
#include <optional>

#include "model/mutants.h"
#include "model/task/checkpoint_barrier.h"
#include "sim/time.h"

namespace drey::model {

// Of one alignment. `duration` and `bytes` are unknown while it still goes on (unaligned
// checkpoints).
struct AlignmentMetrics {
  sim::Duration start_delay;               // first barrier minus its time stamp, whole milliseconds
  std::optional<sim::Duration> duration;   // first barrier to last
  std::optional<int64_t> bytes_processed;  // data handed to the task meanwhile
};

class BarrierActions {
 public:
  virtual ~BarrierActions() = default;

  virtual void block_channel(uint32_t channel) = 0;
  // Also for a channel that is not blocked: an obsolete aligned barrier has blocked it at the
  // producer.
  virtual void resume_channel(uint32_t channel) = 0;
  // The announced barrier with this sequence number becomes a priority event of its channel.
  virtual void prioritize(uint32_t channel, uint32_t sequence) = 0;
  // Opens the channel-state writer of this checkpoint.
  virtual void init_inputs(const CheckpointBarrier& barrier) = 0;
  // All channels begin to persist in-flight data; an answer means that one refused and the
  // checkpoint is given up.
  virtual std::optional<CheckpointFailureReason> start_persisting(
      const CheckpointBarrier& barrier) = 0;
  virtual void stop_persisting(int64_t checkpoint) = 0;
  virtual void trigger(const CheckpointBarrier& barrier, const AlignmentMetrics& metrics) = 0;
  // Only after a trigger whose metrics were not complete.
  virtual void alignment_ended(int64_t checkpoint, sim::Duration duration,
                               int64_t bytes_processed) = 0;
  virtual void abort(int64_t checkpoint, CheckpointFailureReason reason) = 0;
  // At most one timer is armed; when it is due, call BarrierHandler::alignment_timer_due from a
  // mail.
  virtual void arm_alignment_timer(int64_t checkpoint, sim::Duration delay) = 0;
  virtual void cancel_alignment_timer() = 0;
};

enum class BarrierMode : uint8_t { aligned, unaligned, alternating, tracker };

struct BarrierHandlerOptions {
  BarrierMode mode = BarrierMode::aligned;
  uint32_t channels = 0;  // all open at the start
  bool checkpoints_after_tasks_finish = true;
  Mutant mutant = Mutant::none;
};

enum class BarrierOrigin : uint8_t {
  channel,
  rpc
};  // an RPC-triggered barrier blocks nothing (BH-22)

class BarrierHandler {
 public:
  virtual ~BarrierHandler() = default;
  BarrierHandler(const BarrierHandler&) = delete;
  BarrierHandler& operator=(const BarrierHandler&) = delete;

  virtual void barrier(uint32_t channel, const CheckpointBarrier& barrier, BarrierOrigin origin,
                       sim::Time now) = 0;
  virtual void announcement(uint32_t channel, const CheckpointBarrier& barrier, uint32_t sequence,
                            sim::Time now) = 0;
  virtual void cancellation(uint32_t channel, int64_t checkpoint, sim::Time now) = 0;
  virtual void end_of_partition(uint32_t channel, sim::Time now) = 0;
  // No-op if that checkpoint is over or all its barriers came (BH-15).
  virtual void alignment_timer_due(int64_t checkpoint, sim::Time now) = 0;
  // The input is closed: the timer is cancelled.
  virtual void close() = 0;

  // Data of this size went to the task.
  void processed(int64_t bytes) {
    if (during_alignment_) bytes_processed_ += bytes;
  }

  virtual int64_t latest_checkpoint() const = 0;
  virtual bool checkpoint_pending() const = 0;
  uint32_t open_channels() const { return open_channels_; }
  bool during_alignment() const { return during_alignment_; }
  // Duration of the latest alignment, so far if it still goes on.
  sim::Duration alignment_duration(sim::Time now) const {
    return during_alignment_ ? now - alignment_start_
                             : alignment_.duration.value_or(sim::Duration{});
  }
  sim::Duration start_delay() const { return alignment_.start_delay; }

 protected:
  BarrierHandler(const BarrierHandlerOptions& options, BarrierActions& out)
      : out_(out),
        open_channels_(options.channels),
        after_tasks_finish_(options.checkpoints_after_tasks_finish) {}

  void notify_trigger(const CheckpointBarrier& barrier);
  void mark_alignment_start(const CheckpointBarrier& barrier, sim::Time now);
  void mark_alignment_end(sim::Time now) { finish_alignment(now - alignment_start_); }
  void mark_alignment_start_and_end(const CheckpointBarrier& barrier, sim::Time now);
  void reset_alignment();

  BarrierActions& out_;
  uint32_t open_channels_;
  const bool after_tasks_finish_;

 private:
  void finish_alignment(sim::Duration duration);

  bool during_alignment_ = false;
  bool told_unfinished_ = false;  // a trigger went out with metrics that are still to come
  int64_t alignment_checkpoint_ = -1;
  sim::Time alignment_start_;
  int64_t bytes_processed_ = 0;
  AlignmentMetrics alignment_;
};

std::unique_ptr<BarrierHandler> make_barrier_handler(const BarrierHandlerOptions& options,
                                                     BarrierActions& out);

}  // namespace drey::model
