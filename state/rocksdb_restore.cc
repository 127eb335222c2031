// The restore half of RocksDbBackend: canonical files, native files of the same range, and
// rescaling.
#include <fmt/core.h>

#include <algorithm>

#include "sim/check.h"
#include "state/rocksdb_backend.h"

namespace drey::state {

namespace rdb = rocksdb;
using Activity = SimFileSystem::Activity;

namespace {

constexpr std::string_view kMeta = "meta";

int32_t overlap(KeyGroupRange a, KeyGroupRange b) {
  const auto common = intersect(a, b);
  return common ? common->count() : 0;
}

Outcome import_files(RocksDbEngine& engine, const RestoreSource& source, Charge& charge) {
  for (size_t i = 0; i < source.handle.files.size(); ++i) {
    if (source.handle.files[i].name == kMeta) continue;
    const Outcome outcome =
        engine.import_file(source.handle.files[i].name, source.contents[i], charge);
    if (outcome != Outcome::ok) return outcome;
  }
  return Outcome::ok;
}

}  // namespace

// Puts the entries of a canonical file, or the timers of `meta`, into the backend.
class RocksDbBackend::Receiver final : public SnapshotReceiver {
 public:
  Receiver(RocksDbBackend& backend, Charge& charge) : backend_(backend), charge_(charge) {}

  bool on_header(const SnapshotHeader& header) override {
    if (header.prefix_bytes != backend_.prefix_bytes()) return false;
    for (const StateDescriptor& descriptor : header.states) {
      const auto id = backend_.register_state(descriptor);
      if (!id) return false;
      families_.push_back(backend_.states_[id->index].family);
      reducing_.push_back(descriptor.kind == StateKind::reducing);
    }
    for (const std::string& service : header.services) queues_.push_back(&backend_.timers(service));
    return true;
  }

  bool on_entry(int32_t group, uint32_t number, std::string_view key,
                std::string_view value) override {
    if (number >= families_.size()) {
      const auto timer = parse_timer(group, key);
      if (timer) queues_[number - families_.size()]->add(*timer);
      return timer.has_value();
    }
    if (outcome_ == Outcome::ok && reducing_[number]) return put_padded(number, key, value);
    if (outcome_ == Outcome::ok) {
      outcome_ = backend_.put_restored(families_[number], rdb::Slice(key.data(), key.size()),
                                       rdb::Slice(value.data(), value.size()), charge_);
    }
    return outcome_ == Outcome::ok;
  }

  Outcome outcome() const { return outcome_; }

 private:
  bool put_padded(uint32_t number, std::string_view key, std::string_view value) {
    const auto prefix = static_cast<size_t>(backend_.prefix_bytes());
    if (key.size() < prefix + 8 || value.size() != kAccumulatorBytes) return false;
    ByteReader in(key.substr(prefix, 8));
    value_.assign(value);
    value_.resize(backend_.value_bytes());
    backend_.pad(in.u64(), value_.data() + kAccumulatorBytes);
    outcome_ = backend_.put_restored(families_[number], rdb::Slice(key.data(), key.size()),
                                     rdb::Slice(value_), charge_);
    return outcome_ == Outcome::ok;
  }

