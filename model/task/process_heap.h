#pragma once
// The Java heap of one TaskManager: what its tasks keep, what they throw away, and what that does
// to the whole process.
//
// After `collect_after` bytes were allocated a collection stops the world for pause_base +
// pause_per_gigabyte x live bytes: the process is frozen, heartbeats too. More live bytes than the
// heap has are an OutOfMemoryError, which ends the process. Both are looked at only when somebody
// looks at a task (design.md 2.12), so that slices change nothing. Native memory (RocksDB) does not
// count. Upstream has none: the JVM's G1 collector, -Xmx from framework and task heap
// (TaskExecutorProcessSpec).
#include <cstdint>
#include <vector>

#include "sim/world.h"

namespace drey::model {

// Integer prices, of the order of G1 on a server: two milliseconds, and ten per gigabyte alive.
// Part of the cost table (state/heap_backend.h has the sizes of entries).
struct HeapModel {
  sim::Duration pause_base = sim::milliseconds(2);
  sim::Duration pause_per_gigabyte = sim::milliseconds(10);
  uint64_t collect_after = uint64_t{256} << 20;  // bytes; 0 = no collections
  uint64_t record_garbage_bytes = 64;            // objects that one record leaves behind in a task
};

class ProcessHeap {
 public:
  // The interval of one pause; of the thread's clock nothing passes in it.
  struct Pause {
    sim::Time from;
    sim::Time to;
  };

  ProcessHeap(sim::World& world, sim::ProcessId process, const HeapModel& model)
      : world_(world), process_(process), model_(model) {}

  // What one task has at this instant and allocated since its last call.
  void changed(uint64_t live_before, uint64_t live_now, uint64_t allocated) {
    live_ = live_ - live_before + live_now;
    allocated_ += allocated;
  }
  uint64_t live() const { return live_; }
  const HeapModel& model() const { return model_; }
  const std::vector<Pause>& pauses() const { return pauses_; }

  // Now is an instant at which somebody looks. `limit` 0: unbounded.
  void check(uint64_t limit) {
    const bool exhausts = limit > 0 && live_ > limit;
    if (exhausts || (model_.collect_after > 0 && allocated_ >= model_.collect_after)) [[unlikely]]
      collect_or_fail(limit);
  }

 private:
  void collect_or_fail(uint64_t limit);

  sim::World& world_;
  sim::ProcessId process_;
  HeapModel model_;
  uint64_t live_ = 0;
  uint64_t allocated_ = 0;  // since the last collection
  std::vector<Pause> pauses_;
  bool exhausted_ = false;
};

}  // namespace drey::model
