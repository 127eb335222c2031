#pragma once
// Keyed state in RocksDB (Flink's `rocksdb`): one column family per state, Flink's composite keys,
// on the task's local disk.
//
// Snapshots. Without incremental checkpoints, and for savepoints, the canonical file of
// state/snapshot_format.h, read by a `serialise` job from a RocksDB snapshot: equal state gives the
// bytes of the heap backend. With them, the files of a native checkpoint: tables (.sst) are shared,
// those of the last *confirmed* checkpoint are placeholders and not uploaded again (RB-6); all
// other files and `meta` (descriptors and timers) are private. A full checkpoint of an incremental
// backend uploads everything and becomes a base. Uploads are pulled one after the other.
//
// Restore: one handle of the same range is opened as it is; otherwise the handle with the largest
// overlap is opened and clipped, and the rest is copied through temporary databases (RB-10). Timers
// live in memory (timer_queue.h), as with Flink's timer-service HEAP. Destroying the backend is
// what a kill does: nothing more reaches the disk. dispose() is the orderly end. visit() moves
// blocks in the cache's order; it does not count as work. The padding of values is stored with
// them; canonical files hold it as those of the heap backend do, and visit() leaves it out.
// Upstream: RocksDBKeyedStateBackend, RocksIncrementalSnapshotStrategy,
// RocksDBIncrementalRestoreOperation.
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "state/keyed_backend.h"
#include "state/rocksdb_engine.h"
#include "state/rocksdb_recent_values.h"
#include "state/snapshot_format.h"

namespace drey::state {

class RocksDbBackend final : public KeyedBackend {
 public:
  struct Options {
    KeyGroupRange range;
    int32_t max_parallelism = 128;
    bool incremental = false;    // execution.checkpointing.incremental
    uint64_t value_padding = 0;  // real bytes behind each accumulator of reducing state
    RocksDbOptions engine;
    RocksDbEngine::Place place;  // the directory holds `db`, `chk-N` and `restore-N`
    std::shared_ptr<RocksDbMemory> memory;
  };
  explicit RocksDbBackend(const Options& options);
  ~RocksDbBackend() override;

  // Once, before the first use: opens the database, with what the sources hold for the range.
  Outcome restore(const std::vector<RestoreSource>& sources, Charge& charge);
  // Closes the database and removes its directory; nothing may be called afterwards.
  void dispose(Charge& charge) override;

  KeyGroupRange range() const override { return options_.range; }
  std::optional<StateId> register_state(const StateDescriptor& descriptor) override;
  Outcome reduce(StateId state, const RecordBatch& in, std::span<Running> out,
                 Charge& charge) override;
  Outcome read(StateId state, Key key, int64_t window_start, std::optional<Accumulator>& out,
               Charge& charge) override;
  Outcome clear(StateId state, Key key, int64_t window_start, Charge& charge) override;
  Outcome get(StateId state, Key key, TimeWindow name_space, std::optional<std::string>& out,
              Charge& charge) override;
  Outcome put(StateId state, Key key, TimeWindow name_space, std::string_view value,
              Charge& charge) override;
  Outcome remove(StateId state, Key key, TimeWindow name_space, Charge& charge) override;
  Outcome append(StateId state, Key key, TimeWindow name_space, std::string_view element,
                 Charge& charge) override;
  Outcome map_get(StateId state, Key key, TimeWindow name_space, std::string_view user_key,
                  std::optional<std::string>& out, Charge& charge) override;
  Outcome map_put(StateId state, Key key, TimeWindow name_space, std::string_view user_key,
                  std::string_view value, Charge& charge) override;
  Outcome map_remove(StateId state, Key key, TimeWindow name_space, std::string_view user_key,
                     Charge& charge) override;
  Outcome map_entries(StateId state, Key key, TimeWindow name_space,
                      std::vector<std::pair<std::string, std::string>>& out,
                      Charge& charge) override;
  TimerQueue& timers(std::string_view service) override;

  bool must_wait() const override { return engine_->must_wait(); }
  std::optional<Job> take_job() override;
  Outcome run_job(Job job, Charge& charge) override;
  Outcome begin_snapshot(uint64_t checkpoint, SnapshotKind kind, Charge& sync_part) override;
  Async next(uint64_t checkpoint, File& to_upload) override;
  void uploaded(uint64_t checkpoint, const std::string& name, std::string_view object_key) override;
  KeyedStateHandle handle(uint64_t checkpoint) const override;
  void confirm(uint64_t checkpoint) override;
  void abort(uint64_t checkpoint) override;

  void visit(KeyGroupRange groups, EntryVisitor& visitor) const override;
  std::optional<Contents> contents() const override { return contents_; }
  uint64_t live_bytes() const override;
  uint64_t allocated_bytes() const override { return allocated_; }
  BackendCounters counters() const override;
  RocksDbEngine& engine() { return *engine_; }

