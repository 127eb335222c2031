#pragma once
// Exactly-once: one checkpoint at a time, aligned, unaligned, or alternating (aligned first,
// unaligned after a time-out).
//
// The phase says what was seen of the current checkpoint; the pure aligned handler knows the first
// two, the pure unaligned one the last two, the alternating one all four. A step that fails (a
// channel refuses to persist) leaves the phase as it was and aborts. Upstream:
// SingleCheckpointBarrierHandler, ChannelState, WaitingForFirstBarrier, CollectingBarriers,
// Alternating*. BH-4 to BH-16.
#include <optional>
#include <vector>

#include "model/task/barrier_handler.h"
#include "model/task/channel_set.h"

namespace drey::model {

class SingleBarrierHandler final : public BarrierHandler {
 public:
  SingleBarrierHandler(const BarrierHandlerOptions& options, BarrierActions& out);

  void barrier(uint32_t channel, const CheckpointBarrier& barrier, BarrierOrigin origin,
               sim::Time now) override;
  void announcement(uint32_t channel, const CheckpointBarrier& barrier, uint32_t sequence,
                    sim::Time now) override;
  void cancellation(uint32_t channel, int64_t checkpoint, sim::Time now) override;
  void end_of_partition(uint32_t channel, sim::Time now) override;
  void alignment_timer_due(int64_t checkpoint, sim::Time now) override;
  void close() override;

  int64_t latest_checkpoint() const override { return current_; }
  bool checkpoint_pending() const override { return current_ >= 0 && current_ != last_done_; }

  enum class Barriers : uint8_t { open, complete, failed };
  // Of the latest checkpoint: did all barriers come? Upstream: getAllBarriersReceivedFuture.
  Barriers all_barriers() const { return open_channels_ == 0 ? Barriers::complete : received_; }

  const ChannelSet& blocked() const { return blocked_; }

 private:
  enum class Phase : uint8_t {
    aligned_first,
    aligned_collecting,
    unaligned_first,
    unaligned_collecting
  };

  // Empty: go on; else the checkpoint is given up and the phase stays.
  using Failure = std::optional<CheckpointFailureReason>;

  bool obsolete(int64_t checkpoint) const;
  bool acts_on_cancellation(int64_t checkpoint) const;
  bool all_received() const { return aligned_.size() == target_; }
  bool timed_out(const CheckpointBarrier& barrier, sim::Time now) const;
  Phase first_phase() const;

  void check_new_checkpoint(const CheckpointBarrier& barrier, sim::Time now);
  void mark_aligned(uint32_t channel, const CheckpointBarrier& barrier, sim::Time now);
  void settle(Failure failure, Phase next);
  void abort_checkpoint(int64_t checkpoint, CheckpointFailureReason reason);
  void cancel_timer();

  Failure barrier_received(Phase& phase, uint32_t channel, const CheckpointBarrier& barrier,
                           bool block, sim::Time now);
  Failure aligned_barrier_received(Phase& phase, uint32_t channel, const CheckpointBarrier& barrier,
                                   bool block, sim::Time now);
  Failure unaligned_barrier_received(Phase& phase, uint32_t channel,
                                     const CheckpointBarrier& barrier, bool block);
  Failure end_received(Phase& phase, uint32_t channel, sim::Time now);
  Failure time_out(Phase& phase, const CheckpointBarrier& barrier);
  Failure begin_unaligned(const CheckpointBarrier& barrier);
  Phase finish_aligned(const CheckpointBarrier& barrier);
  Phase finish_unaligned(int64_t checkpoint);
  Phase abandon(Phase phase, int64_t checkpoint);

  void block(uint32_t channel);
  void unblock_all();
  void prioritize_all();
  void channel_finished(uint32_t channel);

  const BarrierMode mode_;
  const uint32_t channels_;
  const Mutant mutant_;
  Phase phase_;
  Barriers received_ = Barriers::open;
  bool timer_armed_ = false;
  bool has_pending_barrier_ = false;
  uint32_t target_ = 0;
  int64_t current_ = -1;
  int64_t last_done_ = -1;             // last cancelled or completed
  CheckpointBarrier pending_barrier_;  // the first seen of the current checkpoint
  ChannelSet aligned_;
  ChannelSet blocked_;
  ChannelSet announced_;                      // announcement seen, barrier not
  std::vector<uint32_t> announced_sequence_;  // by channel, valid where announced_
};

}  // namespace drey::model
