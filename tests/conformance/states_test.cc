// The state machines of an execution attempt and of the job, and the flags of result types.
#include <gtest/gtest.h>

#include <map>
#include <stdexcept>

#include "model/graph/execution_graph.h"
#include "tests/conformance/graph_notation.h"

namespace drey::conformance {
namespace {

using namespace model;

JobStatus status_named(const std::string& name) {
  for (int i = 0; i <= static_cast<int>(JobStatus::reconciling); ++i) {
    const auto status = static_cast<JobStatus>(i);
    if (model::name_of(status) == name) return status;
  }
  throw std::invalid_argument("job status " + name);
}

ExecutionEvent event_named(const std::string& name) {
  static const std::map<std::string, ExecutionEvent> kDirect{
      {"fail", ExecutionEvent::fail},
      {"markFailed", ExecutionEvent::mark_failed},
      {"cancel", ExecutionEvent::cancel},
      {"suspend", ExecutionEvent::suspend},
      {"deploy", ExecutionEvent::deploy},
      {"completeCancelling", ExecutionEvent::complete_canceling},
      {"schedule", ExecutionEvent::schedule}};
  constexpr std::string_view kReport = "report-";
  if (name.rfind(kReport, 0) == 0)
    return report_event(state_named(name.substr(kReport.size()))).value();
  return kDirect.at(name);
}

Outcome judge_execution_event(const Json& c) {
  const auto event = c.at("event").get<std::string>();
  const ExecutionOutcome outcome =
      execution_outcome(state_named(c.at("state").get<std::string>()), event_named(event), true);
  Json actual{{"state", model::name_of(outcome.state)},
              {"cancelRpcs", outcome.cancel == CancelRpc::none ? 0 : 1},
              {"notified", outcome.notify_scheduler ? 1 : 0},
              {"global", outcome.fail_global ? 1 : 0},
              {"slotReleased", outcome.release_slot}};
  if (event.rfind("report-", 0) == 0) actual["returned"] = outcome.accepted;
  if (outcome.refused) actual["error"] = "IllegalStateException";
  return expect_equal(c.at("expected"), actual, "event");
}

// A job of one running subtask.
struct OneTaskJob {
  explicit OneTaskJob(JobStatus status) : machine(status) {}

  void carry_out(JobStateMachine::Act act) {
    if (act == JobStateMachine::Act::nothing) return;
    update(act == JobStateMachine::Act::cancel_all ? ExecutionEvent::cancel
                                                   : ExecutionEvent::suspend);
  }
  void update(ExecutionEvent event) {
    task = execution_outcome(task, event, true).state;
    if (is_terminal(task)) machine.all_terminal();
    if (task == ExecutionState::finished) machine.all_finished();
  }
  // False: refused with an exception.
  bool step(const std::string& what) {
    if (what == "cancel")
      carry_out(machine.cancel());
    else if (what == "failJob")
      carry_out(machine.fail());
    else if (what == "suspend")
      carry_out(machine.suspend());
    else if (what == "vertexCanceled")
      update(ExecutionEvent::report_canceled);
    else if (what == "vertexFinished")
      update(ExecutionEvent::report_finished);
    else if (what == "transitionToRunning")
      return machine.start();
    else
      throw std::invalid_argument("step " + what);
    return true;
  }

