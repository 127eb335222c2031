#pragma once
// Many runs in forked processes, at most `jobs` at a time: a run that crashes takes nobody along.
// No room owns anything mutable (tools/symbols.sh looks), so a process may do many runs one after
// another, which spares small runs the cost of a process each. Outcomes come back through sockets
// and are handed on in the order of the requests, whatever finishes first.
#include <functional>
#include <span>

#include "scenarios/run.h"

namespace drey::scenarios {

using RunFunction = std::function<RunOutcome(const RunRequest&)>;
// Called in the order of the requests, each as soon as it and all before it are there (or see
// HandOn). False stops the pool: running children are ended, what is left does
// not start.
using OutcomeSink = std::function<bool(const RunRequest&, const RunOutcome&)>;

// in_order: as above. as_finished: each outcome at once, so that what is recorded is complete but
// for the runs in flight; and no run happens in this process, even a single one.
enum class HandOn : uint8_t { in_order, as_finished };

struct PoolOptions {
  HandOn order = HandOn::in_order;
  size_t runs_per_process = 1;  // >= 1; then it ends and another takes its place
};

// jobs >= 1. With a single request in order the run happens in this process. Of a run that ended
// without a result the outcome says verdict "error", and in `broke` how.
void run_pool(std::span<const RunRequest> requests, size_t jobs, const RunFunction& run,
              const OutcomeSink& sink, const PoolOptions& options = {});

}  // namespace drey::scenarios
