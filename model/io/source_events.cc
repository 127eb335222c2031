#include "model/io/source_events.h"

namespace drey::model {

std::string encode_splits(const std::vector<SplitId>& splits) {
  std::string bytes;
  for (const SplitId split : splits)
    for (uint32_t shift = 0; shift < 32; shift += 8)
      bytes.push_back(static_cast<char>(split >> shift & 0xff));
  return bytes;
}

std::vector<SplitId> decode_splits(const std::string& bytes) {
  std::vector<SplitId> splits(bytes.size() / 4, 0);
  for (size_t i = 0; i < splits.size() * 4; ++i)
    splits[i / 4] |= uint32_t{static_cast<unsigned char>(bytes[i])} << (8 * (i % 4));
  return splits;
}

OperatorEvent add_splits_event(const std::vector<SplitId>& splits) {
  OperatorEvent event = source_event(SourceEvent::add_splits, splits.size());
  event.bytes = encode_splits(splits);
  return event;
}

std::vector<SplitId> splits_of(const OperatorEvent& event) { return decode_splits(event.bytes); }

}  // namespace drey::model