  JobStateMachine machine;
  ExecutionState task = ExecutionState::running;
};

Outcome judge_job_event(const Json& c) {
  OneTaskJob job(status_named(c.at("status").get<std::string>()));
  Json actual{{"path", Json::array()}};
  std::string steps = c.at("event").get<std::string>() + "+";
  while (!steps.empty()) {
    const size_t cut = steps.find('+');
    if (!job.step(steps.substr(0, cut))) {
      actual["error"] = "IllegalStateException";
      break;
    }
    actual["path"].push_back(std::string(model::name_of(job.machine.status())) + "/" +
                             std::string(model::name_of(job.task)));
    steps.erase(0, cut + 1);
  }
  return expect_equal(c.at("expected"), actual, "job event");
}

Json flags_of(ResultPartitionType type) {
  return {{"mustBePipelined", must_be_pipelined(type)},
          {"canBePipelined", can_be_pipelined(type)},
          {"blockingOrPersistent", is_blocking_or_persistent(type)},
          {"hybrid", is_hybrid(type)},
          {"pipelinedOrPipelinedBounded", is_pipelined_or_bounded(type)},
          {"bounded", is_bounded(type)},
          {"persistent", is_persistent(type)},
          {"reconsumable", is_reconsumable(type)},
          {"releaseByScheduler", is_released_by_scheduler(type)},
          {"releaseByUpstream", is_released_by_upstream(type)},
          {"supportCompression", supports_compression(type)}};
}

Outcome judge_state(const Json& c) {
  const auto kind = c.at("kind").get<std::string>();
  if (kind == "execution-state") {
    const ExecutionState state = state_named(c.at("state").get<std::string>());
    return expect_equal(c.at("expected"),
                        {{"terminal", is_terminal(state)}, {"ordinal", static_cast<int>(state)}},
                        "state");
  }
  if (kind == "job-status") {
    const JobStatus status = status_named(c.at("status").get<std::string>());
    return expect_equal(c.at("expected"),
                        {{"terminal", is_terminal(status)},
                         {"globallyTerminal", is_globally_terminal(status)},
                         {"ordinal", static_cast<int>(status)}},
                        "status");
  }
  if (kind == "execution-transition") {
    const bool may = may_leave(state_named(c.at("state").get<std::string>()));
    return expect_equal(c.at("expected"), may ? c.at("target") : Json("IllegalStateException"),
                        "transition");
  }
  if (kind == "job-transition") {
    JobStateMachine machine(status_named(c.at("status").get<std::string>()));
    const bool may = machine.transition(status_named(c.at("target").get<std::string>()));
    return expect_equal(c.at("expected"), may ? Json(true) : Json("IllegalStateException"),
                        "transition");
  }
  if (kind == "execution-event") return judge_execution_event(c);
  if (kind == "job-event") return judge_job_event(c);
  if (kind == "partition-type") {
    const ResultPartitionType type = type_of_letters(c.at("type").get<std::string>());
    if (c.at("name") != model::name_of(type)) return failed("name");
    return expect_equal(c.at("expected"), flags_of(type), "flags");
  }
  if (kind == "adaptive" || kind == "transition-manager")
    return skipped("the adaptive scheduler (it rescales a running job) is not part of drey");
  if (kind == "application-state" || kind == "application-transition")
    return skipped(
        "applications, which wrap jobs since 2.3, are not part of drey: its Dispatcher runs jobs");
  return failed("unknown kind " + kind);
}

TEST(StateVectors, States) {
  run_vectors("states.json", [](const Json& c, const Json&) { return judge_state(c); });
}

// One attempt, with the time stamps that upstream sets on entering a state.
Outcome judge_cancel(const Json& c) {
  const Json& given = c.at("given");
  ExecutionGraph graph(named_graph_of(given));
  const ExecutionState start = state_named(given.at("state").get<std::string>());
  graph.set_state(0, start);
  std::vector<std::string> entered{"CREATED"};
  bool slot = true;
  const auto apply = [&](ExecutionEvent event) {
    const ExecutionState before = graph.state(0);
    const ExecutionOutcome outcome = graph.apply(0, event, slot);
    // Upstream passes through CANCELING also where it ends at once.
    if (event == ExecutionEvent::cancel && outcome.state != before) entered.push_back("CANCELING");
    if (outcome.state != before && outcome.state != ExecutionState::canceling)
      entered.emplace_back(model::name_of(outcome.state));
    slot = slot && !outcome.release_slot;
    return outcome;
  };
  Json steps = Json::array();
  for (size_t k = 0; k < c.at("events").size(); ++k) {
    const auto op = c["events"][k].at("op").get<std::string>();
    if (op == "cancel") {
      const ExecutionOutcome outcome = apply(ExecutionEvent::cancel);
      if (outcome.cancel != CancelRpc::none && given.at("cancel_rpc") == "FAIL" &&
          outcome.state == ExecutionState::canceling)
        apply(ExecutionEvent::fail);  // all tries failed
    } else if (op == "cancel_done") {
      apply(ExecutionEvent::report_canceled);
    } else if (op == "report_failed") {
      apply(ExecutionEvent::report_failed);
    } else {
      return failed("unknown op " + op);
    }
    Json step = Json::object();
    for (const auto& [field, value] : c.at("expected").at("steps")[k].items()) {
      if (field == "state") step[field] = model::name_of(graph.state(0));
      if (field == "slot_alive") step[field] = slot;
      // "must be set": others may be, too.
      if (field == "timestamps") {
        step[field] = Json::array();
        for (const Json& wanted : value) {
          for (const std::string& have : entered) {
            if (wanted == have) step[field].push_back(have);
          }
        }
      }
    }
    steps.push_back(step);
  }
  return expect_equal(c.at("expected").at("steps"), steps, "cancel");
}

TEST(StateVectors, ExecutionCancelAsserted) {
  run_vectors("execution-cancel-asserted.json",
              [](const Json& c, const Json&) { return judge_cancel(c); });
}

}  // namespace
}  // namespace drey::conformance
