#include "reports/reference_evaluator.h"

#include <array>
#include <utility>

namespace drey::reports {

ReferenceEvaluator::ReferenceEvaluator(const SinkPath& path,
                                       std::shared_ptr<const sim::LogContents> log)
    : log_(std::move(log)) {
  for (uint16_t split = 0; split < log_->splits(); ++split) sizes_.push_back(log_->size(split));
  for (const PathStep& step : path.steps) {
    switch (step.kind) {
      case PathStep::Kind::filter:
        filters_.push_back({.salt = step.salt, .keep = step.keep, .out_of = step.out_of});
        break;
      case PathStep::Kind::flat_map:
        fan_out_ *= step.copies;
        for (Filter& filter : filters_) filter.later_copies *= step.copies;
        break;
    }
  }
}

void ReferenceEvaluator::records(std::span<const sim::Record> committed, sim::Record* out) const {
  std::array<sim::LogContents::Place, kTogether> places;
  for (size_t i = 0; i < committed.size(); ++i)
    places[i] = {sim::provenance_split(committed[i].provenance),
                 offset_of(committed[i].provenance)};
  log_->records({places.data(), committed.size()}, out);
  for (size_t i = 0; i < committed.size(); ++i) out[i].provenance = committed[i].provenance;
}

bool ReferenceEvaluator::passes(uint64_t provenance, uint64_t copy) const {
  for (const Filter& filter : filters_) {
    const uint64_t seen = copy / filter.later_copies;
    const sim::Record record{.provenance = (provenance & ~model::kOrdinalMask) |
                                           (seen << model::kOrdinalShift)};
    if (!model::filter_keeps(record, filter.salt, filter.keep, filter.out_of)) return false;
  }
  return true;
}

uint64_t ReferenceEvaluator::expected(uint16_t split, uint64_t from, uint64_t to) const {
  if (filters_.empty()) return (to - from) * fan_out_;
  uint64_t count = 0;
  for (uint64_t offset = from; offset < to; ++offset)
    for (uint32_t copy = 0; copy < fan_out_; ++copy)
      if (passes(provenance_of(split, offset, copy), copy)) ++count;
  return count;
}

}  // namespace drey::reports
