#pragma once
// A source reader of the external log: the splits of one subtask, fetched ahead, emitted split by
// split in turn, with bounded out-of-orderness watermarks per split.
//
// Its splits are those of its restored state and those that its coordinator assigns
// (source_events.h); it has finished when it was told that no more will come and all have ended.
// A reader without a split to read, or whose splits all have been quiet for the idle time-out, is
// idle: its watermark holds nobody back. Fetches say which offsets are there; the records are a
// pure function of split and offset. A fetch that fails or is not answered is tried again.
// Upstream: SourceOperator, SourceReaderBase, KafkaPartitionSplitReader, TimestampsAndWatermarks.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "model/mutants.h"
#include "model/operators/record_block.h"
#include "model/task/combined_watermark.h"
#include "model/task/task_context.h"
#include "model/task/watermark_generator.h"
#include "sim/external_log.h"

namespace drey::model {

class LogSource {
 public:
  struct Options {
    std::shared_ptr<const sim::LogContents> log;
    sim::Address service;
    int64_t bound_ms = 0;  // of the watermarks
    // The reader's own pace, of all splits of the log together; 0: what the log holds.
    uint64_t records_per_second = 0;
    bool generated = false;         // the reader makes the records: nothing is fetched
    sim::Duration idle_timeout;     // of a split's watermarks; 0 = never idle
    uint32_t slice_records = 1024;  // emitted from one split before the next one's turn
    uint32_t fetch_records = 4096;
    Mutant mutant = Mutant::none;
  };
  LogSource(const Options& options, TaskContext& context)
      : options_(options), context_(context), combined_(0, options.mutant) {}

  // Before start().
  void restore(const std::vector<SourcePosition>& positions);
  void start();
  void on_event(const OperatorEvent& event);
  void answered(TaskCall call, const sim::Reply& reply);
  void timer(TaskCall call);

  bool available() const;
  // All splits were emitted to their end, and no more will come.
  bool finished() const;
  // The next records to emit; available() holds.
  struct Piece {
    uint32_t split = 0;  // index among the reader's
    uint64_t from = 0;
    uint32_t count = 0;
  };
  Piece next_piece();
  // Fills the block with records [from + begin, from + begin + count) of the piece.
  void fill(const Piece& piece, uint32_t begin, uint32_t count, RecordBlock& block) const;
  // The first `count` of those filled were emitted.
  void emitted(const Piece& piece, uint32_t count, std::span<const sim::Record> records);
  // Announces what was emitted since the last call.
  void publish();

  // A periodic tick: the watermark to emit, if it rose, and the status, if it changed. `clock` runs
  // from the start and stands still while the task is back-pressured.
  struct Tick {
    std::optional<int64_t> watermark;
    std::optional<WatermarkStatus> status;
  };
  Tick tick(sim::Duration clock);
  const std::vector<SourcePosition>& positions() const { return positions_; }
  // As facts name a split of its log (sim/log_set.h).
  uint64_t number_through(uint32_t split) const { return options_.log->number_through(split); }

 private:
  enum Kind : uint8_t { fetched, retry, paced };
  struct Split {
    uint64_t fetched_to = 0;
    uint64_t first = 0;     // offset at which this reader began,
    sim::Time begun;        // and when
    uint64_t paced_to = 0;  // as far as the reader's own pace lets it
    bool fetching = false;
    bool ended = false;  // fetched_to is the end
    uint64_t announced_to = 0;
    WatermarkGenerator watermarks;
  };
  void fetch(size_t index);
  void end_of_split(size_t index);
  void add_split(const SourcePosition& position);
  void begin_split(size_t index);
  void pace();
  // Offsets below this may be emitted.
  uint64_t emittable(size_t index) const {
    return options_.records_per_second == 0
               ? splits_[index].fetched_to
               : std::min(splits_[index].fetched_to, splits_[index].paced_to);
  }

  Options options_;
  TaskContext& context_;
  std::vector<SourcePosition> positions_;  // next offset to emit
  std::vector<Split> splits_;
  std::vector<sim::Record> emitted_;  // not announced yet, of one split after the other
  bool started_ = false;
  bool pacing_ = false;
  bool no_more_splits_ = false;
  bool idle_ = false;
  size_t turn_ = 0;
  CombinedWatermark combined_;
};

}  // namespace drey::model
