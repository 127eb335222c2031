#pragma once
// A queue with a priority section at its head: priority elements keep their order among themselves
// and come before all others. Upstream: PrioritizedDeque.
#include <cstdint>

#include "model/task/ring_deque.h"

namespace drey::model {

template <class T>
class PrioritizedQueue {
 public:
  uint32_t size() const { return ring_.size(); }
  bool empty() const { return ring_.empty(); }
  uint32_t priority_count() const { return priority_; }

  T& at(uint32_t i) { return ring_.at(i); }
  const T& at(uint32_t i) const { return ring_.at(i); }
  T& front() { return ring_.front(); }
  const T& front() const { return ring_.front(); }
  T& back() { return ring_.back(); }
  const T& back() const { return ring_.back(); }

  void push(const T& value) { ring_.push_back(value); }
  // Behind the priority elements that are there.
  void push_priority(const T& value) { ring_.insert(priority_++, value); }

  T pop() {
    if (priority_ > 0) --priority_;
    return ring_.pop_front();
  }

  T erase(uint32_t i) {
    if (i < priority_) --priority_;
    return ring_.erase(i);
  }

  void clear() {
    ring_.clear();
    priority_ = 0;
  }

 private:
  RingDeque<T> ring_;
  uint32_t priority_ = 0;
};

}  // namespace drey::model
