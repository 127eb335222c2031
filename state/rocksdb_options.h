#pragma once
// The options of the RocksDB backend that the model reads from Flink's configuration
// (state.backend.rocksdb.*). Free of RocksDB's headers. Defaults: Flink 2.3. Units: bytes.
#include <cstdint>

#include "state/costs.h"

namespace drey::state {

// bloom-filter.bits-per-key by default; the filter is one of whole tables
// (bloom-filter.block-based-mode = false).
inline constexpr uint32_t kDefaultBloomBits = 10;

struct RocksDbOptions {
  uint64_t write_buffer_bytes = uint64_t{64} << 20;  // writebuffer.size
  uint32_t write_buffers = 2;   // writebuffer.count: at so many closed ones the writer stalls
  uint64_t block_bytes = 4096;  // block.blocksize
  uint64_t target_file_bytes = uint64_t{64} << 20;  // compaction.level.target-file-size-base
  uint64_t level_base_bytes = uint64_t{256} << 20;  // compaction.level.max-size-level-base
  uint32_t level0_compaction_files = 4;             // RocksDB's own defaults, which Flink keeps
  uint32_t level0_stop_files = 36;
  uint32_t bloom_bits = 0;                 // use-bloom-filter, bloom-filter.bits-per-key; 0 = off
  bool index_and_filter_in_cache = true;   // with managed memory
  bool partitioned_index_filters = false;  // memory.partitioned-index-filters
  RocksDbCosts costs;
};

// Flink's shares of the managed memory of a slot (RB-3): the block cache and the limit of all
// memtables.
struct RocksDbMemoryShares {
  uint64_t cache_bytes = 0;
  uint64_t write_buffer_bytes = 0;
};
constexpr RocksDbMemoryShares rocksdb_memory_shares(uint64_t managed_bytes,
                                                    uint64_t write_buffer_permille) {
  __extension__ using Wide = unsigned __int128;
  return {static_cast<uint64_t>(Wide{managed_bytes} * (3000 - write_buffer_permille) / 3000),
          static_cast<uint64_t>(Wide{managed_bytes} * 2 * write_buffer_permille / 3000)};
}

}  // namespace drey::state
