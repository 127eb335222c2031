#pragma once
// One RocksDB database on a simulated disk, on the simulation's thread: column families, records,
// flushes and compactions as jobs, checkpoints. It knows bytes, not state.
//
// Memtables are switched by our own count of bytes put (write_buffer_bytes); RocksDB's limits are
// out of reach, since a full one would block for ever on one thread. Flink's write stall is
// modelled: must_wait() says that the writer would block now. A job has its effect at once; its
// modelled thread is busy until job_end(), and the next job starts after that. Every entry opens
// the database's scope and starts a bill; charge() reads it. After kill() nothing reaches the disk.
// Errors: Outcome. After anything but ok the database has to be thrown away. Upstream:
// RocksDBResourceContainer, DBOptions.
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "state/keyed_backend.h"
#include "state/rocksdb_env.h"
#include "state/rocksdb_options.h"

namespace drey::state {

// The memory of one slot, shared by its databases (Flink's managed memory): the block cache and a
// limit for all memtables. Memtables take their room from the cache in steps of 256 kB, as
// RocksDB's write buffer manager does. Without managed memory each database has one of its own,
// with no limit and a cache that memtables do not shrink.
class RocksDbMemory {
 public:
  struct Limits {
    uint64_t cache_bytes = uint64_t{8} << 20;
    uint64_t write_buffer_bytes = UINT64_MAX;
    double high_priority_ratio = 0.1;
  };
  explicit RocksDbMemory(const Limits& limits);
  const std::shared_ptr<rocksdb::Cache>& cache() const { return cache_; }

  void add(uint64_t bytes) {
    active_ += bytes;
    used_ += bytes;
    if (used_ >= next_step_) [[unlikely]]
      resize();
  }
  void close(uint64_t bytes) { active_ -= bytes; }
  void release(uint64_t bytes) {
    used_ -= bytes;
    resize();
  }
  // Too much in memtables: the next writer closes its oldest one.
  bool over_limit() const {
    return active_ > limit_ / 8 * 7 || (used_ >= limit_ && active_ >= limit_ / 2);
  }

 private:
  void resize();

  uint64_t limit_;
  uint64_t cache_bytes_;
  std::shared_ptr<rocksdb::Cache> cache_;
  uint64_t active_ = 0;  // in memtables that are written to
  uint64_t used_ = 0;    // and in closed ones
  uint64_t next_step_ = UINT64_MAX;
};

class RocksDbEngine {
 public:
  struct Place {
    sim::Disk* disk = nullptr;
    const sim::Clock* clock = nullptr;
    sim::ProcessId writer;
    std::string directory;  // absolute; made when absent
    uint64_t name = 0;  // of the database: equal names in equal runs, e.g. a hash of the subtask's
                        // path and attempt
  };
  struct Counters {
    uint64_t flushes = 0;
    uint64_t compactions = 0;
    uint64_t switches = 0;      // memtables closed because they were full
    uint64_t cache_misses = 0;  // reads of files while a record waited
    uint64_t stalls = 0;
  };

  RocksDbEngine(const RocksDbOptions& options, Place place, std::shared_ptr<RocksDbMemory> memory);
  ~RocksDbEngine();
  RocksDbEngine(const RocksDbEngine&) = delete;
  RocksDbEngine& operator=(const RocksDbEngine&) = delete;

  // Opens the files of the directory, or a new database. Once.
  Outcome open(Charge& charge);
  // The index of a column family; makes it when absent.
  Outcome family(const std::string& name, uint32_t& index, Charge& charge);
  const std::vector<std::string>& family_names() const { return names_; }

  // Within one entry of a caller that holds a Visit.
  class Visit {
   public:
    Visit(RocksDbEngine& engine, SimFileSystem::Activity activity) : scope_(engine.seams_) {
      engine.files_->begin(activity, engine.opening_so_far());
    }

