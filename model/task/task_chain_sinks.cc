#include "model/task/task_chain_sinks.h"

#include <algorithm>

namespace drey::model {

bool TaskSinks::opened() const {
  return turns_.empty() && std::all_of(entries_.begin(), entries_.end(),
                                       [](const Entry& entry) { return entry.sink->opened(); });
}

bool TaskSinks::any_waiting() const {
  return !turns_.empty() || std::any_of(entries_.begin(), entries_.end(),
                                        [](const Entry& entry) { return entry.sink->waiting(); });
}

bool TaskSinks::all_available() const {
  return turns_.empty() && std::all_of(entries_.begin(), entries_.end(),
                                       [](const Entry& entry) { return entry.sink->available(); });
}

bool TaskSinks::hands_over() const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [](const Entry& entry) { return entry.committables.has_value(); });
}

void TaskSinks::all(Work work, int64_t checkpoint) {
  const bool head_first = work == Work::prepare_snapshot || work == Work::end_input;
  if (only_ != nullptr) {  // nobody to wait for
    take({work, only_, checkpoint});
    return;
  }
  const bool one_only = work == Work::end_input && mutant_ == Mutant::end_of_input_in_one_branch;
  for (size_t i = 0; i < (one_only ? 1 : entries_.size()); ++i) {
    const size_t at = head_first ? entries_.size() - 1 - i : i;
    turns_.push_back({work, entries_[at].sink.get(), checkpoint});
  }
  go_on();
}

void TaskSinks::next_turns() {
  while (!turns_.empty() && (last_ == nullptr || !last_->waiting())) {
    const Turn turn = turns_.front();
    turns_.pop_front();
    last_ = turn.sink;
    take(turn);
  }
}

void TaskSinks::take(const Turn& turn) {
  switch (turn.work) {
    case Work::open:
      turn.sink->open();
      return;
    case Work::prepare_snapshot:
      turn.sink->prepare_snapshot(turn.checkpoint);
      return;
    case Work::end_input:
      turn.sink->end_input();
      return;
    case Work::checkpoint_complete:
      turn.sink->checkpoint_complete(turn.checkpoint);
      return;
  }
}

void TaskSinks::answered(TaskCall call, const sim::Reply& reply) {
  BrokerSink& sink = *entries_[BrokerSink::number_of(call)].sink;
  sink.answered(BrokerSink::own(call), reply);
}

void TaskSinks::timer(TaskCall call) {
  BrokerSink& sink = *entries_[BrokerSink::number_of(call)].sink;
  sink.timer(BrokerSink::own(call));
}

}  // namespace drey::model
