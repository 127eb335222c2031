#pragma once
// The writer operator of a Sink V2 sink: before each barrier it flushes the writer and emits a
// summary and the committables for that checkpoint, so that they travel in front of the barrier; at
// the end of input once more, for the checkpoint after the last known one. After that, later
// checkpoints emit nothing.
//
// A flush may wait for the external system: then waiting_for_flush() holds, the task is blocked,
// and the owner calls flushed() when the writer is done; the barrier may leave only after that.
//
// Upstream: SinkWriterOperator, StatefulSinkWriterStateHandler.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/io/committables.h"
#include "model/io/committer_operator.h"
#include "model/mutants.h"

namespace drey::model {

// What the sink's author writes.
class SinkWriter {
 public:
  virtual ~SinkWriter() = default;
  // True: done. False: done when the owner of the operator learns so.
  virtual bool flush(bool end_of_input) = 0;
  virtual std::vector<Committable> prepare_commit() = 0;
  // Only of a stateful sink.
  virtual std::vector<std::string> snapshot_state(int64_t checkpoint) = 0;
};

struct SinkWriterOptions {
  int subtask = 0;
  int parallelism = 1;
  bool has_committer = true;  // without: prepare_commit is called and its result dropped
  bool stateful = false;
  Mutant mutant = Mutant::none;
};

class SinkWriterOperator {
 public:
  SinkWriterOperator(SinkWriterOptions options, SinkWriter& writer, CommittableOutput& output)
      : options_(options), writer_(writer), output_(output) {}

  // The writer's own state is the writer's business (it is created from it). That the input had
  // ended is not remembered: a restored subtask ends its input again, for the checkpoint after the
  // restored one.
  void restore(int64_t checkpoint) { last_known_checkpoint_ = checkpoint; }

  // CHECKs that no element comes after the end of input (IllegalStateException upstream).
  void before_element() const;
  void prepare_snapshot(int64_t checkpoint);
  void end_input();
  // The items of the list state; empty for a stateless sink.
  std::vector<std::string> snapshot(int64_t checkpoint);

  bool waiting_for_flush() const { return flushing_for_.has_value(); }
  void flushed();
  bool input_ended() const { return end_of_input_; }

 private:
  void flush_and_emit(bool end_of_input, int64_t checkpoint);
  void emit(int64_t checkpoint);

  SinkWriterOptions options_;
  SinkWriter& writer_;
  CommittableOutput& output_;
  int64_t last_known_checkpoint_ = 0;
  std::optional<int64_t> flushing_for_;
  bool end_of_input_ = false;
};

}  // namespace drey::model
