#pragma once
// The keyed-state interface: one backend per stateful operator of a subtask; it dies with its
// process.
//
// Life: construct -> restore(handles)? -> register_state / timers -> work and snapshots. A state is
// known by its name; a restored one is found again by registering it (Flink's lazy registration).
// Shapes: a key is the 64 bits of Record::key with the key group that the router computed from its
// Java hash; a group outside range() is a defect of the caller. A namespace is a TimeWindow;
// kNoWindow is the void namespace. Batches are columns of equal length. Errors: Outcome, never an
// exception. After out_of_memory or io_error the task has to fail: what a batch applied before is
// undefined. Costs: a call adds to Charge what it really did; a device model makes time of it.
// Order: visit and snapshots are by key group, state name, then bytes of the composite key, in
// every backend. Upstream: AbstractKeyedStateBackend, HeapKeyedStateBackend,
// RocksDBKeyedStateBackend.
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/file_content.h"
#include "sim/record.h"
#include "sim/time.h"
#include "state/accumulator.h"
#include "state/key_group.h"
#include "state/serialized.h"
#include "state/snapshot_handle.h"
#include "state/timer_queue.h"

namespace drey::state {

struct Charge {
  uint64_t cpu_ns = 0;
  uint64_t device_ns = 0;  // waited for a simulated disk, which has reserved this time already
  uint64_t disk_read_bytes = 0;
  uint64_t disk_write_bytes = 0;
  void add(const Charge& other) {
    cpu_ns += other.cpu_ns;
    device_ns += other.device_ns;
    disk_read_bytes += other.disk_read_bytes;
    disk_write_bytes += other.disk_write_bytes;
  }
  sim::Duration time() const { return sim::nanoseconds(static_cast<int64_t>(cpu_ns + device_ns)); }
};

// What an engine under the state did since it was made; zero for heap state.
struct BackendCounters {
  uint64_t flushes = 0;
  uint64_t compactions = 0;
  uint64_t stalls = 0;        // how often the writer ran into the limit of closed memtables
  uint64_t cache_misses = 0;  // reads of files while a record waited
  uint64_t checkpoint_table_bytes = 0;  // in tables of native checkpoints
  uint64_t reused_table_bytes = 0;      // of these, not uploaded again
  uint64_t io_operations = 0;
  sim::Digest128 io_digest;  // of all operations on the disk, in order
};

enum class Outcome : uint8_t { ok, io_error, corrupt, out_of_memory };

enum class StateKind : uint8_t { value, list, map, reducing };

struct StateDescriptor {
  std::string name;  // unique in the operator, not empty
  StateKind kind = StateKind::value;
  ReduceFunction function = ReduceFunction::sum;  // reducing only
  // Reducing only: 0 = void namespace, else the namespace is the window [start, start + size) of
  // this size in ms.
  int64_t window_size = 0;
  friend bool operator==(const StateDescriptor& a, const StateDescriptor& b) {
    return a.name == b.name && a.kind == b.kind && a.function == b.function &&
           a.window_size == b.window_size;
  }
};

struct StateId {
  uint32_t index = UINT32_MAX;
};

struct Key {
  uint64_t key = 0;
  int32_t group = 0;
};

// The running result after a record: the new value and how many records its key (and window) has
// seen.
struct Running {
  int64_t value = 0;
  uint64_t count = 0;
};

struct RecordBatch {
  std::span<const sim::Record> records;
  std::span<const uint16_t> groups;
  std::span<const int64_t> window_starts;  // empty for the void namespace
};

// Sees all entries in the backend-independent order. Views live for the call.
class EntryVisitor {
 public:
  virtual ~EntryVisitor() = default;
  virtual void on_entry(int32_t group, std::string_view state_name, std::string_view composite_key,
                        std::string_view value) = 0;
  virtual void on_timer(int32_t group, std::string_view service, std::string_view timer_bytes) = 0;
};

class KeyedBackend {
 public:
  virtual ~KeyedBackend() = default;
  virtual KeyGroupRange range() const = 0;

  // A name registered before, or restored, must come with an equal descriptor (else nothing: the
  // serialisers are not compatible and the restore fails).
  virtual std::optional<StateId> register_state(const StateDescriptor& descriptor) = 0;

  // Of reducing state in the void namespace: the entries of these will be asked for soon. Brings
  // them nearer to this process and changes nothing.
  virtual void prefetch(StateId, std::span<const sim::Record>, std::span<const uint16_t>) const {}
  // Reducing state. `out` is empty or as long as the batch.
  virtual Outcome reduce(StateId state, const RecordBatch& in, std::span<Running> out,
                         Charge& charge) = 0;
  virtual Outcome read(StateId state, Key key, int64_t window_start,
                       std::optional<Accumulator>& out, Charge& charge) = 0;
  virtual Outcome clear(StateId state, Key key, int64_t window_start, Charge& charge) = 0;

