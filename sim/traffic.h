#pragma once
// Bytes that the world has moved since the run began, counted where they are moved. Asked for, not
// announced: a fact per disk operation would cost more than it tells, and what follows from an
// operation (its end, a message's arrival) is in the trace already. Units: bytes.
#include <cstdint>

namespace drey::sim {

// Operations that failed moved nothing.
struct DiskTraffic {
  uint64_t written = 0;
  uint64_t read = 0;    // from the device
  uint64_t cached = 0;  // read from the page cache: the device does not see it

  DiskTraffic& operator+=(const DiskTraffic& other) {
    written += other.written;
    read += other.read;
    cached += other.cached;
    return *this;
  }
};

struct Traffic {
  uint64_t network =
      0;              // between processes, as the wire carries it; what is sent again counts again
  DiskTraffic disks;  // of all hosts, also those that were replaced since
};

// Whoever knows how it stands now.
class TrafficCounter {
 public:
  virtual ~TrafficCounter() = default;
  virtual Traffic traffic() = 0;
};

}  // namespace drey::sim
