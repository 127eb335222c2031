#include "model/task/barrier_tracker.h"

#include <algorithm>

#include "sim/check.h"

namespace drey::model {

namespace {
constexpr size_t kMostTracked = 50;
}  // namespace

BarrierTracker::BarrierTracker(const BarrierHandlerOptions& options, BarrierActions& out)
    : BarrierHandler(options, out), channels_(options.channels) {}

// Only new checkpoints: one that began with more channels open is still counted (BH-18).
bool BarrierTracker::takes_fast_path(int64_t checkpoint) const {
  return checkpoint > latest_ && open_channels_ == 1;
}

bool BarrierTracker::mark_aligned(Count& count, uint32_t channel) {
  count.aligned.insert(channel);
  return count.aligned.size() == count.target;
}

void BarrierTracker::append(const CheckpointBarrier& barrier, uint32_t channel, bool aborted) {
  if (size_ == counts_.size())
    counts_.push_back(
        {.barrier = {}, .aligned = ChannelSet(channels_), .target = 0, .aborted = false});
  Count& count = counts_[size_++];
  count.barrier = barrier;
  count.aligned.clear();
  count.aligned.insert(channel);
  count.target = open_channels_;
  count.aborted = aborted;
  if (size_ > kMostTracked) drop_front(1);
}

void BarrierTracker::drop_front(size_t n) {
  const auto begin = counts_.begin();
  std::rotate(begin, begin + static_cast<std::ptrdiff_t>(n),
              begin + static_cast<std::ptrdiff_t>(size_));
  size_ -= n;
}

void BarrierTracker::abort_once(Count& count, CheckpointFailureReason reason) {
  if (count.aborted) return;
  count.aborted = true;
  out_.abort(count.barrier.id, reason);
}

// The checkpoint at `position` has all its channels; it goes, and with it all older ones, silently
// (BH-19).
void BarrierTracker::complete(size_t position, sim::Time now) {
  const CheckpointBarrier barrier = counts_[position].barrier;
  const bool aborted = counts_[position].aborted;
  drop_front(position + 1);
  if (aborted) return;
  // Only the alignment of the latest checkpoint is measured.
  if (barrier.id == latest_) mark_alignment_end(now);
  notify_trigger(barrier);
}

void BarrierTracker::barrier(uint32_t channel, const CheckpointBarrier& barrier, BarrierOrigin,
                             sim::Time now) {
  if (takes_fast_path(barrier.id)) {
    mark_alignment_start_and_end(barrier, now);
    notify_trigger(barrier);
    return;
  }
  for (size_t i = 0; i < size_; ++i) {
    if (counts_[i].barrier.id != barrier.id) continue;
    if (mark_aligned(counts_[i], channel)) complete(i, now);
    return;
  }
  if (barrier.id <= latest_) return;  // subsumed or done
  mark_alignment_start(barrier, now);
  latest_ = barrier.id;
  append(barrier, channel, false);
}

void BarrierTracker::announcement(uint32_t, const CheckpointBarrier&, uint32_t, sim::Time) {}

void BarrierTracker::alignment_timer_due(int64_t, sim::Time) {
  CHECK(false, "the tracker arms no alignment timer");
}

void BarrierTracker::cancellation(uint32_t channel, int64_t checkpoint, sim::Time) {
  constexpr CheckpointFailureReason kReason =
      CheckpointFailureReason::checkpoint_declined_on_cancellation_barrier;
  if (takes_fast_path(checkpoint)) {
    reset_alignment();
    out_.abort(checkpoint, kReason);
    return;
  }
  size_t older = 0;
  while (older < size_ && counts_[older].barrier.id < checkpoint) ++older;
  for (size_t i = 0; i < older; ++i) abort_once(counts_[i], kReason);
  drop_front(older);
  if (size_ != 0 && counts_[0].barrier.id == checkpoint) {
    abort_once(counts_[0], kReason);
    // Still counted, so that the entry goes when all have come.
    if (mark_aligned(counts_[0], channel)) drop_front(1);
  } else if (checkpoint > latest_) {
    out_.abort(checkpoint, kReason);
    latest_ = checkpoint;
    CheckpointBarrier marker;
    marker.id = checkpoint;
    append(marker, channel, true);  // swallows the late barriers
  }
}

void BarrierTracker::end_of_partition(uint32_t channel, sim::Time now) {
  CHECK(open_channels_ > 0, "more ends of partition than channels");
  --open_channels_;
  if (!after_tasks_finish_) {
    for (size_t i = 0; i < size_; ++i)
      abort_once(counts_[i], CheckpointFailureReason::checkpoint_declined_input_end_of_stream);
    drop_front(size_);
    reset_alignment();
    return;
  }
  for (size_t i = size_; i-- > 0;) {  // newest first (BH-21)
    if (!mark_aligned(counts_[i], channel)) continue;
    complete(i, now);
    return;
  }
}

int64_t BarrierTracker::latest_checkpoint() const {
  return size_ == 0 ? -1 : counts_[size_ - 1].barrier.id;
}

std::vector<int64_t> BarrierTracker::pending_checkpoints() const {
  std::vector<int64_t> ids;
  for (size_t i = 0; i < size_; ++i) ids.push_back(counts_[i].barrier.id);
  return ids;
}

}  // namespace drey::model
