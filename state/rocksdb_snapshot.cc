// The snapshot half of RocksDbBackend: canonical and native snapshots, the bases of increments,
// visiting.
#include <fmt/core.h>

#include <algorithm>

#include "sim/check.h"
#include "state/rocksdb_backend.h"

namespace drey::state {

namespace rdb = rocksdb;
using Activity = SimFileSystem::Activity;

namespace {

constexpr uint64_t kTimerNs = 30;  // copying one in the sync part

bool is_table(std::string_view name) {
  return name.size() > 4 && name.substr(name.size() - 4) == ".sst";
}

std::string_view view_of(const rdb::Slice& slice) { return {slice.data(), slice.size()}; }

// The timers of one group, of a list sorted by group.
std::vector<Timer> timers_of(const std::vector<Timer>& all, int32_t group) {
  const auto first =
      std::partition_point(all.begin(), all.end(), [&](const Timer& t) { return t.group < group; });
  const auto last =
      std::partition_point(first, all.end(), [&](const Timer& t) { return t.group == group; });
  return {first, last};
}

void write_timers(SnapshotWriter& writer, uint32_t number,
                  const std::map<std::string, std::vector<Timer>>& timers, int32_t group) {
  for (const auto& [service, all] : timers) {
    const std::vector<Timer> mine = timers_of(all, group);
    writer.begin_state(number++, mine.size());
    for (const Timer& timer : mine) writer.entry(timer_entry(timer), {});
  }
}

std::vector<std::string> names_of(const std::map<std::string, std::vector<Timer>>& timers) {
  std::vector<std::string> names;
  for (const auto& [name, all] : timers) names.push_back(name);
  return names;
}

}  // namespace

std::vector<const RocksDbBackend::State*> RocksDbBackend::states_by_name() const {
  std::vector<const State*> sorted;
  for (const State& state : states_) sorted.push_back(&state);
  // total order: names of states are unique
  std::sort(sorted.begin(), sorted.end(),
            [](const State* a, const State* b) { return a->descriptor.name < b->descriptor.name; });
  return sorted;
}

std::map<std::string, std::vector<Timer>> RocksDbBackend::timers_by_group() const {
  std::map<std::string, std::vector<Timer>> timers;
  for (const auto& [name, queue] : timers_) timers[name] = queue.by_group();
  return timers;
}

template <class OnEntry>
bool RocksDbBackend::for_entries(const State& state, KeyGroupRange groups,
                                 const rdb::Snapshot* view, bool fill_cache,
                                 OnEntry&& on_entry) const {
  const std::string first = group_prefix(groups.first);
  const std::string end = group_prefix(groups.last + 1);
  const rdb::Slice bound(end);
  rdb::ReadOptions options;
  options.snapshot = view;
  options.fill_cache = fill_cache;
  options.iterate_upper_bound = &bound;
  const auto it = engine_->iterate(state.family, options);
  for (it->Seek(first); it->Valid(); it->Next()) on_entry(view_of(it->key()), view_of(it->value()));
  return it->status().ok();
}

std::string_view RocksDbBackend::bare(const State& state, std::string_view value) const {
  return state.descriptor.kind == StateKind::reducing ? value.substr(0, kAccumulatorBytes) : value;
}

void RocksDbBackend::visit(KeyGroupRange groups, EntryVisitor& visitor) const {
  const auto common = intersect(groups, options_.range);
  if (!common) return;
  const RocksDbEngine::Visit visit(*engine_, Activity::observer);
  const auto timers = timers_by_group();
  const auto states = states_by_name();
  for (int32_t group = common->first; group <= common->last; ++group) {
    for (const State* state : states) {
      for_entries(*state, {group, group}, nullptr, false,
                  [&](std::string_view key, std::string_view value) {
                    visitor.on_entry(group, state->descriptor.name, key, bare(*state, value));
                  });
    }
    for (const auto& [service, all] : timers) {
      for (const Timer& timer : timers_of(all, group))
        visitor.on_timer(group, service, timer_entry(timer));
    }
  }
}

Outcome RocksDbBackend::begin_snapshot(uint64_t checkpoint, SnapshotKind kind, Charge& sync_part) {
  if (failed_ != Outcome::ok) return failed_;
  CHECK(snapshots_.find(checkpoint) == snapshots_.end(), "a second snapshot for one checkpoint");
  Snapshot snapshot;
  snapshot.handle.range = options_.range;
  snapshot.handle.checkpoint = checkpoint;
  sync_part.add(unbilled_);
  unbilled_ = Charge{};
  Outcome outcome = Outcome::ok;
  if (options_.incremental && kind != SnapshotKind::savepoint) {
    outcome = begin_native(checkpoint, kind, snapshot, sync_part);
  } else {
    snapshot.stage = Stage::queued;
    snapshot.timers = timers_by_group();
    for (const State* state : states_by_name()) snapshot.states.push_back(state->descriptor);
    for (const auto& [service, all] : snapshot.timers) sync_part.cpu_ns += all.size() * kTimerNs;
    const RocksDbEngine::Visit visit(*engine_, Activity::foreground);
    snapshot.view = engine_->take_snapshot();
    sync_part.cpu_ns += options_.engine.costs.view_ns;
  }
  if (outcome != Outcome::ok) {
    failed_ = outcome;
    return outcome;
  }
  snapshots_.emplace(checkpoint, std::move(snapshot));
  return Outcome::ok;
}

RocksDbBackend::UploadedFiles RocksDbBackend::base_files() const {
  const auto confirmed = uploaded_.find(confirmed_);
  if (confirmed == uploaded_.end()) return {};
  UploadedFiles base = confirmed->second;
  // A file that a later, not confirmed checkpoint uploaded anew: the registry may already have
  // dropped the older object.
  for (auto later = std::next(confirmed); later != uploaded_.end(); ++later) {
    for (const auto& [name, file] : later->second) {
      const auto old = base.find(name);
      if (old != base.end() && old->second.object_key != file.object_key) base.erase(old);
    }
  }
  return base;
}

Outcome RocksDbBackend::begin_native(uint64_t checkpoint, SnapshotKind kind, Snapshot& snapshot,
                                     Charge& sync_part) {
  snapshot.handle.kind = KeyedStateHandle::Kind::incremental;
  snapshot.base = kind != SnapshotKind::native_savepoint;
  snapshot.directory = fmt::format("{}/chk-{}", options_.place.directory, checkpoint);
  const Outcome outcome = engine_->checkpoint(snapshot.directory, sync_part);
  if (outcome != Outcome::ok) return outcome;
  const UploadedFiles base = kind == SnapshotKind::incremental ? base_files() : UploadedFiles{};
  const auto add = [&](std::string name, sim::FileContent content) {
    HandleFile file;
    file.bytes = content.size();
    file.shared = is_table(name);
    file.name = std::move(name);
    if (file.shared) checkpoint_table_bytes_ += file.bytes;
    const auto known = base.find(file.name);
    if (file.shared && known != base.end()) {
      file.placeholder = true;
      file.object_key = known->second.object_key;
      reused_table_bytes_ += file.bytes;
      content = {};
    }
    snapshot.handle.files.push_back(std::move(file));
    snapshot.contents.push_back(std::move(content));
  };
  sim::Disk& disk = *options_.place.disk;
  for (std::string& name : disk.list(snapshot.directory)) {
    const sim::DiskFile file = disk.open(snapshot.directory + "/" + name);
    CHECK(file != nullptr, "a checkpoint directory holds files");
    add(std::move(name), file->content);
  }
  add("meta", sim::FileContent::adopt(meta_bytes()));
  return Outcome::ok;
}

// Descriptors and timers, and at the end the offset of each group's block.
std::string RocksDbBackend::meta_bytes() const {
  std::vector<StateDescriptor> descriptors;
  for (const State* state : states_by_name()) descriptors.push_back(state->descriptor);
  const auto timers = timers_by_group();
  SnapshotWriter writer(prefix_bytes(), descriptors, names_of(timers));
  for (int32_t group = options_.range.first; group <= options_.range.last; ++group) {
    writer.begin_group(group);
    uint32_t number = 0;
    for (size_t i = 0; i < descriptors.size(); ++i) writer.begin_state(number++, 0);
    write_timers(writer, number, timers, group);
  }
  const std::vector<uint64_t> offsets = writer.offsets();
  std::string bytes = writer.take_bytes();
  for (const uint64_t offset : offsets) put_u64(bytes, offset);
  return bytes;
}

Outcome RocksDbBackend::serialise(Snapshot& snapshot, Charge& charge) {
  const RocksDbEngine::Visit visit(*engine_, Activity::job);
  std::vector<const State*> states;
  for (const StateDescriptor& descriptor : snapshot.states) {
    const auto it = std::find_if(states_.begin(), states_.end(), [&](const State& s) {
      return s.descriptor.name == descriptor.name;
    });
    states.push_back(&*it);
  }
  SnapshotWriter writer(prefix_bytes(), snapshot.states, names_of(snapshot.timers));
  uint64_t entries = 0;
  uint64_t reducing = 0;
  bool ok = true;
  std::vector<std::pair<std::string, std::string>> section;
  for (int32_t group = options_.range.first; group <= options_.range.last; ++group) {
    writer.begin_group(group);
    uint32_t number = 0;
    for (const State* state : states) {
      section.clear();
      ok = for_entries(*state, {group, group}, snapshot.view, true,
                       [&](std::string_view key, std::string_view value) {
                         section.emplace_back(key, bare(*state, value));
                         if (state->descriptor.kind == StateKind::reducing) ++reducing;
                       }) &&
           ok;
      writer.begin_state(number++, section.size());
      for (const auto& [key, value] : section) writer.entry(key, value);
      entries += section.size();
    }
    write_timers(writer, number, snapshot.timers, group);
  }
  engine_->release_snapshot(snapshot.view);
  snapshot.view = nullptr;
  snapshot.handle.offsets = writer.offsets();
  HandleFile file;
  file.name = fmt::format("keyed-{}-{}-{}", options_.range.first, options_.range.last,
                          snapshot.handle.checkpoint);
  snapshot.contents.push_back(padded(writer.take_bytes(), options_.value_padding, reducing));
  file.bytes = snapshot.contents.back().size();
  snapshot.handle.files.push_back(std::move(file));
  snapshot.timers.clear();
  const RocksDbCosts& costs = options_.engine.costs;
  engine_->charge_to(charge,
                     costs.full_snapshot_ns + entries * costs.next_ns +
                         snapshot.contents.back().size() * costs.serialise_ps_per_byte / 1000);
  snapshot.stage = ok ? Stage::upload : Stage::failed;
  return ok ? Outcome::ok : Outcome::io_error;
}

std::optional<KeyedBackend::Job> RocksDbBackend::take_job() {
  for (auto& [checkpoint, snapshot] : snapshots_) {
    if (snapshot.stage != Stage::queued) continue;
    snapshot.stage = Stage::serialising;
    return Job{Job::Kind::serialise, checkpoint};
  }
  const auto kind = engine_->take_job();
  if (!kind) return std::nullopt;
  return Job{*kind, 0};
}

Outcome RocksDbBackend::run_job(Job job, Charge& charge) {
  if (job.kind == Job::Kind::serialise) {
    const auto at = snapshots_.find(job.checkpoint);
    // The failure of a snapshot is the snapshot's; next() tells.
    if (at != snapshots_.end()) (void)serialise(at->second, charge);
    return Outcome::ok;
  }
  const Outcome outcome = engine_->run_job(job.kind, charge);
  if (outcome != Outcome::ok) failed_ = outcome;
  return outcome;
}

KeyedBackend::Async RocksDbBackend::next(uint64_t checkpoint, File& to_upload) {
  const auto at = snapshots_.find(checkpoint);
  if (at == snapshots_.end()) return Async::failed;
  Snapshot& snapshot = at->second;
  if (snapshot.stage == Stage::failed) return Async::failed;
  if (snapshot.stage != Stage::upload) return Async::wait;
  while (snapshot.given_out < snapshot.handle.files.size()) {
    const size_t i = snapshot.given_out++;
    const HandleFile& file = snapshot.handle.files[i];
    if (!file.object_key.empty()) continue;
    to_upload = File{};
    to_upload.name = file.name;
    to_upload.shared = file.shared;
    to_upload.content = snapshot.contents[i];
    to_upload.copying = upload_time(snapshot.handle.kind, file.bytes);
    return Async::upload;
  }
  return complete(snapshot) ? Async::done : Async::wait;
}

bool RocksDbBackend::complete(const Snapshot& snapshot) {
  const auto& files = snapshot.handle.files;
  return snapshot.stage == Stage::upload &&
         std::none_of(files.begin(), files.end(),
                      [](const HandleFile& file) { return file.object_key.empty(); });
}

void RocksDbBackend::uploaded(uint64_t checkpoint, const std::string& name,
                              std::string_view object_key) {
  const auto at = snapshots_.find(checkpoint);
  if (at == snapshots_.end()) return;  // aborted meanwhile
  Snapshot& snapshot = at->second;
  CHECK(!object_key.empty(), "an object has a key");
  bool known = false;
  for (size_t i = 0; i < snapshot.handle.files.size(); ++i) {
    HandleFile& file = snapshot.handle.files[i];
    if (file.name == name) {
      CHECK(!file.placeholder, "a placeholder is not uploaded");
      known = true;
      file.object_key = object_key;
      snapshot.contents[i] = {};
    }
  }
  CHECK(known, "an upload of a foreign file");
  if (!complete(snapshot) || snapshot.directory.empty()) return;
  engine_->remove_directory(snapshot.directory);  // by the uploading thread: no record waits
  snapshot.directory.clear();
  if (!snapshot.base) return;
  UploadedFiles& files = uploaded_[checkpoint];
  for (const HandleFile& file : snapshot.handle.files) {
    if (file.shared) files[file.name] = {file.object_key, file.bytes};
  }
}

KeyedStateHandle RocksDbBackend::handle(uint64_t checkpoint) const {
  const auto at = snapshots_.find(checkpoint);
  CHECK(at != snapshots_.end() && at->second.stage == Stage::upload, "the snapshot is not done");
  for (const HandleFile& file : at->second.handle.files)
    CHECK(!file.object_key.empty(), "a file is not uploaded yet");
  return at->second.handle;
}

void RocksDbBackend::end_snapshot(uint64_t checkpoint) {
  const auto at = snapshots_.find(checkpoint);
  if (at == snapshots_.end()) return;
  if (at->second.view != nullptr) {
    const RocksDbEngine::Visit visit(*engine_, Activity::foreground);
    engine_->release_snapshot(at->second.view);
  }
  if (!at->second.directory.empty()) {
    engine_->remove_directory(at->second.directory);
  }
  snapshots_.erase(at);
}

void RocksDbBackend::confirm(uint64_t checkpoint) {
  // Only a known and newer one becomes the base: notifications may be late, or of a snapshot that
  // was aborted here.
  if (checkpoint > confirmed_ && uploaded_.find(checkpoint) != uploaded_.end()) {
    confirmed_ = checkpoint;
    uploaded_.erase(uploaded_.begin(), uploaded_.find(checkpoint));
  }
  end_snapshot(checkpoint);
  // Older ones that were handed over and never heard of again (a lost notification).
  for (auto at = snapshots_.begin(); at != snapshots_.end() && at->first < checkpoint;) {
    const auto older = at++;
    if (complete(older->second)) end_snapshot(older->first);
  }
}

void RocksDbBackend::abort(uint64_t checkpoint) {
  if (checkpoint != confirmed_) uploaded_.erase(checkpoint);
  end_snapshot(checkpoint);
}

}  // namespace drey::state
