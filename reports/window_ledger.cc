#include "reports/window_ledger.h"

#include <algorithm>

#include "model/graph/record_functions.h"
#include "sim/digest.h"
#include "state/accumulator.h"

namespace drey::reports {

size_t WindowLedger::start(uint64_t key, int64_t last_ms) const {
  const uint64_t h =
      sim::mix(key ^ 0x9e3779b97f4a7c15u, static_cast<uint64_t>(last_ms) ^ 0xd1b54a32d192ed03u);
  return static_cast<size_t>(h) & (buckets_.size() - 1);
}

WindowLedger::Entry& WindowLedger::find_or_add(uint64_t key, int64_t last_ms) {
  size_t at = start(key, last_ms);
  while (buckets_[at] != 0) {
    Entry& entry = entries_[buckets_[at] - 1];
    if (entry.key == key && entry.last_ms == last_ms) return entry;
    at = (at + 1) & (buckets_.size() - 1);
  }
  entries_.push_back({.key = key, .last_ms = last_ms});
  buckets_[at] = static_cast<uint32_t>(entries_.size());
  if (entries_.size() * 2 > buckets_.size()) grow();
  return entries_.back();
}

void WindowLedger::grow() {
  buckets_.assign(buckets_.size() * 2, 0);
  for (size_t i = 0; i < entries_.size(); ++i) {
    size_t at = start(entries_[i].key, entries_[i].last_ms);
    while (buckets_[at] != 0) at = (at + 1) & (buckets_.size() - 1);
    buckets_[at] = static_cast<uint32_t>(i + 1);
  }
}

bool WindowLedger::take(const sim::Record& result, sim::Time at) {
  Entry& entry = find_or_add(result.key, result.event_time);
  if (++entry.times > 1) return true;
  entry.value = result.value;
  entry.hash = result.provenance;
  entry.at = at;
  return false;
}

WindowLedger::Fold WindowLedger::fold(const ReferenceEvaluator& evaluator,
                                      const std::vector<SinkWay>& ways,
                                      const std::vector<uint64_t>& read_to,
                                      const std::vector<uint64_t>& covered) {
  Fold result;
  for (uint16_t split = 0; split < evaluator.splits(); ++split) {
    if (!evaluator.reads(split)) continue;
    const int64_t bound_ms = sim::to_millis(ways[evaluator.way(split)].bound);
    int64_t highest = INT64_MIN;  // of the split, so far
    int64_t highest_covered = INT64_MIN;
    evaluator.for_each(split, 0, read_to[split], [&](const sim::Record& record) {
      if (highest != INT64_MIN && record.event_time < highest - bound_ms) result.late = true;
      highest = std::max(highest, record.event_time);
      if (ReferenceEvaluator::offset_of(record.provenance) < covered[split])
        highest_covered = highest;
      Entry& entry = find_or_add(record.key, last_of(record.event_time));
      ++entry.records;
      const int64_t before =
          entry.records == 1 ? model::aggregate_of_nothing(aggregate_) : entry.expected_value;
      entry.expected_value = model::fold_aggregate(aggregate_, before, record.value);
      entry.expected_hash += sim::provenance_hash(record.provenance);
    });
    const int64_t reached =
        highest_covered == INT64_MIN ? INT64_MIN : highest_covered - bound_ms - 1;
    result.watermark = std::min(result.watermark, reached);
  }
  return result;
}

std::vector<WindowLedger::Culprit> WindowLedger::explain(const ReferenceEvaluator& evaluator,
                                                         const std::vector<uint64_t>& read_to,
                                                         const std::vector<Entry>& wrong) const {
  std::vector<Culprit> culprits;
  for (const Entry& entry : wrong) culprits.push_back({.key = entry.key, .last_ms = entry.last_ms});
  for (uint16_t split = 0; split < evaluator.splits(); ++split) {
    if (!evaluator.reads(split)) continue;
    evaluator.for_each(split, 0, read_to[split], [&](const sim::Record& record) {
      for (size_t i = 0; i < wrong.size(); ++i) {
        if (record.key != wrong[i].key || last_of(record.event_time) != wrong[i].last_ms) continue;
        const uint64_t missing = wrong[i].expected_hash - wrong[i].hash;
        const uint64_t hash = sim::provenance_hash(record.provenance);
        if (hash != missing && hash != uint64_t{0} - missing) continue;
        culprits[i].found = true;
        culprits[i].lost = hash == missing;
        culprits[i].provenance = record.provenance;
      }
    });
  }
  return culprits;
}

}  // namespace drey::reports
