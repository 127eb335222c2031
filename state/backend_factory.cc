#include "state/backend_factory.h"

namespace drey::state {

#ifdef DREY_WITH_ROCKSDB
MadeBackend make_rocksdb_backend(const BackendSetup& setup,
                                 const std::vector<RestoreSource>& sources, Charge& charge);
std::string_view rocksdb_unavailable() { return {}; }
#else
std::string_view rocksdb_unavailable() {
  return "state.backend.type: rocksdb is not in this build (made with DREY_WITH_ROCKSDB=OFF, as "
         "builds with libc++ must be: "
         "Debian's library needs libstdc++)";
}
std::shared_ptr<RocksDbMemory> make_rocksdb_memory(const RocksDbMemoryShares&, double) {
  return nullptr;
}
#endif

std::optional<BackendKind> backend_kind(std::string_view name) {
  if (name == "hashmap") return BackendKind::hashmap;
  if (name == "rocksdb") return BackendKind::rocksdb;
  return std::nullopt;
}

MadeBackend make_backend(const BackendSetup& setup, const std::vector<RestoreSource>& sources,
                         Charge& charge) {
  MadeBackend made;
  switch (setup.kind) {
    case BackendKind::hashmap: {
      auto heap = std::make_unique<HeapBackend>(
          HeapBackend::Options{.range = setup.range,
                               .max_parallelism = setup.max_parallelism,
                               .memory_limit = setup.heap_limit,
                               .value_padding = setup.value_padding,
                               .costs = setup.heap_costs});
      made.outcome = heap->restore(sources, charge);
      if (made.outcome == Outcome::ok) made.backend = std::move(heap);
      break;
    }
    case BackendKind::rocksdb:
#ifdef DREY_WITH_ROCKSDB
      return make_rocksdb_backend(setup, sources, charge);
#else
      made.error = rocksdb_unavailable();
      break;
#endif
  }
  return made;
}

}  // namespace drey::state
