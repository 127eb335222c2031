#include <gtest/gtest.h>

#include "model/checkpoint/pending_checkpoint.h"
#include "tests/conformance/coordinator_bench.h"

namespace drey::conformance {
namespace {

bool lists(const Json& vertex, const char* field, uint32_t subtask) {
  for (const Json& index : vertex.value(field, Json::array()))
    if (index == subtask) return true;
  return false;
}

struct PlanJob {
  explicit PlanJob(const Json& given) {
    const Json& vertices = given.at("vertices");
    for (const Json& vertex : vertices) {
      BenchTasks::Vertex made;
      names.push_back(vertex.at("name").get<std::string>());
      for (uint32_t s = 0; s < vertex.at("parallelism").get<uint32_t>(); ++s) {
        PlanTaskState state =
            lists(vertex, "finished", s) ? PlanTaskState::finished : PlanTaskState::running;
        const std::string key = std::to_string(s);
        if (vertex.contains("states") && vertex.at("states").contains(key))
          state = vertex.at("states").at(key) == "RUNNING" ? PlanTaskState::running
                                                           : PlanTaskState::other;
        made.tasks.push_back({names.back() + key, state});
      }
      tasks.all.push_back(std::move(made));
    }
    for (const Json& edge : given.at("edges"))
      tasks.all[index_of(edge.at("to"))].inputs.push_back(
          {.producer = index_of(edge.at("from")),
           .all_to_all = edge.at("pattern") == "ALL_TO_ALL"});
  }

  uint32_t index_of(const Json& name) const {
    for (uint32_t v = 0; v < names.size(); ++v)
      if (names[v] == name) return v;
    ADD_FAILURE() << "no vertex " << name;
    return 0;
  }

  Json by_vertex(const std::vector<TaskRef>& refs) const {
    Json out = Json::object();
    for (const TaskRef& ref : refs) out[names[ref.vertex]].push_back(ref.subtask);
    return out;
  }

