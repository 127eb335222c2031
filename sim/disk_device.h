#pragma once
// The device below a simulated disk: one queue, served in the order in which operations are
// reserved (event order), so their ends never decrease, which the journal of sim/disk.h relies on.
// An urgent read (a record waits for it) does not queue: flash serves many reads at a time, it
// would not stand behind a whole compaction that reserved its time in one event, and a task that
// applies its records late (design.md 2.12) must find the same cost as one that steps them one by
// one. A cached read does not touch the device: the operating system still has the pages. A next
// read continues the one before: the operating system has read ahead, so only the bytes count. Time
// is passed in: the device has no clock and no events.
//
//   DiskDevice device(spec);  auto [start, end] = device.reserve(now, DiskOperation::append, 4096);
#include <cstdint>

#include "sim/time.h"

namespace drey::sim {

enum class DiskOperation : uint8_t {
  read,
  next_read,
  urgent_read,
  cached_read,
  append,
  sync,
  metadata
};

struct DiskSpec {
  uint64_t read_bytes_per_second = 1'000'000'000;
  uint64_t write_bytes_per_second = 500'000'000;
  Duration read_latency = microseconds(80);      // per request
  Duration append_latency = microseconds(2);     // per system call; the device is paid by the bytes
  Duration metadata_latency = microseconds(10);  // create, remove, rename, link
  Duration sync_latency = microseconds(500);
  uint64_t capacity = uint64_t{1} << 50;  // bytes
  // The operating system's page cache: as long as all files of the host fit, what was written or
  // read since the host started is read from memory.
  uint64_t page_cache_bytes = uint64_t{1} << 30;
  Duration cached_latency = nanoseconds(1500);  // a system call
  uint64_t cached_bytes_per_second = 5'000'000'000;
};

struct DiskWindow {
  Time start;
  Time end;
};

class DiskDevice {
 public:
  explicit DiskDevice(const DiskSpec& spec) : spec_(spec) {}

  DiskWindow reserve(Time now, DiskOperation operation, uint64_t bytes) {
    const Duration takes = cost(operation, bytes);
    if (operation == DiskOperation::cached_read) return {now, now + takes};
    busy_ = busy_ + takes;
    if (operation == DiskOperation::urgent_read) return {now, now + takes};
    const Time start = free_at_ > now ? free_at_ : now;
    free_at_ = start + takes;
    return {start, free_at_};
  }
  // What the operation takes on an idle device.
  Duration cost(DiskOperation operation, uint64_t bytes) const {
    const Duration plain = plain_cost(operation, bytes);
    return operation == DiskOperation::cached_read ? plain : plain * slowdown_permille_ / 1000;
  }
  // A slow disk (fault): every later operation takes this many thousandths of its time; 1000 =
  // healthy.
  void set_slowdown_permille(int64_t permille) { slowdown_permille_ = permille; }
  // Nothing starts before.
  void hold_until(Time at) { free_at_ = at > free_at_ ? at : free_at_; }
  const DiskSpec& spec() const { return spec_; }
  // A fault: what is reserved from now on takes other times.
  void set_spec(const DiskSpec& spec) { spec_ = spec; }
  Time free_at() const { return free_at_; }
  Duration busy() const { return busy_; }

 private:
  Duration plain_cost(DiskOperation operation, uint64_t bytes) const {
    switch (operation) {
      case DiskOperation::read:
      case DiskOperation::urgent_read:
        return spec_.read_latency + transfer_time(bytes, spec_.read_bytes_per_second);
      case DiskOperation::next_read:
        return transfer_time(bytes, spec_.read_bytes_per_second);
      case DiskOperation::cached_read:
        return spec_.cached_latency + transfer_time(bytes, spec_.cached_bytes_per_second);
      case DiskOperation::append:
        return spec_.append_latency + transfer_time(bytes, spec_.write_bytes_per_second);
      case DiskOperation::sync:
        return spec_.sync_latency;
      case DiskOperation::metadata:
        return spec_.metadata_latency;
    }
    return {};
  }

  DiskSpec spec_;
  Time free_at_;
  Duration busy_;
  int64_t slowdown_permille_ = 1000;
};

}  // namespace drey::sim
