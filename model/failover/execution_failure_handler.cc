#include "model/failover/execution_failure_handler.h"

#include <utility>

#include "fmt/core.h"
#include "sim/check.h"

namespace drey::model {

bool is_unrecoverable(const FailureCause& cause) {
  for (const FailureCause::Link& link : cause.chain)
    if (link.non_recoverable) return true;
  return false;
}

FailureHandlingResult ExecutionFailureHandler::handle(const FailureCause& cause,
                                                      std::vector<uint32_t> restart_set,
                                                      bool global, sim::Time now) {
  CHECK(!cause.chain.empty(), "a failure has a cause");
  FailureHandlingResult result;
  result.global = global;
  if (is_unrecoverable(cause)) {
    result.root_cause = true;
    result.wraps_cause = true;
    result.error = fmt::format("The failure is not recoverable: {}", cause.chain.front().text);
    return result;
  }
  const FailureNotice notice = strategy_.notify_failure(now);
  result.root_cause = notice != FailureNotice::merged;
  if (notice == FailureNotice::illegal_argument || !strategy_.can_restart(now)) {
    result.wraps_cause = true;
    result.error =
        fmt::format("Recovery is suppressed by {}: {}", strategy_.name(), cause.chain.front().text);
    return result;
  }
  if (result.root_cause) ++restarts_;
  result.can_restart = true;
  result.restart = std::move(restart_set);
  result.delay = strategy_.backoff(now).value_or(sim::Duration{});
  result.error = cause.chain.front().text;
  return result;
}

}  // namespace drey::model
