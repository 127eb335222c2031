// Which tasks are handed to deployment, call by call.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <stdexcept>

#include "model/cluster/pipelined_region_scheduling.h"
#include "model/cluster/vertexwise_scheduling.h"
#include "tests/conformance/graph_notation.h"

namespace drey::conformance {
namespace {

using namespace model;

ConsumeConstraint constraint_named(const std::string& decider) {
  if (decider == "default") return ConsumeConstraint::unfinished_producers;
  if (decider == "partial") return ConsumeConstraint::only_finished_producers;
  if (decider == "all") return ConsumeConstraint::all_producers_finished;
  throw std::invalid_argument("decider " + decider);
}

// Inputs are usable when an event said so.
class TestDecider final : public InputConsumableDecider {
 public:
  explicit TestDecider(const ExecutionGraph& graph) : graph_(graph) {}
  bool is_input_consumable(SubtaskIndex subtask, const std::vector<bool>&) const override {
    const auto& topology = graph_.topology();
    return topology.job().vertices[topology.vertex_of(subtask)].inputs.empty() ||
           consumable.count(subtask) != 0;
  }
  bool may_become_consumable_by_finish(GroupIndex) const override { return true; }
  std::set<SubtaskIndex> consumable{};

 private:
  const ExecutionGraph& graph_;
};

// A graph whose subtasks run as soon as they are handed out.
class Script {
 public:
  Script(JobGraph job, FinishMarking marking) : graph_(std::move(job), marking) {}

  ExecutionGraph& graph() { return graph_; }

  SchedulingCalls start(SchedulingStrategy& strategy) { return hand_out(strategy.start()); }
  SchedulingCalls finish(SchedulingStrategy& strategy, SubtaskIndex subtask) {
    graph_.set_state(subtask, ExecutionState::finished);
    return hand_out(strategy.on_finished(subtask));
  }
  SchedulingCalls restart(SchedulingStrategy& strategy, const std::vector<SubtaskIndex>& subtasks) {
    for (const SubtaskIndex s : subtasks) {
      if (!is_terminal(graph_.state(s))) graph_.set_state(s, ExecutionState::canceled);
      graph_.reset_for_new_execution(s);
    }
    return hand_out(strategy.restart(subtasks));
  }

 private:
  SchedulingCalls hand_out(SchedulingCalls calls) {
    for (const auto& call : calls) {
      for (const SubtaskIndex s : call) graph_.set_state(s, ExecutionState::running);
    }
    return calls;
  }

