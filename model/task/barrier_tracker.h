#pragma once
// At-least-once: counts the barriers of several checkpoints at once and never blocks a channel
// (BH-17 to BH-21).
//
// Invariants: at most 50 counts, ascending by checkpoint id, each with a target frozen when it
// began. The storage of a finished count is kept for the next one. Upstream:
// CheckpointBarrierTracker.
#include <vector>

#include "model/task/barrier_handler.h"
#include "model/task/channel_set.h"

namespace drey::model {

class BarrierTracker final : public BarrierHandler {
 public:
  BarrierTracker(const BarrierHandlerOptions& options, BarrierActions& out);

  void barrier(uint32_t channel, const CheckpointBarrier& barrier, BarrierOrigin origin,
               sim::Time now) override;
  void announcement(uint32_t channel, const CheckpointBarrier& barrier, uint32_t sequence,
                    sim::Time now) override;
  void cancellation(uint32_t channel, int64_t checkpoint, sim::Time now) override;
  void end_of_partition(uint32_t channel, sim::Time now) override;
  void alignment_timer_due(int64_t checkpoint, sim::Time now) override;
  void close() override {}

  int64_t latest_checkpoint() const override;
  bool checkpoint_pending() const override { return size_ != 0; }
  std::vector<int64_t> pending_checkpoints() const;

 private:
  struct Count {
    CheckpointBarrier barrier;
    ChannelSet aligned;
    uint32_t target = 0;
    bool aborted = false;
  };

  bool takes_fast_path(int64_t checkpoint) const;
  bool mark_aligned(Count& count, uint32_t channel);  // true: complete
  void append(const CheckpointBarrier& barrier, uint32_t channel, bool aborted);
  void drop_front(size_t n);
  void abort_once(Count& count, CheckpointFailureReason reason);
  void complete(size_t position, sim::Time now);

  const uint32_t channels_;
  int64_t latest_ = -1;
  size_t size_ = 0;            // counts in use: the first of counts_
  std::vector<Count> counts_;  // oldest first; behind size_ idle storage
};

}  // namespace drey::model
