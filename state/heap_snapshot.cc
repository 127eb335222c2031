// The snapshot half of HeapBackend: writing, restoring, visiting.
#include <fmt/core.h>

#include <algorithm>

#include "sim/check.h"
#include "state/heap_backend.h"
#include "state/snapshot_format.h"

namespace drey::state {

namespace {
// What a file needs beside its entries of reducing state: more is allowed, and grows the string.
constexpr uint64_t kHeaderRoom = 1024;
constexpr uint64_t kGroupRoom = 64;
}  // namespace

std::vector<const HeapBackend::State*> HeapBackend::states_by_name() const {
  std::vector<const State*> sorted;
  for (const State& state : states_) sorted.push_back(&state);
  // total order: names of states are unique
  std::sort(sorted.begin(), sorted.end(),
            [](const State* a, const State* b) { return a->descriptor.name < b->descriptor.name; });
  return sorted;
}

void HeapBackend::visit(KeyGroupRange groups, EntryVisitor& visitor) const {
  const auto common = intersect(groups, options_.range);
  if (!common) return;
  const auto states = states_by_name();
  std::map<std::string_view, std::vector<Timer>> timers;
  for (const auto& [name, queue] : timers_) timers[name] = queue.by_group();
  for (int32_t group = common->first; group <= common->last; ++group) {
    for (const State* state : states) {
      const std::string_view name = state->descriptor.name;
      if (state->reduce) {
        state->reduce->table(group).for_sorted([&](const ReduceEntry& entry) {
          std::string value;
          put_accumulator(value, entry.accumulator);
          visitor.on_entry(group, name,
                           composite({entry.key, group}, window_of(*state, entry.window_start), {}),
                           value);
        });
        continue;
      }
      const size_t index = static_cast<size_t>(group - options_.range.first);
      for (const auto& [key, value] : state->entries[index])
        visitor.on_entry(group, name, key, value);
    }
    for (const auto& [name, all] : timers) {
      const auto first = std::partition_point(all.begin(), all.end(),
                                              [&](const Timer& t) { return t.group < group; });
      for (auto at = first; at != all.end() && at->group == group; ++at)
        visitor.on_timer(group, name, timer_entry(*at));
    }
  }
}

std::string HeapBackend::snapshot_bytes(std::vector<uint64_t>& offsets) const {
  const auto states = states_by_name();
  std::vector<StateDescriptor> descriptors;
  for (const State* state : states) descriptors.push_back(state->descriptor);
  std::vector<std::string> services;
  std::vector<std::vector<Timer>> timers;
  for (const auto& [name, queue] : timers_) {
    services.push_back(name);
    timers.push_back(queue.by_group());
  }
  std::vector<size_t> cursor(timers.size(), 0);
  SnapshotWriter writer(prefix_bytes(), descriptors, services);
  const bool windowed = std::any_of(states.begin(), states.end(), [](const State* state) {
    return state->reduce && state->descriptor.window_size > 0;
  });
  writer.reserve(kHeaderRoom + static_cast<uint64_t>(options_.range.count()) * kGroupRoom +
                 reduce_entries_ * writer.reduce_entry_bytes(windowed));
  for (int32_t group = options_.range.first; group <= options_.range.last; ++group) {
    writer.begin_group(group);
    uint32_t number = 0;
    for (const State* state : states) {
      if (state->reduce) {
        const ReduceTable& table = state->reduce->table(group);
        writer.begin_state(number++, table.size());
        writer.reduce_entries(group, table, state->descriptor.window_size);
        continue;
      }
      const Entries& entries = state->entries[static_cast<size_t>(group - options_.range.first)];
      writer.begin_state(number++, entries.size());
      for (const auto& [at, stored] : entries) writer.entry(at, stored);
    }
    for (size_t i = 0; i < timers.size(); ++i) {
      const size_t begin = cursor[i];
      size_t& end = cursor[i];
      while (end < timers[i].size() && timers[i][end].group == group) ++end;
      writer.begin_state(number++, end - begin);
      for (size_t n = begin; n < end; ++n) writer.entry(timer_entry(timers[i][n]), {});
    }
  }
  offsets = writer.offsets();
  return writer.take_bytes();
}

Outcome HeapBackend::begin_snapshot(uint64_t checkpoint, SnapshotKind, Charge& sync_part) {
  Snapshot snapshot;
  snapshot.handle.range = options_.range;
  snapshot.handle.checkpoint = checkpoint;
  snapshot.content =
      padded(snapshot_bytes(snapshot.handle.offsets), options_.value_padding, reduce_entries_);
  HandleFile file;
  file.name = fmt::format("keyed-{}-{}-{}", options_.range.first, options_.range.last, checkpoint);
  file.bytes = snapshot.content.size();
  snapshot.handle.files.push_back(file);
  const bool fresh = snapshots_.try_emplace(checkpoint, std::move(snapshot)).second;
  CHECK(fresh, "a second snapshot for one checkpoint");
  sync_part.cpu_ns += options_.costs.sync_ns_per_entry * entry_count();
  return Outcome::ok;
}

std::optional<KeyedBackend::Job> HeapBackend::take_job() {
  for (auto& [checkpoint, snapshot] : snapshots_) {
    if (snapshot.stage != Stage::queued) continue;
    snapshot.stage = Stage::serialising;
    return Job{Job::Kind::serialise, checkpoint};
  }
  return std::nullopt;
}

Outcome HeapBackend::run_job(Job job, Charge& charge) {
  const auto at = snapshots_.find(job.checkpoint);
  if (at == snapshots_.end()) return Outcome::ok;  // aborted meanwhile
  const uint64_t bytes = at->second.content.size();
  charge.cpu_ns += bytes * options_.costs.write_ps_per_byte / 1000;
  allocated_ += bytes;
  at->second.stage = Stage::upload;
  return Outcome::ok;
}

KeyedBackend::Async HeapBackend::next(uint64_t checkpoint, File& to_upload) {
  const auto at = snapshots_.find(checkpoint);
  if (at == snapshots_.end()) return Async::failed;
  Snapshot& snapshot = at->second;
  switch (snapshot.stage) {
    case Stage::queued:
    case Stage::serialising:
    case Stage::uploading:
      return Async::wait;
    case Stage::upload: {
      snapshot.stage = Stage::uploading;
      to_upload = File{};
      to_upload.name = snapshot.handle.files[0].name;
      to_upload.content = snapshot.content;
      return Async::upload;
    }
    case Stage::uploaded:
      return Async::done;
  }
  return Async::failed;
}

void HeapBackend::uploaded(uint64_t checkpoint, const std::string& name,
                           std::string_view object_key) {
  const auto at = snapshots_.find(checkpoint);
  if (at == snapshots_.end()) return;  // aborted meanwhile
  CHECK(at->second.handle.files[0].name == name, "an upload of a foreign file");
  at->second.handle.files[0].object_key = object_key;
  at->second.stage = Stage::uploaded;
  at->second.content = {};
}

KeyedStateHandle HeapBackend::handle(uint64_t checkpoint) const {
  const auto at = snapshots_.find(checkpoint);
  CHECK(at != snapshots_.end() && at->second.stage == Stage::uploaded, "the snapshot is not done");
  return at->second.handle;
}

// Puts the entries of one snapshot file into the backend.
class HeapBackend::Receiver final : public SnapshotReceiver {
 public:
  explicit Receiver(HeapBackend& backend) : backend_(backend) {}

