// Reactions of the default scheduler to slots, task reports, failures, timers and cancel: the
// JobScheduler with scripted slots, back-off and (where the row says MANUAL) scheduling.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <stdexcept>

#include "model/cluster/job_scheduler.h"
#include "tests/conformance/graph_notation.h"

namespace drey::conformance {
namespace {

using namespace model;

class ScriptedRestarts final : public RestartStrategy {
 public:
  explicit ScriptedRestarts(bool can_restart) : can_restart_(can_restart) {}
  FailureNotice notify_failure(sim::Time) override { return FailureNotice::new_attempt; }
  bool can_restart(sim::Time) const override { return can_restart_; }
  std::optional<sim::Duration> backoff(sim::Time) const override { return sim::Duration{}; }
  std::string name() const override { return "scripted"; }
  void set(bool can_restart) { can_restart_ = can_restart; }

 private:
  bool can_restart_;
};

// Schedules nothing by itself and remembers what it is asked to restart.
class ManualScheduling final : public SchedulingStrategy {
 public:
  SchedulingCalls start() override { return {}; }
  SchedulingCalls on_finished(SubtaskIndex) override { return {}; }
  SchedulingCalls restart(const std::vector<SubtaskIndex>& subtasks) override {
    handed_over = subtasks;
    return {};
  }
  std::vector<SubtaskIndex> handed_over{};
};

class Script final : public JobSchedulerHost {
 public:
  explicit Script(const Json& given)
      : restarts_(given.at("can_restart").get<bool>()),
        automatic_(given.at("slots") == "AUTO"),
        returned_serve_(given.at("slots") == "MANUAL_RETURNED_SLOTS_SERVE_REQUESTS") {
    auto job = std::make_shared<JobInformation>();
    job->job = 1;
    job->graph = named_graph_of(given);
    JobScheduler::Options options;
    options.failover = given.at("failover") == "ALL" ? FailoverScope::full : FailoverScope::region;
    if (given.at("scheduling") == "MANUAL") options.strategy = &manual_;
    scheduler_ = std::make_unique<JobScheduler>(std::move(job), options, restarts_, *this);
  }

  void run(const Json& event) {
    manual_.handed_over.clear();
    answer_ = nullptr;
    const auto op = event.at("op").get<std::string>();
    if (!run_scheduling(op, event) && !run_reports(op, event) && !run_settings(op, event))
      throw std::invalid_argument("op " + op);
  }

  // Null: the field is not the scheduler's.
  Json answer(const std::string& field, const Json& expected) const {
    if (field == "deployed") return names(deployed_);
    if (field == "states") {
      Json states = Json::object();
      for (const auto& [name, value] : expected.items())
        states[name] = model::name_of(scheduler_->graph().state(subtask_named(topology(), name)));
      return states;
    }
    if (field == "job_status") return model::name_of(scheduler_->status());
    if (field == "pending_requests") return requests_.size();
    if (field == "handed_over") return names(manual_.handed_over);
    if (field == "hook_restores") return restores_;
    if (field == "answer") return answer_;
    if (field == "failure_cause") {
      const Cause& cause = scheduler_->failure();
      return cause.kind == Cause::Kind::no_resources ? "NO_RESOURCE_AVAILABLE" : cause.text;
    }
    return nullptr;
  }

  // JobSchedulerHost
  sim::Time now() const override { return {}; }
  void request_slots(const std::vector<SubtaskIndex>& subtasks) override {
    for (const SubtaskIndex subtask : subtasks) requests_.push_back(subtask);
    if (!automatic_) return;
    for (const SubtaskIndex subtask : subtasks) serve(subtask);
  }
  void cancel_slot_request(SubtaskIndex subtask) override { take_request(subtask); }
  void release_slot(SubtaskIndex, AllocationId) override {
    if (returned_serve_ && !requests_.empty()) serve(requests_.front());
  }
  bool slot_is_alive(AllocationId) const override { return true; }
  void submit(const AssignedSlot&, std::shared_ptr<const Deployment> deployment) override {
    const AttemptId& attempt = deployment->attempt;
    deployed_.push_back(topology().subtask(attempt.vertex, attempt.subtask));
  }
  void cancel_task(const AssignedSlot&, const AttemptId&, int) override {}
  void update_partitions(const AssignedSlot&, const AttemptId&,
                         std::vector<ShuffleDescriptor>) override {}
  void release_partitions(const AssignedSlot&, std::vector<PartitionId>) override {}
  void arm_restart(uint64_t number, sim::Duration) override { timers_.push_back(number); }
  void status_changed(JobStatus, JobStatus) override {}
  void execution_changed(SubtaskIndex, ExecutionState, ExecutionState) override {}
  void failover_begun(uint64_t, const Cause&, SubtaskIndex, bool, const std::vector<TaskRestart>&,
                      sim::Duration) override {}
  void failover_ended(uint64_t) override {}
  void failure_seen(std::optional<SubtaskIndex>, const Cause&) override {}
  void restart_refused(int64_t) override {}
  void deployed(SubtaskIndex, const AssignedSlot&) override {}
  bool may_restore() const override { return true; }
  bool restore_state(const std::vector<SubtaskIndex>&, bool) override {
    ++restores_;
    return !restore_fails_;
  }

 private:
  const ExecutionTopology& topology() const { return scheduler_->graph().topology(); }