 private:
  struct State {
    StateDescriptor descriptor;
    uint32_t family = 0;
  };
  enum class Stage : uint8_t { queued, serialising, upload, failed };
  struct Snapshot {
    Stage stage = Stage::upload;
    KeyedStateHandle handle;
    std::vector<sim::FileContent> contents;   // by file of the handle
    size_t given_out = 0;                     // files before this one
    const rocksdb::Snapshot* view = nullptr;  // canonical, until serialised
    std::vector<StateDescriptor> states;      // canonical
    std::map<std::string, std::vector<Timer>> timers;
    std::string directory;  // native: the local copy
    bool base = false;      // becomes a base when confirmed
  };
  struct Uploaded {
    std::string object_key;
    uint64_t bytes = 0;
  };
  using UploadedFiles = std::map<std::string, Uploaded>;
  // A composite key on the stack.
  struct KeyBytes {
    char bytes[2 + 8 + 16];
    uint8_t from = 0;
    uint8_t size = 0;
    rocksdb::Slice slice() const { return {bytes + from, size}; }
  };
  class Receiver;

  uint64_t value_bytes() const { return kAccumulatorBytes + options_.value_padding; }
  // Bytes that do not compress, a function of the key.
  void pad(uint64_t key, char* at) const;
  std::string_view bare(const State& state, std::string_view value) const;  // without padding
  int prefix_bytes() const { return key_group_prefix_bytes(options_.max_parallelism); }
  KeyBytes key_bytes(int32_t group, uint64_t key, TimeWindow window) const;
  std::string map_key(Key key, TimeWindow window, std::string_view user_key) const;
  std::string group_prefix(int32_t group) const;  // max parallelism itself is allowed: the end
  const State& state_of(StateId state, Key key, StateKind kind, StateKind or_kind) const;
  TimeWindow window_of(const State& state, int64_t window_start) const;
  Outcome read_accumulator_at(const State& state, const KeyBytes& key, Accumulator& out);
  void count_new_entry(const KeyBytes& key);
  Outcome write_pending();
  Outcome get_bytes(const State& state, const rocksdb::Slice& key, std::optional<std::string>& out);
  void end_call(Charge& charge, uint64_t cpu_ns);
  std::vector<const State*> states_by_name() const;
  std::map<std::string, std::vector<Timer>> timers_by_group() const;
  template <class OnEntry>
  bool for_entries(const State& state, KeyGroupRange groups, const rocksdb::Snapshot* view,
                   bool fill_cache, OnEntry&& on_entry) const;

  Outcome begin_native(uint64_t checkpoint, SnapshotKind kind, Snapshot& snapshot,
                       Charge& sync_part);
  Outcome serialise(Snapshot& snapshot, Charge& charge);
  std::string meta_bytes() const;
  UploadedFiles base_files() const;
  static bool complete(const Snapshot& snapshot);
  void end_snapshot(uint64_t checkpoint);

  Outcome restore_canonical(const std::vector<RestoreSource>& sources, Charge& charge);
  Outcome restore_native(const std::vector<RestoreSource>& sources, Charge& charge);
  Outcome open_with(const RestoreSource* source, Charge& charge);
  Outcome restore_meta(const RestoreSource& source, Charge& charge);
  Outcome clip(KeyGroupRange held, Charge& charge);
  Outcome copy_from(const RestoreSource& source, size_t number, Charge& charge);
  Outcome put_restored(uint32_t family, const rocksdb::Slice& key, const rocksdb::Slice& value,
                       Charge& charge);

  Options options_;
  std::unique_ptr<RocksDbEngine> engine_;
  std::vector<State> states_;
  std::map<std::string, TimerQueue, std::less<>> timers_;
  RecentValues recent_;
  rocksdb::WriteBatch pending_;
  uint64_t batch_ = 1;
  rocksdb::PinnableSlice value_;
  std::string stored_;  // the value that is being put: accumulator and padding
  Charge unbilled_;     // of calls without a bill of their own
  Outcome failed_ = Outcome::ok;
  uint64_t allocated_ = 0;
  // Counted while only reduce() has written, which reads what it replaces; nothing afterwards.
  std::optional<Contents> contents_ = Contents{};

  std::map<uint64_t, Snapshot> snapshots_;
  std::map<uint64_t, UploadedFiles> uploaded_;  // by checkpoint: shared files, those re-used too
  uint64_t confirmed_ = 0;
  uint64_t checkpoint_table_bytes_ = 0;
  uint64_t reused_table_bytes_ = 0;
};

}  // namespace drey::state
