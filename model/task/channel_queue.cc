#include "model/task/channel_queue.h"

namespace drey::model {

bool ChannelQueue::queue(uint32_t channel) { return add(channel, false); }

bool ChannelQueue::queue_priority(uint32_t channel, uint32_t sequence) {
  if (outdated(channel, sequence)) return false;
  return add(channel, true);
}

bool ChannelQueue::outdated(uint32_t channel, uint32_t sequence) const {
  return !last_priority_.empty() && last_priority_[channel] >= int64_t{sequence};
}

void ChannelQueue::note_priority_polled(uint32_t channel, uint32_t sequence) {
  if (last_priority_.empty()) last_priority_.assign(channels_, -1);
  last_priority_[channel] = sequence;
}

bool ChannelQueue::is_priority(uint32_t channel) const {
  for (uint32_t i = 0; i < queue_.priority_count(); ++i)
    if (queue_.at(i) == channel) return true;
  return false;
}

bool ChannelQueue::add(uint32_t channel, bool priority) {
  if (ended_.contains(channel)) return false;
  const bool enqueued = !enqueued_.insert(channel);
  if (enqueued && (!priority || is_priority(channel))) return false;
  if (!priority) {
    queue_.push(channel);
    return true;
  }
  if (enqueued) {
    for (uint32_t i = queue_.priority_count(); i < queue_.size(); ++i) {
      if (queue_.at(i) != channel) continue;
      queue_.erase(i);
      break;
    }
  }
  queue_.push_priority(channel);
  return true;
}

uint32_t ChannelQueue::pop() {
  const uint32_t channel = queue_.pop();
  enqueued_.erase(channel);
  return channel;
}

}  // namespace drey::model
