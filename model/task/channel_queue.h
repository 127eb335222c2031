#pragma once
// Which channels of a gate have something to read: first come first served, each at most once,
// priority events before all.
//
// Upstream: the inputChannelsWithData deque of SingleInputGate with its flags. Data-plane page 1.7.
#include <cstdint>
#include <vector>

#include "model/task/channel_set.h"
#include "model/task/prioritized_queue.h"

namespace drey::model {

class ChannelQueue {
 public:
  explicit ChannelQueue(uint32_t channels)
      : channels_(channels), enqueued_(channels), ended_(channels) {}

  // A channel became non-empty. True: it was queued.
  bool queue(uint32_t channel);
  // A priority event with this sequence number arrived; ignored if one as new was polled already.
  bool queue_priority(uint32_t channel, uint32_t sequence);
  // The same without regard to its number: a barrier that became a priority event after its
  // announcement was polled.
  bool queue_priority_forced(uint32_t channel) { return add(channel, true); }
  uint32_t pop();
  // After a poll of `channel` that left something behind.
  void requeue(uint32_t channel, bool priority) { add(channel, priority); }
  void note_priority_polled(uint32_t channel, uint32_t sequence);
  // The channel got its end of partition: it is not queued again.
  void end(uint32_t channel) { ended_.insert(channel); }

  bool empty() const { return queue_.empty(); }
  uint32_t size() const { return queue_.size(); }
  bool has_priority() const { return queue_.priority_count() > 0; }
  bool ended(uint32_t channel) const { return ended_.contains(channel); }
  uint32_t ended_channels() const { return ended_.size(); }

 private:
  bool add(uint32_t channel, bool priority);
  bool is_priority(uint32_t channel) const;
  bool outdated(uint32_t channel, uint32_t sequence) const;

  uint32_t channels_;
  PrioritizedQueue<uint32_t> queue_;
  ChannelSet enqueued_;
  ChannelSet ended_;
  std::vector<int64_t>
      last_priority_;  // by channel, -1 none; allocated at the first priority event
};

}  // namespace drey::model
