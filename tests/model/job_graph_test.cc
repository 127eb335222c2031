#include "model/graph/job_graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/graph/execution_graph.h"

namespace drey::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// src -> map -> (hash) agg -> sink, all of parallelism 2.
JobSpec four_operators() {
  JobSpec job;
  job.operators = {{.id = "src", .kind = OperatorKind::source, .parallelism = 2},
                   {.id = "map", .kind = OperatorKind::map, .parallelism = 2},
                   {.id = "agg", .kind = OperatorKind::keyed, .parallelism = 2},
                   {.id = "sink", .kind = OperatorKind::sink, .parallelism = 2}};
  job.edges = {{.from = "src", .to = "map", .ship = Partitioner::forward},
               {.from = "map", .to = "agg", .ship = Partitioner::hash},
               {.from = "agg", .to = "sink", .ship = Partitioner::forward}};
  return job;
}

std::vector<std::string> vertex_names(const JobGraph& graph) {
  std::vector<std::string> names;
  for (const JobVertex& vertex : graph.vertices) names.push_back(vertex.name);
  return names;
}

TEST(JobGraph, ChainsForwardEdgesAndCutsAtHash) {
  const JobGraph graph = build_job_graph(four_operators());
  EXPECT_THAT(vertex_names(graph), ElementsAre("src -> map", "agg -> sink"));
  ASSERT_EQ(graph.edges.size(), 1u);
  EXPECT_EQ(graph.data_sets[0].type, ResultPartitionType::pipelined_bounded);
  EXPECT_EQ(graph.data_sets[0].pattern, DistributionPattern::all_to_all);
  EXPECT_EQ(graph.data_sets[0].producing_operator, 1u);
  EXPECT_EQ(graph.vertices[0].max_parallelism, 128u);
  EXPECT_EQ(graph.vertices[0].slot_sharing_group, "default");
  EXPECT_EQ(graph.find("agg"), 1u);
}

struct ChainBreaker {
  const char* what;
  void (*change)(JobSpec& job);
  bool chained;
};

TEST(JobGraph, EachChainingRuleAloneBreaksTheChain) {
  const ChainBreaker rules[] = {
      {"nothing changed", [](JobSpec&) {}, true},
      {"chaining off", [](JobSpec& job) { job.chaining = false; }, false},
      {"another group", [](JobSpec& job) { job.operators[1].slot_sharing_group = "g"; }, false},
      {"upstream never", [](JobSpec& job) { job.operators[0].chaining = ChainingStrategy::never; },
       false},
      {"downstream never",
       [](JobSpec& job) { job.operators[1].chaining = ChainingStrategy::never; }, false},
      {"downstream head", [](JobSpec& job) { job.operators[1].chaining = ChainingStrategy::head; },
       false},
      {"head with sources",
       [](JobSpec& job) { job.operators[1].chaining = ChainingStrategy::head_with_sources; }, true},
      {"rebalance", [](JobSpec& job) { job.edges[0].ship = Partitioner::rebalance; }, false},
      {"batch exchange", [](JobSpec& job) { job.edges[0].exchange = ExchangeMode::batch; }, false},
      {"pipelined exchange", [](JobSpec& job) { job.edges[0].exchange = ExchangeMode::pipelined; },
       true},
      {"second input",
       [](JobSpec& job) {
         job.edges.push_back({.from = "src", .to = "map", .ship = Partitioner::forward});
       },
       false},
      {"other max parallelism", [](JobSpec& job) { job.operators[1].max_parallelism = 64; }, true},
      {"other max parallelism, not allowed",
       [](JobSpec& job) {
         job.operators[1].max_parallelism = 64;
         job.chain_different_max_parallelism = false;
       },
       false}};
  for (const ChainBreaker& rule : rules) {
    JobSpec job = four_operators();
    rule.change(job);
    ASSERT_THAT(problems_of(job), IsEmpty()) << rule.what;
    EXPECT_EQ(is_chainable(job, job.edges[0]), rule.chained) << rule.what;
    EXPECT_EQ(build_job_graph(job).vertices[0].operators.size(), rule.chained ? 2u : 1u)
        << rule.what;
  }
}

// src feeds two chained operators and a shuffle; the first of those feeds a sink and a shuffle too.
TEST(JobGraph, AChainThatBranchesIsNamedAndConnectedAsATree) {
  JobSpec job;
  job.operators = {
      {.id = "src", .kind = OperatorKind::source}, {.id = "agg", .kind = OperatorKind::keyed},
      {.id = "left", .kind = OperatorKind::map},   {.id = "right", .kind = OperatorKind::map},
      {.id = "out", .kind = OperatorKind::sink},   {.id = "sum", .kind = OperatorKind::keyed}};
  job.edges = {{.from = "src", .to = "agg", .ship = Partitioner::hash},
               {.from = "src", .to = "left"},
               {.from = "left", .to = "sum", .ship = Partitioner::hash},
               {.from = "src", .to = "right"},
               {.from = "left", .to = "out"}};
  const JobGraph graph = build_job_graph(job);
  EXPECT_THAT(vertex_names(graph), ElementsAre("src -> (left -> out, right)", "agg", "sum"));
  EXPECT_THAT(graph.vertices[0].operators, ElementsAre(0u, 2u, 4u, 3u));
  ASSERT_EQ(graph.vertices[0].data_sets.size(), 2u);
  // What leaves it further down comes first.
  EXPECT_EQ(graph.data_sets[graph.vertices[0].data_sets[0]].producing_operator, 2u);
  EXPECT_EQ(graph.data_sets[graph.vertices[0].data_sets[1]].producing_operator, 0u);
}

