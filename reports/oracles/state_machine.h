#pragma once
// Claim: executions, tasks and the job only go from state to state as Flink's state machines allow
// (control-plane page 5.1, 5.3, 5.4), nothing leaves a terminal state, a new attempt has the next
// number, and a job whose result has been written down never runs again.
//
// A task that is cancelled ends, or its process does, within task.cancellation.timeout (the
// watchdog of page 5.5); a process that stood still meanwhile is given no verdict.
//
// Three views, each judged by its own announcements: the executions of each JobMaster, the tasks of
// each TaskManager process, the job's status in each JobMaster.
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "reports/oracles/job_view.h"

namespace drey::reports {

class StateMachine final : public Oracle {
 public:
  // `cancellation_timeout`: zero = no watchdog.
  StateMachine(sim::Duration cancellation_timeout, std::shared_ptr<const JobView> view)
      : cancellation_timeout_(cancellation_timeout), view_(std::move(view)) {}

  std::string_view name() const override { return "state_machine"; }
  std::string_view claim() const override {
    return "states follow each other as Flink's state machines allow, and terminal states are "
           "final";
  }
  uint64_t interests() const override {
    return sim::interest(sim::FactGroup::control) | sim::interest(sim::FactGroup::task) |
           sim::interest(sim::FactGroup::machine);
  }
  void on(const sim::Fact& fact, sim::FactNumber number) override;
  Finding finish(sim::Time end) override;

 private:
  struct Execution {
    uint64_t state = 0;  // CREATED
    uint64_t attempt = 0;
    uint64_t restarts = 0;  // restart_task facts since the last state of this attempt
  };
  struct JobMaster {
    std::map<model::SubtaskIndex, Execution> executions;
    uint64_t status = 1;  // CREATED
  };
  struct Task {
    uint64_t state = 0;
    bool known = false;
    std::optional<sim::Fact> canceling{};  // since then, and its process never stood still
  };

  void on_execution(JobMaster& master, const sim::Fact& fact, model::SubtaskIndex subtask);
  void on_reset(Execution& execution, const sim::Fact& fact, model::SubtaskIndex subtask);
  void on_status(const sim::Fact& fact);
  void on_task(const sim::Fact& fact, model::SubtaskIndex subtask);
  void on_process(const sim::Fact& fact);
  void check_cancellation(Task& task, sim::Time now);
  void violate(const sim::Fact& fact, std::string what);

  sim::Duration cancellation_timeout_;
  std::shared_ptr<const JobView> view_;
  std::map<uint32_t, JobMaster> masters_;
  // By (announcer, subtask, attempt): a task is announced by itself and by its TaskManager.
  std::map<std::pair<uint32_t, std::pair<model::SubtaskIndex, uint64_t>>, Task> tasks_;
  bool result_written_ = false;
  Evidence evidence_;
};

}  // namespace drey::reports
