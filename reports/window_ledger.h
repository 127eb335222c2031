#pragma once
// The results of tumbling windows as committed, against a fold of the log. A result carries the
// aggregate of the values and, as its provenance, the sum modulo 2^64 of provenance_hash over the
// records in it: where one record is lost or doubled, the difference of the hashes names it.
//
// Times of events in milliseconds; a window is known by its key and its last millisecond.
#include <cstdint>
#include <vector>

#include "reports/reference_evaluator.h"
#include "sim/record.h"
#include "sim/time.h"

namespace drey::reports {

class WindowLedger {
 public:
  struct Entry {
    uint64_t key = 0;
    int64_t last_ms = 0;
    int64_t value = 0;  // as committed first
    uint64_t hash = 0;
    uint32_t times = 0;    // committed
    uint32_t records = 0;  // what the log says
    int64_t expected_value = 0;
    uint64_t expected_hash = 0;
    sim::Time at{};  // of the first commit
  };
  // What a wrong window's hash says: at most one of these, as provenance.
  struct Culprit {
    uint64_t key = 0;
    int64_t last_ms = 0;
    bool found = false;
    bool lost = false;
    uint64_t provenance = 0;
  };

  explicit WindowLedger(int64_t size_ms, model::Aggregate aggregate = model::Aggregate::sum)
      : size_(size_ms), aggregate_(aggregate) {
    buckets_.resize(1024, 0);
  }

  // True: there was a result of this window already.
  bool take(const sim::Record& result, sim::Time at);

  // Folds the logs' offsets below `read_to` (by split) into the entries. Watermark: the lowest over
  // the splits of the highest event time below `covered`, less the bound of its way, less 1.
  // `late`: a record lies further behind its split than the bound, so that dropping it is legal.
  struct Fold {
    int64_t watermark = INT64_MAX;
    bool late = false;
  };
  Fold fold(const ReferenceEvaluator& evaluator, const std::vector<SinkWay>& ways,
            const std::vector<uint64_t>& read_to, const std::vector<uint64_t>& covered);

  // In order of first sight: committed ones first.
  const std::vector<Entry>& entries() const { return entries_; }

  // Looks for the one record that explains each window's wrong hash. A pass over the log.
  std::vector<Culprit> explain(const ReferenceEvaluator& evaluator,
                               const std::vector<uint64_t>& read_to,
                               const std::vector<Entry>& wrong) const;

 private:
  int64_t last_of(int64_t event_time) const {
    const int64_t rest = event_time % size_;
    return event_time - (rest < 0 ? rest + size_ : rest) + size_ - 1;
  }
  size_t start(uint64_t key, int64_t last_ms) const;
  Entry& find_or_add(uint64_t key, int64_t last_ms);
  void grow();

  int64_t size_;
  model::Aggregate aggregate_;
  std::vector<Entry> entries_;
  std::vector<uint32_t> buckets_;  // entry + 1, 0 = empty; a power of two of them
};

}  // namespace drey::reports