TEST(JobGraph, OneOperatorLimitsTheKeyGroupsOfItsChain) {
  JobSpec job = four_operators();
  job.operators[1].max_parallelism = 64;
  EXPECT_EQ(build_job_graph(job).vertices[0].max_parallelism, 64u);
}

TEST(JobGraph, TypesFollowEdgeThenGlobalMode) {
  JobSpec job = four_operators();
  const EdgeSpec& hash = job.edges[1];
  const EdgeSpec& forward = job.edges[2];
  EXPECT_EQ(result_type_of(job, hash), ResultPartitionType::pipelined_bounded);
  job.mode = RuntimeMode::batch;
  EXPECT_EQ(result_type_of(job, hash), ResultPartitionType::blocking);
  job.exchange = GlobalExchangeMode::forward_pipelined;
  EXPECT_EQ(result_type_of(job, hash), ResultPartitionType::blocking);
  EXPECT_EQ(result_type_of(job, forward), ResultPartitionType::pipelined_bounded);
  job.exchange = GlobalExchangeMode::all_hybrid_selective;
  EXPECT_EQ(result_type_of(job, hash), ResultPartitionType::hybrid_selective);
  job.exchange = GlobalExchangeMode::all_pipelined_approximate;
  EXPECT_EQ(result_type_of(job, hash), ResultPartitionType::pipelined_approximate);
  job.operators[1].outputs_only_at_end_of_input = true;
  EXPECT_EQ(result_type_of(job, hash), ResultPartitionType::blocking);
  job.edges[1].exchange = ExchangeMode::hybrid_full;
  EXPECT_EQ(result_type_of(job, hash), ResultPartitionType::hybrid_full);
}

// One operator that feeds two consumers alike; the sink needs no committer.
JobSpec two_consumers(GlobalExchangeMode exchange) {
  JobSpec job = four_operators();
  job.operators[3].delivery = Delivery::at_least_once;
  job.mode = RuntimeMode::batch;
  job.exchange = exchange;
  job.operators.push_back({.id = "other", .kind = OperatorKind::keyed, .parallelism = 2});
  job.edges.push_back({.from = "map", .to = "other", .ship = Partitioner::hash});
  return job;
}

TEST(JobGraph, ReconsumableResultsAreSharedByEqualConsumers) {
  JobGraph blocking = build_job_graph(two_consumers(GlobalExchangeMode::all_blocking));
  ASSERT_EQ(blocking.data_sets.size(), 1u);
  EXPECT_EQ(blocking.data_sets[0].consumers.size(), 2u);
  EXPECT_EQ(build_job_graph(two_consumers(GlobalExchangeMode::all_pipelined)).data_sets.size(), 2u);
  JobGraph selective = build_job_graph(two_consumers(GlobalExchangeMode::all_hybrid_selective));
  ASSERT_EQ(selective.data_sets.size(), 1u);
  EXPECT_EQ(selective.data_sets[0].type, ResultPartitionType::hybrid_full);
  JobSpec uneven = two_consumers(GlobalExchangeMode::all_blocking);
  uneven.operators.back().parallelism = 3;
  EXPECT_EQ(build_job_graph(uneven).data_sets.size(), 2u);
}

TEST(JobGraph, BatchGivesEachLogicalRegionItsOwnSlotSharingGroup) {
  JobSpec job = four_operators();
  job.mode = RuntimeMode::batch;
  const JobGraph graph = build_job_graph(job);
  EXPECT_EQ(graph.vertices[0].slot_sharing_group, "region-0");
  EXPECT_EQ(graph.vertices[1].slot_sharing_group, "region-1");
}

TEST(JobGraph, BatchCommitsInAVertexOfItsOwn) {
  JobSpec job = four_operators();
  EXPECT_EQ(build_job_graph(job).find("sink-committer"), build_job_graph(job).vertices.size());
  job.mode = RuntimeMode::batch;
  const JobGraph graph = build_job_graph(job);
  const JobVertexIndex committer = graph.find("sink-committer");
  ASSERT_LT(committer, graph.vertices.size());
  EXPECT_TRUE(graph.vertices[committer].operators.empty());
  EXPECT_EQ(graph.vertices[committer].parallelism, 2u);
  const IntermediateDataSet& committables = graph.data_set_of(graph.vertices[committer].inputs[0]);
  EXPECT_EQ(committables.type, ResultPartitionType::blocking);
  EXPECT_EQ(committables.pattern, DistributionPattern::pointwise);
  EXPECT_EQ(job.operators[committables.producing_operator].id, "sink");
  job.exchange = GlobalExchangeMode::all_hybrid_selective;
  const JobGraph hybrid = build_job_graph(job);
  EXPECT_EQ(hybrid.data_set_of(hybrid.vertices[committer].inputs[0]).type,
            ResultPartitionType::hybrid_full);
}

