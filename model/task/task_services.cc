#include "model/task/task_services.h"

#include "state/backend_factory.h"

namespace drey::model {

OpenedBackend TaskBackends::open(const BackendRequest& request, state::Charge& charge) const {
  const TaskOptions& options = *request.options;
  const bool heap = options.backend == TaskOptions::Backend::hashmap;
  state::BackendSetup setup;
  setup.kind = heap ? state::BackendKind::hashmap : state::BackendKind::rocksdb;
  setup.range = request.range;
  setup.max_parallelism = request.max_parallelism;
  setup.value_padding = request.state_bytes_per_key;
  setup.incremental = options.incremental;
  setup.rocksdb.write_buffer_bytes = options.rocksdb_write_buffer;
  if (options.rocksdb_bloom_filter) setup.rocksdb.bloom_bits = state::kDefaultBloomBits;
  setup.rocksdb_cache_bytes = options.rocksdb_block_cache;
  setup.disk = options_.disk;
  setup.clock = options_.clock;
  setup.writer = options_.process;
  setup.directory = options_.directory + "/" + request.name;
  setup.name = sim::name_hash(setup.directory);
  state::MadeBackend made = state::make_backend(setup, request.restore, charge);
  OpenedBackend opened{
      .outcome = made.outcome, .error = std::move(made.error), .backend = std::move(made.backend)};
  if (heap) opened.cost_per_record.ns = static_cast<int64_t>(setup.heap_costs.reduce_ns);
  opened.window_cost.ns =
      static_cast<int64_t>(heap ? setup.heap_costs.window_ns : setup.rocksdb.costs.window_ns);
  return opened;
}

}  // namespace drey::model