  // Value state; and the whole of a list, its elements serialised and joined with ','.
  virtual Outcome get(StateId state, Key key, TimeWindow name_space,
                      std::optional<std::string>& out, Charge& charge) = 0;
  virtual Outcome put(StateId state, Key key, TimeWindow name_space, std::string_view value,
                      Charge& charge) = 0;
  virtual Outcome remove(StateId state, Key key, TimeWindow name_space, Charge& charge) = 0;
  virtual Outcome append(StateId state, Key key, TimeWindow name_space, std::string_view element,
                         Charge& charge) = 0;

  // Map state; entries come in the byte order of their user keys.
  virtual Outcome map_get(StateId state, Key key, TimeWindow name_space, std::string_view user_key,
                          std::optional<std::string>& out, Charge& charge) = 0;
  virtual Outcome map_put(StateId state, Key key, TimeWindow name_space, std::string_view user_key,
                          std::string_view value, Charge& charge) = 0;
  virtual Outcome map_remove(StateId state, Key key, TimeWindow name_space,
                             std::string_view user_key, Charge& charge) = 0;
  virtual Outcome map_entries(StateId state, Key key, TimeWindow name_space,
                              std::vector<std::pair<std::string, std::string>>& out,
                              Charge& charge) = 0;

  // The queue of that name, restored or new; lives as long as the backend.
  virtual TimerQueue& timers(std::string_view service) = 0;

  // What a record of reducing state costs now beyond its price, because the state has outgrown the
  // processor's caches. The caller's to add: it is not in a Charge.
  virtual uint64_t cold_ns() const { return 0; }

  // Modelled write stall: the operator pauses until a job ends.
  virtual bool must_wait() const = 0;
  struct Job {
    enum class Kind : uint8_t { serialise, flush, compaction, purge } kind = Kind::serialise;
    uint64_t checkpoint = 0;  // serialise only
  };
  virtual std::optional<Job> take_job() = 0;  // when a modelled background thread is free
  virtual Outcome run_job(Job job,
                          Charge& charge) = 0;  // effect now; its thread is busy for the charge

  // A snapshot: begin in the sync part; then pull `next` until done; then take the handle.
  // native_savepoint: in the backend's own format, with no file of an earlier snapshot, and no base
  // of a later one (RB-9).
  enum class SnapshotKind : uint8_t { full, incremental, savepoint, native_savepoint };
  virtual Outcome begin_snapshot(uint64_t checkpoint, SnapshotKind kind, Charge& sync_part) = 0;
  struct File {
    std::string name;
    bool shared = false;
    bool placeholder = false;  // already in the store; nothing to upload
    sim::FileContent content;  // shares chunks with the backend
    sim::Duration copying{};   // what a transfer thread does before the store has it
  };
  // Each file is given out once; `wait`: for a job, or for the answers to uploads under way.
  enum class Async : uint8_t { wait, upload, done, failed };
  virtual Async next(uint64_t checkpoint, File& to_upload) = 0;
  virtual void uploaded(uint64_t checkpoint, const std::string& name,
                        std::string_view object_key) = 0;
  virtual KeyedStateHandle handle(uint64_t checkpoint) const = 0;  // once next says done
  virtual void confirm(uint64_t checkpoint) = 0;                   // base of the next increment
  virtual void abort(uint64_t checkpoint) = 0;

  virtual void visit(KeyGroupRange groups, EntryVisitor& visitor) const = 0;
  // Modelled, in bytes. Allocated only grows: the garbage-collection pause model counts it.
  virtual uint64_t live_bytes() const = 0;
  virtual uint64_t allocated_bytes() const = 0;
  // How many entries there are, where that is known without a walk through all.
  virtual std::optional<uint64_t> entries() const { return std::nullopt; }
  // What visit() would hand out as entries: how many, and their keys and values in bytes. Nothing
  // where only a walk through all can tell.
  struct Contents {
    uint64_t entries = 0;
    uint64_t bytes = 0;
    friend constexpr bool operator==(const Contents&, const Contents&) = default;
  };
  virtual std::optional<Contents> contents() const { return std::nullopt; }
  virtual BackendCounters counters() const { return {}; }
  // The orderly end of a task: local files are removed. Without it, destruction is what a kill of
  // the process does.
  virtual void dispose(Charge&) {}
};

}  // namespace drey::state
