#pragma once
// Many runs, each in a forked process of its own, at most `jobs` at a time: nothing mutable
// survives between runs (design.md 2.17), and a run that crashes takes nobody along. Outcomes come
// back through pipes and are handed on in the order of the requests, whatever finishes first.
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
// for the runs in flight; and each run has its own process, even a single one.
enum class HandOn : uint8_t { in_order, as_finished };

// jobs >= 1. With a single request the run happens in this process.
void run_pool(std::span<const RunRequest> requests, size_t jobs, const RunFunction& run,
              const OutcomeSink& sink, HandOn order = HandOn::in_order);

}  // namespace drey::scenarios
