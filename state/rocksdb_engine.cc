#include "state/rocksdb_engine.h"

#include <rocksdb/filter_policy.h>
#include <rocksdb/memory_allocator.h>
#include <rocksdb/merge_operator.h>
#include <rocksdb/perf_level.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>

#include <algorithm>
#include <cstdlib>

#include "sim/check.h"
#include "state/rocksdb_memtable.h"

namespace drey::state {

namespace rdb = rocksdb;
using Activity = SimFileSystem::Activity;

namespace {

constexpr uint64_t kCacheStep = 256 * 1024;
constexpr uint64_t kOutOfReach = uint64_t{1} << 40;

// Tells the cache the size that was asked for: what the allocator made of it depends on the heap's
// history.
class ExactAllocator final : public rdb::MemoryAllocator {
 public:
  const char* Name() const override { return "ExactAllocator"; }
  void* Allocate(size_t size) override { return std::malloc(size); }
  void Deallocate(void* pointer) override { std::free(pointer); }
  size_t UsableSize(void*, size_t size) const override { return size; }
};

// Flink's list state: elements joined by ','.
class JoinElements final : public rdb::AssociativeMergeOperator {
 public:
  const char* Name() const override { return "stringappendtest"; }
  bool Merge(const rdb::Slice&, const rdb::Slice* existing, const rdb::Slice& value,
             std::string* result, rdb::Logger*) const override {
    result->clear();
    if (existing != nullptr) {
      result->reserve(existing->size() + 1 + value.size());
      result->append(existing->data(), existing->size());
      result->push_back(',');
    }
    result->append(value.data(), value.size());
    return true;
  }
};

}  // namespace

RocksDbMemory::RocksDbMemory(const Limits& limits)
    : limit_(limits.write_buffer_bytes), cache_bytes_(limits.cache_bytes) {
  rdb::LRUCacheOptions options;
  options.capacity = limits.cache_bytes;
  options.num_shard_bits = 0;  // shards are chosen by a hash of the session
  options.strict_capacity_limit = false;
  options.high_pri_pool_ratio = limits.high_priority_ratio;
  options.metadata_charge_policy = rdb::kDontChargeCacheMetadata;
  options.memory_allocator = std::make_shared<ExactAllocator>();
  cache_ = rdb::NewLRUCache(options);
  if (limit_ != UINT64_MAX) next_step_ = kCacheStep;
}

void RocksDbMemory::resize() {
  if (limit_ == UINT64_MAX) return;
  const uint64_t steps = (used_ + kCacheStep - 1) / kCacheStep;
  next_step_ = (steps + 1) * kCacheStep;
  const uint64_t taken = std::min(steps * kCacheStep, cache_bytes_);
  if (cache_->GetCapacity() != cache_bytes_ - taken) cache_->SetCapacity(cache_bytes_ - taken);
}

RocksDbEngine::RocksDbEngine(const RocksDbOptions& options, Place place,
                             std::shared_ptr<RocksDbMemory> memory)
    : options_(options), place_(std::move(place)), memory_(std::move(memory)) {
  CHECK(place_.disk != nullptr && place_.clock != nullptr && memory_ != nullptr,
        "a database needs disk, clock and memory");
  seams_.name = place_.name;
  seams_.random =
      static_cast<uint32_t>(sim::mix(place_.name, 0x9e3779b97f4a7c15u) % 2147483646u) + 1;
  DatabaseScope scope(seams_);
  files_ = std::make_shared<SimFileSystem>(*place_.disk, place_.writer, *place_.clock);
  env_ = std::make_unique<SimEnv>(files_, seams_);
  write_options_.disableWAL = true;
}

RocksDbEngine::~RocksDbEngine() { close(); }

void RocksDbEngine::close() {
  if (db_ == nullptr) return;
  Visit visit(*this, Activity::job);
  for (const Family& family : families_) {
    memory_->close(family.bytes);
    memory_->release(family.bytes + family.closed_bytes);
    (void)db_->DestroyColumnFamilyHandle(family.handle);
  }
  families_.clear();
  delete db_;  // drops what is queued through UnSchedule
  db_ = nullptr;
}

Outcome RocksDbEngine::import_file(const std::string& name, const sim::FileContent& content,
                                   Charge& charge) {
  CHECK(db_ == nullptr, "files are imported before the database is opened");
  opening_ = place_.clock->now();
  const Visit visit(*this, Activity::job);
  const rdb::IOStatus status = files_->write_file(place_.directory + "/" + name, content);
  charge_to(charge, 0);
  return outcome_of(status);
}

void RocksDbEngine::close_and_remove(Charge& charge) {
  close();
  remove_directory(place_.directory);
  charge_to(charge, 0);
}

void RocksDbEngine::kill() {
  files_->cut_off();
  close();
}

rdb::DBOptions RocksDbEngine::database_options() {
  rdb::DBOptions o;
  o.env = env_.get();
  o.create_if_missing = true;
  o.use_fsync = false;
  (void)files_->NewLogger("", {}, &o.info_log, nullptr);
  o.info_log_level = rdb::InfoLogLevel::FATAL_LEVEL;
  o.max_background_jobs = 2;
  o.max_subcompactions = 1;
  o.max_open_files = -1;
  o.max_file_opening_threads = 1;
  o.stats_dump_period_sec = 0;
  o.stats_persist_period_sec = 0;
  o.avoid_flush_during_shutdown = true;
  o.max_bgerror_resume_count = 0;
  o.allow_concurrent_memtable_write = false;
  o.enable_write_thread_adaptive_yield = false;
  o.skip_stats_update_on_db_open = true;
  o.skip_checking_sst_file_sizes_on_db_open = true;
  o.delayed_write_rate = kOutOfReach;
  o.db_host_id = "drey";
  return o;
}

rdb::ColumnFamilyOptions RocksDbEngine::family_options() const {
  rdb::ColumnFamilyOptions o;
  o.write_buffer_size = kOutOfReach;
  o.arena_block_size = kArenaBlockBytes;
  o.max_write_buffer_number = 64;
  o.min_write_buffer_number_to_merge = 1;
  o.level0_file_num_compaction_trigger = static_cast<int>(options_.level0_compaction_files);
  o.level0_slowdown_writes_trigger = 1 << 30;
  o.level0_stop_writes_trigger = 1 << 30;
  o.soft_pending_compaction_bytes_limit = 0;
  o.hard_pending_compaction_bytes_limit = 0;
  o.target_file_size_base = options_.target_file_bytes;
  o.max_bytes_for_level_base = options_.level_base_bytes;
  // Derived from the write buffer by default, which is out of reach here: Flink's 25 target files.
  o.max_compaction_bytes = options_.target_file_bytes * 25;
  // By default 30 days after a file's data was written. The simulated clock begins at 0, and
  // RocksDB takes the difference without a sign: every file would count as older, and be compacted
  // again.
  o.ttl = 0;
  o.periodic_compaction_seconds = 0;
  o.compression = rdb::kSnappyCompression;
  o.memtable_factory = std::make_shared<LateSkipListFactory>();
  o.merge_operator = std::make_shared<JoinElements>();
  rdb::BlockBasedTableOptions table;
  table.block_cache = memory_->cache();
  table.block_size = options_.block_bytes;
  table.cache_index_and_filter_blocks = options_.index_and_filter_in_cache;
  table.cache_index_and_filter_blocks_with_high_priority = true;
  table.pin_l0_filter_and_index_blocks_in_cache = options_.index_and_filter_in_cache;
  if (options_.partitioned_index_filters) {
    table.index_type = rdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
    table.partition_filters = options_.bloom_bits > 0;
    table.pin_top_level_index_and_filter = true;
  }
  if (options_.bloom_bits > 0)
    table.filter_policy.reset(rdb::NewBloomFilterPolicy(options_.bloom_bits));
  o.table_factory.reset(rdb::NewBlockBasedTableFactory(table));
  return o;
}

Outcome RocksDbEngine::outcome_of(const rdb::Status& status) {
  if (status.ok()) return Outcome::ok;
  error_ = status.ToString();
  if (status.IsCorruption()) return Outcome::corrupt;
  return Outcome::io_error;
}

void RocksDbEngine::add_family(const std::string& name, rdb::ColumnFamilyHandle* handle) {
  Family family;
  family.handle = handle;
  families_.push_back(std::move(family));
  names_.push_back(name);
}

Outcome RocksDbEngine::open(Charge& charge) {
  CHECK(db_ == nullptr, "a database is opened once");
  opening_ = place_.clock->now();
  Visit visit(*this, Activity::job);
  rdb::SetPerfLevel(rdb::PerfLevel::kDisable);
  const rdb::DBOptions options = database_options();
  std::vector<std::string> names;
  if (!rdb::DB::ListColumnFamilies(options, place_.directory, &names).ok()) names.clear();
  if (names.empty()) names.push_back(rdb::kDefaultColumnFamilyName);
  std::vector<rdb::ColumnFamilyDescriptor> descriptors;
  for (const std::string& name : names) descriptors.emplace_back(name, family_options());
  std::vector<rdb::ColumnFamilyHandle*> handles;
  const rdb::Status status = rdb::DB::Open(options, place_.directory, descriptors, &handles, &db_);
  if (status.ok()) {
    for (size_t i = 0; i < names.size(); ++i) add_family(names[i], handles[i]);
  } else {
    db_ = nullptr;
  }
  charge_to(charge, 0);
  return outcome_of(status);
}

Outcome RocksDbEngine::family(const std::string& name, uint32_t& index, Charge& charge) {
  const auto it = std::find(names_.begin(), names_.end(), name);
  index = static_cast<uint32_t>(it - names_.begin());
  if (it != names_.end()) return Outcome::ok;
  Visit visit(*this, Activity::job);
  rdb::ColumnFamilyHandle* handle = nullptr;
  const rdb::Status status = db_->CreateColumnFamily(family_options(), name, &handle);
  if (status.ok()) add_family(name, handle);
  charge_to(charge, 0);
  return outcome_of(status);
}

Outcome RocksDbEngine::get(uint32_t family, const rdb::Slice& key, rdb::PinnableSlice& value,
                           bool& found) {
  value.Reset();
  const rdb::Status status = db_->Get(read_options_, families_[family].handle, key, &value);
  found = status.ok();
  if (found || status.IsNotFound()) return Outcome::ok;
  return outcome_of(status);
}

Outcome RocksDbEngine::put(uint32_t family, const rdb::Slice& key, const rdb::Slice& value) {
  const rdb::Status status = db_->Put(write_options_, families_[family].handle, key, value);
  if (!status.ok()) return outcome_of(status);
  return count_bytes(family, key.size() + value.size()) ? switch_memtable(family) : Outcome::ok;
}

Outcome RocksDbEngine::merge(uint32_t family, const rdb::Slice& key, const rdb::Slice& value) {
  const rdb::Status status = db_->Merge(write_options_, families_[family].handle, key, value);
  if (!status.ok()) return outcome_of(status);
  return count_bytes(family, key.size() + value.size()) ? switch_memtable(family) : Outcome::ok;
}

Outcome RocksDbEngine::remove(uint32_t family, const rdb::Slice& key) {
  const rdb::Status status = db_->Delete(write_options_, families_[family].handle, key);
  if (!status.ok()) return outcome_of(status);
  return count_bytes(family, key.size()) ? switch_memtable(family) : Outcome::ok;
}

Outcome RocksDbEngine::remove_range(uint32_t family, const rdb::Slice& from, const rdb::Slice& to) {
  const rdb::Status status = db_->DeleteRange(write_options_, families_[family].handle, from, to);
  if (!status.ok()) return outcome_of(status);
  return count_bytes(family, from.size() + to.size()) ? switch_memtable(family) : Outcome::ok;
}

Outcome RocksDbEngine::write(rdb::WriteBatch& batch) {
  return outcome_of(db_->Write(write_options_, &batch));
}

Outcome RocksDbEngine::switch_memtable(uint32_t family) {
  if (families_[family].bytes < options_.write_buffer_bytes) {
    for (uint32_t i = 0; i < families_.size(); ++i) {
      const Family& other = families_[i];
      if (other.bytes > 0 && other.opened < families_[family].opened) family = i;
    }
  }
  ++counters_.switches;
  const Outcome outcome = close_memtable(family);
  if (must_wait()) ++counters_.stalls;
  return outcome;
}

Outcome RocksDbEngine::close_memtable(uint32_t family) {
  Family& f = families_[family];
  if (f.bytes == 0) return Outcome::ok;
  rdb::FlushOptions flush;
  flush.wait = false;
  flush.allow_write_stall = true;  // without it a flush at the limit blocks for ever
  const rdb::Status status = db_->Flush(flush, f.handle);
  memory_->close(f.bytes);
  f.closed_bytes += f.bytes;
  f.bytes = 0;
  ++f.closed;
  ++f.generation;
  return outcome_of(status);
}

std::unique_ptr<rdb::Iterator> RocksDbEngine::iterate(uint32_t family,
                                                      const rdb::ReadOptions& options) const {
  return std::unique_ptr<rdb::Iterator>(db_->NewIterator(options, families_[family].handle));
}

void RocksDbEngine::charge_to(Charge& charge, uint64_t cpu_ns) {
  const IoBill& bill = files_->bill();
  charge.cpu_ns += cpu_ns;
  charge.device_ns += static_cast<uint64_t>(bill.waited.ns);
  charge.disk_read_bytes += bill.read_bytes;
  charge.disk_write_bytes += bill.append_bytes;
  if (place_.clock->now() == opening_) opening_time_ = opening_time_ + bill.waited;
}

// Of a flush or compaction, for the bytes of its bill.
uint64_t RocksDbEngine::job_cpu_ns() const {
  const IoBill& bill = files_->bill();
  return (bill.read_bytes + bill.cached_bytes + bill.append_bytes) *
         options_.costs.job_ps_per_byte / 1000;
}

bool RocksDbEngine::must_wait() const {
  const bool busy = place_.clock->now() < job_end_;
  for (const Family& f : families_) {
    const uint32_t closed = f.closed + (busy ? f.in_flight : 0);
    if (closed >= options_.write_buffers) return true;
    if (f.level0_files >= options_.level0_stop_files && env_->queued(rdb::Env::LOW) > 0)
      return true;
  }
  return false;
}

std::optional<KeyedBackend::Job::Kind> RocksDbEngine::take_job() {
  if (db_ == nullptr || place_.clock->now() < job_end_) return std::nullopt;
  if (env_->queued(rdb::Env::HIGH) > 0) return KeyedBackend::Job::Kind::flush;
  if (env_->queued(rdb::Env::LOW) > 0) return KeyedBackend::Job::Kind::compaction;
  return std::nullopt;
}

Outcome RocksDbEngine::run_job(KeyedBackend::Job::Kind kind, Charge& charge) {
  const bool flush = kind == KeyedBackend::Job::Kind::flush;
  Visit visit(*this, Activity::job);
  if (!env_->run_one(flush ? rdb::Env::HIGH : rdb::Env::LOW)) return Outcome::ok;
  ++(flush ? counters_.flushes : counters_.compactions);
  const uint64_t cpu = job_cpu_ns();
  job_end_ = files_->time() + sim::nanoseconds(static_cast<int64_t>(cpu));
  charge_to(charge, cpu);
  look_after_job();
  uint64_t errors = 0;
  db_->GetIntProperty(rdb::DB::Properties::kBackgroundErrors, &errors);
  return errors > 0 ? Outcome::io_error : Outcome::ok;
}

void RocksDbEngine::look_after_job() {
  for (Family& f : families_) {
    uint64_t closed = 0;
    db_->GetIntProperty(f.handle, rdb::DB::Properties::kNumImmutableMemTable, &closed);
    f.in_flight = f.closed - std::min<uint32_t>(f.closed, static_cast<uint32_t>(closed));
    if (closed == 0) {
      if (f.closed_bytes > 0) memory_->release(f.closed_bytes);
      f.closed_bytes = 0;
    }
    f.closed = static_cast<uint32_t>(closed);
    std::string level0;
    db_->GetProperty(f.handle, rdb::DB::Properties::kNumFilesAtLevelPrefix + "0", &level0);
    f.level0_files = std::strtoull(level0.c_str(), nullptr, 10);
  }
}

Outcome RocksDbEngine::flush_beside(Charge& charge) {
  while (flush_waits()) {
    const sim::Duration start =
        beside_.empty() ? charge.time() : std::max(charge.time(), beside_.back());
    Charge job;
    const Outcome outcome = run_job(KeyedBackend::Job::Kind::flush, job);
    if (outcome != Outcome::ok) return outcome;
    // Its own time from its start on, and not before the device is done with it.
    const IoBill& bill = files_->bill();
    const auto cpu = sim::nanoseconds(static_cast<int64_t>(job.cpu_ns));
    beside_.push_back(std::max(start + cpu + bill.busy, files_->time() - place_.clock->now()));
    job_end_ = place_.clock->now() + beside_.back();
    charge.disk_write_bytes += job.disk_write_bytes;
  }
  while (!beside_.empty() && beside_.front() <= charge.time()) beside_.pop_front();
  while (beside_.size() >= options_.write_buffers) {
    charge.device_ns += static_cast<uint64_t>((beside_.front() - charge.time()).ns);
    beside_.pop_front();
  }
  return Outcome::ok;
}

Outcome RocksDbEngine::flush_all() {
  for (uint32_t i = 0; i < families_.size(); ++i) {
    const Outcome outcome = close_memtable(i);
    if (outcome != Outcome::ok) return outcome;
  }
  while (env_->run_one(rdb::Env::HIGH)) ++counters_.flushes;
  look_after_job();
  // Whoever waits for this flush stands behind the running job on the device, so its memtables are
  // free then, too.
  for (Family& f : families_) f.in_flight = 0;
  const bool left =
      std::any_of(families_.begin(), families_.end(), [](const Family& f) { return f.closed > 0; });
  return left ? Outcome::io_error : Outcome::ok;
}

Outcome RocksDbEngine::checkpoint(const std::string& directory, Charge& charge) {
  Visit visit(*this, Activity::job);
  Outcome outcome = flush_all();
  if (outcome == Outcome::ok) {
    rdb::Checkpoint* made = nullptr;
    rdb::Status status = rdb::Checkpoint::Create(db_, &made);
    const std::unique_ptr<rdb::Checkpoint> owner(made);
    // A log size out of reach: it must not flush by itself, which would wait for a thread.
    if (status.ok()) status = owner->CreateCheckpoint(directory, UINT64_MAX);
    outcome = outcome_of(status);
  }
  charge_to(charge, job_cpu_ns());
  return outcome;
}

void RocksDbEngine::remove_directory(const std::string& directory) {
  Visit visit(*this, Activity::job);
  for (const std::string& name : place_.disk->list(directory)) {
    (void)files_->DeleteFile(directory + "/" + name, {}, nullptr);
  }
  (void)files_->DeleteDir(directory, {}, nullptr);
}

uint64_t RocksDbEngine::memtable_bytes() const {
  uint64_t sum = 0;
  for (const Family& f : families_) sum += f.bytes + f.closed_bytes;
  return sum;
}

uint64_t RocksDbEngine::table_bytes() const {
  uint64_t sum = 0;
  for (const Family& f : families_) {
    uint64_t bytes = 0;
    db_->GetIntProperty(f.handle, rdb::DB::Properties::kTotalSstFilesSize, &bytes);
    sum += bytes;
  }
  return sum;
}

}  // namespace drey::state
