#pragma once
// The current simulated time for code that has no other business with the kernel (storage engines):
// so it can be driven without one.
#include "sim/kernel.h"
#include "sim/time.h"

namespace drey::sim {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;
};

class KernelClock final : public Clock {
 public:
  explicit KernelClock(const Kernel& kernel) : kernel_(kernel) {}
  Time now() const override { return kernel_.now(); }

 private:
  const Kernel& kernel_;
};

}  // namespace drey::sim
