// task-states.json, kind task: one task with scripted user code.
#include <gtest/gtest.h>

#include "model/task/task_state_machine.h"
#include "tests/conformance/vectors.h"

namespace drey::conformance {
namespace {

using model::TaskStage;
using model::TaskThrowable;

Json name_of_throwable(const TaskThrowable& thrown) {
  switch (thrown.kind) {
    case TaskThrowable::Kind::none:
      return nullptr;
    case TaskThrowable::Kind::user_error:
      return "UserError";
    case TaskThrowable::Kind::cancel_task:
      return "CancelTaskException";
    case TaskThrowable::Kind::interrupted:
      return "InterruptedException";
    case TaskThrowable::Kind::external:
      return "External";
  }
  return nullptr;
}

Json name_of_stage(TaskStage stage) {
  switch (stage) {
    case TaskStage::none:
      return nullptr;
    case TaskStage::deploy:
      return "deploy";
    case TaskStage::restore:
      return "restore";
    case TaskStage::invoke:
      return "invoke";
    case TaskStage::clean_up:
      return "cleanup";
  }
  return nullptr;
}

class Script : public model::TaskStageActions {
 public:
  explicit Script(const Json& one_case) : case_(one_case), machine_(*this) {}

  void enter(TaskStage stage, const TaskThrowable& cause) override {
    if (stage == TaskStage::clean_up)
      actions_.push_back({"cleanup_cause", name_of_throwable(cause)});
    actions_.push_back(Json::array({name_of_stage(stage)}));
  }
  void report(model::ExecutionState state, const TaskThrowable& failure) override {
    actions_.push_back({"report", std::string(model::name_of(state)), name_of_throwable(failure)});
  }
  void cancel_invokable(bool interrupt) override {
    actions_.push_back(Json::array({"cancel_invokable"}));
    const bool in_user_code =
        machine_.stage() == TaskStage::restore || machine_.stage() == TaskStage::invoke;
    if (in_user_code && case_["on_cancel"] == "release") {
      actions_.push_back(Json::array({"released"}));
      machine_.stage_threw({.kind = TaskThrowable::Kind::cancel_task, .what = 0});
    } else if (interrupt && case_["interrupt_on_cancel"].get<bool>()) {
      actions_.push_back(Json::array({"interrupted"}));
      machine_.stage_threw({.kind = TaskThrowable::Kind::interrupted, .what = 0});
    }
  }
  void arm_watchdog() override {
    if (case_["watchdog"].get<bool>()) machine_.watchdog_due();
  }
  void fatal(const TaskThrowable& cause, bool watchdog) override {
    actions_.push_back({"fatal", watchdog ? Json("watchdog") : name_of_throwable(cause)});
  }

  Json step(const Json& event) {
    actions_ = Json::array();
    const Json result = run(event[0].get<std::string>());
    return {actions_, std::string(model::name_of(machine_.state())),
            name_of_throwable(machine_.failure()), name_of_stage(machine_.stage()), result};
  }

 private:
  Json run(const std::string& op) {
    if (op == "event") return machine_.accepts_events() ? "ok" : "TaskNotRunningException";
    if (op == "start")
      machine_.start();
    else if (op == "cancel")
      machine_.cancel();
    else if (op == "fail")
      machine_.fail({.kind = TaskThrowable::Kind::external, .what = 0});
    else if (machine_.stage() == TaskStage::none)
      return nullptr;  // nobody waits in a stage
    else if (op == "return")
      machine_.stage_returned();
    else
      machine_.stage_threw({.kind = op == "throw" ? TaskThrowable::Kind::user_error
                                                  : TaskThrowable::Kind::cancel_task,
                            .what = 0});
    return nullptr;
  }

  const Json& case_;
  model::TaskStateMachine machine_;
  Json actions_ = Json::array();
};

Outcome judge(const Json& one_case) {
  Script script(one_case);
  const Json& events = one_case["events"];
  for (size_t i = 0; i < events.size(); ++i) {
    const auto outcome = expect_equal(one_case["expected"][i], script.step(events[i]),
                                      "event " + std::to_string(i) + " " + events[i].dump());
    if (outcome.kind != Outcome::Kind::passed) return outcome;
  }
  return passed();
}

TEST(Conformance, TaskStates) {
  run_vectors("task-states.json", [](const Json& one_case, const Json&) {
    if (one_case["kind"] == "slots")
      return skipped(
          "the slot table of model/cluster has static slots only (no dynamic slots yet)");
    return judge(one_case);
  });
}

}  // namespace
}  // namespace drey::conformance
