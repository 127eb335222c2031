#pragma once
// The buffers of one input gate (floating) or one result partition.
//
// Keeps one segment on its free list whenever its size and the network pool allow. Available means:
// a free segment, and no subpartition at its limit; it only tells the task to stop, a request is
// never refused for it. Overdraft segments, beyond the size, come only when nothing else is left.
// Callbacks (listeners, availability) run inside request and recycle. Upstream: LocalBufferPool.
// Rules: data-plane page 1.2.
#include <cstdint>
#include <deque>
#include <vector>

#include "model/task/network_buffer_pool.h"

namespace drey::model {

// A channel that waits for one floating buffer.
class BufferListener {
 public:
  virtual ~BufferListener() = default;
  // True: it keeps the buffer. It is no longer registered.
  virtual bool buffer_available() = 0;
  virtual void pool_destroyed() = 0;
};

// Whoever writes through the pool; told on the change from unavailable to available.
class PoolAvailabilityListener {
 public:
  virtual ~PoolAvailabilityListener() = default;
  virtual void pool_available() = 0;
};

inline constexpr int32_t kNoSubpartition = -1;

class LocalBufferPool {
 public:
  ~LocalBufferPool();
  LocalBufferPool(const LocalBufferPool&) = delete;
  LocalBufferPool& operator=(const LocalBufferPool&) = delete;

  // False: none to be had.
  bool request(int32_t subpartition = kNoSubpartition);
  void recycle(int32_t subpartition = kNoSubpartition);
  // False: a buffer is free (request it), or the pool is destroyed.
  bool add_listener(BufferListener& listener);
  void set_max_overdraft(int32_t n) { options_.max_overdraft = n; }
  void set_availability_listener(PoolAvailabilityListener* listener) { availability_ = listener; }
  // Gives back what is free and the claim to the rest; buffers still held are given back as they
  // are recycled.
  void destroy();

  bool available() const { return available_; }
  bool destroyed() const { return destroyed_; }
  int32_t size() const { return size_; }
  int32_t requested() const { return requested_; }
  int32_t free() const { return free_; }
  const std::vector<int32_t>& buffers_per_subpartition() const { return per_subpartition_; }
  const LocalBufferPoolOptions& options() const { return options_; }

 private:
  friend class NetworkBufferPool;
  LocalBufferPool(NetworkBufferPool& network, const LocalBufferPoolOptions& options);

  void set_size(int32_t size);
  void network_pool_available();
  bool size_reached() const { return requested_ >= size_; }
  bool has_excess() const { return requested_ > size_; }
  bool may_overdraw() const { return requested_ - size_ < options_.max_overdraft; }
  bool should_be_available() const { return free_ > 0 && full_subpartitions_ == 0; }
  bool take_from_network();
  void give_back_one();
  void count_subpartition(int32_t subpartition, int32_t delta);
  void update_availability();
  void become_available();

  NetworkBufferPool& network_;
  LocalBufferPoolOptions options_;
  PoolAvailabilityListener* availability_ = nullptr;
  int32_t size_;
  int32_t requested_ = 0;  // segments of the network pool that are here or handed out
  int32_t free_ = 0;
  int32_t full_subpartitions_ = 0;
  bool available_ = false;
  bool destroyed_ = false;
  bool waiting_for_network_ = false;
  std::vector<int32_t> per_subpartition_;
  std::deque<BufferListener*> listeners_;
};

}  // namespace drey::model
