#include "state/heap_backend.h"

#include <algorithm>

#include "sim/check.h"

namespace drey::state {

HeapBackend::HeapBackend(const Options& options) : options_(options) {
  CHECK(!range_error(options.range.first, options.range.last), "the backend's key groups");
  CHECK(options.range.last < options.max_parallelism, "key groups beyond the max parallelism");
}

std::optional<StateId> HeapBackend::register_state(const StateDescriptor& descriptor) {
  for (size_t i = 0; i < states_.size(); ++i) {
    if (states_[i].descriptor.name != descriptor.name) continue;
    if (!(states_[i].descriptor == descriptor)) return std::nullopt;
    return StateId{static_cast<uint32_t>(i)};
  }
  State state;
  state.descriptor = descriptor;
  if (descriptor.kind == StateKind::reducing) {
    state.reduce = std::make_unique<ReduceState>(options_.range, descriptor.function);
  } else {
    state.entries.resize(static_cast<size_t>(options_.range.count()));
  }
  states_.push_back(std::move(state));
  return StateId{static_cast<uint32_t>(states_.size() - 1)};
}

std::string HeapBackend::composite(Key key, TimeWindow name_space,
                                   std::string_view user_key) const {
  std::string out;
  put_key_group(out, key.group, prefix_bytes());
  put_u64(out, key.key);
  put_window(out, name_space);
  out.append(user_key);
  return out;
}

ReduceState& HeapBackend::reduce_of(StateId state, int32_t group) {
  CHECK(state.index < states_.size() && states_[state.index].reduce != nullptr,
        "not a reducing state");
  CHECK(options_.range.contains(group), "a key of a foreign key group");
  return *states_[state.index].reduce;
}

HeapBackend::Entries& HeapBackend::entries_of(StateId state, Key key, StateKind kind) {
  CHECK(state.index < states_.size() && states_[state.index].descriptor.kind == kind,
        "access does not fit the kind of the state");
  CHECK(options_.range.contains(key.group), "a key of a foreign key group");
  return states_[state.index].entries[static_cast<size_t>(key.group - options_.range.first)];
}

TimeWindow HeapBackend::window_of(const State& state, int64_t window_start) const {
  if (state.descriptor.window_size == 0) return kNoWindow;
  return {window_start, wrapping_add(window_start, state.descriptor.window_size)};
}

uint64_t HeapBackend::new_entries_allowed() const {
  const uint64_t live = live_bytes();
  if (live >= options_.memory_limit) return 0;
  return (options_.memory_limit - live) / reduce_entry_bytes();
}

void HeapBackend::prefetch(StateId state, std::span<const sim::Record> records,
                           std::span<const uint16_t> groups) const {
  const std::unique_ptr<ReduceState>& tables = states_[state.index].reduce;
  if (tables != nullptr) tables->prefetch(records, groups);
}

Outcome HeapBackend::reduce(StateId state, const RecordBatch& in, std::span<Running> out,
                            Charge& charge) {
  const size_t n = in.records.size();
  CHECK(in.groups.size() == n && (out.empty() || out.size() == n), "columns of unequal length");
  CHECK(in.window_starts.empty() || in.window_starts.size() == n, "columns of unequal length");
  if (n == 0) return Outcome::ok;
  uint16_t lowest = UINT16_MAX;
  uint16_t highest = 0;
  for (const uint16_t group : in.groups) {
    lowest = std::min(lowest, group);
    highest = std::max(highest, group);
  }
  CHECK(options_.range.contains(lowest), "a key of a foreign key group");
  ReduceState& tables = reduce_of(state, highest);
  const auto result =
      tables.reduce(in.records, in.groups, in.window_starts, out, new_entries_allowed());
  charge.cpu_ns += n * options_.costs.reduce_ns;
  reduce_entries_ += result.new_entries;
  allocated_ += result.new_entries * reduce_entry_bytes() +
                n * (options_.costs.update_garbage_bytes + options_.value_padding);
  return result.exhausted ? Outcome::out_of_memory : Outcome::ok;
}

Outcome HeapBackend::read(StateId state, Key key, int64_t window_start,
                          std::optional<Accumulator>& out, Charge& charge) {
  charge_access(charge);
  const ReduceEntry* entry =
      reduce_of(state, key.group)
          .table(key.group)
          .find(ReduceTable::hash(key.key, window_start), key.key, window_start);
  out.reset();
  if (entry != nullptr) out = entry->accumulator;
  return Outcome::ok;
}

Outcome HeapBackend::clear(StateId state, Key key, int64_t window_start, Charge& charge) {
  charge_access(charge);
  ReduceTable& table = reduce_of(state, key.group).table(key.group);
  if (table.erase(ReduceTable::hash(key.key, window_start), key.key, window_start))
    --reduce_entries_;
  return Outcome::ok;
}

Outcome HeapBackend::get(StateId state, Key key, TimeWindow name_space,
                         std::optional<std::string>& out, Charge& charge) {
  charge_access(charge);
  CHECK(state.index < states_.size(), "an unknown state");
  const StateKind kind = states_[state.index].descriptor.kind;
  CHECK(kind == StateKind::value || kind == StateKind::list, "get is for value and list state");
  const Entries& entries = entries_of(state, key, kind);
  const auto found = entries.find(composite(key, name_space, {}));
  out.reset();
  if (found != entries.end()) out = found->second;
  return Outcome::ok;
}

Outcome HeapBackend::store(Entries& into, std::string key, std::string_view value, bool append) {
  const size_t key_size = key.size();
  const auto [at, is_new] = into.try_emplace(std::move(key));
  if (is_new) any_bytes_ += options_.costs.any_entry_bytes + key_size;
  const size_t before = at->second.size();
  if (append) {
    append_list_element(at->second, value);
  } else {
    at->second = value;
  }
  any_bytes_ = any_bytes_ - before + at->second.size();
  allocated_ += options_.costs.update_garbage_bytes + value.size() +
                (is_new ? options_.costs.any_entry_bytes + key_size : 0);
  return over_limit() ? Outcome::out_of_memory : Outcome::ok;
}

void HeapBackend::drop(Entries& from, const std::string& key) {
  const auto at = from.find(key);
  if (at == from.end()) return;
  any_bytes_ -= options_.costs.any_entry_bytes + at->first.size() + at->second.size();
  from.erase(at);
}

Outcome HeapBackend::put(StateId state, Key key, TimeWindow name_space, std::string_view value,
                         Charge& charge) {
  charge_access(charge);
  return store(entries_of(state, key, StateKind::value), composite(key, name_space, {}), value,
               false);
}

Outcome HeapBackend::remove(StateId state, Key key, TimeWindow name_space, Charge& charge) {
  charge_access(charge);
  CHECK(state.index < states_.size(), "an unknown state");
  const StateKind kind = states_[state.index].descriptor.kind;
  CHECK(kind == StateKind::value || kind == StateKind::list, "remove is for value and list state");
  drop(entries_of(state, key, kind), composite(key, name_space, {}));
  return Outcome::ok;
}

Outcome HeapBackend::append(StateId state, Key key, TimeWindow name_space, std::string_view element,
                            Charge& charge) {
  charge_access(charge);
  return store(entries_of(state, key, StateKind::list), composite(key, name_space, {}), element,
               true);
}

Outcome HeapBackend::map_get(StateId state, Key key, TimeWindow name_space,
                             std::string_view user_key, std::optional<std::string>& out,
                             Charge& charge) {
  charge_access(charge);
  const Entries& entries = entries_of(state, key, StateKind::map);
  const auto found = entries.find(composite(key, name_space, user_key));
  out.reset();
  if (found != entries.end()) out = found->second;
  return Outcome::ok;
}

Outcome HeapBackend::map_put(StateId state, Key key, TimeWindow name_space,
                             std::string_view user_key, std::string_view value, Charge& charge) {
  charge_access(charge);
  return store(entries_of(state, key, StateKind::map), composite(key, name_space, user_key), value,
               false);
}

Outcome HeapBackend::map_remove(StateId state, Key key, TimeWindow name_space,
                                std::string_view user_key, Charge& charge) {
  charge_access(charge);
  drop(entries_of(state, key, StateKind::map), composite(key, name_space, user_key));
  return Outcome::ok;
}

Outcome HeapBackend::map_entries(StateId state, Key key, TimeWindow name_space,
                                 std::vector<std::pair<std::string, std::string>>& out,
                                 Charge& charge) {
  const Entries& entries = entries_of(state, key, StateKind::map);
  const std::string prefix = composite(key, name_space, {});
  out.clear();
  for (auto at = entries.lower_bound(prefix); at != entries.end(); ++at) {
    if (at->first.compare(0, prefix.size(), prefix) != 0) break;
    out.emplace_back(at->first.substr(prefix.size()), at->second);
  }
  charge.cpu_ns += options_.costs.access_ns * (1 + out.size());
  return Outcome::ok;
}

TimerQueue& HeapBackend::timers(std::string_view service) {
  const auto found = timers_.find(service);
  if (found != timers_.end()) return found->second;
  return timers_.try_emplace(std::string(service)).first->second;
}

void HeapBackend::confirm(uint64_t checkpoint) {
  for (auto at = snapshots_.begin(); at != snapshots_.end() && at->first <= checkpoint;) {
    const bool finished = at->first == checkpoint || at->second.stage == Stage::uploaded;
    at = finished ? snapshots_.erase(at) : std::next(at);
  }
}

uint64_t HeapBackend::cold_ns() const {
  __extension__ using Wide = unsigned __int128;
  const uint64_t live = live_bytes();
  const HeapCosts& costs = options_.costs;
  if (live <= costs.cached_bytes) return 0;
  return static_cast<uint64_t>(Wide{costs.cold_ns} * (live - costs.cached_bytes) / live);
}

uint64_t HeapBackend::live_bytes() const {
  uint64_t timers = 0;
  for (const auto& [name, queue] : timers_) timers += queue.stored();
  return reduce_entries_ * reduce_entry_bytes() + any_bytes_ + timers * options_.costs.timer_bytes;
}

uint64_t HeapBackend::entry_count() const {
  uint64_t total = 0;
  for (const State& state : states_) {
    if (state.reduce) total += state.reduce->size();
    for (const Entries& entries : state.entries) total += entries.size();
  }
  return total;
}

}  // namespace drey::state
