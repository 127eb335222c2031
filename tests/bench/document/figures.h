#pragma once
// The figures of the benchmark document (`issues show 3`). Rates are per second of processor time.
// Errors: a run that does not pass ends the benchmark; paths are relative to the repository.
#include <cstdint>

namespace drey::bench {

// ---- kernel_figures.cc
// Events per second of the queue over those of std::priority_queue, HOLD, in one process.
double queue_ratio(uint64_t pending);
double kernel_events_per_s(uint64_t pending);
// Processor time that the trace hash adds, as a fraction of that without it.
double hash_cost_fraction();

// ---- run_figures.cc
enum class Backend : uint8_t { heap, rocksdb };
// Source, map, keyBy, running sum, sink, whole: parallelism 1, no rate limit, all oracles and the
// hash on, no checkpoint before the last one.
double records_per_s(Backend backend, uint64_t keys, uint64_t records);
// The same on RocksDB, over a bare read-modify-write loop in the same process.
double fraction_of_bare_engine(uint64_t keys, uint64_t records);
double sim_to_wall(const char* scenario_file);
// Through run_pool, one run at a time, forks included.
double runs_per_hour(const char* scenario_file, uint64_t runs);
// What one more task that has nothing to do adds to the resident memory.
double bytes_per_idle_task();

}  // namespace drey::bench
