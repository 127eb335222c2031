#pragma once
// The program's own operator new for small blocks: a message, a batch, a node of a map. A run takes
// and gives back a dozen of them per message; a list per size class does that in a tenth of the
// instructions of a general allocator, and the block that was given back last, which is still in
// the cache, is taken first.
//
// Linked into drey and its benchmarks only (drey_small_blocks in CMake); tests and everything under
// a sanitizer keep the allocator that checks. No result depends on it. Blocks above kLargest come
// from malloc. Memory that was once used for a size class stays there until the process ends, as
// scenarios/process_memory.h says of the rest.
#include <cstddef>

namespace drey::tools {

inline constexpr size_t kLargestSmallBlock = 512;

// The size of its class, or 0 for what did not come from here. RocksDB asks
// (state/rocksdb_seams.cc).
extern "C" size_t drey_small_block_size(const void* block);

}  // namespace drey::tools
