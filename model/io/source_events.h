#pragma once
// What a source reader and its coordinator say to each other, as operator events.
//
// Upstream: ReaderRegistrationEvent, RequestSplitEvent, SourceEventWrapper, AddSplitEvent,
// NoMoreSplitsEvent, IsProcessingBacklogEvent; AcknowledgeCheckpointEvent for the holder.
#include <cstdint>
#include <string>
#include <vector>

#include "model/io/split_assignment_tracker.h"
#include "model/task/task_runtime.h"

namespace drey::model {

enum class SourceEvent : uint32_t {
  // reader to coordinator
  reader_registration,
  request_split,
  to_enumerator,           // argument: the source's own
  acknowledge_checkpoint,  // argument: id; its sync part is over
  // coordinator to reader
  add_splits,  // bytes
  no_more_splits,
  to_reader,  // argument: the source's own
  backlog,    // argument: 0 or 1
};

inline OperatorEvent source_event(SourceEvent kind, uint64_t argument = 0) {
  return {.kind = static_cast<uint32_t>(kind), .argument = argument, .bytes = {}};
}

OperatorEvent add_splits_event(const std::vector<SplitId>& splits);
std::vector<SplitId> splits_of(const OperatorEvent& event);

// Four bytes each, little end first.
std::string encode_splits(const std::vector<SplitId>& splits);
std::vector<SplitId> decode_splits(const std::string& bytes);

}  // namespace drey::model
