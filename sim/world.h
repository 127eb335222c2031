#pragma once
// One run's world: the kernel and the physics that everything shares. Built once, thrown away at
// the end of the run; nothing mutable outlives it.
#include <memory>

#include "sim/kernel.h"
#include "sim/machines.h"
#include "sim/network.h"

namespace drey::sim {

struct WorldOptions {
  KernelOptions kernel;
  NetworkSpec network;
};

class World {
 public:
  explicit World(WorldOptions options);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  Kernel& kernel() { return kernel_; }
  Machines& machines() { return machines_; }
  Network& network() { return network_; }

 private:
  Kernel kernel_;
  Machines machines_;
  Network network_;
};

}  // namespace drey::sim
