#include "model/task/deployment.h"

namespace drey::model {

uint64_t TaskStateSnapshot::bytes() const {
  uint64_t sum = 0;
  for (const OperatorState& state : operators) {
    for (const state::KeyedStateHandle& handle : state.keyed) sum += handle.total_bytes();
    sum += state.bytes.size() + state.source.size() * sizeof(SourcePosition);
  }
  return sum;
}

}  // namespace drey::model