  BenchTasks tasks;
  std::vector<std::string> names;
};

Json error_json(FulfilError error) {
  switch (error) {
    case FulfilError::none:
      return nullptr;
    case FulfilError::union_state_part_finished:
      return "UNION_STATE_PART_FINISHED";
    case FulfilError::union_state_part_called_finish:
      return "UNION_STATE_PART_CALLED_FINISH";
  }
  return "?";
}

Json fulfil(const PlanJob& job, const CheckpointPlan& plan, const Json& given) {
  FinishReports reports;
  std::map<uint32_t, CompletedVertex> states;
  for (const Json& vertex : given.at("vertices")) {
    const uint32_t v = job.index_of(vertex.at("name"));
    for (const Json& s : vertex.value("reported_finished", Json::array()))
      reports.operators_finished[v].insert(s.get<uint32_t>());
    if (!vertex.value("finished_on_restore", Json::array()).empty())
      reports.finished_on_restore.insert(v);
  }
  const Json operator_states = given.value("operator_state", Json::object());
  for (const auto& [name, kind] : operator_states.items()) {
    const uint32_t v = job.index_of(name);
    if (kind == "UNION")
      reports.union_list_state.insert(v);
    else
      states[v].coordinators[0] = CoordinatorState{"state"};
  }
  const FulfilError error = fulfil_finished_states(plan, reports, states);
  Json out = Json::object();
  out["error"] = error_json(error);
  out["states"] = Json::object();
  out["finished_subtasks"] = Json::object();
  for (const auto& [v, state] : states) {
    out["states"][job.names[v]] = state.fully_finished ? "FULLY_FINISHED" : "NOT_FULLY_FINISHED";
    EXPECT_FALSE(state.fully_finished && !state.coordinators.empty());  // CC-51: replaced
    for (const auto& [s, subtask] : state.subtasks)
      if (subtask.finished) out["finished_subtasks"][job.names[v]].push_back(s);
  }
  return out;
}

Outcome judge(const Json& one_case, const Json&) {
  const Json& given = one_case.at("given");
  const PlanJob job(given);
  const auto plan = make_checkpoint_plan(job.tasks, true);
  Json actual = Json::object();
  if (!plan.has_value()) {
    actual["error"] = "NOT_ALL_REQUIRED_TASKS_RUNNING";
  } else if (!one_case.at("events").empty()) {
    actual = fulfil(job, *plan, given);
  } else {
    actual["trigger"] = job.by_vertex(plan->trigger);
    actual["wait_for"] = job.by_vertex(plan->wait_for);
    actual["fully_finished"] = Json::array();
    for (const uint32_t v : plan->fully_finished) actual["fully_finished"].push_back(job.names[v]);
  }
  for (const auto& [field, value] : one_case.at("expected").items()) {
    const Outcome outcome = expect_equal(value, actual.value(field, Json()), field);
    if (outcome.kind != Outcome::Kind::passed) return outcome;
  }
  return passed();
}

// One vertex with one task for each name, all waited for.
PendingCheckpoint pending_of(const Json& given, std::map<std::string, OperatorRef>& coordinators,
                             std::map<std::string, TaskRef>& tasks) {
  PendingCheckpoint::Options options;
  options.id = 1;
  options.request.props =
      CheckpointProperties::for_checkpoint(RetentionPolicy::no_externalized_checkpoints);
  for (const Json& name : given.at("tasks")) {
    const TaskRef ref{static_cast<uint32_t>(tasks.size()), 0, 0};
    tasks[name.get<std::string>()] = ref;
    options.plan.wait_for.push_back(ref);
    options.plan.parallelism.push_back(1);
  }
  options.plan.may_have_finished_tasks = true;
  for (const Json& name : given.value("coordinators", Json::array())) {
    const OperatorRef ref{0, static_cast<uint32_t>(coordinators.size())};
    coordinators[name.get<std::string>()] = ref;
    options.coordinators.insert(ref);
  }
  return PendingCheckpoint(std::move(options));
}

Json result_json(AckResult result) {
  switch (result) {
    case AckResult::success:
      return "SUCCESS";
    case AckResult::duplicate:
      return "DUPLICATE";
    case AckResult::unknown:
      return "UNKNOWN";
    case AckResult::discarded:
      return "DISCARDED";
  }
  return "?";
}

Outcome judge_pending(const Json& one_case, const Json&) {
  std::map<std::string, OperatorRef> coordinators;
  std::map<std::string, TaskRef> tasks;
  PendingCheckpoint pending = pending_of(one_case.at("given"), coordinators, tasks);
  const Json& events = one_case.at("events");
  for (size_t i = 0; i < events.size(); ++i) {
    const Json& event = events[i];
    const std::string op = event.at("op").get<std::string>();
    const bool present = event.value("state", "NONE") == "PRESENT";
    Json actual = Json::object();
    if (op == "ack") {
      TaskAcknowledgement ack;
      ack.task = tasks.at(event.at("task").get<std::string>());
      ack.has_state = present;
      ack.deployed_as_finished = event.value("flag", "") == "DEPLOYED_AS_FINISHED";
      ack.operators_finished = event.value("flag", "") == "OPERATORS_FINISHED";
      actual["result"] = result_json(pending.acknowledge_task(std::move(ack)));
    } else if (op == "ack_coordinator") {
      const auto found = coordinators.find(event.at("coordinator").get<std::string>());
      const OperatorRef ref = found == coordinators.end() ? OperatorRef{9, 9} : found->second;
      std::optional<CoordinatorState> state;
      if (present) state = CoordinatorState{"state"};
      actual["result"] = result_json(pending.acknowledge_coordinator(ref, state));
    } else if (op == "abort") {
      pending.dispose(checkpoint_failure_reason(event.at("reason").get<std::string>()));
      actual["coordinator_state_discarded"] = pending.is_disposed();
    } else if (op == "finalize") {
      // PendingCheckpoint::finalize CHECKs it; the coordinator asks before.
      actual["error"] = pending.is_fully_acknowledged() ? Json(nullptr) : Json("ILLEGAL_STATE");
    }
    size_t with_state = 0;
    for (const auto& [vertex, state] : pending.states()) with_state += state.subtasks.size();
    actual["operators"] = pending.states().size();
    actual["has_subtask_states"] = with_state > 0;
    actual["coordinators_done"] = pending.coordinators_done();
    if (!pending.reports().finished_on_restore.empty())
      actual["plan_report"] = "FINISHED_ON_RESTORE";
    if (!pending.reports().operators_finished.empty()) actual["plan_report"] = "OPERATORS_FINISHED";
    for (const auto& [field, value] : one_case.at("expected").at("steps")[i].items()) {
      const Outcome outcome = expect_equal(value, actual.value(field, Json()),
                                           "step " + std::to_string(i) + " " + field);
      if (outcome.kind != Outcome::Kind::passed) return outcome;
    }
  }
  return passed();
}

TEST(CheckpointPlan, Asserted) { run_vectors("checkpoint-plan-asserted.json", judge); }
TEST(PendingCheckpoint, Asserted) {
  run_vectors("pending-checkpoint-asserted.json", judge_pending);
}

}  // namespace
}  // namespace drey::conformance
