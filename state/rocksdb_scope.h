#pragma once
// What RocksDB keeps per process or per thread and we keep per database: the random source of
// memtable heights, the numbers of sessions and unique ids, and whether allocator sizes are hidden.
// A DatabaseScope makes one database's set current for the length of an entry (a call, a job,
// opening, closing); scopes nest. Without it a second database would change the first one's files
// (spec/interfaces.md). state/rocksdb_seams.cc, part of each executable, reads the current set.
#include <cstddef>
#include <cstdint>

namespace drey::state {

inline constexpr size_t kArenaBlockBytes = 256 * 1024;  // of memtables

struct DatabaseSeams {
  uint32_t random = 301;    // state of rocksdb::Random, in [1, 2^31 - 2]
  uint64_t sessions = 0;    // numbers DB sessions
  uint64_t unique_ids = 0;  // numbers Env::GenerateUniqueId
  uint64_t name = 0;        // of the database, so that two of them do not share ids
  // How often each seam was used: the start-up check.
  uint64_t random_calls = 0;
  uint64_t session_calls = 0;
  uint64_t scheduler_calls = 0;
  uint64_t size_calls = 0;
};

class DatabaseScope {
 public:
  explicit DatabaseScope(DatabaseSeams& seams);
  ~DatabaseScope();
  DatabaseScope(const DatabaseScope&) = delete;
  DatabaseScope& operator=(const DatabaseScope&) = delete;

  static DatabaseSeams* current();  // null outside of every scope

 private:
  DatabaseSeams* outer_;
};

}  // namespace drey::state
