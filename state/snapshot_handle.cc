#include "state/snapshot_handle.h"

#include "state/costs.h"

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

namespace {
sim::Duration copying(KeyedStateHandle::Kind kind, uint64_t bytes, uint64_t ps_per_byte) {
  if (kind != KeyedStateHandle::Kind::incremental) return {};
  return sim::nanoseconds(static_cast<int64_t>(bytes * ps_per_byte / 1000));
}
}  // namespace

sim::Duration upload_time(KeyedStateHandle::Kind kind, uint64_t bytes) {
  return copying(kind, bytes, RocksDbCosts{}.upload_ps_per_byte);
}

sim::Duration download_time(KeyedStateHandle::Kind kind, uint64_t bytes) {
  return copying(kind, bytes, RocksDbCosts{}.download_ps_per_byte);
}

}  // namespace drey::state
