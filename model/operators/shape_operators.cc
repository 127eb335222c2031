#include "model/operators/shape_operators.h"

#include <utility>

namespace drey::model {

void FilterOperator::process(RecordBlock& block, Effects&) {
  size_t kept = 0;
  for (size_t i = 0; i < block.count; ++i) {
    if (!keeps(block.records[i])) continue;
    block.records[kept] = block.records[i];
    block.groups[kept] = block.groups[i];
    ++kept;
  }
  block.count = kept;
}

void FlatMapOperator::process(RecordBlock& block, Effects&) {
  const size_t count = block.count * copies_;
  scratch_.make_room(count);
  size_t at = 0;
  for (size_t i = 0; i < block.count; ++i) {
    for (uint32_t copy = 0; copy < copies_; ++copy) {
      scratch_.records[at] = flat_map_copy(block.records[i], copies_, copy);
      scratch_.groups[at] = block.groups[i];
      ++at;
    }
  }
  scratch_.count = count;
  std::swap(block.records, scratch_.records);
  std::swap(block.groups, scratch_.groups);
  block.count = count;
}

}  // namespace drey::model
