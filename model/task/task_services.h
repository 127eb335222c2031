#pragma once
// What a TaskManager's process gives to its tasks, and how a task speaks to the world: plain
// references, alive as long as the process.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/task/data_exchange.h"
#include "model/task/task_runtime.h"
#include "sim/log_contents.h"
#include "state/keyed_backend.h"

namespace drey::model {

// Opens the keyed backends of a process.
struct BackendRequest {
  const TaskOptions* options = nullptr;
  state::KeyGroupRange range;
  int32_t max_parallelism = 128;
  std::string directory;  // of this operator's attempt, below the process's own
  std::vector<state::RestoreSource> restore;
};
struct OpenedBackend {
  state::Outcome outcome = state::Outcome::ok;
  std::unique_ptr<state::KeyedBackend> backend;
  // The nominal cost of one record, known ahead; charges of single calls are then ignored. 0 =
  // every record costs what its call says (a disk may be touched).
  sim::Duration cost_per_record;
};
class BackendFactory {
 public:
  virtual ~BackendFactory() = default;
  virtual OpenedBackend open(const BackendRequest& request, state::Charge& charge) = 0;
};

// Heap state, in this process's memory.
class HeapBackendFactory final : public BackendFactory {
 public:
  OpenedBackend open(const BackendRequest& request, state::Charge& charge) override;
};

// Tasks at work on a host's cores. Upstream has none: threads of the operating system.
class Cores {
 public:
  explicit Cores(uint32_t cores) : cores_(cores == 0 ? 1 : cores) {}
  void begin() { ++busy_; }
  void end() { --busy_; }
  // What work takes while this many share the cores.
  sim::Duration stretched(sim::Duration nominal) const {
    return busy_ <= cores_ ? nominal : nominal * busy_ / cores_;
  }

 private:
  uint32_t cores_;
  uint32_t busy_ = 0;
};

struct TaskServices {
  DataExchange* exchange = nullptr;
  BackendFactory* backends = nullptr;
  Cores* cores = nullptr;
  std::shared_ptr<const sim::LogContents> log;  // what the job's external log holds
  // Time of a charge on the process's disk, beyond its cpu_ns.
  uint64_t disk_read_ns = 80'000;
  uint64_t disk_bytes_per_second = 500'000'000;
  sim::Duration minimum_cost =
      sim::nanoseconds(50);  // of a record in a chain whose operators cost nothing
  // Law of design.md 2.12: each record by an event of its own must leave the hash unchanged.
  bool step_each_record = false;
  bool digest_state = true;  // announce the digest of the logical state with each checkpoint
};

}  // namespace drey::model
