#pragma once
// A process whose program is one endpoint, made as the endpoint's constructor takes it.
#include <memory>

#include "sim/world.h"

namespace drey::sim {

template <class OneEndpoint>
struct ProgramOf : Program {
  ProgramOf(World& w, ProcessId p) : endpoint(w, p) {}
  OneEndpoint endpoint;
};

template <class OneEndpoint>
struct LauncherOf : Launcher {
  std::unique_ptr<Program> launch(World& w, ProcessId p) override {
    return std::make_unique<ProgramOf<OneEndpoint>>(w, p);
  }
};

// Of a process that runs.
template <class OneEndpoint>
OneEndpoint& endpoint_of(World& world, ProcessId process) {
  return static_cast<ProgramOf<OneEndpoint>*>(world.machines().program(process))->endpoint;
}

}  // namespace drey::sim
