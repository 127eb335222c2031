#pragma once
// What a TaskManager's process gives to its tasks, and how a task speaks to the world: plain
// references, alive as long as the process.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/task/data_exchange.h"
#include "model/task/nondeterminism.h"
#include "model/task/process_heap.h"
#include "model/task/task_runtime.h"
#include "sim/clock.h"
#include "sim/disk.h"
#include "sim/log_contents.h"
#include "state/costs.h"
#include "state/keyed_backend.h"

namespace drey::model {

// Opens the keyed backends of a process. `disk` and `clock` are only needed for RocksDB; the
// directory of an attempt lies below the process's own.
struct BackendRequest {
  const TaskOptions* options = nullptr;
  state::KeyGroupRange range;
  int32_t max_parallelism = 128;
  std::string name;  // of the operator's attempt, unique in the process: "job-1/agg/0#2/agg"
  std::vector<state::RestoreSource> restore;
  uint64_t state_bytes_per_key = 0;  // beside the accumulator
};
struct OpenedBackend {
  state::Outcome outcome = state::Outcome::ok;
  std::string error;  // not available in this build
  std::unique_ptr<state::KeyedBackend> backend;
  // The nominal cost of one record, known ahead; charges of single calls are then ignored. 0 =
  // every record costs what its call says (a disk may be touched).
  sim::Duration cost_per_record;
  sim::Duration window_cost;  // more of a record in a window operator
};
class TaskBackends {
 public:
  struct Options {
    sim::Disk* disk = nullptr;
    const sim::Clock* clock = nullptr;
    sim::ProcessId process;
    std::string directory = "/state";  // of the process
  };
  explicit TaskBackends(Options options) : options_(std::move(options)) {}
  OpenedBackend open(const BackendRequest& request, state::Charge& charge) const;

 private:
  Options options_;
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

inline constexpr sim::Duration kMinimumRecordCost =
    sim::nanoseconds(static_cast<int64_t>(state::TaskCosts{}.minimum_record_ns));

struct TaskServices {
  DataExchange* exchange = nullptr;
  const TaskBackends* backends = nullptr;
  Cores* cores = nullptr;
  ProcessHeap* heap = nullptr;                  // null: without bound or pauses
  std::shared_ptr<const sim::LogContents> log;  // of a source: what its log holds
  const NondeterministicOperators* nondeterministic = nullptr;
  // Of a record in a chain whose operators cost nothing.
  sim::Duration minimum_cost = kMinimumRecordCost;
  // Law of design.md 2.12: each record by an event of its own must leave the hash unchanged.
  bool step_each_record = false;
  bool digest_state = true;  // announce the digest of the logical state with each checkpoint
};

}  // namespace drey::model
