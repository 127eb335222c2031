#pragma once
// All network segments of one TaskManager, counted, and how they are shared out among the pools of
// its gates and partitions.
//
// A segment has no identity here: a pool hands out permissions to hold one, what is in it belongs
// to its holder. Invariants: required <= total; free + sum of pools' requested + unpooled taken ==
// total. Pools are visited in order of creation (upstream: a hash set). Not thread-safe, no clock:
// waiting (the 30 s for exclusive buffers) is the caller's. Upstream: NetworkBufferPool. Rules:
// data-plane page 1.2.
#include <cstdint>
#include <memory>
#include <vector>

namespace drey::model {

class LocalBufferPool;

struct LocalBufferPoolOptions {
  int32_t required = 1;       // >= 1; guaranteed
  int32_t max = INT32_MAX;    // >= required
  int32_t subpartitions = 0;  // 0: a gate's pool
  int32_t max_per_subpartition = INT32_MAX;
  int32_t max_overdraft = 0;
};

class NetworkBufferPool {
 public:
  explicit NetworkBufferPool(int32_t segments);
  ~NetworkBufferPool();
  NetworkBufferPool(const NetworkBufferPool&) = delete;
  NetworkBufferPool& operator=(const NetworkBufferPool&) = delete;

  // Null: "Insufficient number of network buffers", the task fails. The pool must be destroyed and
  // given back all segments before this goes.
  std::unique_ptr<LocalBufferPool> create_pool(const LocalBufferPoolOptions& options);

  // Exclusive buffers, in three steps since the taker may have to wait: reserve (false:
  // insufficient), claim what is free until all are there, or give up after the time-out.
  // `take_unpooled` is all of it without waiting.
  bool reserve_unpooled(int32_t n);
  int32_t claim_unpooled(int32_t at_most);
  void give_up_unpooled(int32_t reserved, int32_t claimed);
  bool take_unpooled(int32_t n);
  void return_unpooled(int32_t n);

  int32_t total() const { return total_; }
  int32_t free() const { return free_; }
  int32_t required() const { return required_; }

 private:
  friend class LocalBufferPool;
  bool take();  // one segment for a pool
  void give_back(int32_t n);
  void wait(LocalBufferPool& pool) { waiting_.push_back(&pool); }
  void forget(LocalBufferPool& pool);  // its required segments are shared out
  void remove_waiter(const LocalBufferPool& pool);
  void redistribute();

  const int32_t total_;
  int32_t free_;
  int32_t required_ = 0;
  std::vector<LocalBufferPool*> resizable_;  // in order of creation
  std::vector<LocalBufferPool*> waiting_;    // for free_ > 0; woken last first
  std::vector<LocalBufferPool*> waking_;     // storage of the wake in progress
};

}  // namespace drey::model
