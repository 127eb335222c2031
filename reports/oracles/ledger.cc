#include "reports/oracles/ledger.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "model/graph/record_functions.h"
#include "model/savepoint_facts.h"
#include "model/trace_events.h"
#include "reports/fact_text.h"
#include "sim/broker.h"
#include "sim/check.h"
#include "sim/external_log.h"

namespace drey::reports {

using model::CheckpointFact;
using sim::BrokerFact;
using sim::FactGroup;

Ledger::Ledger(LedgerOptions options, TraceNames names)
    : options_(std::move(options)),
      names_(names),
      evaluator_(options_.path, options_.logs),
      blocks_(evaluator_),
      rows_(evaluator_.keys(), 1 + (evaluator_.splits() + 1u) / 2),
      windows_(std::max<int64_t>(options_.path.window_ms, 1), options_.path.aggregate),
      windowed_(options_.path.unit == SinkPath::Unit::window),
      check_order_(options_.guarantee == Guarantee::exactly_once && options_.path.order_kept),
      check_fold_(options_.guarantee == Guarantee::exactly_once && options_.path.running &&
                  options_.path.value_known && options_.path.fold_kept),
      of_nothing_(static_cast<uint64_t>(model::aggregate_of_nothing(options_.path.aggregate))),
      fetched_to_(evaluator_.splits(), 0) {
  for (uint16_t split = 0; split < evaluator_.splits(); ++split)
    if (evaluator_.reads(split) && options_.path.ways[evaluator_.way(split)].generated)
      fetched_to_[split] = evaluator_.size(split);
}

void Ledger::owe_everything() {
  if (stopped_at_.has_value()) return;
  for (uint16_t split = 0; split < evaluator_.splits(); ++split)
    CHECK(evaluator_.size(split) != sim::LogContents::kUnbounded, "an endless log is owed in part");
  everything_ = true;
}

std::string_view Ledger::claim() const {
  switch (options_.guarantee) {
    case Guarantee::exactly_once:
      return "every record of the log takes effect in the committed output exactly once";
    case Guarantee::at_least_once:
      return "every record of the log takes effect in the committed output at least once";
    case Guarantee::none:
      break;
  }
  return "the configuration promises nothing about the committed output";
}

uint64_t Ledger::interests() const {
  return sim::interest(FactGroup::external) | sim::interest(FactGroup::checkpoint) |
         sim::interest(FactGroup::control);
}

bool Ledger::of_job(const sim::Fact& fact, uint64_t number) {
  const std::string job = fmt::format("job-{}", number);
  const std::string_view about = names_.about(fact);
  return about == job || about.starts_with(job + "/");
}

bool Ledger::of_any_job(const sim::Fact& fact) {
  for (uint64_t number = 1; number <= options_.job; ++number)
    if (of_job(fact, number)) return true;
  return false;
}

void Ledger::on(const sim::Fact& fact, sim::FactNumber) {
  if (fact.kind == fact_kind(sim::LogFact::fetched)) {
    uint64_t& to = fetched_to_[static_cast<size_t>(fact.a)];
    to = std::max(to, fact.c);
  } else if (fact.kind == fact_kind(CheckpointFact::source_position)) {
    if (of_any_job(fact)) pending_[fact.a][fact.b] = fact.c;
  } else if (fact.kind == fact_kind(CheckpointFact::completed)) {
    if (!of_any_job(fact)) return;
    // A split that is read to its end has no position in later checkpoints: the one before holds.
    Positions positions = covered();
    for (const auto& [split, offset] : pending_[fact.a])
      if (split < positions.size()) positions[split] = offset;
    completed_.push_back(std::move(positions));
    if (completed_.size() > 3) completed_.erase(completed_.begin());
    pending_.erase(pending_.begin(), pending_.upper_bound(fact.a));
  } else if (fact.kind == fact_kind(model::SavepointFact::completed)) {
    const auto kind = static_cast<model::SavepointKind>(fact.b);
    if (!stops(kind) || !of_job(fact, options_.job)) return;
    Positions positions = covered();
    for (const auto& [split, offset] : pending_[fact.a])
      if (split < positions.size()) positions[split] = offset;
    stopped_at_ = std::move(positions);
    drained_ = kind == model::SavepointKind::drain;
  }
}

std::vector<uint64_t> Ledger::covered() const {
  return completed_.empty() ? Positions(evaluator_.splits(), 0) : completed_.back();
}

bool Ledger::mine(const sim::Fact& head) {
  if (options_.only_sink) return true;
  const size_t path = head.subject.index;
  if (path >= mine_.size()) mine_.resize(path + 1, -1);
  if (mine_[path] < 0) {
    const std::string_view name = names_(head.subject);
    mine_[path] = 0;
    for (uint64_t job = 1; job <= options_.job; ++job) {
      const std::string prefix =
          fmt::format("{}/job-{}-{}-", name.starts_with("client/") ? "client" : "transaction", job,
                      options_.path.sink);
      // What follows is "subtask-checkpoint" or "subtask": another sink's longer id is no match.
      const bool fits = name.starts_with(prefix) &&
                        std::all_of(name.begin() + static_cast<int64_t>(prefix.size()), name.end(),
                                    [](char c) { return c == '-' || (c >= '0' && c <= '9'); });
      if (fits) mine_[path] = 1;
    }
  }
  return mine_[path] == 1;
}

void Ledger::on_batch(const sim::BatchFact& batch, sim::FactNumber) {
  if (batch.head.kind != fact_kind(BrokerFact::committed_batch) || !mine(batch.head)) return;
  if (!options_.path.problem.empty()) return;
  if (windowed_) {
    for (const sim::Record& record : batch.records) take_window(record, batch.head);
    return;
  }
  for (size_t from = 0; from < batch.records.size(); from += kChunk)
    take(batch.records.subspan(from, std::min(kChunk, batch.records.size() - from)), batch.head);
}

void Ledger::violate(const sim::Fact& head, std::string what, std::optional<uint64_t> suspect) {
  std::string event;
  if (evidence_.violated() < Evidence::kKept) event = fact_text(head, names_);
  evidence_.violate(head.at, std::move(event), std::move(what), suspect);
  if (suspect.has_value() && suspects_.size() < kSuspects) suspects_.push_back(*suspect);
}

void Ledger::take_unexpected(const sim::Record& record, const sim::Fact& head) {
  ++counts_.compared;
  ++counts_.wrong;
  violate(head,
          fmt::format("a record of {} was committed, which the job cannot have made",
                      provenance_text(record.provenance, names_)),
          record.provenance);
}

// ---- once per record: what is wrong is told elsewhere, so that this stays short ----

inline void Ledger::take(const sim::Record& record, const sim::Record& truth,
                         const sim::Fact& head) {
  const uint64_t copy = (record.provenance & model::kOrdinalMask) >> model::kOrdinalShift;
  const bool again =
      blocks_.mark(sim::provenance_split(record.provenance),
                   ReferenceEvaluator::offset_of(record.provenance), static_cast<uint32_t>(copy));
  if (again) [[unlikely]]
    doubled(record, head);
  const bool value_fits = options_.path.running || record.value == truth.value;
  const bool content_fits =
      record.key == truth.key && record.event_time == truth.event_time && value_fits;
  if (!content_fits) [[unlikely]]
    wrong_content(record, truth, head);
  if (check_order_ || check_fold_) check_key_row(record, truth, again, head);
}

inline void Ledger::check_key_row(const sim::Record& record, const sim::Record& truth, bool again,
                                  const sim::Fact& head) {
  uint64_t* row = rows_.row(truth.key);
  if (check_fold_) {
    // Rows begin as zero, which stands for the aggregate of nothing. One mistake is one violation,
    // not all that follow: the next fold goes on from what was committed.
    const auto before = static_cast<int64_t>(row[0] ^ of_nothing_);
    const int64_t fold = model::fold_aggregate(options_.path.aggregate, before, truth.value);
    row[0] = static_cast<uint64_t>(record.value) ^ of_nothing_;
    if (record.value != fold && !again) [[unlikely]]
      wrong_fold(record, truth, before, head);
  }
  if (!check_order_) return;
  // Ranks are compared as sequence numbers modulo 2^32.
  const uint16_t split = sim::provenance_split(record.provenance);
  const uint64_t offset = ReferenceEvaluator::offset_of(record.provenance);
  const uint64_t copy = (record.provenance & model::kOrdinalMask) >> model::kOrdinalShift;
  const auto rank = static_cast<uint32_t>(offset * evaluator_.fan_out() + copy + 1);
  uint64_t& word = row[1 + split / 2];
  const unsigned shift = split % 2 == 0 ? 0 : 32;
  const auto last = static_cast<uint32_t>(word >> shift);
  const bool behind = last != 0 && static_cast<int32_t>(rank - last) <= 0;
  if (!behind) [[likely]] {
    word = (word & ~(uint64_t{UINT32_MAX} << shift)) | (uint64_t{rank} << shift);
    return;
  }
  if (!again) reordered(record, head);
}

// What the log has is looked up for all at once, while the rows come nearer.
void Ledger::take(std::span<const sim::Record> chunk, const sim::Fact& head) {
  if (check_order_ || check_fold_)
    for (const sim::Record& record : chunk) rows_.prefetch(record.key);
  size_t done = 0;
  while (done < chunk.size()) {
    size_t end = done;
    while (end < chunk.size() && evaluator_.expects(chunk[end].provenance)) ++end;
    evaluator_.records(chunk.subspan(done, end - done), truths_.data());
    counts_.compared += end - done;
    for (size_t i = done; i < end; ++i) take(chunk[i], truths_[i - done], head);
    if (end < chunk.size()) [[unlikely]]
      take_unexpected(chunk[end++], head);
    done = end;
  }
}

void Ledger::doubled(const sim::Record& record, const sim::Fact& head) {
  ++counts_.doubled;
  if (options_.guarantee != Guarantee::exactly_once) return;
  violate(
      head,
      fmt::format("doubled: {} was committed before", provenance_text(record.provenance, names_)),
      record.provenance);
}

void Ledger::wrong_content(const sim::Record& record, const sim::Record& truth,
                           const sim::Fact& head) {
  ++counts_.wrong;
  if (options_.guarantee == Guarantee::none) return;
  violate(head,
          fmt::format("{} was committed with key {} value {} time {}, the log has {}, {}, {}",
                      provenance_text(record.provenance, names_), record.key, record.value,
                      record.event_time, truth.key, truth.value, truth.event_time),
          record.provenance);
}

void Ledger::wrong_fold(const sim::Record& record, const sim::Record& truth, int64_t before,
                        const sim::Fact& head) {
  ++counts_.wrong;
  violate(
      head,
      fmt::format("wrong value: {} is {} for key {}, but {} and {} make {}",
                  provenance_text(record.provenance, names_), record.value, record.key, before,
                  truth.value, model::fold_aggregate(options_.path.aggregate, before, truth.value)),
      record.provenance);
}

void Ledger::reordered(const sim::Record& record, const sim::Fact& head) {
  ++counts_.reordered;
  violate(head,
          fmt::format("reordered: {} came after a later record of its key {} and split",
                      provenance_text(record.provenance, names_), record.key),
          record.provenance);
}

void Ledger::take_window(const sim::Record& result, const sim::Fact& head) {
  ++counts_.compared;
  if (!windows_.take(result, head.at)) return;
  ++counts_.doubled;
  if (options_.guarantee != Guarantee::exactly_once) return;
  violate(head,
          fmt::format("doubled: the window of key {} that ends at {} ms was committed before",
                      result.key, result.event_time + 1),
          std::nullopt);
}

}  // namespace drey::reports
