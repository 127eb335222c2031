// 5,000 random graphs with random states, availability and failures: the scheduler's regions and
// restart set are the oracle's, which computes them in another way, and no smaller set would
// satisfy the three rules. The mutants of the scheduler show that a difference is found.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "model/failover/region_failover.h"
#include "model/graph/pipelined_region.h"
#include "model/mutants.h"
#include "reports/oracles/region_rule.h"
#include "sim/random.h"

namespace drey::reports {
namespace {

using model::EdgeIndex;
using model::ExecutionGraph;
using model::ExecutionState;
using model::ExecutionTopology;
using model::IndexRange;
using model::Mutant;
using model::PartitionIndex;
using model::RestartReason;
using model::ResultPartitionType;
using model::SubtaskIndex;

constexpr uint64_t kGraphs = 5'000;

class Dice {
 public:
  explicit Dice(uint64_t seed) : seed_(seed) {}
  uint32_t below(uint32_t bound) {
    return static_cast<uint32_t>(
        sim::scale_draw(sim::draw_value(seed_, {1, 2, 3, ++rolled_}), bound));
  }
  bool one_in(uint32_t n) { return below(n) == 0; }

 private:
  uint64_t seed_;
  uint64_t rolled_ = 0;
};

constexpr ResultPartitionType kTypes[] = {ResultPartitionType::blocking,
                                          ResultPartitionType::blocking_persistent,
                                          ResultPartitionType::pipelined,
                                          ResultPartitionType::pipelined_bounded,
                                          ResultPartitionType::hybrid_full,
                                          ResultPartitionType::hybrid_selective,
                                          ResultPartitionType::pipelined_approximate};

// Up to six vertices; each but the first few reads from one to three earlier ones.
model::JobGraph random_job(Dice& dice) {
  model::JobGraph job;
  const uint32_t vertices = 2 + dice.below(5);
  for (uint32_t v = 0; v < vertices; ++v)
    job.add_vertex(
        {.id = std::string(1, static_cast<char>('a' + v)), .parallelism = 1 + dice.below(5)});
  for (uint32_t v = 1; v < vertices; ++v) {
    for (uint32_t inputs = 1 + dice.below(3); inputs > 0; --inputs) {
      const uint32_t from = dice.below(v);
      model::IntermediateDataSet made{.producer = from,
                                      .type = kTypes[dice.below(std::size(kTypes))],
                                      .pattern = dice.one_in(2)
                                                     ? model::DistributionPattern::pointwise
                                                     : model::DistributionPattern::all_to_all};
      job.connect(job.add_data_set(std::move(made)), v);
    }
  }
  return job;
}

struct Situation final : model::PartitionAvailability {
  bool is_tracked(PartitionIndex partition) const override { return tracked[partition]; }

