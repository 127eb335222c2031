#include "state/rocksdb_backend.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "sim/check.h"

namespace drey::state {

namespace rdb = rocksdb;
using Activity = SimFileSystem::Activity;

namespace {

void store_u64(char* at, uint64_t v) {
  if constexpr (std::endian::native == std::endian::little) v = __builtin_bswap64(v);
  std::memcpy(at, &v, sizeof v);
}

uint64_t load_u64(const char* at) {
  uint64_t v = 0;
  std::memcpy(&v, at, sizeof v);
  return std::endian::native == std::endian::little ? __builtin_bswap64(v) : v;
}

void store_accumulator(char* at, const Accumulator& a) {
  store_u64(at, static_cast<uint64_t>(a.value));
  store_u64(at + 8, a.count);
  store_u64(at + 16, a.provenance_sum);
  store_u64(at + 24, a.hash_sum);
}

Accumulator load_accumulator(const char* at) {
  return {static_cast<int64_t>(load_u64(at)), load_u64(at + 8), load_u64(at + 16),
          load_u64(at + 24)};
}

std::string_view view_of(const rdb::Slice& slice) { return {slice.data(), slice.size()}; }

}  // namespace

RocksDbBackend::RocksDbBackend(const Options& options) : options_(options) {
  CHECK(!range_error(options.range.first, options.range.last), "the backend's key groups");
  CHECK(options.range.last < options.max_parallelism, "key groups beyond the max parallelism");
  RocksDbEngine::Place place = options.place;
  place.directory += "/db";
  engine_ = std::make_unique<RocksDbEngine>(options.engine, std::move(place), options.memory);
}

RocksDbBackend::~RocksDbBackend() {
  if (engine_ == nullptr) return;
  value_.Reset();
  for (auto& [checkpoint, snapshot] : snapshots_) {
    if (snapshot.view != nullptr) engine_->release_snapshot(snapshot.view);
  }
  engine_->kill();
}

void RocksDbBackend::dispose(Charge& charge) {
  value_.Reset();
  while (!snapshots_.empty()) end_snapshot(snapshots_.begin()->first);
  engine_->close_and_remove(charge);
  engine_ = nullptr;
}

std::optional<StateId> RocksDbBackend::register_state(const StateDescriptor& descriptor) {
  for (size_t i = 0; i < states_.size(); ++i) {
    if (states_[i].descriptor.name != descriptor.name) continue;
    if (!(states_[i].descriptor == descriptor)) return std::nullopt;
    return StateId{static_cast<uint32_t>(i)};
  }
  State state;
  state.descriptor = descriptor;
  const Outcome outcome = engine_->family(descriptor.name, state.family, unbilled_);
  if (outcome != Outcome::ok) failed_ = outcome;  // every later access says so
  states_.push_back(state);
  return StateId{static_cast<uint32_t>(states_.size() - 1)};
}

TimerQueue& RocksDbBackend::timers(std::string_view service) {
  const auto found = timers_.find(service);
  if (found != timers_.end()) return found->second;
  return timers_.try_emplace(std::string(service)).first->second;
}

RocksDbBackend::KeyBytes RocksDbBackend::key_bytes(int32_t group, uint64_t key,
                                                   TimeWindow window) const {
  KeyBytes k;
  k.from = prefix_bytes() == 2 ? 0 : 1;
  k.bytes[0] = static_cast<char>(group >> 8);
  k.bytes[1] = static_cast<char>(group);
  store_u64(k.bytes + 2, key);
  if (window == kNoWindow) {
    k.bytes[10] = 0;
    k.size = static_cast<uint8_t>(11 - k.from);
  } else {
    store_u64(k.bytes + 10, static_cast<uint64_t>(window.start));
    store_u64(k.bytes + 18, static_cast<uint64_t>(window.end));
    k.size = static_cast<uint8_t>(26 - k.from);
  }
  return k;
}

std::string RocksDbBackend::map_key(Key key, TimeWindow window, std::string_view user_key) const {
  std::string bytes(view_of(key_bytes(key.group, key.key, window).slice()));
  bytes.append(user_key);
  return bytes;
}

std::string RocksDbBackend::group_prefix(int32_t group) const {
  std::string prefix;
  put_key_group(prefix, group, prefix_bytes());
  return prefix;
}

const RocksDbBackend::State& RocksDbBackend::state_of(StateId state, Key key, StateKind kind,
                                                      StateKind or_kind) const {
  CHECK(state.index < states_.size(), "an unknown state");
  const State& s = states_[state.index];
  CHECK(s.descriptor.kind == kind || s.descriptor.kind == or_kind,
        "access does not fit the kind of the state");
  CHECK(options_.range.contains(key.group), "a key of a foreign key group");
  return s;
}

TimeWindow RocksDbBackend::window_of(const State& state, int64_t window_start) const {
  if (state.descriptor.window_size == 0) return kNoWindow;
  return {window_start, wrapping_add(window_start, state.descriptor.window_size)};
}

void RocksDbBackend::end_call(Charge& charge, uint64_t cpu_ns) {
  engine_->charge_to(charge, cpu_ns);
  charge.add(unbilled_);
  unbilled_ = Charge{};
  allocated_ += options_.engine.costs.call_garbage_bytes;
}

Outcome RocksDbBackend::read_accumulator_at(const State& state, const KeyBytes& key,
                                            Accumulator& out) {
  bool found = false;
  out = Accumulator{};
  const Outcome outcome = engine_->get(state.family, key.slice(), value_, found);
  if (outcome != Outcome::ok || !found) return outcome;
  const bool fits = value_.size() == value_bytes();
  if (fits) out = load_accumulator(value_.data());
  value_.Reset();  // gives the cache block back at a time that only the records decide
  return fits ? Outcome::ok : Outcome::corrupt;
}

void RocksDbBackend::pad(uint64_t key, char* at) const {
  constexpr uint64_t kStep = 6364136223846793005u;  // Knuth's linear congruential generator
  uint64_t word = sim::mix(key, kStep);
  for (uint64_t left = options_.value_padding; left > 0;) {
    word = word * kStep + 1442695040888963407u;
    const uint64_t part = std::min<uint64_t>(left, sizeof word);
    std::memcpy(at, &word, part);
    at += part;
    left -= part;
  }
}

void RocksDbBackend::count_new_entry(const KeyBytes& key) {
  if (!contents_.has_value()) return;
  ++contents_->entries;
  contents_->bytes += key.size + kAccumulatorBytes;
}

Outcome RocksDbBackend::write_pending() {
  if (pending_.Count() == 0) return Outcome::ok;
  ++batch_;
  const Outcome outcome = engine_->write(pending_);
  pending_.Clear();
  return outcome;
}

Outcome RocksDbBackend::reduce(StateId id, const RecordBatch& in, std::span<Running> out,
                               Charge& charge) {
  const size_t n = in.records.size();
  CHECK(in.groups.size() == n && (out.empty() || out.size() == n), "columns of unequal length");
  CHECK(in.window_starts.empty() || in.window_starts.size() == n, "columns of unequal length");
  CHECK(id.index < states_.size() && states_[id.index].descriptor.kind == StateKind::reducing,
        "not a reducing state");
  if (failed_ != Outcome::ok) return failed_;
  const State& state = states_[id.index];
  const ReduceFunction function = state.descriptor.function;
  const bool windowed = state.descriptor.window_size != 0;
  CHECK(!windowed || in.window_starts.size() == n, "window state needs windows");
  rdb::ColumnFamilyHandle* family = engine_->handle(state.family);
  const RocksDbEngine::Visit visit(*engine_, Activity::foreground);
  recent_.grow_if_useful();
  Outcome outcome = Outcome::ok;
  stored_.resize(value_bytes());
  char* const value = stored_.data();
  for (size_t i = 0; i < n && outcome == Outcome::ok; ++i) {
    const sim::Record& record = in.records[i];
    const int32_t group = in.groups[i];
    const int64_t window_start = windowed ? in.window_starts[i] : 0;
    CHECK(options_.range.contains(group), "a key of a foreign key group");
    const KeyBytes key = key_bytes(group, record.key, window_of(state, window_start));
    const uint32_t generation = engine_->generation(state.family);
    RecentValues::Slot& slot = recent_.slot(record.key, window_start, id.index, generation);
    if (!slot.is(record.key, window_start, id.index) || slot.generation != generation) {
      if (slot.batch == batch_) outcome = write_pending();
      if (outcome == Outcome::ok) outcome = read_accumulator_at(state, key, slot.value);
      if (outcome != Outcome::ok) break;
      if (slot.value.count == 0) count_new_entry(key);
      slot.key = record.key;
      slot.window_start = window_start;
      slot.state = id.index;
      slot.generation = generation;
    }
    fold_record(function, slot.value, record);
    slot.batch = batch_;
    store_accumulator(value, slot.value);
    if (options_.value_padding > 0) pad(record.key, value + kAccumulatorBytes);
    (void)pending_.Put(family, key.slice(), rdb::Slice(value, stored_.size()));
    if (!out.empty()) out[i] = {slot.value.value, slot.value.count};
    if (engine_->count_bytes(state.family, key.size + stored_.size())) [[unlikely]] {
      outcome = write_pending();
      if (outcome == Outcome::ok) outcome = engine_->switch_memtable(state.family);
    }
  }
  if (outcome == Outcome::ok) outcome = write_pending();
  if (outcome != Outcome::ok) failed_ = outcome;
  end_call(charge, n * (options_.engine.costs.get_ns + options_.engine.costs.put_ns));
  allocated_ += n * options_.engine.costs.call_garbage_bytes;
  return outcome;
}

Outcome RocksDbBackend::read(StateId id, Key key, int64_t window_start,
                             std::optional<Accumulator>& out, Charge& charge) {
  const State& state = state_of(id, key, StateKind::reducing, StateKind::reducing);
  out.reset();
  if (failed_ != Outcome::ok) return failed_;
  const RocksDbEngine::Visit visit(*engine_, Activity::foreground);
  Accumulator found;
  const Outcome outcome = read_accumulator_at(
      state, key_bytes(key.group, key.key, window_of(state, window_start)), found);
  if (outcome == Outcome::ok && found.count > 0) out = found;
  end_call(charge, options_.engine.costs.get_ns);
  return outcome;
}

Outcome RocksDbBackend::clear(StateId id, Key key, int64_t window_start, Charge& charge) {
  const State& state = state_of(id, key, StateKind::reducing, StateKind::reducing);
  contents_.reset();
  if (failed_ != Outcome::ok) return failed_;
  const RocksDbEngine::Visit visit(*engine_, Activity::foreground);
  recent_.forget(key.key, state.descriptor.window_size == 0 ? 0 : window_start, id.index);
  const Outcome outcome = engine_->remove(
      state.family, key_bytes(key.group, key.key, window_of(state, window_start)).slice());
  end_call(charge, options_.engine.costs.put_ns);
  return outcome;
}

Outcome RocksDbBackend::get_bytes(const State& state, const rdb::Slice& key,
                                  std::optional<std::string>& out) {
  out.reset();
  bool found = false;
  const Outcome outcome = engine_->get(state.family, key, value_, found);
  if (outcome == Outcome::ok && found) out.emplace(value_.data(), value_.size());
  return outcome;
}

Outcome RocksDbBackend::get(StateId id, Key key, TimeWindow name_space,
                            std::optional<std::string>& out, Charge& charge) {
  const State& state = state_of(id, key, StateKind::value, StateKind::list);
  if (failed_ != Outcome::ok) return failed_;
  const RocksDbEngine::Visit visit(*engine_, Activity::foreground);
  const Outcome outcome = get_bytes(state, key_bytes(key.group, key.key, name_space).slice(), out);
  end_call(charge, options_.engine.costs.get_ns);
  return outcome;
}

Outcome RocksDbBackend::put(StateId id, Key key, TimeWindow name_space, std::string_view value,
                            Charge& charge) {
  const State& state = state_of(id, key, StateKind::value, StateKind::value);
  contents_.reset();
  if (failed_ != Outcome::ok) return failed_;
  const RocksDbEngine::Visit visit(*engine_, Activity::foreground);
  const Outcome outcome =
      engine_->put(state.family, key_bytes(key.group, key.key, name_space).slice(),
                   rdb::Slice(value.data(), value.size()));
  end_call(charge, options_.engine.costs.put_ns);
  return outcome;
}

Outcome RocksDbBackend::remove(StateId id, Key key, TimeWindow name_space, Charge& charge) {
  const State& state = state_of(id, key, StateKind::value, StateKind::list);
  contents_.reset();
  if (failed_ != Outcome::ok) return failed_;
  const RocksDbEngine::Visit visit(*engine_, Activity::foreground);
  const Outcome outcome =
      engine_->remove(state.family, key_bytes(key.group, key.key, name_space).slice());
  end_call(charge, options_.engine.costs.put_ns);
  return outcome;
}

Outcome RocksDbBackend::append(StateId id, Key key, TimeWindow name_space, std::string_view element,
                               Charge& charge) {
  const State& state = state_of(id, key, StateKind::list, StateKind::list);
  contents_.reset();
  if (failed_ != Outcome::ok) return failed_;
  const RocksDbEngine::Visit visit(*engine_, Activity::foreground);
  const Outcome outcome =
      engine_->merge(state.family, key_bytes(key.group, key.key, name_space).slice(),
                     rdb::Slice(element.data(), element.size()));
  end_call(charge, options_.engine.costs.put_ns);
  return outcome;
}

Outcome RocksDbBackend::map_get(StateId id, Key key, TimeWindow name_space,
                                std::string_view user_key, std::optional<std::string>& out,
                                Charge& charge) {
  const State& state = state_of(id, key, StateKind::map, StateKind::map);
  if (failed_ != Outcome::ok) return failed_;
  const RocksDbEngine::Visit visit(*engine_, Activity::foreground);
  const Outcome outcome = get_bytes(state, map_key(key, name_space, user_key), out);
  end_call(charge, options_.engine.costs.get_ns);
  return outcome;
}

Outcome RocksDbBackend::map_put(StateId id, Key key, TimeWindow name_space,
                                std::string_view user_key, std::string_view value, Charge& charge) {
  const State& state = state_of(id, key, StateKind::map, StateKind::map);
  contents_.reset();
  if (failed_ != Outcome::ok) return failed_;
  const RocksDbEngine::Visit visit(*engine_, Activity::foreground);
  const Outcome outcome = engine_->put(state.family, map_key(key, name_space, user_key),
                                       rdb::Slice(value.data(), value.size()));
  end_call(charge, options_.engine.costs.put_ns);
  return outcome;
}

Outcome RocksDbBackend::map_remove(StateId id, Key key, TimeWindow name_space,
                                   std::string_view user_key, Charge& charge) {
  const State& state = state_of(id, key, StateKind::map, StateKind::map);
  contents_.reset();
  if (failed_ != Outcome::ok) return failed_;
  const RocksDbEngine::Visit visit(*engine_, Activity::foreground);
  const Outcome outcome = engine_->remove(state.family, map_key(key, name_space, user_key));
  end_call(charge, options_.engine.costs.put_ns);
  return outcome;
}

Outcome RocksDbBackend::map_entries(StateId id, Key key, TimeWindow name_space,
                                    std::vector<std::pair<std::string, std::string>>& out,
                                    Charge& charge) {
  const State& state = state_of(id, key, StateKind::map, StateKind::map);
  out.clear();
  if (failed_ != Outcome::ok) return failed_;
  const RocksDbEngine::Visit visit(*engine_, Activity::foreground);
  const std::string prefix = map_key(key, name_space, {});
  const auto it = engine_->iterate(state.family, rdb::ReadOptions());
  for (it->Seek(prefix); it->Valid() && it->key().starts_with(prefix); it->Next()) {
    out.emplace_back(view_of(it->key()).substr(prefix.size()), view_of(it->value()));
  }
  const Outcome outcome = engine_->outcome(it->status());
  end_call(charge, options_.engine.costs.get_ns + out.size() * options_.engine.costs.next_ns);
  return outcome;
}

uint64_t RocksDbBackend::live_bytes() const {
  uint64_t timers = 0;
  for (const auto& [name, queue] : timers_) timers += queue.stored();
  return timers * options_.engine.costs.timer_bytes;  // all else is native memory
}

BackendCounters RocksDbBackend::counters() const {
  const RocksDbEngine::Counters& engine = engine_->counters();
  BackendCounters c;
  c.flushes = engine.flushes;
  c.compactions = engine.compactions;
  c.stalls = engine.stalls;
  c.cache_misses = engine_->files().foreground_reads();
  c.checkpoint_table_bytes = checkpoint_table_bytes_;
  c.reused_table_bytes = reused_table_bytes_;
  c.io_operations = engine_->files().operations();
  c.io_digest = engine_->files().operations_digest();
  return c;
}

}  // namespace drey::state
