#pragma once
// Dense typed ids: Id<struct HostTag> and Id<struct ProcessTag> do not mix. An id is an index in a
// table and never leaves the run: it is not folded, not logged and not used in names (paths are).
#include <compare>
#include <cstdint>

namespace drey::sim {

template <class Tag>
struct Id {
  uint32_t index = UINT32_MAX;
  constexpr bool valid() const { return index != UINT32_MAX; }
  friend constexpr auto operator<=>(Id, Id) = default;
};

using EntityId = Id<struct EntityTag>;
using ProcessId = Id<struct ProcessTag>;
using HostId = Id<struct HostTag>;
using PathId = Id<struct PathTag>;

}  // namespace drey::sim
