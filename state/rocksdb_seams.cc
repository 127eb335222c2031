// The four symbols of RocksDB 7.8.3 and libc that each executable defines itself, so that the
// shared library finds ours first (design.md 2.9). They vanish silently when hidden, when put in a
// static library that nothing references, or after an upgrade: state/rocksdb_self_check.h proves at
// start-up that each took. Each works on the database whose scope is open (state/rocksdb_scope.h);
// outside of every scope they do what a process without us would see.
//
// The two classes below repeat only what the mangled names and layouts need: Random is one
// uint32_t; the result type of StartPeriodicTaskScheduler is not in its mangled name, but it *is*
// Status (void links and crashes).
#include <dlfcn.h>
#include <rocksdb/status.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "state/rocksdb_scope.h"

#define DREY_SEAM __attribute__((visibility("default"), used))

namespace rocksdb {

class Env;

class Random {
 public:
  DREY_SEAM static Random* GetTLSInstance();
  uint32_t seed;
};

class DBImpl {
 public:
  DREY_SEAM static std::string GenerateDbSessionId(Env* env);
  DREY_SEAM Status StartPeriodicTaskScheduler();
};

namespace {
constinit Random outside_any_scope{301};

// RocksDB wants 20 digits of base 36.
std::string base36(uint64_t high, uint64_t low) {
  std::string id(20, '0');
  for (size_t i = 0; i < 10; ++i) {
    const auto digit = [](uint64_t v) {
      return static_cast<char>(v < 10 ? '0' + v : 'A' + (v - 10));
    };
    id[9 - i] = digit(high % 36);
    id[19 - i] = digit(low % 36);
    high /= 36;
    low /= 36;
  }
  return id;
}
}  // namespace

Random* Random::GetTLSInstance() {
  drey::state::DatabaseSeams* seams = drey::state::DatabaseScope::current();
  if (seams == nullptr) return &outside_any_scope;
  ++seams->random_calls;
  static_assert(sizeof(Random) == sizeof(seams->random));
  return reinterpret_cast<Random*>(&seams->random);
}

std::string DBImpl::GenerateDbSessionId(Env*) {
  drey::state::DatabaseSeams* seams = drey::state::DatabaseScope::current();
  if (seams == nullptr) return base36(0, 0);
  ++seams->session_calls;
  return base36(seams->name, ++seams->sessions);
}

Status DBImpl::StartPeriodicTaskScheduler() {
  drey::state::DatabaseSeams* seams = drey::state::DatabaseScope::current();
  if (seams != nullptr) ++seams->scheduler_calls;
  return Status::OK();  // its tasks (statistics, sequence numbers to times) are off; it would start
                        // a thread
}

}  // namespace rocksdb

// Of the program that has small blocks of its own (tools/small_blocks.h); null in others. What came
// from there means nothing to the library's allocator.
extern "C" __attribute__((weak)) size_t drey_small_block_size(const void* block);

namespace {
size_t usable_size(void* pointer) {
  const size_t small = drey_small_block_size != nullptr ? drey_small_block_size(pointer) : 0;
  if (small != 0) return small;
  using Next = size_t (*)(void*);
  static constinit Next next = nullptr;  // an address, found once: not state
  if (next == nullptr) next = reinterpret_cast<Next>(dlsym(RTLD_NEXT, "malloc_usable_size"));
  return next == nullptr ? 0 : next(pointer);
}
}  // namespace

// Within a scope the allocator tells nothing that depends on the history of the heap. RocksDB asks
// about two things: small objects, which it adds to cache charges, and the blocks of a memtable's
// arena. A small object costs nothing. A block counts as what was asked for,
// drey::state::kArenaBlockBytes: with 0, the arena's count would be negative (0 minus what is still
// free in the block) and RocksDB asserts on the sum. Nothing that it asks about is of a size
// between. Everybody else in the process gets the truth.
extern "C" DREY_SEAM size_t malloc_usable_size(void* pointer) {
  const size_t truth = usable_size(pointer);
  drey::state::DatabaseSeams* seams = drey::state::DatabaseScope::current();
  if (seams == nullptr) return truth;
  ++seams->size_calls;
  return truth < drey::state::kArenaBlockBytes / 8 ? 0 : drey::state::kArenaBlockBytes;
}
