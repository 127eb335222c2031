// Whose state a subtask gets when the job around it has changed (the lists of operator state are
// driven by vectors: tests/conformance/state_assignment_test.cc).
#include "model/cluster/state_assignment.h"

#include <gtest/gtest.h>

namespace drey::model {
namespace {

OperatorSpec op(std::string id, OperatorKind kind, uint32_t parallelism, uint32_t max = 0) {
  OperatorSpec spec;
  spec.id = std::move(id);
  spec.kind = kind;
  spec.parallelism = parallelism;
  spec.max_parallelism = max;
  return spec;
}

// src -> hash -> agg -> hash -> sink
JobInformation job_of(uint32_t agg, uint32_t sink, uint32_t max = 0) {
  JobInformation job;
  job.spec.operators = {op("src", OperatorKind::source, 2),
                        op("agg", OperatorKind::keyed, agg, max),
                        op("sink", OperatorKind::sink, sink)};
  job.spec.edges = {{.from = "src", .to = "agg", .ship = Partitioner::hash},
                    {.from = "agg", .to = "sink", .ship = Partitioner::hash}};
  job.graph = build_job_graph(job.spec);
  return job;
}

// Each subtask of agg and sink holds its number; src nothing.
CompletedCheckpoint taken_by(const JobInformation& job) {
  CompletedCheckpoint taken;
  const ExecutionTopology topology(job.graph);
  taken.operators = identities_of(job, topology);
  for (const auto& [index, identity] : taken.operators) {
    if (identity.uid == "src") continue;
    CompletedVertex& vertex = taken.vertices[identity.vertex];
    vertex.parallelism = identity.parallelism;
    for (uint32_t i = 0; i < identity.parallelism; ++i) {
      auto snapshot = std::make_shared<TaskStateSnapshot>();
      snapshot->operators.push_back(
          {.op = index, .keyed = {}, .source = {}, .bytes = identity.uid + std::to_string(i)});
      vertex.subtasks[i].acknowledgement.snapshot = std::move(snapshot);
    }
  }
  return taken;
}

std::vector<std::string> lists_of(const CompletedCheckpoint& checkpoint, const JobInformation& job,
                                  uint32_t op, uint32_t subtask) {
  const ExecutionTopology topology(job.graph);
  const OperatorIdentity identity = identities_of(job, topology).at(op);
  std::vector<std::string> lists;
  for (const OperatorState& state :
       states_of_subtask(checkpoint, {identity.vertex, subtask, 0},
                         job.graph.vertices[topology.order()[identity.vertex]], Mutant::none))
    if (state.op == op && !state.bytes.empty()) lists.push_back(state.bytes);
  return lists;
}

TEST(StateAssignment, ADerivedMaximumParallelismIsThatOfTheState) {
  const CompletedCheckpoint taken = taken_by(job_of(2, 2));
  JobInformation larger = job_of(100, 2);
  const ExecutionTopology topology(larger.graph);
  ASSERT_EQ(identities_of(larger, topology).at(1).max_parallelism, 256u);
  EXPECT_EQ(adopt_max_parallelism(taken, topology, larger), "");
  EXPECT_EQ(identities_of(larger, topology).at(1).max_parallelism, 128u);
  EXPECT_EQ(adopt(taken, larger, topology, false, Mutant::none).error, "");

  JobInformation too_large = job_of(200, 2);
  const ExecutionTopology its(too_large.graph);
  EXPECT_NE(adopt_max_parallelism(taken, its, too_large).find("cannot be dealt out to"),
            std::string::npos);
}

TEST(StateAssignment, AMaximumParallelismThatTheUserSaidMustBeTheSame) {
  const CompletedCheckpoint taken = taken_by(job_of(2, 2));
  JobInformation said = job_of(2, 2, 64);
  const ExecutionTopology topology(said.graph);
  EXPECT_EQ(adopt_max_parallelism(taken, topology, said), "");
  EXPECT_NE(
      adopt(taken, said, topology, false, Mutant::none).error.find("taken with max parallelism"),
      std::string::npos);
}

TEST(StateAssignment, StateWithoutAnOperatorIsRefusedUnlessAllowed) {
  CompletedCheckpoint taken = taken_by(job_of(2, 2));
  taken.operators[1].uid = "gone";
  const JobInformation job = job_of(2, 2);
  const ExecutionTopology topology(job.graph);
  EXPECT_NE(adopt(taken, job, topology, false, Mutant::none).error.find("operator gone"),
            std::string::npos);
  const Adopted adopted = adopt(taken, job, topology, true, Mutant::none);
  ASSERT_NE(adopted.checkpoint, nullptr);
  EXPECT_TRUE(lists_of(*adopted.checkpoint, job, 1, 0).empty());
  EXPECT_EQ(lists_of(*adopted.checkpoint, job, 2, 1), std::vector<std::string>{"sink1"});
}

// agg keeps its parallelism and so its parts; the sink, now chained behind it, does not.
TEST(StateAssignment, EachOperatorOfAChainComesFromItsOwnParallelism) {
  const CompletedCheckpoint taken = taken_by(job_of(2, 3));
  JobInformation chained = job_of(2, 2);
  chained.spec.edges[1].ship = Partitioner::forward;
  chained.graph = build_job_graph(chained.spec);
  const ExecutionTopology topology(chained.graph);
  ASSERT_EQ(topology.order().size(), 2u);
  const Adopted adopted = adopt(taken, chained, topology, false, Mutant::none);
  ASSERT_NE(adopted.checkpoint, nullptr) << adopted.error;
  EXPECT_EQ(lists_of(*adopted.checkpoint, chained, 1, 1), std::vector<std::string>{"agg1"});
  EXPECT_EQ(lists_of(*adopted.checkpoint, chained, 2, 0),
            (std::vector<std::string>{"sink0", "sink1"}));
  EXPECT_EQ(lists_of(*adopted.checkpoint, chained, 2, 1), std::vector<std::string>{"sink2"});
}

}  // namespace
}  // namespace drey::model
