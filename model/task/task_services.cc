#include "model/task/task_services.h"

#include "state/heap_backend.h"

namespace drey::model {

OpenedBackend HeapBackendFactory::open(const BackendRequest& request, state::Charge& charge) {
  state::HeapBackend::Options options;
  options.range = request.range;
  options.max_parallelism = request.max_parallelism;
  if (request.options->heap_bytes != 0) options.memory_limit = request.options->heap_bytes;
  auto backend = std::make_unique<state::HeapBackend>(options);
  OpenedBackend opened;
  opened.cost_per_record = sim::nanoseconds(static_cast<int64_t>(options.costs.reduce_ns));
  if (!request.restore.empty()) opened.outcome = backend->restore(request.restore, charge);
  opened.backend = std::move(backend);
  return opened;
}

}  // namespace drey::model
