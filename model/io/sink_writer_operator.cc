#include "model/io/sink_writer_operator.h"

#include "sim/check.h"

namespace drey::model {

void SinkWriterOperator::before_element() const {
  CHECK(!end_of_input_, "no element after the end of input");
}

void SinkWriterOperator::prepare_snapshot(int64_t checkpoint) {
  if (!end_of_input_) flush_and_emit(false, checkpoint);
}

void SinkWriterOperator::end_input() {
  if (end_of_input_) return;
  end_of_input_ = true;
  if (options_.mutant == Mutant::committables_lost_at_end_of_input) return;
  flush_and_emit(true, last_known_checkpoint_ + 1);
}

void SinkWriterOperator::flush_and_emit(bool end_of_input, int64_t checkpoint) {
  CHECK(!waiting_for_flush(), "the task is inside flush");
  if (writer_.flush(end_of_input))
    emit(checkpoint);
  else
    flushing_for_ = checkpoint;
}

void SinkWriterOperator::flushed() {
  CHECK(waiting_for_flush(), "a flush ends once");
  const int64_t checkpoint = *flushing_for_;
  flushing_for_.reset();
  emit(checkpoint);
}

void SinkWriterOperator::emit(int64_t checkpoint) {
  last_known_checkpoint_ = checkpoint;
  const std::vector<Committable> committables = writer_.prepare_commit();
  if (!options_.has_committer) return;
  CommittableSummary summary;
  summary.subtask = options_.subtask;
  summary.subtasks = options_.parallelism;
  summary.checkpoint = checkpoint;
  summary.committables = static_cast<int>(committables.size());
  output_.emit(summary);
  for (const Committable& committable : committables)
    output_.emit(CommittableWithLineage{options_.subtask, checkpoint, committable});
}

std::vector<std::string> SinkWriterOperator::snapshot(int64_t checkpoint) {
  if (!options_.stateful) return {};
  return writer_.snapshot_state(checkpoint);
}

}  // namespace drey::model
