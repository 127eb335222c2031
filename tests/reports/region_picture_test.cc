#include "reports/region_picture.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "reports/write_json.h"

namespace drey::reports {
namespace {

// src -blocking, all-to-all-> agg -pipelined, pointwise-> sink
model::JobGraph two_stages(uint32_t parallelism) {
  model::JobGraph job;
  job.name = "shop \"one\"";
  for (const char* id : {"src", "agg", "sink"})
    job.add_vertex({.id = id, .name = id, .parallelism = parallelism});
  job.connect(job.add_data_set({.producer = 0, .type = model::ResultPartitionType::blocking}), 1);
  job.connect(job.add_data_set({.producer = 1,
                                .type = model::ResultPartitionType::pipelined_bounded,
                                .pattern = model::DistributionPattern::pointwise,
                                .ship = model::Partitioner::forward}),
              2);
  return job;
}

std::vector<FailoverResult> one_failover() {
  FailoverResult failover;
  failover.number = 1;
  failover.failed = "agg/1";
  failover.restarted = {
      {"src/0", "lost-input"}, {"agg/1", "failed-region"}, {"sink/1", "consumer"}};
  return {failover};
}

TEST(RegionPicture, SmallRegionsAreListedOneByOne) {
  const RegionPicture picture = make_region_picture(two_stages(2), {});
  EXPECT_TRUE(picture.by_subtask);
  EXPECT_EQ(region_lines(picture, 10),
            (std::vector<std::string>{"region 1 (1 subtask): src/0", "region 2 (1 subtask): src/1",
                                      "region 3 (2 subtasks): agg/0 sink/0",
                                      "region 4 (2 subtasks): agg/1 sink/1"}));
  EXPECT_EQ(region_lines(picture, 2).back(), "and 2 more");
}

TEST(RegionPicture, LikeRegionsInARowAreNamedOnce) {
  const RegionPicture picture = make_region_picture(two_stages(10'000), {});
  EXPECT_FALSE(picture.by_subtask);
  EXPECT_EQ(picture.channels, 100'010'000u);
  EXPECT_EQ(region_lines(picture, 10),
            (std::vector<std::string>{
                "regions 1 to 10000 (1 subtask each): src/0, ... src/9999",
                "regions 10001 to 20000 (2 subtasks each): agg/0 sink/0, ... agg/9999 sink/9999"}));
  const std::string text = region_text(picture);
  EXPECT_NE(text.find("src -> agg  hash, all-to-all, BLOCKING, 100000000 channels"),
            std::string::npos)
      << text;
  EXPECT_LT(text.size(), 1000u);
}

TEST(RegionPicture, OnePipelinedRegionIsARange) {
  model::JobGraph job;
  job.add_vertex({.id = "src", .parallelism = 3});
  job.add_vertex({.id = "sink", .parallelism = 2});
  job.connect(job.add_data_set({.producer = 0}), 1);
  EXPECT_EQ(region_lines(make_region_picture(job, {}), 10),
            std::vector<std::string>{"region 1 (5 subtasks): src/0..2 sink/0..1"});
}

TEST(RegionPicture, DotMarksEachRestartedTaskByItsRule) {
  const std::string dot = to_dot(make_region_picture(two_stages(2), one_failover()));
  EXPECT_TRUE(dot.starts_with("digraph \"shop \\\"one\\\"\" {"));
  EXPECT_NE(dot.find("\"src/0\" [label=\"src/0\\n1: lost-input\", fillcolor=\"#f7dca0\"]"),
            std::string::npos)
      << dot;
  EXPECT_NE(dot.find("\"agg/1\" [label=\"agg/1\\n1: failed-region\""), std::string::npos);
  EXPECT_NE(dot.find("\"src/1\" [label=\"src/1\", fillcolor=\"white\"]"), std::string::npos);
  EXPECT_NE(dot.find("\"src/0\" -> \"agg/0\" [style=dashed]"), std::string::npos);
  EXPECT_NE(dot.find("\"agg/0\" -> \"sink/0\" [style=solid]"), std::string::npos);
  EXPECT_NE(dot.find("subgraph cluster_3 {"), std::string::npos);
}

TEST(RegionPicture, JsonHasBoxesLinesAndMarks) {
  const auto json =
      nlohmann::json::parse(to_json(make_region_picture(two_stages(2), one_failover())));
  EXPECT_EQ(json.at("detail"), "subtasks");
  ASSERT_EQ(json.at("nodes").size(), 6u);
  const auto& agg1 = json.at("nodes").at(3);
  EXPECT_EQ(agg1.at("id"), "agg/1");
  EXPECT_EQ(agg1.at("region"), 4);
  EXPECT_EQ(agg1.at("marks").at(0).at("rule"), "failed-region");
  EXPECT_EQ(json.at("edges").size(), 6u);
  for (const auto& edge : json.at("edges"))
    EXPECT_LT(edge.at("points").at(0).at(0), edge.at("points").at(1).at(0));
  for (const auto& node : json.at("nodes")) {
    EXPECT_LE(node.at("x").get<int>() + node.at("width").get<int>(), json.at("width").get<int>());
    EXPECT_LE(node.at("y").get<int>() + node.at("height").get<int>(), json.at("height").get<int>());
  }
  EXPECT_EQ(json.at("regions").size(), 4u);
}

TEST(RegionPicture, MarksOfAWholeVertexCountItsTasks) {
  std::vector<FailoverResult> failovers = one_failover();
  failovers[0].restarted = {
      {"agg/1", "failed-region"}, {"agg/7", "consumer"}, {"agg/9", "consumer"}};
  const RegionPicture picture = make_region_picture(two_stages(1'000), failovers);
  ASSERT_EQ(picture.nodes.size(), 3u);
  ASSERT_EQ(picture.nodes[1].marks.size(), 2u);
  EXPECT_EQ(picture.nodes[1].marks[1].rule, "consumer");
  EXPECT_EQ(picture.nodes[1].marks[1].tasks, 2u);
}

}  // namespace
}  // namespace drey::reports
