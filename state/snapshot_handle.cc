#include "state/snapshot_handle.h"

namespace drey::state {

std::optional<KeyedStateHandle> intersect(const KeyedStateHandle& handle, KeyGroupRange wanted) {
  const auto common = intersect(handle.range, wanted);
  if (!common) return std::nullopt;
  KeyedStateHandle part = handle;
  if (handle.kind == KeyedStateHandle::Kind::incremental) return part;
  const auto first = handle.offsets.begin() + (common->first - handle.range.first);
  part.range = *common;
  part.offsets.assign(first, first + common->count());
  return part;
}

}  // namespace drey::state