  ExecutionGraph graph_;
};

Outcome judge_scheduling(const Json& c) {
  const bool vertexwise = c.at("kind") == "vertexwise";
  const ConsumeConstraint constraint = vertexwise
                                           ? constraint_named(c.at("decider").get<std::string>())
                                           : ConsumeConstraint::unfinished_producers;
  Script script(graph_of(c.at("graph")), constraint == ConsumeConstraint::unfinished_producers
                                             ? FinishMarking::blocking_only
                                             : FinishMarking::blocking_and_hybrid);
  const ConstraintDecider decider(script.graph(), constraint);
  PipelinedRegionScheduling region_strategy(script.graph());
  VertexwiseScheduling vertexwise_strategy(script.graph(), decider);
  SchedulingStrategy& strategy =
      vertexwise ? static_cast<SchedulingStrategy&>(vertexwise_strategy) : region_strategy;
  Json actual = Json::array();
  for (const Json& event : c.at("events")) {
    if (event[0] == "start")
      actual.push_back(script.start(strategy));
    else if (event[0] == "fin")
      actual.push_back(script.finish(strategy, event[1].get<SubtaskIndex>()));
    else
      actual.push_back(script.restart(strategy, event[1].get<std::vector<SubtaskIndex>>()));
  }
  if (!vertexwise) {
    uint32_t cross = 0;
    for (GroupIndex g = 0; g < script.graph().topology().groups(); ++g)
      cross += region_strategy.is_cross_region(g) ? 1u : 0u;
    if (c.at("cross") != cross) return failed("cross-region groups: " + std::to_string(cross));
    if (c.at("regions") != script.graph().regions().members.size()) return failed("regions");
  }
  return expect_equal(c.at("expected"), actual, "calls");
}

TEST(SchedulingVectors, Scheduling) {
  run_vectors("scheduling.json", [](const Json& c, const Json&) { return judge_scheduling(c); });
}

Json named_calls(const ExecutionTopology& topology, const SchedulingCalls& calls) {
  Json names = Json::array();
  for (const auto& call : calls) {
    Json subtasks = Json::array();
    for (const SubtaskIndex s : call) subtasks.push_back(name_of(topology, s));
    names.push_back(subtasks);
  }
  return names;
}

std::vector<SubtaskIndex> subtasks_in(const ExecutionTopology& topology, const Json& names) {
  std::vector<SubtaskIndex> subtasks;
  for (const Json& name : names)
    subtasks.push_back(subtask_named(topology, name.get<std::string>()));
  return subtasks;
}

Json cross_region_groups(const ExecutionTopology& topology,
                         const PipelinedRegionScheduling& strategy) {
  Json groups = Json::array();
  for (GroupIndex g = 0; g < topology.groups(); ++g) {
    if (!strategy.is_cross_region(g)) continue;
    const PartitionGroup& group = topology.group(g);
    const auto& inputs = topology.job().vertices[topology.vertex_of(group.consumers.first)].inputs;
    const auto input = std::find(inputs.begin(), inputs.end(), group.edge) - inputs.begin();
    Json producers = Json::array();
    for (PartitionIndex p = group.partitions.first; p <= group.partitions.last; ++p)
      producers.push_back(name_of(topology, topology.producer_of(p)));
    groups.push_back({{"consumer", name_of(topology, group.consumers.first)},
                      {"input", input},
                      {"producers", producers}});
  }
  return groups;
}

Outcome judge_asserted(const Json& c) {
  Script script(named_graph_of(c.at("given")), FinishMarking::blocking_only);
  const ExecutionTopology& topology = script.graph().topology();
  TestDecider decider(script.graph());
  PipelinedRegionScheduling region_strategy(script.graph());
  VertexwiseScheduling vertexwise_strategy(script.graph(), decider);
  SchedulingStrategy& strategy = c.at("given").at("strategy") == "VERTEXWISE"
                                     ? static_cast<SchedulingStrategy&>(vertexwise_strategy)
                                     : region_strategy;
  SchedulingCalls calls;
  Json steps = Json::array();
  for (const Json& event : c.at("events")) {
    const auto op = event.at("op").get<std::string>();
    SchedulingCalls added;
    if (op == "start") {
      added = script.start(strategy);
    } else if (op == "finish") {
      added =
          script.finish(strategy, subtask_named(topology, event.at("subtask").get<std::string>()));
    } else if (op == "restart") {
      added = script.restart(strategy, subtasks_in(topology, event.at("subtasks")));
    } else if (op == "consumable") {
      for (const SubtaskIndex s : subtasks_in(topology, event.at("subtasks")))
        decider.consumable.insert(s);
    } else {
      return failed("unknown op " + op);
    }
    calls.insert(calls.end(), added.begin(), added.end());
    steps.push_back({{"calls", calls.size()}});
  }
  Json actual = Json::object();
  for (const auto& [field, value] : c.at("expected").items()) {
    if (field == "steps") actual[field] = steps;
    if (field == "calls") actual[field] = named_calls(topology, calls);
    if (field == "last_calls")
      actual[field] = named_calls(
          topology,
          {calls.end() - static_cast<std::ptrdiff_t>(std::min(calls.size(), value.size())),
           calls.end()});
    if (field == "cross_region_groups")
      actual[field] = cross_region_groups(topology, region_strategy);
  }
  return expect_equal(c.at("expected"), actual, "scheduling");
}

TEST(SchedulingVectors, SchedulingAsserted) {
  run_vectors("scheduling-asserted.json",
              [](const Json& c, const Json&) { return judge_asserted(c); });
}

}  // namespace
}  // namespace drey::conformance
