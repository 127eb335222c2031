#pragma once
// What the job must deliver, computed from the external logs and the job's description alone: which
// records of the logs reach the sink or its window, and what is in them.
//
// Splits are numbered through all logs of the run (sim/log_set.h); those of a log from which no way
// leads to the sink have no records here. Units: a rank numbers what offset `o` may give: o x
// fan_out + copy. Pure and cheap: about 5 ns a record.
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "model/graph/record_functions.h"
#include "reports/sink_path.h"
#include "sim/log_set.h"

namespace drey::reports {

class ReferenceEvaluator {
 public:
  ReferenceEvaluator(const SinkPath& path, const sim::LogSet& logs);

  uint16_t splits() const { return static_cast<uint16_t>(sizes_.size()); }
  bool reads(uint16_t split) const { return way_of_[split] != kNoWay; }
  uint64_t size(uint16_t split) const { return sizes_[split]; }  // kUnbounded without end
  uint64_t keys() const { return keys_; }
  // Copies of one record that may arrive, at most: 1 without flat maps; 0 = nothing can.
  uint32_t fan_out() const { return fan_out_; }
  // Which of the path's ways leads from a split that is read.
  size_t way(uint16_t split) const { return way_of_[split]; }

  // Whether a record of this provenance must arrive, once.
  bool expects(uint64_t provenance) const {
    const uint64_t copy = (provenance & model::kOrdinalMask) >> model::kOrdinalShift;
    const uint16_t split = sim::provenance_split(provenance);
    if (split >= sizes_.size() || offset_of(provenance) >= sizes_[split] || copy >= fan_out_)
      return false;
    return all_pass_ || passes(provenance, copy);
  }
  // The record as it left the source, with this provenance. It must be one that is expected.
  sim::Record record(uint64_t provenance) const {
    const uint16_t split = sim::provenance_split(provenance);
    const sim::LogContents& log = log_of(split);
    sim::Record record = log.record(log.own_number(split), offset_of(provenance));
    record.provenance = provenance;
    return record;
  }

  // The same for many, none of them unexpected; at most kTogether.
  static constexpr size_t kTogether = 64;
  void records(std::span<const sim::Record> committed, sim::Record* out) const;

  static constexpr uint64_t offset_of(uint64_t provenance) {
    return provenance & ((uint64_t{1} << model::kOrdinalShift) - 1);
  }
  static constexpr uint64_t provenance_of(uint16_t split, uint64_t offset, uint32_t copy) {
    return sim::make_provenance(split, offset | (uint64_t{copy} << model::kOrdinalShift));
  }

  // How many records of offsets [from, to) must arrive.
  uint64_t expected(uint16_t split, uint64_t from, uint64_t to) const;

  // Calls visit(record) for each record of offsets [from, to) that reaches the sink or its window,
  // in order.
  template <class Visit>
  void for_each(uint16_t split, uint64_t from, uint64_t to, Visit&& visit) const {
    const sim::LogContents& log = log_of(split);
    const uint16_t own = log.own_number(split);
    for (uint64_t offset = from; offset < to; ++offset) {
      sim::Record record = log.record(own, offset);
      for (uint32_t copy = 0; copy < fan_out_; ++copy) {
        record.provenance = provenance_of(split, offset, copy);
        if (all_pass_ || passes(record.provenance, copy)) visit(record);
      }
    }
  }

 private:
  struct Filter {
    uint64_t salt = 0;
    uint32_t keep = 1;
    uint32_t out_of = 1;
    uint32_t later_copies = 1;  // copies made behind the filter: copy / this is what it saw
  };
  struct Way {
    std::shared_ptr<const sim::LogContents> log;
    std::vector<Filter> filters{};
    uint32_t fan_out = 1;
  };
  static constexpr uint16_t kNoWay = UINT16_MAX;
  static Way way_along(const SinkWay& from, std::shared_ptr<const sim::LogContents> log);
  const sim::LogContents& log_of(uint16_t split) const { return *ways_[way_of_[split]].log; }
  bool passes(uint64_t provenance, uint64_t copy) const;

  std::vector<Way> ways_;
  std::vector<uint64_t> sizes_;   // by split; 0 of those that are not read
  std::vector<uint16_t> way_of_;  // by split
  uint64_t keys_ = 1;             // at most
  uint32_t fan_out_ = 1;
  bool all_pass_ = true;  // every copy of every record that a way reads
};

}  // namespace drey::reports
