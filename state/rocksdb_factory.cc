#include "sim/check.h"
#include "state/backend_factory.h"
#include "state/rocksdb_backend.h"
#include "state/rocksdb_self_check.h"

namespace drey::state {

MadeBackend make_rocksdb_backend(const BackendSetup& setup,
                                 const std::vector<RestoreSource>& sources, Charge& charge);

MadeBackend make_rocksdb_backend(const BackendSetup& setup,
                                 const std::vector<RestoreSource>& sources, Charge& charge) {
  const std::string& problem = rocksdb_seams_problem();
  CHECK(problem.empty(), problem);
  RocksDbBackend::Options options;
  options.range = setup.range;
  options.max_parallelism = setup.max_parallelism;
  options.incremental = setup.incremental;
  options.value_padding = setup.value_padding;
  options.engine = setup.rocksdb;
  options.place = {setup.disk, setup.clock, setup.writer, setup.directory, setup.name};
  options.memory = setup.memory;
  if (options.memory == nullptr) {
    RocksDbMemory::Limits limits;
    limits.cache_bytes = setup.rocksdb_cache_bytes;
    options.memory = std::make_shared<RocksDbMemory>(limits);
    options.engine.index_and_filter_in_cache = false;
  }
  auto backend = std::make_unique<RocksDbBackend>(options);
  MadeBackend made;
  made.outcome = backend->restore(sources, charge);
  if (made.outcome == Outcome::ok) made.backend = std::move(backend);
  return made;
}

std::shared_ptr<RocksDbMemory> make_rocksdb_memory(const RocksDbMemoryShares& shares,
                                                   double high_priority_ratio) {
  RocksDbMemory::Limits limits;
  limits.cache_bytes = shares.cache_bytes;
  limits.write_buffer_bytes = shares.write_buffer_bytes;
  limits.high_priority_ratio = high_priority_ratio;
  return std::make_shared<RocksDbMemory>(limits);
}

}  // namespace drey::state
