#include "model/task/local_buffer_pool.h"

#include <algorithm>

#include "sim/check.h"

namespace drey::model {

LocalBufferPool::LocalBufferPool(NetworkBufferPool& network, const LocalBufferPoolOptions& options)
    : network_(network),
      options_(options),
      size_(options.required),
      per_subpartition_(static_cast<size_t>(options.subpartitions), 0) {
  update_availability();
}

LocalBufferPool::~LocalBufferPool() {
  if (!destroyed_) destroy();
  network_.remove_waiter(*this);
}

bool LocalBufferPool::request(int32_t subpartition) {
  CHECK(!destroyed_, "no buffers from a destroyed pool");
  if (free_ > 0)
    --free_;
  else if (!size_reached() || !may_overdraw() || !take_from_network())
    return false;
  if (subpartition != kNoSubpartition) count_subpartition(subpartition, 1);
  update_availability();
  return true;
}

void LocalBufferPool::recycle(int32_t subpartition) {
  if (subpartition != kNoSubpartition) count_subpartition(subpartition, -1);
  while (true) {
    if (destroyed_ || has_excess()) {
      give_back_one();
      return;
    }
    if (listeners_.empty()) break;
    BufferListener* listener = listeners_.front();
    listeners_.pop_front();
    if (listener->buffer_available()) return;
  }
  ++free_;
  if (!available_ && full_subpartitions_ == 0) become_available();
}

bool LocalBufferPool::add_listener(BufferListener& listener) {
  if (free_ > 0 || destroyed_) return false;
  listeners_.push_back(&listener);
  return true;
}

void LocalBufferPool::destroy() {
  if (destroyed_) return;
  while (free_ > 0) {
    --free_;
    give_back_one();
  }
  while (!listeners_.empty()) {
    BufferListener* listener = listeners_.front();
    listeners_.pop_front();
    listener->pool_destroyed();
  }
  destroyed_ = true;
  if (!available_) become_available();  // a writer that waits must wake up to see it
  network_.forget(*this);
}

void LocalBufferPool::set_size(int32_t size) {
  size_ = std::min(size, options_.max);
  while (free_ > 0 && has_excess()) {
    --free_;
    give_back_one();
  }
  if (!destroyed_) update_availability();
}

void LocalBufferPool::network_pool_available() {
  waiting_for_network_ = false;
  if (!destroyed_) update_availability();
}

bool LocalBufferPool::take_from_network() {
  if (!network_.take()) return false;
  ++requested_;
  return true;
}

void LocalBufferPool::give_back_one() {
  --requested_;
  CHECK(requested_ >= 0, "no more buffers recycled than requested");
  network_.give_back(1);
}

void LocalBufferPool::count_subpartition(int32_t subpartition, int32_t delta) {
  int32_t& count = per_subpartition_[static_cast<size_t>(subpartition)];
  const bool was_full = count >= options_.max_per_subpartition;
  count += delta;
  CHECK(count >= 0, "no more buffers recycled than the subpartition holds");
  const bool is_full = count >= options_.max_per_subpartition;
  if (was_full != is_full) full_subpartitions_ += is_full ? 1 : -1;
}

// Keeps one segment ready if there is one to be had, else waits for the network pool.
void LocalBufferPool::update_availability() {
  if (free_ == 0 && !size_reached()) {
    if (take_from_network()) {
      ++free_;
    } else if (!waiting_for_network_) {
      waiting_for_network_ = true;
      network_.wait(*this);
    }
  }
  if (!should_be_available())
    available_ = false;
  else if (!available_)
    become_available();
}

void LocalBufferPool::become_available() {
  available_ = true;
  if (availability_ != nullptr) availability_->pool_available();
}

}  // namespace drey::model