  RocksDbBackend& backend_;
  Charge& charge_;
  std::vector<uint32_t> families_;
  std::vector<bool> reducing_;
  std::string value_;
  std::vector<TimerQueue*> queues_;
  Outcome outcome_ = Outcome::ok;
};

Outcome RocksDbBackend::put_restored(uint32_t family, const rdb::Slice& key,
                                     const rdb::Slice& value, Charge& charge) {
  Outcome outcome = Outcome::ok;
  {
    const RocksDbEngine::Visit visit(*engine_, Activity::job);
    outcome = engine_->put(family, key, value);
  }
  charge.cpu_ns += options_.engine.costs.batch_put_ns +
                   (key.size() + value.size()) * options_.engine.costs.read_ps_per_byte / 1000;
  if (outcome == Outcome::ok && engine_->flush_waits()) outcome = engine_->flush_beside(charge);
  return outcome;
}

Outcome RocksDbBackend::restore(const std::vector<RestoreSource>& sources, Charge& charge) {
  CHECK(states_.empty(), "restore comes before the first use");
  std::vector<RestoreSource> mine;
  for (const RestoreSource& source : sources) {
    if (source.contents.size() != source.handle.files.size()) return failed_ = Outcome::corrupt;
    const auto wanted = intersect(source.handle, options_.range);
    // An incremental handle stays whole, also when it has no group in common.
    if (wanted && overlap(source.handle.range, options_.range) > 0)
      mine.push_back({*wanted, source.contents});
  }
  if (!mine.empty()) contents_.reset();
  const bool native = !mine.empty() && mine[0].handle.kind == KeyedStateHandle::Kind::incremental;
  for (const RestoreSource& source : mine) {
    if ((source.handle.kind == KeyedStateHandle::Kind::incremental) != native)
      return failed_ = Outcome::corrupt;
  }
  failed_ = native ? restore_native(mine, charge) : restore_canonical(mine, charge);
  charge.cpu_ns += options_.engine.costs.open_ns;
  charge.add(unbilled_);
  unbilled_ = Charge{};
  return failed_;
}

Outcome RocksDbBackend::restore_canonical(const std::vector<RestoreSource>& sources,
                                          Charge& charge) {
  const Outcome opened = engine_->open(charge);
  if (opened != Outcome::ok) return opened;
  for (const RestoreSource& source : sources) {
    if (source.contents.size() != 1) return Outcome::corrupt;
    Receiver receiver(*this, charge);
    const auto bytes = without_padding(source.contents[0], options_.value_padding);
    if (!bytes) return Outcome::corrupt;
    const Outcome outcome = read_snapshot(source.handle, *bytes, receiver);
    if (receiver.outcome() != Outcome::ok) return receiver.outcome();
    if (outcome != Outcome::ok) return outcome;
  }
  return Outcome::ok;
}

Outcome RocksDbBackend::restore_native(const std::vector<RestoreSource>& sources, Charge& charge) {
  // The most groups in common; of equals the first.
  const auto best = std::max_element(
      sources.begin(), sources.end(), [&](const RestoreSource& a, const RestoreSource& b) {
        return overlap(a.handle.range, options_.range) < overlap(b.handle.range, options_.range);
      });
  Outcome outcome = import_files(*engine_, *best, charge);
  if (outcome == Outcome::ok) outcome = engine_->open(charge);
  if (outcome == Outcome::ok) outcome = restore_meta(*best, charge);
  if (outcome != Outcome::ok) return outcome;
  if (sources.size() == 1 && best->handle.range == options_.range) {
    confirmed_ = best->handle.checkpoint;
    UploadedFiles& files = uploaded_[confirmed_];
    for (const HandleFile& file : best->handle.files) {
      if (file.shared) files[file.name] = {file.object_key, file.bytes};
    }
    return Outcome::ok;
  }
  outcome = clip(best->handle.range, charge);
  for (size_t i = 0; i < sources.size() && outcome == Outcome::ok; ++i) {
    if (&sources[i] == &*best) continue;
    outcome = restore_meta(sources[i], charge);
    if (outcome == Outcome::ok) outcome = copy_from(sources[i], i, charge);
  }
  return outcome;
}

Outcome RocksDbBackend::restore_meta(const RestoreSource& source, Charge& charge) {
  const auto at = std::find_if(source.handle.files.begin(), source.handle.files.end(),
                               [](const HandleFile& file) { return file.name == kMeta; });
  if (at == source.handle.files.end()) return Outcome::corrupt;
  const std::string bytes =
      source.contents[static_cast<size_t>(at - source.handle.files.begin())].to_string();
  const uint64_t tail = static_cast<uint64_t>(source.handle.range.count()) * 8;
  if (bytes.size() < tail) return Outcome::corrupt;
  KeyedStateHandle blocks;
  blocks.range = source.handle.range;
  ByteReader offsets(std::string_view(bytes).substr(bytes.size() - tail));
  for (int32_t i = 0; i < blocks.range.count(); ++i) blocks.offsets.push_back(offsets.u64());
  const auto wanted = intersect(blocks, options_.range);
  Receiver receiver(*this, charge);
  const Outcome outcome =
      read_snapshot(*wanted, std::string_view(bytes).substr(0, bytes.size() - tail), receiver);
  return outcome == Outcome::ok ? failed_ : outcome;
}

Outcome RocksDbBackend::clip(KeyGroupRange held, Charge& charge) {
  const RocksDbEngine::Visit visit(*engine_, Activity::job);
  Outcome outcome = Outcome::ok;
  for (const State& state : states_) {
    if (outcome == Outcome::ok && held.first < options_.range.first) {
      outcome = engine_->remove_range(state.family, group_prefix(held.first),
                                      group_prefix(options_.range.first));
    }
    if (outcome == Outcome::ok && held.last > options_.range.last) {
      outcome = engine_->remove_range(state.family, group_prefix(options_.range.last + 1),
                                      group_prefix(held.last + 1));
    }
  }
  engine_->charge_to(charge, 0);
  return outcome;
}

Outcome RocksDbBackend::copy_from(const RestoreSource& source, size_t number, Charge& charge) {
  RocksDbEngine::Place place = options_.place;
  place.directory += fmt::format("/restore-{}", number);
  place.name = sim::mix(place.name, number + 1);
  RocksDbEngine from(options_.engine, place, options_.memory);
  from.opens_behind(*engine_);
  Outcome outcome = import_files(from, source, charge);
  if (outcome == Outcome::ok) outcome = from.open(charge);
  const auto common = intersect(source.handle.range, options_.range);
  const std::string first = group_prefix(common->first);
  const std::string end = group_prefix(common->last + 1);
  for (uint32_t family = 0; outcome == Outcome::ok && family < from.family_names().size();
       ++family) {
    const auto state = std::find_if(states_.begin(), states_.end(), [&](const State& s) {
      return s.descriptor.name == from.family_names()[family];
    });
    if (state == states_.end()) continue;  // RocksDB's own default family
    const rdb::Slice bound(end);
    rdb::ReadOptions options;
    options.iterate_upper_bound = &bound;
    const RocksDbEngine::Visit visit(from, Activity::job);
    const auto it = from.iterate(family, options);
    for (it->Seek(first); it->Valid() && outcome == Outcome::ok; it->Next()) {
      outcome = put_restored(state->family, it->key(), it->value(), charge);
    }
    if (outcome == Outcome::ok) outcome = from.outcome(it->status());
    from.charge_to(charge, 0);
  }
  if (outcome == Outcome::ok) from.close_and_remove(charge);
  engine_->opens_behind(from);
  return outcome;
}

}  // namespace drey::state
