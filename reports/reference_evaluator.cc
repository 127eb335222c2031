#include "reports/reference_evaluator.h"

#include <algorithm>
#include <array>
#include <utility>

namespace drey::reports {

ReferenceEvaluator::Way ReferenceEvaluator::way_along(const SinkWay& from,
                                                      std::shared_ptr<const sim::LogContents> log) {
  Way way{.log = std::move(log)};
  for (const PathStep& step : from.steps) {
    switch (step.kind) {
      case PathStep::Kind::filter:
        way.filters.push_back({.salt = step.salt, .keep = step.keep, .out_of = step.out_of});
        break;
      case PathStep::Kind::flat_map:
        way.fan_out *= step.copies;
        for (Filter& filter : way.filters) filter.later_copies *= step.copies;
        break;
    }
  }
  return way;
}

ReferenceEvaluator::ReferenceEvaluator(const SinkPath& path, const sim::LogSet& logs)
    : sizes_(logs.splits(), 0), way_of_(logs.splits(), kNoWay), fan_out_(0) {
  for (const SinkWay& from : path.ways) {
    const auto& log = logs.members()[logs.read_by(from.source)].contents;
    for (uint16_t own = 0; own < log->splits(); ++own) {
      const uint16_t split = log->number_through(own);
      sizes_[split] = log->size(own);
      way_of_[split] = static_cast<uint16_t>(ways_.size());
    }
    keys_ = std::max(keys_, log->spec().keys);
    ways_.push_back(way_along(from, log));
    fan_out_ = std::max(fan_out_, ways_.back().fan_out);
  }
  for (const Way& way : ways_)
    all_pass_ = all_pass_ && way.filters.empty() && way.fan_out == fan_out_;
}

void ReferenceEvaluator::records(std::span<const sim::Record> committed, sim::Record* out) const {
  std::array<sim::LogContents::Place, kTogether> places;
  if (ways_.size() == 1) {
    const sim::LogContents& log = *ways_.front().log;
    for (size_t i = 0; i < committed.size(); ++i)
      places[i] = {log.own_number(sim::provenance_split(committed[i].provenance)),
                   offset_of(committed[i].provenance)};
    log.records({places.data(), committed.size()}, out);
    for (size_t i = 0; i < committed.size(); ++i) out[i].provenance = committed[i].provenance;
    return;
  }
  // Runs of records of one log together.
  for (size_t begin = 0; begin < committed.size();) {
    const uint16_t way = way_of_[sim::provenance_split(committed[begin].provenance)];
    const sim::LogContents& log = *ways_[way].log;
    size_t end = begin;
    for (; end < committed.size(); ++end) {
      const uint16_t split = sim::provenance_split(committed[end].provenance);
      if (way_of_[split] != way) break;
      places[end] = {log.own_number(split), offset_of(committed[end].provenance)};
    }
    log.records({places.data() + begin, end - begin}, out + begin);
    for (size_t i = begin; i < end; ++i) out[i].provenance = committed[i].provenance;
    begin = end;
  }
}

bool ReferenceEvaluator::passes(uint64_t provenance, uint64_t copy) const {
  const Way& way = ways_[way_of_[sim::provenance_split(provenance)]];
  if (copy >= way.fan_out) return false;
  for (const Filter& filter : way.filters) {
    const uint64_t seen = copy / filter.later_copies;
    const sim::Record record{.provenance = (provenance & ~model::kOrdinalMask) |
                                           (seen << model::kOrdinalShift)};
    if (!model::filter_keeps(record, filter.salt, filter.keep, filter.out_of)) return false;
  }
  return true;
}

uint64_t ReferenceEvaluator::expected(uint16_t split, uint64_t from, uint64_t to) const {
  if (all_pass_) return (to - from) * fan_out_;
  uint64_t count = 0;
  for (uint64_t offset = from; offset < to; ++offset)
    for (uint32_t copy = 0; copy < fan_out_; ++copy)
      if (passes(provenance_of(split, offset, copy), copy)) ++count;
  return count;
}

}  // namespace drey::reports
