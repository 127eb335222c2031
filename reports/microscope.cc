#include "reports/microscope.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "model/graph/record_functions.h"
#include "model/trace_events.h"
#include "reports/fact_text.h"

namespace drey::reports {

using model::CheckpointFact;
using model::ControlFact;
using sim::FactGroup;

Microscope::Microscope(const std::vector<uint64_t>& provenances, TraceNames names) : names_(names) {
  for (const uint64_t provenance : provenances) {
    const uint64_t record = provenance & ~model::kOrdinalMask;
    const bool known = std::any_of(followed_.begin(), followed_.end(),
                                   [&](const Followed& f) { return f.record == record; });
    if (!known) followed_.push_back({.record = record, .lines = {}});
  }
}

uint64_t Microscope::interests() const {
  return sim::interest(FactGroup::data) | sim::interest(FactGroup::external) |
         sim::interest(FactGroup::control) | sim::interest(FactGroup::checkpoint);
}

void Microscope::add(Followed& followed, std::string line) {
  if (followed.lines.size() < kLines)
    followed.lines.push_back(std::move(line));
  else
    ++followed.left_out;
}

void Microscope::on(const sim::Fact& fact, sim::FactNumber) {
  if (fact.kind != fact_kind(ControlFact::failover_begun) &&
      fact.kind != fact_kind(CheckpointFact::restoring) &&
      fact.kind != fact_kind(CheckpointFact::completed))
    return;
  const std::string line = fmt::format("{} s {}", time_text(fact.at), fact_text(fact, names_));
  for (Followed& followed : followed_) {
    if (followed.lines.empty()) continue;  // its story has not begun
    // Of checkpoints one after the other only the last tells something.
    if (fact.kind == fact_kind(CheckpointFact::completed) &&
        followed.lines.back().find(" completed ") != std::string::npos)
      followed.lines.back() = line;
    else
      add(followed, line);
  }
}

void Microscope::on_batch(const sim::BatchFact& batch, sim::FactNumber) {
  for (size_t i = 0; i < batch.records.size(); ++i) {
    const sim::Record& record = batch.records[i];
    for (Followed& followed : followed_) {
      if ((record.provenance & ~model::kOrdinalMask) != followed.record) continue;
      add(followed, fmt::format("{} s {}: record {} of {}: {}, key {} value {} time {}",
                                time_text(batch.head.at), fact_text(batch.head, names_), i,
                                batch.records.size(), provenance_text(record.provenance, names_),
                                record.key, record.value, record.event_time));
    }
  }
}

std::vector<std::string> Microscope::history(uint64_t provenance) const {
  for (const Followed& followed : followed_) {
    if (followed.record != (provenance & ~model::kOrdinalMask)) continue;
    std::vector<std::string> lines = followed.lines;
    if (followed.left_out > 0) lines.push_back(fmt::format("and {} more", followed.left_out));
    if (lines.empty()) lines.emplace_back("no source ever emitted it");
    return lines;
  }
  return {};
}

void Microscope::attach(std::vector<Violation>& violations) const {
  for (Violation& violation : violations)
    if (violation.record.has_value()) violation.history = history(*violation.record);
}

}  // namespace drey::reports