TEST(JobSpec, SaysAllProblemsAtOnce) {
  JobSpec job = four_operators();
  job.operators[0].parallelism = 3;
  job.operators.push_back({.id = "map", .kind = OperatorKind::map, .parallelism = 0});
  job.operators.push_back({.id = "win", .kind = OperatorKind::window, .parallelism = 1});
  job.edges.push_back({.from = "sink", .to = "nowhere"});
  job.edges.push_back({.from = "sink", .to = "src", .ship = Partitioner::hash});
  const std::vector<std::string> problems = problems_of(job);
  for (const char* expected :
       {"two operators have the id 'map'", "parallelism must be at least 1",
        "a window needs a size", "'win': a window needs an input", "there is no operator 'nowhere'",
        "forward needs equal parallelism, 3 and 2", "a sink has no output", "a source has no input",
        "the job has a cycle; on it or behind it: src, map, agg, sink"}) {
    EXPECT_THAT(problems, testing::Contains(HasSubstr(expected)));
  }
  EXPECT_THAT(problems_of(four_operators()), IsEmpty());
}

TEST(JobSpec, DefaultMaxParallelism) {
  EXPECT_EQ(default_max_parallelism(1), 128u);
  EXPECT_EQ(default_max_parallelism(85), 128u);
  EXPECT_EQ(default_max_parallelism(86), 256u);
  EXPECT_EQ(default_max_parallelism(30000), 32768u);
}

JobGraph all_to_all(uint32_t parallelism, ResultPartitionType type) {
  JobGraph graph;
  graph.add_vertex({.id = "a", .parallelism = parallelism});
  graph.add_vertex({.id = "b", .parallelism = parallelism});
  graph.connect(graph.add_data_set({.producer = 0, .type = type}), 1);
  return graph;
}

TEST(ExecutionGraph, AnAllToAllEdgeIsOneGroup) {
  const ExecutionGraph graph(all_to_all(10'000, ResultPartitionType::blocking));
  EXPECT_EQ(graph.topology().groups(), 1u);
  EXPECT_EQ(graph.regions().members.size(), 20'000u);
  const ExecutionGraph pipelined(all_to_all(10'000, ResultPartitionType::pipelined_bounded));
  EXPECT_EQ(pipelined.regions().members.size(), 1u);
}

TEST(ExecutionGraph, ResetReopensBlockingPartitionsButForgetsHybridOnes) {
  for (const auto type : {ResultPartitionType::blocking, ResultPartitionType::hybrid_full}) {
    ExecutionGraph graph(all_to_all(2, type), FinishMarking::blocking_and_hybrid);
    graph.set_state(0, ExecutionState::finished);
    EXPECT_EQ(graph.unfinished_partitions(0), 1);
    EXPECT_TRUE(graph.all_data_produced(0));
    graph.reset_for_new_execution(0);
    EXPECT_EQ(graph.attempt(0), 1u);
    EXPECT_EQ(graph.state(0), ExecutionState::created);
    EXPECT_FALSE(graph.all_data_produced(0));
    EXPECT_EQ(graph.unfinished_partitions(0), type == ResultPartitionType::blocking ? 2 : 1);
  }
}

TEST(ExecutionGraph, CountsTerminalAndFinishedSubtasks) {
  ExecutionGraph graph(all_to_all(2, ResultPartitionType::pipelined_bounded));
  for (SubtaskIndex s = 0; s < 4; ++s) {
    graph.apply(s, ExecutionEvent::schedule, false);
    graph.apply(s, ExecutionEvent::deploy, true);
    graph.apply(s, ExecutionEvent::report_initializing, true);
    graph.apply(s, ExecutionEvent::report_running, true);
  }
  graph.apply(0, ExecutionEvent::report_finished, true);
  graph.apply(1, ExecutionEvent::report_finished, true);
  EXPECT_TRUE(graph.is_finished(0));
  EXPECT_FALSE(graph.is_finished(1));
  EXPECT_FALSE(graph.all_terminal());
  graph.apply(2, ExecutionEvent::report_failed, true);
  graph.apply(3, ExecutionEvent::cancel, true);
  EXPECT_FALSE(graph.all_terminal());
  graph.apply(3, ExecutionEvent::report_canceled, true);
  EXPECT_TRUE(graph.all_terminal());
  EXPECT_FALSE(graph.all_finished());
  graph.reset_for_new_execution(2);
  EXPECT_FALSE(graph.all_terminal());
  const uint64_t version = graph.record_modification(2);
  EXPECT_EQ(graph.version(2), version);
  EXPECT_NE(graph.version(3), version);
}

}  // namespace
}  // namespace drey::model