   private:
    DatabaseScope scope_;
  };
  // found = false: no such key.
  Outcome get(uint32_t family, const rocksdb::Slice& key, rocksdb::PinnableSlice& value,
              bool& found);
  Outcome put(uint32_t family, const rocksdb::Slice& key, const rocksdb::Slice& value);
  Outcome merge(uint32_t family, const rocksdb::Slice& key, const rocksdb::Slice& value);
  Outcome remove(uint32_t family, const rocksdb::Slice& key);
  Outcome remove_range(uint32_t family, const rocksdb::Slice& from,
                       const rocksdb::Slice& to);  // [from, to)
  Outcome outcome(const rocksdb::Status& status) { return outcome_of(status); }
  // Several writes as one, each already counted by count_bytes().
  Outcome write(rocksdb::WriteBatch& batch);
  // True when the memtable of the family became full: then write what is pending and call
  // switch_memtable.
  bool count_bytes(uint32_t family, uint64_t key_and_value) {
    Family& f = families_[family];
    if (f.bytes == 0) f.opened = ++openings_;
    f.bytes += key_and_value + kEntryOverhead;
    memory_->add(key_and_value + kEntryOverhead);
    return f.bytes >= options_.write_buffer_bytes || memory_->over_limit();
  }
  // Closes the full memtable, or the oldest one when the shared limit is reached.
  Outcome switch_memtable(uint32_t family);
  // Number of the active memtable, from 1.
  uint32_t generation(uint32_t family) const { return families_[family].generation; }
  rocksdb::ColumnFamilyHandle* handle(uint32_t family) { return families_[family].handle; }
  std::unique_ptr<rocksdb::Iterator> iterate(uint32_t family,
                                             const rocksdb::ReadOptions& options) const;
  const rocksdb::Snapshot* take_snapshot() { return db_->GetSnapshot(); }
  void release_snapshot(const rocksdb::Snapshot* snapshot) { db_->ReleaseSnapshot(snapshot); }
  void charge_to(Charge& charge, uint64_t cpu_ns);  // the bill since the last Visit

  bool must_wait() const;
  std::optional<KeyedBackend::Job::Kind> take_job();
  Outcome run_job(KeyedBackend::Job::Kind kind, Charge& charge);
  sim::Time job_end() const { return job_end_; }
  // For a restore, which runs whole inside one event: runs the flushes that wait as a thread beside
  // the caller would, which is at charge.time() after the event. The caller waits, in `charge`,
  // only while write_buffers memtables are closed.
  Outcome flush_beside(Charge& charge);
  bool flush_waits() const { return env_->queued(rocksdb::Env::HIGH) > 0; }
  // This database is opened within the same event as `other`, behind what `other` has done.
  void opens_behind(const RocksDbEngine& other) {
    opening_ = other.opening_;
    opening_time_ = other.opening_time_;
  }

  // Sync part of a native snapshot: memtables to files, then links to all live files in
  // `directory`.
  Outcome checkpoint(const std::string& directory, Charge& charge);
  void remove_directory(const std::string& directory);

  // Before open(): a file of a restored database. Not synced, as upstream.
  Outcome import_file(const std::string& name, const sim::FileContent& content, Charge& charge);
  void close_and_remove(Charge& charge);  // the orderly end
  void kill();                            // the process died: cut off, nothing more is written
  // What RocksDB said last; for messages, never compared.
  const std::string& error() const { return error_; }
  bool healthy() const { return db_ != nullptr && !files_->is_cut_off(); }
  const Counters& counters() const { return counters_; }
  const RocksDbOptions& options() const { return options_; }
  const Place& place() const { return place_; }
  SimFileSystem& files() { return *files_; }
  const DatabaseSeams& seams() const { return seams_; }
  uint64_t memtable_bytes() const;
  // Live bytes of all table files.
  uint64_t table_bytes() const;

 private:
  // A skip-list node, the sequence number and the lengths: what an entry takes in the arena besides
  // its bytes.
  static constexpr uint64_t kEntryOverhead = 32;
  struct Family {
    rocksdb::ColumnFamilyHandle* handle = nullptr;
    uint64_t bytes = 0;  // in the active memtable
    uint32_t generation = 1;
    uint64_t opened = 0;  // order of the first put in it
    uint64_t closed_bytes = 0;
    uint32_t closed = 0;     // memtables that wait for a flush
    uint32_t in_flight = 0;  // being written by the job that ends at job_end_
    uint64_t level0_files = 0;
  };
  rocksdb::DBOptions database_options();
  rocksdb::ColumnFamilyOptions family_options() const;
  void add_family(const std::string& name, rocksdb::ColumnFamilyHandle* handle);
  void look_after_job();
  uint64_t job_cpu_ns() const;
  // All visits of the event in which the database is opened follow one another.
  sim::Duration opening_so_far() const {
    return place_.clock->now() == opening_ ? opening_time_ : sim::Duration{};
  }
  Outcome outcome_of(const rocksdb::Status& status);
  Outcome close_memtable(uint32_t family);
  Outcome flush_all();
  void close();

  RocksDbOptions options_;
  Place place_;
  std::shared_ptr<RocksDbMemory> memory_;
  DatabaseSeams seams_;
  std::shared_ptr<SimFileSystem> files_;
  std::unique_ptr<SimEnv> env_;
  rocksdb::DB* db_ = nullptr;
  std::vector<Family> families_;
  std::vector<std::string> names_;
  rocksdb::ReadOptions read_options_;
  rocksdb::WriteOptions write_options_;
  sim::Time job_end_;
  sim::Time opening_{-1};
  sim::Duration opening_time_;
  std::deque<sim::Duration> beside_;  // flush_beside: ends, after the event
  uint64_t openings_ = 0;
  std::string error_;
  Counters counters_;
};

}  // namespace drey::state
