#include "reports/oracles/all.h"

#include "reports/oracles/recovery_newest.h"
#include "reports/oracles/restart_budget.h"
#include "reports/oracles/restart_set.h"
#include "reports/oracles/state_machine.h"

namespace drey::reports {

std::vector<std::unique_ptr<Oracle>> make_oracles(const OracleSetup& setup, TraceNames names) {
  const auto view = std::make_shared<const JobView>(setup, names);
  const bool checkpointing = setup.checkpoint_interval.has_value();
  std::vector<std::unique_ptr<Oracle>> oracles;
  oracles.push_back(std::make_unique<RestartSet>(
      RestartSet::Options{.full_failover = setup.full_failover}, view));
  oracles.push_back(std::make_unique<RecoveryNewest>(
      RecoveryNewest::Options{.high_availability = setup.high_availability,
                              .checkpointing = checkpointing},
      view));
  oracles.push_back(std::make_unique<StateMachine>(view));
  oracles.push_back(std::make_unique<RestartBudget>(setup.restart, view));
  return oracles;
}

}  // namespace drey::reports
