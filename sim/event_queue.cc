#include "sim/event_queue.h"

namespace drey::sim {

// The earliest bucket: a small one goes to the heap whole, a large one is split around its minimum.
void EventQueue::refill() {
  constexpr size_t kSmall = 16;
  const auto index = static_cast<size_t>(std::countr_zero(nonempty_));
  std::vector<Event>& events = buckets_[index];
  nonempty_ &= nonempty_ - 1;
  // Bucket 0 must go whole: its elements would be appended to the array that is being scanned.
  if (events.size() <= kSmall || index == 0) {
    for (const Event& event : events) push_heap(event);
    limit_.ns = (((base_.ns >> index) | 1) + 1) << index;
  } else {
    Time first = events.front().at;
    for (const Event& event : events)
      if (event.at < first) first = event.at;
    base_ = first;
    limit_.ns = base_.ns + 1;
    for (const Event& event : events) {
      if (event.at == base_) {
        push_heap(event);
      } else {
        bucket(event);
      }
    }
  }
  events.clear();
}

}  // namespace drey::sim