  std::vector<bool> tracked;
  SubtaskIndex failed = 0;
  std::optional<PartitionIndex> lost;
};

constexpr ExecutionState kStates[] = {ExecutionState::created,  ExecutionState::scheduled,
                                      ExecutionState::running,  ExecutionState::running,
                                      ExecutionState::finished, ExecutionState::finished,
                                      ExecutionState::canceled, ExecutionState::failed};

Situation random_situation(Dice& dice, ExecutionGraph& graph) {
  Situation situation;
  const uint32_t subtasks = graph.topology().subtasks();
  // Of some jobs nothing has been scheduled yet: the empty restart set.
  const bool all_created = dice.one_in(40);
  for (SubtaskIndex s = 0; s < subtasks && !all_created; ++s) {
    const ExecutionState state = kStates[dice.below(std::size(kStates))];
    if (state != ExecutionState::created) graph.set_state(s, state);
  }
  const uint32_t rarely = 1 + dice.below(6);
  for (PartitionIndex p = 0; p < graph.topology().partitions(); ++p)
    situation.tracked.push_back(!dice.one_in(1 + rarely));
  situation.failed = dice.below(subtasks);
  if (graph.topology().partitions() > 0 && dice.one_in(3))
    situation.lost = dice.below(graph.topology().partitions());
  return situation;
}

bool is_missing(const ExecutionTopology& topology, const Situation& situation,
                PartitionIndex partition) {
  const ResultPartitionType type = topology.type_of(partition);
  const bool readable_again =
      model::is_reconsumable(type) || type == ResultPartitionType::pipelined_approximate;
  return situation.lost == partition || !readable_again || !situation.tracked[partition];
}

// visit(producer, consumer, partition) for every channel of the job.
template <class Visit>
void for_each_channel(const ExecutionTopology& topology, Visit visit) {
  const model::JobGraph& job = topology.job();
  for (EdgeIndex e = 0; e < job.edges.size(); ++e) {
    const model::JobVertexIndex consumer = job.edges[e].consumer;
    for (uint32_t i = 0; i < job.vertices[consumer].parallelism; ++i) {
      const IndexRange read = model::consumed_partitions(topology.shape_of(e), i);
      for (uint32_t p = read.first; p <= read.last; ++p)
        visit(topology.subtask(job.producer_of(e), p), topology.subtask(consumer, i),
              topology.partition(job.edges[e].data_set, p));
    }
  }
}

// The three rules, as a condition on a set of regions.
bool satisfies(const ExecutionGraph& graph, const Situation& situation,
               const std::vector<bool>& regions) {
  if (!regions[graph.region_of(situation.failed)]) return false;
  bool fine = true;
  for_each_channel(graph.topology(),
                   [&](SubtaskIndex from, SubtaskIndex to, PartitionIndex partition) {
                     const bool up = regions[graph.region_of(from)];
                     const bool down = regions[graph.region_of(to)];
                     if (up && !down) fine = false;
                     if (down && !up && is_missing(graph.topology(), situation, partition))
                       fine = false;
                   });
  return fine;
}

struct Expected {
  std::vector<RegionRule::Reasons> reasons;
  std::set<SubtaskIndex> tasks;  // less those in CREATED
};

Expected expected_of(const ExecutionGraph& graph, const RegionRule& rule,
                     const Situation& situation) {
  std::vector<bool> missing;
  for (PartitionIndex p = 0; p < graph.topology().partitions(); ++p)
    missing.push_back(is_missing(graph.topology(), situation, p));
  Expected expected{rule.restart_set(situation.failed, missing), {}};
  for (SubtaskIndex s = 0; s < graph.topology().subtasks(); ++s)
    if (expected.reasons[s].any() && graph.state(s) != ExecutionState::created)
      expected.tasks.insert(s);
  return expected;
}

std::set<SubtaskIndex> tasks_of(const std::vector<model::TaskRestart>& restarts) {
  std::set<SubtaskIndex> tasks;
  for (const model::TaskRestart& restart : restarts) tasks.insert(restart.subtask);
  return tasks;
}

bool is_right(RestartReason reason, const RegionRule::Reasons& reasons) {
  switch (reason) {
    case RestartReason::failed_region:
      return reasons.failed_region;
    case RestartReason::lost_input:
      return reasons.lost_input;
    case RestartReason::consumer:
      return reasons.consumer;
    case RestartReason::global:
      return false;
  }
  return false;
}

TEST(RegionProperty, RegionsAreTheOraclesRegions) {
  size_t several = 0;
  for (uint64_t seed = 1; seed <= kGraphs; ++seed) {
    Dice dice(seed);
    const ExecutionGraph graph(random_job(dice));
    const RegionRule rule(graph.topology());
    const uint32_t subtasks = graph.topology().subtasks();
    for (SubtaskIndex a = 0; a < subtasks; ++a)
      for (SubtaskIndex b = 0; b < a; ++b)
        ASSERT_EQ(graph.region_of(a) == graph.region_of(b), rule.region_of(a) == rule.region_of(b))
            << "seed " << seed << ": " << graph.topology().name_of(a) << " and "
            << graph.topology().name_of(b);
    several += graph.regions().members.size() > 1 ? 1 : 0;
  }
  EXPECT_GE(several, kGraphs / 2);
}

TEST(RegionProperty, RestartSetIsTheOraclesRestartSet) {
  size_t by_input = 0, by_consumer = 0, empty = 0;
  for (uint64_t seed = 1; seed <= kGraphs; ++seed) {
    Dice dice(seed);
    ExecutionGraph graph(random_job(dice));
    const Situation situation = random_situation(dice, graph);
    model::RegionFailover failover(graph, situation);
    const auto restarts = failover.tasks_to_restart(situation.failed, situation.lost);
    const RegionRule rule(graph.topology());
    const Expected expected = expected_of(graph, rule, situation);
    ASSERT_EQ(tasks_of(restarts), expected.tasks) << "seed " << seed;
    for (const model::TaskRestart& restart : restarts) {
      ASSERT_TRUE(is_right(restart.reason, expected.reasons[restart.subtask]))
          << "seed " << seed << ": " << graph.topology().name_of(restart.subtask) << " as "
          << model::name_of(restart.reason);
      by_input += restart.reason == RestartReason::lost_input ? 1 : 0;
      by_consumer += restart.reason == RestartReason::consumer ? 1 : 0;
    }
    empty += restarts.empty() ? 1 : 0;
  }
  // All of it occurs.
  EXPECT_GE(by_input, kGraphs / 2);
  EXPECT_GE(by_consumer, kGraphs / 2);
  EXPECT_GE(empty, kGraphs / 100);
}

// All sets of regions are tried where they are few: each that satisfies the rules holds the
// oracle's.
TEST(RegionProperty, NoSmallerSetSatisfiesTheRules) {
  constexpr size_t kMostRegions = 8;
  size_t tried = 0;
  for (uint64_t seed = 1; seed <= kGraphs; ++seed) {
    Dice dice(seed);
    ExecutionGraph graph(random_job(dice));
    const Situation situation = random_situation(dice, graph);
    const RegionRule rule(graph.topology());
    const Expected expected = expected_of(graph, rule, situation);
    const size_t regions = graph.regions().members.size();
    std::vector<bool> chosen(regions, false);
    for (SubtaskIndex s = 0; s < graph.topology().subtasks(); ++s)
      if (expected.reasons[s].any()) chosen[graph.region_of(s)] = true;
    ASSERT_TRUE(satisfies(graph, situation, chosen)) << "seed " << seed;
    if (regions > kMostRegions) continue;
    ++tried;
    for (uint32_t set = 0; set < (1u << regions); ++set) {
      std::vector<bool> other(regions);
      bool holds_it = true;
      for (size_t r = 0; r < regions; ++r) {
        other[r] = (set >> r & 1u) != 0;
        holds_it = holds_it && (other[r] || !chosen[r]);
      }
      if (holds_it) continue;
      ASSERT_FALSE(satisfies(graph, situation, other)) << "seed " << seed << ", set " << set;
    }
  }
  EXPECT_GE(tried, kGraphs / 4);
}

TEST(RegionProperty, EachMutantOfTheSearchIsFound) {
  for (const Mutant mutant :
       {Mutant::region_without_backtrack, Mutant::region_without_consumers,
        Mutant::created_tasks_restarted, model::Mutant::backtrack_one_step,
        model::Mutant::consumers_one_step, model::Mutant::producers_always_restarted,
        model::Mutant::finished_tasks_left_out}) {
    uint64_t found = 0;
    for (uint64_t seed = 1; seed <= kGraphs && found == 0; ++seed) {
      Dice dice(seed);
      ExecutionGraph graph(random_job(dice));
      const Situation situation = random_situation(dice, graph);
      model::RegionFailover failover(graph, situation, mutant);
      const auto restarts = failover.tasks_to_restart(situation.failed, situation.lost);
      const Expected expected = expected_of(graph, RegionRule(graph.topology()), situation);
      if (tasks_of(restarts) != expected.tasks) found = seed;
    }
    EXPECT_NE(found, 0u) << model::info_of(mutant)->name;
    EXPECT_LE(found, 200u) << model::info_of(mutant)->name;
  }
}

}  // namespace
}  // namespace drey::reports
