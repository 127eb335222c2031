#include "sim/world.h"

namespace drey::sim {

World::World(WorldOptions options)
    : kernel_(std::move(options.kernel)),
      machines_(*this),
      network_(*this, std::move(options.network)) {
  kernel_.set_departures(&network_);
  machines_.observe(&network_);
}

World::~World() { machines_.shut_down(); }

}  // namespace drey::sim
