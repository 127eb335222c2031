#pragma once
// The disks of a world: one per host, made when first asked for. A killed process loses what it had
// issued and what had not reached the device; a crashed host keeps the synced prefixes and a torn
// part that choose() picks (design.md 2.8).
#include <map>
#include <memory>

#include "sim/disk.h"
#include "sim/machines.h"

namespace drey::sim {

// Facts of FactGroup::disk. entity = host.
enum class DiskFact : uint8_t {
  torn,  // a file lost its unsynced tail in a crash: a = Torn, b = synced bytes, c = issued bytes
  replaced,  // the disk came back empty
  slowed,    // a = extra latency (ns), b = bytes per second; both 0 = as it was
};
constexpr uint16_t fact_kind(DiskFact fact) {
  return fact_kind(FactGroup::disk, static_cast<uint8_t>(fact));
}

class Disks : public ProcessObserver {
 public:
  Disks(Kernel& kernel, Machines& machines, const DiskSpec& spec);
  ~Disks() override;

  Disk& of(HostId host);
  // The fault: a new, empty disk. Only while no process of the host runs.
  void replace(HostId host);

  // The fault: each request waits longer, bytes pass at most at this rate (0 = as before), until
  // restored.
  void slow(HostId host, Duration extra_latency, uint64_t bytes_per_second);
  void restore_speed(HostId host);

  // Of all, also of those that were replaced.
  DiskTraffic traffic() const;

  void on_process_stopped(ProcessId process, StopReason reason) override;

 private:
  class Chooser;
  void announce_speed(HostId host, Duration extra_latency, uint64_t bytes_per_second);

  Kernel& kernel_;
  Machines& machines_;
  DiskSpec spec_;
  std::map<HostId, std::unique_ptr<Disk>> disks_;
  uint64_t crashes_ = 0;
  DiskTraffic of_replaced_;
};

}  // namespace drey::sim
