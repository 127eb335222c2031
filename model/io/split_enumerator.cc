#include "model/io/split_enumerator.h"

#include "model/io/source_events.h"

namespace drey::model {

// State: how many splits are known, then those that nobody has. What bounds the log is asked again.
LogEnumerator::LogEnumerator(SplitEnumeratorContext& context, const std::string* state)
    : context_(context) {
  if (state == nullptr) return;
  const std::vector<SplitId> numbers = decode_splits(*state);
  if (numbers.empty()) return;
  known_ = numbers.front();
  pending_.insert(numbers.begin() + 1, numbers.end());
}

SourceThrown LogEnumerator::start() {
  context_.discover();
  return SourceThrown::nothing;
}

SourceThrown LogEnumerator::discovered(uint32_t splits, bool bounded) {
  for (; known_ < splits; ++known_) pending_.insert(known_);
  bounded_ = bounded;
  discovered_ = true;
  for (uint32_t subtask = 0; subtask < context_.parallelism(); ++subtask) {
    if (!context_.registered(subtask)) continue;
    const SourceThrown thrown = assign_to(subtask);
    if (thrown != SourceThrown::nothing) return thrown;
  }
  return SourceThrown::nothing;
}

SourceThrown LogEnumerator::add_reader(uint32_t subtask) {
  return discovered_ ? assign_to(subtask) : SourceThrown::nothing;
}

SourceThrown LogEnumerator::add_splits_back(const std::vector<SplitId>& splits, uint32_t subtask) {
  pending_.insert(splits.begin(), splits.end());
  return discovered_ && context_.registered(subtask) ? assign_to(subtask) : SourceThrown::nothing;
}

SourceThrown LogEnumerator::assign_to(uint32_t subtask) {
  SplitsBySubtask assignment;
  for (const SplitId split : pending_)
    if (split % context_.parallelism() == subtask) assignment[subtask].push_back(split);
  if (!assignment.empty()) {
    const SourceThrown thrown = context_.assign(assignment);
    if (thrown != SourceThrown::nothing) return thrown;
    for (const SplitId split : assignment[subtask]) pending_.erase(split);
  }
  return bounded_ ? context_.signal_no_more_splits(subtask) : SourceThrown::nothing;
}

std::string LogEnumerator::snapshot(CheckpointId) {
  std::vector<SplitId> numbers{known_};
  numbers.insert(numbers.end(), pending_.begin(), pending_.end());
  return encode_splits(numbers);
}

}  // namespace drey::model