  bool on_header(const SnapshotHeader& header) override {
    if (header.prefix_bytes != backend_.prefix_bytes()) return false;
    for (const StateDescriptor& descriptor : header.states) {
      const auto id = backend_.register_state(descriptor);
      if (!id) return false;
      states_.push_back(id->index);
    }
    for (const std::string& service : header.services) queues_.push_back(&backend_.timers(service));
    return true;
  }

  bool on_entry(int32_t group, uint32_t number, std::string_view key,
                std::string_view value) override {
    ++entries_;
    if (number >= states_.size())
      return restore_timer(group, *queues_[number - states_.size()], key);
    State& state = backend_.states_[states_[number]];
    if (state.reduce) return on_accumulator(state, group, key, value);
    Entries& entries = state.entries[static_cast<size_t>(group - backend_.options_.range.first)];
    memory_ = backend_.store(entries, std::string(key), value, false);
    return true;
  }

  uint64_t entries() const { return entries_; }
  bool out_of_memory() const { return memory_ == Outcome::out_of_memory; }

 private:
  static bool restore_timer(int32_t group, TimerQueue& queue, std::string_view bytes) {
    const auto timer = parse_timer(group, bytes);
    if (timer) queue.add(*timer);
    return timer.has_value();
  }

  bool on_accumulator(State& state, int32_t group, std::string_view key, std::string_view value) {
    const auto prefix = static_cast<size_t>(backend_.prefix_bytes());
    if (key.size() < prefix + 8 || value.size() != kAccumulatorBytes) return false;
    TimeWindow window;
    if (!read_name_space(key.substr(prefix + 8), window)) return false;
    ByteReader key_in(key.substr(prefix, 8));
    const uint64_t k = key_in.u64();
    ByteReader value_in(value);
    const Accumulator accumulator = read_accumulator(value_in);
    if (accumulator.count == 0) return false;
    ReduceEntry& entry =
        state.reduce->table(group).at(ReduceTable::hash(k, window.start), k, window.start);
    if (entry.accumulator.count == 0) ++backend_.reduce_entries_;
    entry.accumulator = accumulator;
    backend_.allocated_ += backend_.reduce_entry_bytes();
    return true;
  }

  HeapBackend& backend_;
  std::vector<uint32_t> states_;
  std::vector<TimerQueue*> queues_;
  uint64_t entries_ = 0;
  Outcome memory_ = Outcome::ok;
};

Outcome HeapBackend::restore(const std::vector<RestoreSource>& sources, Charge& charge) {
  for (const RestoreSource& source : sources) {
    const auto wanted = intersect(source.handle, options_.range);
    if (!wanted) continue;
    if (wanted->kind != KeyedStateHandle::Kind::key_groups || source.contents.size() != 1)
      return Outcome::corrupt;
    Receiver receiver(*this);
    const auto bytes = without_padding(source.contents[0], options_.value_padding);
    if (!bytes) return Outcome::corrupt;
    const Outcome outcome = read_snapshot(*wanted, *bytes, receiver);
    charge.cpu_ns += source.contents[0].size() * options_.costs.read_ps_per_byte / 1000 +
                     receiver.entries() * options_.costs.restore_ns_per_entry;
    if (outcome != Outcome::ok) return outcome;
    if (receiver.out_of_memory() || over_limit()) return Outcome::out_of_memory;
  }
  return Outcome::ok;
}

}  // namespace drey::state
