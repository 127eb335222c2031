// The end of the ledger: what is owed and missing, and whether windows are right.
#include <fmt/core.h>

#include <algorithm>

#include "reports/fact_text.h"
#include "reports/oracles/ledger.h"

namespace drey::reports {

// What completed checkpoints cover, leaving out the newest ones.
Ledger::Positions Ledger::owed(size_t completed_before_last) const {
  if (stopped_at_.has_value() && !windowed_) return *stopped_at_;
  Positions owed(evaluator_.splits(), 0);
  if (everything_)
    for (uint16_t split = 0; split < evaluator_.splits(); ++split)
      owed[split] = evaluator_.size(split);
  else if (completed_.size() > completed_before_last)
    owed = completed_[completed_.size() - 1 - completed_before_last];
  return owed;
}

void Ledger::settle_records(sim::Time end) {
  const Positions positions = owed(1);
  for (uint16_t split = 0; split < evaluator_.splits(); ++split) {
    const uint64_t to = std::min(positions[split], evaluator_.size(split));
    blocks_.settle(split, to, [&](uint64_t provenance) {
      ++counts_.lost;
      evidence_.examined();
      if (options_.guarantee == Guarantee::none) return;
      std::string event;
      if (evidence_.violated() < Evidence::kKept)
        event = everything_ ? "the end of the run, with all of the log covered"
                            : fmt::format(
                                  "the end of the run, with offsets below {} of {} covered by a "
                                  "committed checkpoint",
                                  to, names_.split(split));
      evidence_.violate(
          end, std::move(event),
          fmt::format("lost: {} was never committed", provenance_text(provenance, names_)),
          provenance);
      if (suspects_.size() < kSuspects) suspects_.push_back(provenance);
    });
  }
}

void Ledger::judge_window(const WindowLedger::Entry& entry, bool is_owed, sim::Time end,
                          std::vector<WindowLedger::Entry>& wrong) {
  const std::string window =
      fmt::format("the window of key {} that ends at {} ms", entry.key, entry.last_ms + 1);
  if (entry.times == 0) {
    if (!is_owed) return;
    evidence_.examined();
    counts_.lost += entry.records;
    evidence_.violate(
        end, "the end of the run",
        fmt::format("lost: {}, with {} records, was never committed", window, entry.records));
    return;
  }
  const bool fits = entry.value == entry.expected_value && entry.hash == entry.expected_hash;
  if (fits || (options_.guarantee != Guarantee::exactly_once && entry.records > 0)) return;
  ++counts_.wrong;
  if (wrong.size() < Evidence::kKept) wrong.push_back(entry);
  evidence_.violate(entry.at, "a commit",
                    fmt::format("wrong value: {} was committed with {}, its {} records make {}",
                                window, entry.value, entry.records, entry.expected_value));
}

void Ledger::name_culprits(const std::vector<WindowLedger::Entry>& wrong, sim::Time end) {
  for (const WindowLedger::Culprit& culprit : windows_.explain(evaluator_, fetched_to_, wrong)) {
    if (!culprit.found) continue;
    ++(culprit.lost ? counts_.lost : counts_.doubled);
    if (suspects_.size() < kSuspects) suspects_.push_back(culprit.provenance);
    evidence_.violate(
        end, "the end of the run",
        fmt::format("{}: {} in the window of key {} that ends at {} ms",
                    culprit.lost ? "lost" : "doubled", provenance_text(culprit.provenance, names_),
                    culprit.key, culprit.last_ms + 1),
        culprit.provenance);
  }
}

void Ledger::settle_windows(sim::Time end) {
  for (uint16_t split = 0; split < evaluator_.splits(); ++split)
    if (everything_) fetched_to_[split] = evaluator_.size(split);
  // What a stopped source had fetched and not emitted is in no window.
  if (stopped_at_.has_value()) fetched_to_ = *stopped_at_;
  const WindowLedger::Fold fold =
      windows_.fold(evaluator_, options_.path.ways, fetched_to_, owed(2));
  if (fold.late || !options_.path.value_known) {
    evidence_.excuse(fold.late
                         ? "contents of windows: records are later than the source's bound, which "
                           "may drop them"
                         : "contents of windows: they aggregate values that hang on the order");
    return;
  }
  std::vector<WindowLedger::Entry> wrong;
  for (const WindowLedger::Entry& entry : windows_.entries())
    judge_window(entry, everything_ || drained_ || entry.last_ms <= fold.watermark, end, wrong);
  if (!wrong.empty()) name_culprits(wrong, end);
}

Finding Ledger::finish(sim::Time end) {
  if (!options_.path.problem.empty()) {
    evidence_.excuse(options_.path.problem);
    return evidence_.finding(name());
  }
  if (windowed_)
    settle_windows(end);
  else
    settle_records(end);
  evidence_.examined(counts_.compared);
  const SinkPath& path = options_.path;
  if (!windowed_ && path.running && !check_fold_)
    evidence_.excuse("running values: not foreseeable on this path or at this guarantee");
  Finding finding = evidence_.finding(name());
  if (options_.guarantee == Guarantee::none) {
    finding.judgement = Judgement::not_checked;
    finding.excuse = "the configuration promises nothing: counted, not judged";
    finding.violations.clear();
  }
  return finding;
}

}  // namespace drey::reports
