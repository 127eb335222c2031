#pragma once
// Decides what one failure leads to: restart these subtasks after this delay, or fail the job
// (control-plane page 4.3). The set of subtasks to restart is computed by the failover strategy
// before and handed in.
//
// Upstream: ExecutionFailureHandler, FailureHandlingResult, ThrowableClassifier.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/failover/restart_strategy.h"
#include "sim/time.h"

namespace drey::model {

// A failure with its chain of causes, outermost first; never empty. non_recoverable: the class of
// that throwable carries the annotation NonRecoverableError (SuppressRestartsException,
// StopWithSavepointStoppingException, ...).
struct FailureCause {
  struct Link {
    std::string text;
    bool non_recoverable = false;
    // PartitionIndex of the input that could not be read: upstream PartitionNotFoundException and
    // PartitionConnectionException. A ProducerFailedException or a plain network error names none.
    std::optional<uint32_t> lost_partition{};
  };
  std::vector<Link> chain;
};

bool is_unrecoverable(const FailureCause& cause);

struct FailureHandlingResult {
  bool can_restart = false;
  bool root_cause = false;  // opens an entry of the exception history
  bool global = false;
  std::vector<uint32_t> restart;  // subtasks; empty if !can_restart
  sim::Duration delay;            // 0 if !can_restart
  std::string error;              // text of the cause, or of the job's failure that wraps it
  bool wraps_cause = false;
};

class ExecutionFailureHandler {
 public:
  explicit ExecutionFailureHandler(RestartStrategy& strategy) : strategy_(strategy) {}

  FailureHandlingResult handle(const FailureCause& cause, std::vector<uint32_t> restart_set,
                               bool global, sim::Time now);
  int64_t number_of_restarts() const { return restarts_; }

 private:
  RestartStrategy& strategy_;
  int64_t restarts_ = 0;
};

}  // namespace drey::model
