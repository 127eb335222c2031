#pragma once
// Makes the keyed backend that a configuration names, with the state of the given handles. The only
// place that knows which backends this build has: without RocksDB (DREY_WITH_ROCKSDB=OFF, as with
// libc++) asking for it is a clear message, not another backend. Upstream: StateBackendLoader.
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/clock.h"
#include "sim/disk.h"
#include "state/heap_backend.h"
#include "state/keyed_backend.h"
#include "state/rocksdb_options.h"

namespace drey::state {

class RocksDbMemory;

enum class BackendKind : uint8_t { hashmap, rocksdb };
std::optional<BackendKind> backend_kind(std::string_view name);  // state.backend.type

struct BackendSetup {
  BackendKind kind = BackendKind::hashmap;
  KeyGroupRange range;
  int32_t max_parallelism = 128;
  uint64_t value_padding = 0;  // bytes beside each accumulator of reducing state
  // hashmap
  uint64_t heap_limit = UINT64_MAX;
  HeapCosts heap_costs{};
  // rocksdb
  bool incremental = false;  // execution.checkpointing.incremental
  RocksDbOptions rocksdb;
  std::shared_ptr<RocksDbMemory>
      memory;  // of the slot; null: one of its own with rocksdb_cache_bytes
  uint64_t rocksdb_cache_bytes = uint64_t{8} << 20;  // block.cache-size
  sim::Disk* disk = nullptr;                         // of the host; outlives the backend
  const sim::Clock* clock = nullptr;                 // outlives the backend
  sim::ProcessId writer;
  std::string directory;  // on that disk, for this backend alone, e.g. "/tm-1/attempt-7/op-2"
  uint64_t name =
      0;  // of the database: a hash of what is equal in equal runs (subtask path, attempt)
};

struct MadeBackend {
  std::unique_ptr<KeyedBackend> backend;  // null when the outcome is not ok, or not available
  Outcome outcome = Outcome::ok;
  std::string error;  // a configuration that this build cannot serve
};
MadeBackend make_backend(const BackendSetup& setup, const std::vector<RestoreSource>& sources,
                         Charge& charge);

// Empty when this build has RocksDB, else why not.
std::string_view rocksdb_unavailable();
// One per slot, from the shares of its managed memory; null without RocksDB.
std::shared_ptr<RocksDbMemory> make_rocksdb_memory(const RocksDbMemoryShares& shares,
                                                   double high_priority_ratio = 0.1);

}  // namespace drey::state
