#pragma once
// A source reader of the external log: the splits of one subtask, fetched ahead, emitted split by
// split in turn, with bounded out-of-orderness watermarks per split.
//
// Split s belongs to subtask s modulo parallelism; a restored reader has exactly the splits of its
// state. Fetches say which offsets are there; the records are a pure function of split and offset.
// A fetch that fails or is not answered is tried again. Upstream: SourceOperator, SourceReaderBase,
// KafkaPartitionSplitReader, TimestampsAndWatermarks.
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
    uint32_t subtask = 0;
    uint32_t parallelism = 1;
    int64_t bound_ms = 0;           // of the watermarks
    uint32_t slice_records = 1024;  // emitted from one split before the next one's turn
    uint32_t fetch_records = 4096;
    Mutant mutant = Mutant::none;
  };
  LogSource(const Options& options, TaskContext& context) : options_(options), context_(context) {}

  // Before start().
  void restore(const std::vector<SourcePosition>& positions);
  void start();
  void answered(TaskCall call, const sim::Reply& reply);
  void timer(TaskCall call);

  bool available() const;
  // All splits were emitted to their end.
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

  // A periodic tick: the watermark to emit, if it rose.
  std::optional<int64_t> tick();
  const std::vector<SourcePosition>& positions() const { return positions_; }

 private:
  enum Kind : uint8_t { fetched, retry };
  struct Split {
    uint64_t fetched_to = 0;
    bool fetching = false;
    bool ended = false;  // fetched_to is the end
    uint64_t announced_to = 0;
    WatermarkGenerator watermarks;
  };
  void fetch(size_t index);
  void add_split(const SourcePosition& position);

  Options options_;
  TaskContext& context_;
  std::vector<SourcePosition> positions_;  // next offset to emit
  std::vector<Split> splits_;
  std::vector<sim::Record> emitted_;  // not announced yet, of one split after the other
  bool restored_ = false;
  size_t turn_ = 0;
  std::unique_ptr<CombinedWatermark> combined_;
};

}  // namespace drey::model
