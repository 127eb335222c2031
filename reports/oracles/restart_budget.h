#pragma once
// Claim: restarts obey the configured restart strategy: how many, and after which delay.
//
// Each failover_begun and each restart_refused is one failure that the strategy was told of. The
// strategy is kept a second time here, in integers: what it allows must have begun, what it does
// not must have been refused, the announced back-off must be its own (for an exponential delay:
// within the jitter, and the remaining time for a failure inside the pending back-off), and no
// failover may end before its back-off is over. A failure in RUNNING or RESTARTING must lead to
// either; a refusal must end the job.
//
// A stop whose savepoint is complete is judged when all executions that there were have ended: if
// one of them did not finish the job must fail at that instant, whatever the strategy allows, since
// a restart would go back behind what the savepoint has committed (control-plane.md 9.5).
//
// Each JobMaster counts anew. Flink's clock is in whole milliseconds.
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "reports/oracles/job_view.h"

namespace drey::reports {

class RestartBudget final : public Oracle {
 public:
  RestartBudget(RestartBudgetSetup setup, std::shared_ptr<const JobView> view)
      : setup_(setup), view_(std::move(view)) {}

  std::string_view name() const override { return "restart_budget"; }
  std::string_view claim() const override {
    return "restarts obey the restart strategy, in number and in delay";
  }
  uint64_t interests() const override { return sim::interest(sim::FactGroup::control); }
  void on(const sim::Fact& fact, sim::FactNumber number) override;
  Finding finish(sim::Time end) override;

 private:
  struct JobMaster {
    uint64_t status = 1;
    int64_t failures = 0;          // fixed delay
    std::deque<int64_t> times_ms;  // failure rate
    int64_t attempts = 0;          // exponential: n of the formula
    std::optional<int64_t> next_ms;
    uint64_t restarts = 0;  // new attempts that were allowed
    uint64_t last_failover = 0;
    std::map<uint64_t, sim::Time> due;               // failover -> end of its back-off
    std::optional<sim::Fact> unanswered;             // a failure
    std::optional<sim::Fact> refused;                // and the job not yet failing
    std::map<model::SubtaskIndex, uint64_t> states;  // of executions
    // Since the savepoint of a stop stands:
    std::set<model::SubtaskIndex> open;  // executions of that instant that have not ended
    bool ended_badly = false;            // one of them not FINISHED
    std::optional<sim::Fact> must_fail;
  };
  struct Verdict {
    bool may_restart = true;
    bool merged = false;
    int64_t least_ns = 0;  // of the back-off
    int64_t most_ns = 0;
  };

  Verdict notify(JobMaster& master, sim::Time now, std::optional<int64_t> announced_ns);
  Verdict notify_exponential(JobMaster& master, int64_t now_ms,
                             std::optional<int64_t> announced_ns);
  int64_t exponential_ms(int64_t n) const;
  void begun(JobMaster& master, const sim::Fact& fact);
  void refused(JobMaster& master, const sim::Fact& fact);
  void ended(JobMaster& master, const sim::Fact& fact);
  void stands(JobMaster& master);
  void execution_changed(JobMaster& master, const sim::Fact& fact);
  void settle(JobMaster& master);
  void violate(const sim::Fact& fact, std::string what);

  RestartBudgetSetup setup_;
  std::shared_ptr<const JobView> view_;
  std::map<uint32_t, JobMaster> masters_;
  Evidence evidence_;
};

}  // namespace drey::reports
