#include "state/timer_queue.h"

#include <algorithm>
#include <tuple>

namespace drey::state {

namespace {
// A tail longer than the sorted part (and than this) is settled: doubles cannot pile up, at a
// constant cost per timer.
constexpr size_t kLongestSmallTail = 64;
}  // namespace

// Returns how many doubles it dropped.
size_t TimerQueue::Bucket::settle() {
  if (sorted == timers.size()) return 0;
  const size_t before = timers.size();
  const auto begin = timers.begin() + static_cast<std::ptrdiff_t>(next);
  const auto tail = timers.begin() + static_cast<std::ptrdiff_t>(std::max(next, sorted));
  std::sort(tail, timers.end());  // total order: equal timers are identical
  std::inplace_merge(begin, tail, timers.end());
  timers.erase(std::unique(begin, timers.end()), timers.end());
  sorted = timers.size();
  return before - sorted;
}

void TimerQueue::add(const Timer& timer) {
  if (recent_ == nullptr || recent_timestamp_ != timer.timestamp) {
    recent_ = &buckets_[timer.timestamp];
    recent_timestamp_ = timer.timestamp;
  }
  Bucket& bucket = *recent_;
  if (!bucket.drained() && bucket.timers.back() == timer) return;
  bucket.timers.push_back(timer);
  ++stored_;
  const size_t tail = bucket.timers.size() - bucket.sorted;
  if (tail > std::max(kLongestSmallTail, bucket.sorted - bucket.next)) settle(bucket);
}

void TimerQueue::remove(const Timer& timer) {
  const auto at = buckets_.find(timer.timestamp);
  if (at == buckets_.end()) return;
  Bucket& bucket = at->second;
  settle(bucket);
  const auto begin = bucket.timers.begin() + static_cast<std::ptrdiff_t>(bucket.next);
  const auto found = std::lower_bound(begin, bucket.timers.end(), timer);
  if (found == bucket.timers.end() || *found != timer) return;
  bucket.timers.erase(found);
  --stored_;
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
  settle(bucket);
  --stored_;
  const Timer first = bucket.timers[bucket.next++];
  erase_if_drained(at);
  return first;
}

uint64_t TimerQueue::size() {
  for (auto& [timestamp, bucket] : buckets_) settle(bucket);
  return stored_;
}

std::vector<Timer> TimerQueue::by_group() const {
  std::vector<Timer> all;
  for (const auto& [timestamp, bucket] : buckets_)
    all.insert(all.end(), bucket.timers.begin() + static_cast<std::ptrdiff_t>(bucket.next),
               bucket.timers.end());
  // total order: over all fields
  std::sort(all.begin(), all.end(), [](const Timer& a, const Timer& b) {
    return std::tie(a.group, a.timestamp, a.key, a.window) <
           std::tie(b.group, b.timestamp, b.key, b.window);
  });
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

}  // namespace drey::state
