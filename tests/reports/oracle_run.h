#pragma once
// A job's life in hand-made facts, for the tests of the oracles beside the ledger: src (2 subtasks)
// -hash-> agg (2, with the sink chained), told by jm-1, tm-1 and tm-2. Tests put single wrong facts
// into an otherwise right life.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "model/graph/execution_state.h"
#include "reports/oracles/all.h"
#include "tests/reports/hand_made_run.h"

namespace drey::reports {

class OracleRun : public testing::Test {
 protected:
  using S = model::ExecutionState;
  using J = model::JobStatus;
  using C = model::ControlFact;
  using K = model::CheckpointFact;
  using T = model::TaskFact;

  static OracleSetup streaming() {
    OracleSetup setup;
    setup.spec = straight_job({{.id = "agg", .kind = model::OperatorKind::keyed}});
    setup.checkpoint_interval = sim::seconds(1);
    setup.restart = {.kind = RestartBudgetSetup::Kind::fixed_delay, .attempts = 2};
    return setup;
  }
  // Blocking hash edge: each subtask is a region.
  static OracleSetup batch() {
    OracleSetup setup = streaming();
    setup.spec.mode = model::RuntimeMode::batch;
    setup.checkpoint_interval.reset();
    return setup;
  }

  void judge(const OracleSetup& setup, std::string_view name) {
    for (auto& oracle : make_oracles(setup, TraceNames(kernel_)))
      if (oracle->name() == name) oracle_ = std::move(oracle);
    ASSERT_NE(oracle_, nullptr);
    run_ = std::make_unique<HandMadeRun>(*oracle_, kernel_);
  }
  Finding finish() { return oracle_->finish(run_->now); }
  void expect_held() {
    const Finding finding = finish();
    EXPECT_EQ(finding.judgement, Judgement::held) << finding.excuse;
    for (const Violation& violation : finding.violations) ADD_FAILURE() << violation.what;
  }
  // At least one violation, and the first one says so.
  void expect_violated(std::string_view what) {
    const Finding finding = finish();
    ASSERT_EQ(finding.judgement, Judgement::violated) << what;
    EXPECT_NE(finding.violations.front().what.find(what), std::string::npos)
        << finding.violations.front().what;
    EXPECT_EQ(finding.violations.front().oracle, oracle_->name());
  }

  void pass(sim::Duration time) { run_->now = run_->now + time; }
  template <class Kind>
  void say(Kind kind, std::string_view subject, uint64_t a, uint64_t b = 0, uint64_t c = 0) {
    run_->say(kind, subject, a, b, c);
  }
  template <class Kind>
  void say_as(std::string speaker, Kind kind, std::string_view subject, uint64_t a, uint64_t b = 0,
              uint64_t c = 0) {
    std::swap(run_->speaker, speaker);
    run_->say(kind, subject, a, b, c);
    std::swap(run_->speaker, speaker);
  }

  static std::string path(std::string_view task) { return "job-1/" + std::string(task); }
  void status(J to, J from) {
    say(C::job_status, "job-1", static_cast<uint64_t>(to), static_cast<uint64_t>(from));
  }
  void state(std::string_view task, S to, S from, uint64_t attempt = 0) {
    say(C::execution_state, path(task), attempt, static_cast<uint64_t>(to),
        static_cast<uint64_t>(from));
  }
  void task_state(std::string_view tm, std::string_view task, S to, S from, uint64_t attempt = 0) {
    say_as(std::string(tm) + "/" + path(task), T::state, path(task), attempt,
           static_cast<uint64_t>(to), static_cast<uint64_t>(from));
  }
  // Slot on tm-1 or tm-2, deployment, until RUNNING.
  void run_task(std::string_view task, uint64_t attempt = 0, std::string_view tm = "tm-1") {
    state(task, S::scheduled, S::created, attempt);
    say_as(std::string(tm) + "/task-executor", C::slot_allocated, "job-1", next_allocation_,
           next_allocation_);
    say(C::slot_assigned, path(task), next_allocation_);
    state(task, S::deploying, S::scheduled, attempt);
    say(C::deployed, path(task), attempt, next_allocation_);
    ++next_allocation_;
    state(task, S::initializing, S::deploying, attempt);
    state(task, S::running, S::initializing, attempt);
  }
  void start_all() {
    status(J::running, J::created);
    for (const char* task : {"src/0", "src/1", "agg/0", "agg/1"}) run_task(task);
  }
  void begin_failover(uint64_t number, std::string_view subject, size_t tasks,
                      sim::Duration delay = sim::seconds(1), uint64_t cause = 1) {
    say(C::failover_begun, subject, number, tasks << 8 | cause, static_cast<uint64_t>(delay.ns));
  }
  void restart(std::string_view task, uint64_t number, uint64_t reason, uint64_t attempt = 0) {
    say(C::restart_task, path(task), number, reason, attempt);
  }

  sim::Kernel kernel_{{}};
  std::unique_ptr<Oracle> oracle_;
  std::unique_ptr<HandMadeRun> run_;
  uint64_t next_allocation_ = 1;
};

// RestartReason.
inline constexpr uint64_t kFailedRegion = 0, kLostInput = 1, kConsumer = 2, kGlobal = 3;

}  // namespace drey::reports
