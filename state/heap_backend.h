#pragma once
// Keyed state in memory (Flink's `hashmap`), with a memory bound.
//
// A snapshot is copied out eagerly at the sync point and charged as what it stands for: a copy of
// the bucket arrays in the sync part, writing all entries in the async part (a `serialise` job).
// Its visible effect is that of copy-on-write. Content of the file is a function of the state:
// equal state, equal bytes, whatever the history. Memory: modelled bytes of a Java heap, not those
// of this process; entries and garbage are priced by HeapCosts. The padding of values is counted,
// not held: in memory, and in snapshots as bytes that all share one chunk
// (state/snapshot_format.h). Upstream: HeapKeyedStateBackend, CopyOnWriteStateTable,
// HeapSnapshotStrategy.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "state/costs.h"
#include "state/keyed_backend.h"
#include "state/reduce_table.h"

namespace drey::state {

class HeapBackend final : public KeyedBackend {
 public:
  struct Options {
    KeyGroupRange range;
    int32_t max_parallelism = 128;
    uint64_t memory_limit = UINT64_MAX;  // modelled bytes; more is out_of_memory
    uint64_t value_padding = 0;          // bytes beside each accumulator of reducing state
    HeapCosts costs;
  };
  explicit HeapBackend(const Options& options);

  // Before the first use. Handles of the wrong kind or bytes that do not parse are `corrupt`.
  Outcome restore(const std::vector<RestoreSource>& sources, Charge& charge);

  KeyGroupRange range() const override { return options_.range; }
  std::optional<StateId> register_state(const StateDescriptor& descriptor) override;
  void prefetch(StateId state, std::span<const sim::Record> records,
                std::span<const uint16_t> groups) const override;
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

  bool must_wait() const override { return false; }
  std::optional<Job> take_job() override;
  Outcome run_job(Job job, Charge& charge) override;
  Outcome begin_snapshot(uint64_t checkpoint, SnapshotKind kind, Charge& sync_part) override;
  Async next(uint64_t checkpoint, File& to_upload) override;
  void uploaded(uint64_t checkpoint, const std::string& name, std::string_view object_key) override;
  KeyedStateHandle handle(uint64_t checkpoint) const override;
  // Forgets the older ones too, if they are done: their own notification may have been lost.
  void confirm(uint64_t checkpoint) override;
  void abort(uint64_t checkpoint) override { snapshots_.erase(checkpoint); }

  void visit(KeyGroupRange groups, EntryVisitor& visitor) const override;
  uint64_t cold_ns() const override;
  uint64_t live_bytes() const override;
  uint64_t allocated_bytes() const override { return allocated_; }
  uint64_t entry_count() const;  // timers not counted
  std::optional<uint64_t> entries() const override { return entry_count(); }

 private:
  using Entries = std::map<std::string, std::string, std::less<>>;  // by composite key
  struct State {
    StateDescriptor descriptor;
    std::unique_ptr<ReduceState> reduce;  // reducing
    std::vector<Entries> entries;         // the others: per key group of the range
  };
  enum class Stage : uint8_t { queued, serialising, upload, uploading, uploaded };
  struct Snapshot {
    Stage stage = Stage::queued;
    sim::FileContent content;
    KeyedStateHandle handle;
  };
  class Receiver;

  int prefix_bytes() const { return key_group_prefix_bytes(options_.max_parallelism); }
  std::string composite(Key key, TimeWindow name_space, std::string_view user_key) const;
  Entries& entries_of(StateId state, Key key, StateKind kind);
  ReduceState& reduce_of(StateId state, int32_t group);
  Outcome store(Entries& into, std::string key, std::string_view value, bool append);
  void drop(Entries& from, const std::string& key);
  void charge_access(Charge& charge) const { charge.cpu_ns += options_.costs.access_ns; }
  bool over_limit() const { return live_bytes() > options_.memory_limit; }
  uint64_t new_entries_allowed() const;
  uint64_t reduce_entry_bytes() const {
    return options_.costs.entry_bytes + options_.value_padding;
  }
  std::vector<const State*> states_by_name() const;
  TimeWindow window_of(const State& state, int64_t window_start) const;
  std::string snapshot_bytes(std::vector<uint64_t>& offsets) const;

  Options options_;
  std::vector<State> states_;
  std::map<std::string, TimerQueue, std::less<>> timers_;
  std::map<uint64_t, Snapshot> snapshots_;
  uint64_t reduce_entries_ = 0;
  uint64_t any_bytes_ = 0;  // of value, list and map state, priced
  uint64_t allocated_ = 0;
};

}  // namespace drey::state
