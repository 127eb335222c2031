#include "tools/small_blocks.h"

#if !defined(__SANITIZE_ADDRESS__) && defined(__linux__)
#define DREY_SMALL_BLOCKS 1
#endif
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#undef DREY_SMALL_BLOCKS
#endif
#endif

#ifndef DREY_SMALL_BLOCKS

namespace drey::tools {
extern "C" size_t drey_small_block_size(const void*) { return 0; }
}  // namespace drey::tools

#else

#include <sys/mman.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace drey::tools {
namespace {

constexpr size_t kStep = 16;
constexpr size_t kClasses = kLargestSmallBlock / kStep + 1;
constexpr size_t kSlab = size_t{64} << 10;   // blocks of one class
constexpr size_t kArena = size_t{32} << 30;  // address space only: a page counts when touched
constexpr size_t kHugePage = size_t{2} << 20;
constexpr size_t kSlabs = kArena / kSlab;

struct FreeBlock {
  FreeBlock* next = nullptr;
};

struct Lists {
  std::array<FreeBlock*, kClasses> free{};
  std::array<char*, kClasses> fresh{};  // of the slab at hand: not used yet
  std::array<char*, kClasses> end{};
};
struct Arena {
  char* begin = nullptr;  // null: not asked for yet, or refused
  bool refused = false;
  size_t slabs = 0;  // taken
  std::array<uint8_t, kSlabs> class_of_slab{};
};

// Where a block lies never influences a run. One thread by design (2.17); should a library start
// one all the same, it has lists of its own, and a block may be given back by another thread.
thread_local constinit Lists lists;
// Likewise: it never influences a run.
constinit Arena arena;

// A slab, or null: then malloc serves.
char* take_slab(size_t size_class) {
  if (arena.begin == nullptr && !arena.refused) {
    void* const got = ::mmap(nullptr, kArena + kHugePage, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    arena.refused = got == MAP_FAILED;
    if (arena.refused) return nullptr;
    const auto begin = (reinterpret_cast<uintptr_t>(got) + kHugePage - 1) / kHugePage * kHugePage;
    arena.begin = reinterpret_cast<char*>(begin);
    (void)::madvise(arena.begin, kArena, MADV_HUGEPAGE);  // refused: small pages do as well
  }
  if (arena.refused) return nullptr;
  const size_t slab = __atomic_fetch_add(&arena.slabs, 1, __ATOMIC_RELAXED);
  if (slab >= kSlabs) return nullptr;
  arena.class_of_slab[slab] = static_cast<uint8_t>(size_class);
  return arena.begin + slab * kSlab;
}

void* from_system(size_t bytes) {
  for (;;) {
    void* const block = std::malloc(bytes == 0 ? 1 : bytes);
    if (block != nullptr) return block;
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) throw std::bad_alloc();
    handler();
  }
}

__attribute__((noinline)) void* take_fresh(size_t size_class) {
  const size_t bytes = size_class * kStep;
  if (lists.fresh[size_class] == nullptr ||
      lists.fresh[size_class] + bytes > lists.end[size_class]) {
    char* const slab = take_slab(size_class);
    if (slab == nullptr) return from_system(bytes);
    lists.fresh[size_class] = slab;
    lists.end[size_class] = slab + kSlab;
  }
  char* const block = lists.fresh[size_class];
  lists.fresh[size_class] = block + bytes;
  return block;
}

inline void* take(size_t bytes) {
  if (bytes > kLargestSmallBlock) [[unlikely]]
    return from_system(bytes);
  const size_t size_class = bytes == 0 ? 1 : (bytes + kStep - 1) / kStep;
  FreeBlock* const block = lists.free[size_class];
  if (block == nullptr) [[unlikely]]
    return take_fresh(size_class);
  FreeBlock* const next = block->next;
  // The next to be taken may have been given back long ago: else its link would be waited for.
  __builtin_prefetch(next, 1);
  lists.free[size_class] = next;
  return block;
}

inline bool ours(const void* block) {
  const uintptr_t into =
      reinterpret_cast<uintptr_t>(block) - reinterpret_cast<uintptr_t>(arena.begin);
  return into < kArena && arena.begin != nullptr;
}

inline size_t class_of(const void* block) {
  return arena
      .class_of_slab[static_cast<size_t>(static_cast<const char*>(block) - arena.begin) / kSlab];
}

inline void give_back(void* block) {
  if (!ours(block)) {
    std::free(block);
    return;
  }
  const size_t size_class = class_of(block);
  auto* const freed = static_cast<FreeBlock*>(block);
  freed->next = lists.free[size_class];
  lists.free[size_class] = freed;
}

}  // namespace

extern "C" size_t drey_small_block_size(const void* block) {
  return ours(block) ? class_of(block) * kStep : 0;
}

}  // namespace drey::tools

// The array and nothrow forms of the library call these.
void* operator new(size_t bytes) { return drey::tools::take(bytes); }
void operator delete(void* block) noexcept { drey::tools::give_back(block); }
void operator delete(void* block, size_t) noexcept { drey::tools::give_back(block); }

#endif
