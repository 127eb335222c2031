#include "sim/disks.h"

#include <algorithm>
#include <array>

namespace drey::sim {

class Disks::Chooser : public TornChooser {
 public:
  Chooser(Kernel& kernel, PathId host, uint64_t crash)
      : kernel_(kernel), host_(host), crash_(crash) {}

  // Named by the crash and the file, so that one more file changes no other's choice.
  Torn choose_torn(std::string_view path, uint64_t synced, uint64_t issued) override {
    constexpr std::array<uint32_t, kTornAlternatives> kWeights{4, 2, 1, 1};
    const uint64_t n = (crash_ << 48) ^ (name_hash(path) >> 16);
    const uint32_t chosen = kernel_.choose("disk/torn", host_, n, kWeights);
    kernel_.announce({.entity = host_,
                      .kind = fact_kind(DiskFact::torn),
                      .a = chosen,
                      .b = synced,
                      .c = issued});
    return static_cast<Torn>(chosen);
  }

 private:
  Kernel& kernel_;
  PathId host_;
  uint64_t crash_;
};

Disks::Disks(Kernel& kernel, Machines& machines, const DiskSpec& spec)
    : kernel_(kernel), machines_(machines), spec_(spec) {
  machines_.observe(this);
}

Disks::~Disks() = default;

Disk& Disks::of(HostId host) {
  std::unique_ptr<Disk>& disk = disks_[host];
  if (disk == nullptr) disk = std::make_unique<Disk>(spec_, &kernel_);
  return *disk;
}

void Disks::replace(HostId host) {
  const auto found = disks_.find(host);
  if (found != disks_.end()) {
    of_replaced_ += found->second->traffic();
    disks_.erase(found);
  }
  kernel_.announce({.entity = machines_.host_path(host), .kind = fact_kind(DiskFact::replaced)});
}

DiskTraffic Disks::traffic() const {
  DiskTraffic all = of_replaced_;
  for (const auto& [host, disk] : disks_) all += disk->traffic();
  return all;
}

void Disks::announce_speed(HostId host, Duration extra_latency, uint64_t bytes_per_second) {
  kernel_.announce({.entity = machines_.host_path(host),
                    .kind = fact_kind(DiskFact::slowed),
                    .a = static_cast<uint64_t>(extra_latency.ns),
                    .b = bytes_per_second});
}

void Disks::slow(HostId host, Duration extra_latency, uint64_t bytes_per_second) {
  DiskSpec slow = spec_;
  slow.read_latency = slow.read_latency + extra_latency;
  slow.append_latency = slow.append_latency + extra_latency;
  slow.metadata_latency = slow.metadata_latency + extra_latency;
  slow.sync_latency = slow.sync_latency + extra_latency;
  if (bytes_per_second != 0) {
    slow.read_bytes_per_second = std::min(slow.read_bytes_per_second, bytes_per_second);
    slow.write_bytes_per_second = std::min(slow.write_bytes_per_second, bytes_per_second);
  }
  of(host).device().set_spec(slow);
  announce_speed(host, extra_latency, bytes_per_second);
}

void Disks::restore_speed(HostId host) {
  of(host).device().set_spec(spec_);
  announce_speed(host, {}, 0);
}

void Disks::on_process_stopped(ProcessId process, StopReason reason) {
  const HostId host = machines_.host_of(process);
  const auto found = disks_.find(host);
  if (found == disks_.end()) return;
  if (reason == StopReason::host_crash) {
    Chooser chooser(kernel_, machines_.host_path(host), ++crashes_);
    found->second->crash(kernel_.now(), chooser);
  } else {
    found->second->kill_writer(process, kernel_.now());
  }
}

}  // namespace drey::sim
