#include "model/task/network_buffer_pool.h"

#include <algorithm>

#include "model/task/local_buffer_pool.h"
#include "sim/check.h"

namespace drey::model {

NetworkBufferPool::NetworkBufferPool(int32_t segments) : total_(segments), free_(segments) {
  CHECK(segments >= 0, "a number of segments");
}

NetworkBufferPool::~NetworkBufferPool() = default;

std::unique_ptr<LocalBufferPool> NetworkBufferPool::create_pool(
    const LocalBufferPoolOptions& options) {
  CHECK(options.required >= 1 && options.max >= options.required, "1 <= required <= max");
  if (options.required > total_ - required_) return nullptr;
  required_ += options.required;
  std::unique_ptr<LocalBufferPool> pool(new LocalBufferPool(*this, options));
  if (options.required < options.max) resizable_.push_back(pool.get());
  redistribute();
  return pool;
}

bool NetworkBufferPool::reserve_unpooled(int32_t n) {
  if (n > total_ - required_) return false;
  required_ += n;
  redistribute();
  return true;
}

int32_t NetworkBufferPool::claim_unpooled(int32_t at_most) {
  const int32_t claimed = std::min(at_most, free_);
  free_ -= claimed;
  return claimed;
}

void NetworkBufferPool::give_up_unpooled(int32_t reserved, int32_t claimed) {
  give_back(claimed);
  required_ -= reserved;
  redistribute();
}

bool NetworkBufferPool::take_unpooled(int32_t n) {
  if (!reserve_unpooled(n)) return false;
  const int32_t claimed = claim_unpooled(n);
  if (claimed == n) return true;
  give_up_unpooled(n, claimed);
  return false;
}

void NetworkBufferPool::return_unpooled(int32_t n) { give_up_unpooled(n, n); }

bool NetworkBufferPool::take() {
  if (free_ == 0) return false;
  --free_;
  return true;
}

void NetworkBufferPool::give_back(int32_t n) {
  if (n == 0) return;
  const bool was_empty = free_ == 0;
  free_ += n;
  CHECK(free_ <= total_, "no more segments given back than there are");
  if (!was_empty || waiting_.empty()) return;
  // Last registered first; each takes one segment, or registers again.
  waking_.swap(waiting_);
  while (!waking_.empty()) {
    LocalBufferPool* pool = waking_.back();
    waking_.pop_back();
    pool->network_pool_available();
  }
}

void NetworkBufferPool::forget(LocalBufferPool& pool) {
  required_ -= pool.options().required;
  resizable_.erase(std::remove(resizable_.begin(), resizable_.end(), &pool), resizable_.end());
  redistribute();
}

void NetworkBufferPool::remove_waiter(const LocalBufferPool& pool) {
  waiting_.erase(std::remove(waiting_.begin(), waiting_.end(), &pool), waiting_.end());
  waking_.erase(std::remove(waking_.begin(), waking_.end(), &pool), waking_.end());
}

// Everything beyond what is required goes to the pools in proportion to what they can take;
// computed on running sums, so that nothing is lost to rounding.
void NetworkBufferPool::redistribute() {
  const int64_t spare = total_ - required_;
  if (spare == 0) {
    for (LocalBufferPool* pool : resizable_) pool->set_size(pool->options().required);
    return;
  }
  int64_t capacity = 0;
  for (const LocalBufferPool* pool : resizable_)
    capacity += std::min<int64_t>(spare, pool->options().max - pool->options().required);
  if (capacity == 0) return;
  const int64_t to_share = std::min(spare, capacity);
  int64_t parts = 0;
  int64_t shared = 0;
  for (LocalBufferPool* pool : resizable_) {
    parts += std::min<int64_t>(spare, pool->options().max - pool->options().required);
    const int64_t extra = to_share * parts / capacity - shared;
    shared += extra;
    pool->set_size(pool->options().required + static_cast<int32_t>(extra));
  }
}

}  // namespace drey::model
