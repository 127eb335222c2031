#include "model/cluster/messages.h"

namespace drey::model {

// Measured on Flink: a few kB of job and vertex information by reference, then the gates.
uint64_t SubmitTask::wire_size() const {
  constexpr uint64_t kDescriptor = 4096;
  constexpr uint64_t kPerGate = 512;
  uint64_t bytes = sim::kMessageOverhead + kDescriptor;
  if (deployment != nullptr) bytes += kPerGate * deployment->gates.size();
  return bytes;
}

}  // namespace drey::model
