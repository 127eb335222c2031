// partitioners.json, subtask-mapper-asserted.json: model/task/partitioner.h,
// model/task/subtask_state_mapper.h.
#include "model/task/partitioner.h"

#include <gtest/gtest.h>

#include <array>

#include "state/java_hash.h"
#include "tests/conformance/vectors.h"

namespace drey::conformance {
namespace {

using model::ChannelSelector;
using model::PartitionerKind;
using model::SubtaskStateMapper;

constexpr std::array kMappers = {SubtaskStateMapper::arbitrary,   SubtaskStateMapper::first,
                                 SubtaskStateMapper::full,        SubtaskStateMapper::range,
                                 SubtaskStateMapper::round_robin, SubtaskStateMapper::unsupported};

SubtaskStateMapper mapper_named(const Json& wanted) {
  for (const auto mapper : kMappers) {
    if (name(mapper) == wanted.get<std::string>()) return mapper;
  }
  throw std::runtime_error("unknown mapper");
}

// Null when the mapper refuses.
Json mapping(SubtaskStateMapper mapper, const Json& old_parallelism, const Json& new_parallelism) {
  Json map = Json::array();
  for (int32_t i = 0; i < new_parallelism.get<int32_t>(); ++i) {
    const auto old = model::old_subtasks(mapper, i, old_parallelism.get<int32_t>(),
                                         new_parallelism.get<int32_t>());
    if (!old) return nullptr;
    map.push_back(*old);
  }
  return map;
}

Json attributes(PartitionerKind kind) {
  const auto t = model::traits(kind);
  return {{"broadcast", t.broadcast},
          {"pointwise", t.pointwise},
          {"unaligned_supported", t.unaligned_supported},
          {"upstream_mapper", name(t.upstream_mapper)},
          {"downstream_mapper", name(t.downstream_mapper)}};
}

Json channels(const Json& c, PartitionerKind kind) {
  const auto n = c.at("n").get<uint32_t>();
  const Json& max = c.at("max_parallelism");
  ChannelSelector partitioner({.kind = kind,
                               .channels = n,
                               .max_parallelism = max.is_null() ? 0 : max.get<int32_t>(),
                               .first_channel = n / 2});
  Json chosen = Json::array();
  Json steps = Json::array();
  for (const Json& key : c.at("keys")) {
    const auto k = key.get<int64_t>();
    const auto channel =
        partitioner.select({.key = k, .key_hash = state::java_hash_int64(k), .draw = 0});
    if (!channel) return {{"error", "UnsupportedOperationException"}};
    if (!chosen.empty()) steps.push_back((*channel + n - chosen.back().get<uint32_t>()) % n);
    chosen.push_back(*channel);
  }
  if (c.at("expected").contains("steps")) return {{"steps", steps}};
  return {{"channels", chosen}};
}

Outcome judge(const Json& c, const Json&) {
  const auto kind = c.at("kind").get<std::string>();
  if (kind == "mapper") {
    const auto mapper = mapper_named(c.at("mapper"));
    const Json map = mapping(mapper, c.at("old"), c.at("new"));
    if (map.is_null())
      return expect_equal(c.at("expected"), {{"error", "UnsupportedOperationException"}}, "mapper");
    return expect_equal(c.at("expected"),
                        {{"old_of_new", map}, {"ambiguous", model::is_ambiguous(mapper)}},
                        "mapper");
  }
  const auto partitioner = model::partitioner_named(c.at("partitioner").get<std::string>());
  if (!partitioner) return failed("unknown partitioner");
  return expect_equal(c.at("expected"),
                      kind == "attributes" ? attributes(*partitioner) : channels(c, *partitioner),
                      kind);
}

Outcome judge_asserted(const Json& c, const Json&) {
  const Json& given = c.at("given");
  return expect_equal(c.at("expected").at("map"),
                      mapping(mapper_named(given.at("mapper")), given.at("old"), given.at("new")),
                      "map");
}

TEST(Partitioners, Vectors) { run_vectors("partitioners.json", judge); }
TEST(Partitioners, MapperAsserted) { run_vectors("subtask-mapper-asserted.json", judge_asserted); }

// Random upstream, so no vector: in range, and every channel is reached.
TEST(Partitioners, ShuffleStaysInRangeAndReachesAll) {
  ChannelSelector shuffle({.kind = PartitionerKind::shuffle, .channels = 7});
  std::array<int, 7> hits{};
  uint64_t x = 1;
  for (int i = 0; i < 1000; ++i) {
    x = x * 6364136223846793005u + 1442695040888963407u;
    const auto channel = shuffle.select({.draw = x});
    ASSERT_LT(*channel, 7u);
    ++hits[*channel];
  }
  for (const int count : hits) EXPECT_GT(count, 90);
}

TEST(Partitioners, RebalanceBeginsBehindItsDraw) {
  ChannelSelector rebalance(
      {.kind = PartitionerKind::rebalance, .channels = 4, .first_channel = 3});
  EXPECT_EQ(rebalance.select({}), 0u);
  EXPECT_EQ(rebalance.select({}), 1u);
}

}  // namespace
}  // namespace drey::conformance