  bool run_scheduling(const std::string& op, const Json& event) {
    if (op == "start") {
      scheduler_->start();
    } else if (op == "schedule") {
      if (scheduler_->status() == JobStatus::created) scheduler_->start();
      scheduler_->allocate_and_deploy(subtasks_of(event));
    } else if (op == "slots_arrive") {
      const std::vector<SubtaskIndex> subtasks =
          event.contains("subtasks") ? subtasks_of(event) : requests_;
      for (const SubtaskIndex subtask : subtasks) serve(subtask);
    } else if (op == "slot_timeout") {
      const std::vector<SubtaskIndex> subtasks =
          event.contains("subtask") ? std::vector{subtask_of(event)} : requests_;
      for (const SubtaskIndex subtask : subtasks) {
        if (take_request(subtask))
          scheduler_->on_slot_failed(subtask, {.kind = Cause::Kind::no_resources});
      }
    } else if (op == "slot_released") {
      const SubtaskIndex subtask = subtask_of(event);
      const AllocationId allocation = serve(subtask);
      scheduler_->on_slot_lost(subtask, allocation, {.kind = Cause::Kind::slot_lost});
    } else if (op == "fire_restart") {
      if (timers_.empty()) return true;
      const uint64_t number = timers_.front();
      timers_.pop_front();
      scheduler_->on_restart_due(number);
    } else {
      return false;
    }
    return true;
  }

  bool run_reports(const std::string& op, const Json& event) {
    if (op == "report") {
      const SubtaskIndex subtask = subtask_of(event);
      answer_ = scheduler_->on_task_state(scheduler_->attempt_id(subtask),
                                          state_named(event.at("state").get<std::string>()),
                                          {.kind = Cause::Kind::user});
    } else if (op == "report_unknown") {
      answer_ = scheduler_->on_task_state({1, 0, 0, 99},
                                          state_named(event.at("state").get<std::string>()), {});
    } else if (op == "global_failure") {
      scheduler_->fail_global({.kind = Cause::Kind::user});
    } else if (op == "cancel") {
      scheduler_->cancel();
    } else if (op == "close") {
      scheduler_->suspend();
    } else {
      return false;
    }
    return true;
  }

  // Checkpoints are the host's: a completed one makes a restore do something.
  bool run_settings(const std::string& op, const Json& event) {
    if (op == "set_can_restart")
      restarts_.set(event.at("value").get<bool>());
    else if (op == "set_slots")
      automatic_ = event.at("mode") == "AUTO";
    else if (op == "hook_restore_fails")
      restore_fails_ = event.at("value").get<bool>();
    else
      return op == "trigger_checkpoint" || op == "acknowledge_all";
    return true;
  }

  SubtaskIndex subtask_of(const Json& event) const {
    return subtask_named(topology(), event.at("subtask").get<std::string>());
  }
  std::vector<SubtaskIndex> subtasks_of(const Json& event) const {
    std::vector<SubtaskIndex> subtasks;
    for (const Json& name : event.at("subtasks"))
      subtasks.push_back(subtask_named(topology(), name.get<std::string>()));
    return subtasks;
  }
  Json names(const std::vector<SubtaskIndex>& subtasks) const {
    Json list = Json::array();
    for (const SubtaskIndex subtask : subtasks)
      list.push_back(conformance::name_of(topology(), subtask));
    return list;
  }

  bool take_request(SubtaskIndex subtask) {
    const auto at = std::find(requests_.begin(), requests_.end(), subtask);
    if (at == requests_.end()) return false;
    requests_.erase(at);
    return true;
  }
  AllocationId serve(SubtaskIndex subtask) {
    if (!take_request(subtask)) return {};
    AssignedSlot slot;
    slot.allocation = {++allocations_};
    slot.task_manager = "tm-1";
    scheduler_->on_slot(subtask, slot);
    return slot.allocation;
  }

  ScriptedRestarts restarts_;
  ManualScheduling manual_{};
  std::unique_ptr<JobScheduler> scheduler_{};
  bool automatic_;
  bool returned_serve_;
  bool restore_fails_ = false;
  uint32_t restores_ = 0;
  uint64_t allocations_ = 0;
  std::vector<SubtaskIndex> requests_{};
  std::vector<SubtaskIndex> deployed_{};
  std::deque<uint64_t> timers_{};
  Json answer_{};
};

Outcome judge(const Json& c) {
  for (const Json& step : c.at("expected").at("steps")) {
    if (step.contains("pending_checkpoints"))
      return skipped("pending checkpoints are the coordinator's: coordinator-asserted.json");
    if (step.contains("history")) return skipped("drey keeps no history of exceptions");
  }
  Script script(c.at("given"));
  for (size_t k = 0; k < c.at("events").size(); ++k) {
    script.run(c["events"][k]);
    Json actual = Json::object();
    const Json& expected = c.at("expected").at("steps")[k];
    for (const auto& [field, value] : expected.items()) actual[field] = script.answer(field, value);
    const Outcome outcome =
        expect_equal(expected, actual, "event " + std::to_string(k) + " " + c["events"][k].dump());
    if (outcome.kind != Outcome::Kind::passed) return outcome;
  }
  return passed();
}

TEST(DefaultSchedulerVectors, Asserted) {
  run_vectors("default-scheduler-asserted.json",
              [](const Json& c, const Json&) { return judge(c); });
}

}  // namespace
}  // namespace drey::conformance
