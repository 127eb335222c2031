#pragma once
// The exactly-once ledger (design.md section 4): what the broker committed, read-committed, against
// what the reference evaluator says must be there. One ledger per sink, over all logs from which a
// way leads there; positions are by split, numbered through all logs of the run (sim/log_set.h).
//
// Of every committed record: it stems from the log and the job can have made it; once (a bit per
// record in blocks of 4,096 offsets, block_ledger.h); key, event time and value are right, where a
// running value must be the fold of its key's records in broker order; offsets of one key and split
// ascend. Of every window: the sum of the values and of the hashes, once (window_ledger.h). At the
// end: nothing that is owed is missing.
//
// Owed is, by default, what the last completed checkpoint but one covers: the transactions of the
// last one may be on their way (for windows, whose watermark lags: the last but two). The runner
// lets the job go on until a checkpoint that covers the end of the load is committed and then says
// owe_everything(): no tail is excused.
//
// Guarantees: exactly_once as above; at_least_once allows repetition, and with it values and orders
// that repeat; none judges nothing, but counts.
//
// Believes: the log, the broker's commits, the JobMaster's checkpoint facts (for what is owed).
// Cost: 2 ns a record for the blocks, about 10 for the log's record, and a cache miss at 10^6 keys.
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "reports/block_ledger.h"
#include "reports/key_rows.h"
#include "reports/ledger_counts.h"
#include "reports/oracle.h"
#include "reports/reference_evaluator.h"
#include "reports/sink_path.h"
#include "reports/window_ledger.h"

namespace drey::reports {

enum class Guarantee : uint8_t { exactly_once, at_least_once, none };

struct LedgerOptions {
  SinkPath path;
  sim::LogSet logs;
  Guarantee guarantee = Guarantee::exactly_once;
  // Number of the last of the jobs, each of which goes on where the one before has stopped:
  // subjects are "job-1/...", transactions "job-1-SINK-..."
  uint64_t job = 1;
  bool only_sink = true;  // of the broker: then every commit is this sink's
};

class Ledger final : public Oracle {
 public:
  Ledger(LedgerOptions options, TraceNames names);

  // The whole log is owed: a committed checkpoint covers its end. Only for bounded logs.
  void owe_everything();

  const LedgerCounts& counts() const { return counts_; }
  // Offsets below this, by split, are covered by the last completed checkpoint.
  std::vector<uint64_t> covered() const;

  std::string_view name() const override { return "ledger"; }
  std::string_view claim() const override;
  uint64_t interests() const override;
  void on(const sim::Fact& fact, sim::FactNumber number) override;
  void on_batch(const sim::BatchFact& batch, sim::FactNumber number) override;
  Finding finish(sim::Time end) override;
  std::vector<uint64_t> microscope() const override { return suspects_; }

 private:
  static constexpr size_t kSuspects = 8;
  static constexpr size_t kChunk = ReferenceEvaluator::kTogether;  // looked up together
  using Positions = std::vector<uint64_t>;                         // by split

  bool mine(const sim::Fact& head);
  bool of_job(const sim::Fact& fact, uint64_t number);
  bool of_any_job(const sim::Fact& fact);
  void take(std::span<const sim::Record> chunk, const sim::Fact& head);
  void take(const sim::Record& record, const sim::Record& truth, const sim::Fact& head);
  void take_unexpected(const sim::Record& record, const sim::Fact& head);
  void check_key_row(const sim::Record& record, const sim::Record& truth, bool again,
                     const sim::Fact& head);
  [[gnu::cold]] void doubled(const sim::Record& record, const sim::Fact& head);
  [[gnu::cold]] void wrong_content(const sim::Record& record, const sim::Record& truth,
                                   const sim::Fact& head);
  [[gnu::cold]] void wrong_fold(const sim::Record& record, const sim::Record& truth, int64_t before,
                                const sim::Fact& head);
  [[gnu::cold]] void reordered(const sim::Record& record, const sim::Fact& head);
  void take_window(const sim::Record& result, const sim::Fact& head);
  void violate(const sim::Fact& head, std::string what, std::optional<uint64_t> suspect);
  void settle_records(sim::Time end);
  void settle_windows(sim::Time end);
  void judge_window(const WindowLedger::Entry& entry, bool owed, sim::Time end,
                    std::vector<WindowLedger::Entry>& wrong);
  void name_culprits(const std::vector<WindowLedger::Entry>& wrong, sim::Time end);
  Positions owed(size_t completed_before_last) const;

  LedgerOptions options_;
  TraceNames names_;
  ReferenceEvaluator evaluator_;
  BlockLedger blocks_;
  KeyRows rows_;  // word 0: the aggregate so far; then 32 bits per split: rank of the last one + 1
  WindowLedger windows_;
  bool windowed_;
  bool check_order_;
  bool check_fold_;
  uint64_t of_nothing_;
  bool everything_ = false;
  // The job has stopped with a savepoint: all that this covers is owed, and nothing else.
  std::optional<Positions> stopped_at_;
  bool drained_ = false;  // and the end of time went through it: every window has fired

  std::array<sim::Record, kChunk> truths_;  // of the chunk at hand
  LedgerCounts counts_;
  Evidence evidence_;
  std::vector<uint64_t> suspects_;
  std::vector<int8_t> mine_;  // by path: -1 not looked at, 0 no, 1 yes
  Positions fetched_to_;      // by split: what readers were given
  std::map<uint64_t, std::map<uint64_t, uint64_t>> pending_;  // checkpoint -> split -> next offset
  std::vector<Positions> completed_;                          // the last three, newest last
};

}  // namespace drey::reports
