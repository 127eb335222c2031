#pragma once
// Flushes and compactions of all storage engines of a run, from what tasks announce of theirs
// (StateFact::engine): counts of one attempt's engine, which start again with the next attempt.
#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>

#include "model/trace_events.h"
#include "sim/trace.h"

namespace drey::reports {

class EngineCounts {
 public:
  // Any fact; others than StateFact::engine are passed over.
  void on(const sim::Fact& fact) {
    if (fact.kind != model::fact_kind(model::StateFact::engine)) return;
    auto& [flushes, compactions] = last_[fact.entity];
    const uint64_t now_flushes = fact.a >> 32;
    const uint64_t now_compactions = fact.a & 0xffffffffu;
    if (now_flushes < flushes) flushes = compactions = 0;  // another attempt's
    flushes_ += now_flushes - flushes;
    compactions_ += now_compactions - std::min(compactions, now_compactions);
    flushes = now_flushes;
    compactions = now_compactions;
  }
  uint64_t flushes() const { return flushes_; }
  uint64_t compactions() const { return compactions_; }

 private:
  std::map<sim::PathId, std::pair<uint64_t, uint64_t>> last_;  // by task: flushes, compactions
  uint64_t flushes_ = 0;
  uint64_t compactions_ = 0;
};

}  // namespace drey::reports
