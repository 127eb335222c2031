#pragma once
// A set of timers ordered by (time stamp, key group, key, window): one per timer service and time
// domain of an operator.
//
// Set semantics: a timer registered twice is there once. Flink leaves the order of equal time
// stamps open; here it is fixed. Registration is a push to the bucket of its time stamp; a bucket
// is sorted and freed of doubles when somebody looks. All answers are independent of the order of
// registration. A heap structure for every backend, as Flink's default for the heap backend;
// snapshots are by key group. Upstream: KeyGroupedInternalPriorityQueue, HeapPriorityQueueSet,
// TimerHeapInternalTimer.
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "state/serialized.h"

namespace drey::state {

struct Timer {
  int64_t timestamp = 0;  // ms
  int32_t group = 0;
  uint64_t key = 0;
  TimeWindow window = kNoWindow;
  friend constexpr auto operator<=>(const Timer&, const Timer&) = default;
};

class TimerQueue {
 public:
  void add(const Timer& timer);
  void remove(const Timer& timer);
  std::optional<int64_t> earliest() const;
  // Takes the first timer when it is due, i.e. its time stamp is at most `until`.
  std::optional<Timer> pop_due(int64_t until);

  bool empty() const { return buckets_.empty(); }
  uint64_t size();
  // As stored, doubles that nobody has looked at yet included: for memory accounting.
  uint64_t stored() const { return stored_; }
  // Sorted by (key group, time stamp, key, window): the order of snapshots and visits.
  std::vector<Timer> by_group() const;

 private:
  struct Bucket {  // all timers of one time stamp; [next, sorted) is in order, [sorted, end) as
                   // registered
    std::vector<Timer> timers;
    size_t next = 0;
    size_t sorted = 0;
    size_t settle();
    bool drained() const { return next == timers.size(); }
  };
  using Buckets = std::map<int64_t, Bucket>;

  void settle(Bucket& bucket) { stored_ -= bucket.settle(); }
  void erase_if_drained(Buckets::iterator at);

  Buckets buckets_;
  Bucket* recent_ = nullptr;  // of the last registration: neighbours share windows
  int64_t recent_timestamp_ = 0;
  uint64_t stored_ = 0;
};

}  // namespace drey::state
