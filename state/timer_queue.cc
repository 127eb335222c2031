#include "state/timer_queue.h"

#include <algorithm>
#include <tuple>

namespace drey::state {

namespace {
// A tail longer than the sorted part (and than this) is settled: doubles cannot pile up, at a
// constant cost per timer.
constexpr size_t kLongestSmallTail = 64;
}  // namespace

void TimerQueue::Bucket::settle() {
  if (sorted == timers.size()) return;
  const auto begin = timers.begin() + static_cast<std::ptrdiff_t>(next);
  std::sort(begin, timers.end());  // equal timers are identical
  timers.erase(std::unique(begin, timers.end()), timers.end());
  sorted = timers.size();
}

void TimerQueue::add(const Timer& timer) {
  if (recent_ == nullptr || recent_timestamp_ != timer.timestamp) {
    recent_ = &buckets_[timer.timestamp];
    recent_timestamp_ = timer.timestamp;
  }
  Bucket& bucket = *recent_;
  if (!bucket.drained() && bucket.timers.back() == timer) return;
  bucket.timers.push_back(timer);
  const size_t tail = bucket.timers.size() - bucket.sorted;
  if (tail > std::max(kLongestSmallTail, bucket.sorted - bucket.next)) bucket.settle();
}

void TimerQueue::remove(const Timer& timer) {
  const auto at = buckets_.find(timer.timestamp);
  if (at == buckets_.end()) return;
  Bucket& bucket = at->second;
  bucket.settle();
  const auto begin = bucket.timers.begin() + static_cast<std::ptrdiff_t>(bucket.next);
  const auto found = std::lower_bound(begin, bucket.timers.end(), timer);
  if (found == bucket.timers.end() || *found != timer) return;
  bucket.timers.erase(found);
  bucket.sorted = bucket.timers.size();
  erase_if_drained(at);
}

void TimerQueue::erase_if_drained(Buckets::iterator at) {
  if (!at->second.drained()) return;
  recent_ = nullptr;
  buckets_.erase(at);
}

std::optional<int64_t> TimerQueue::earliest() const {
  if (buckets_.empty()) return std::nullopt;
  return buckets_.begin()->first;
}

std::optional<Timer> TimerQueue::pop_due(int64_t until) {
  const auto at = buckets_.begin();
  if (at == buckets_.end() || at->first > until) return std::nullopt;
  Bucket& bucket = at->second;
  bucket.settle();
  const Timer first = bucket.timers[bucket.next++];
  erase_if_drained(at);
  return first;
}

uint64_t TimerQueue::size() {
  uint64_t total = 0;
  for (auto& [timestamp, bucket] : buckets_) {
    bucket.settle();
    total += bucket.timers.size() - bucket.next;
  }
  return total;
}

uint64_t TimerQueue::stored() const {
  uint64_t total = 0;
  for (const auto& [timestamp, bucket] : buckets_) total += bucket.timers.size() - bucket.next;
  return total;
}

std::vector<Timer> TimerQueue::by_group() const {
  std::vector<Timer> all;
  for (const auto& [timestamp, bucket] : buckets_)
    all.insert(all.end(), bucket.timers.begin() + static_cast<std::ptrdiff_t>(bucket.next),
               bucket.timers.end());
  std::sort(all.begin(), all.end(), [](const Timer& a, const Timer& b) {
    return std::tie(a.group, a.timestamp, a.key, a.window) <
           std::tie(b.group, b.timestamp, b.key, b.window);
  });
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

}  // namespace drey::state
