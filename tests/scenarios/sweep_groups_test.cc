#include "scenarios/sweep_groups.h"

#include <gtest/gtest.h>

namespace drey::scenarios {
namespace {

Axis axis(const std::string& name, const std::vector<std::string>& labels) {
  Axis made{.name = name, .path = {}, .path_place = {}, .values = {}};
  for (const std::string& label : labels) made.values.push_back({.label = label, .value = {}});
  return made;
}

// load x (interval and timeout in lockstep), one point excluded.
SweepPlan plan() {
  SweepPlan plan;
  plan.axes = {axis("load", {"low", "high"}), axis("interval", {"1 s", "2 s", "4 s"}),
               axis("timeout", {"10 s", "20 s", "40 s"})};
  plan.zipped = {1, 2};
  plan.points = {{0, 0, 0}, {0, 1, 1}, {0, 2, 2}, {1, 0, 0}, {1, 2, 2}};
  return plan;
}

TEST(SweepGroups, AxesInLockstepAreOne) {
  const SweepPlan sweep = plan();
  for (const char* name : {"interval", "timeout"}) {
    const std::vector<SweepGroup> groups = groups_along(sweep, axis_named(sweep, name));
    ASSERT_EQ(groups.size(), 2u) << name;
    EXPECT_EQ(groups[0].points, (std::vector<size_t>{0, 1, 2}));
    EXPECT_EQ(groups[0].where, "load = low: ");
    EXPECT_EQ(groups[1].points, (std::vector<size_t>{3, 4}));
    const std::vector<std::pair<size_t, std::string>> context{{0, "high"}};
    EXPECT_EQ(groups[1].context, context);
  }
}

TEST(SweepGroups, OtherAxesAreNamedInTheirOrder) {
  const SweepPlan sweep = plan();
  const std::vector<SweepGroup> groups = groups_along(sweep, axis_named(sweep, "load"));
  ASSERT_EQ(groups.size(), 3u);
  EXPECT_EQ(groups[0].points, (std::vector<size_t>{0, 3}));
  EXPECT_EQ(groups[1].points, (std::vector<size_t>{1}));
  EXPECT_EQ(groups[2].where, "interval = 4 s, timeout = 40 s: ");
}

TEST(SweepGroups, WithoutOtherAxesThereIsOneGroupAndNothingToName) {
  SweepPlan sweep = plan();
  sweep.axes.erase(sweep.axes.begin());
  sweep.zipped = {0, 1};
  sweep.points = {{0, 0}, {1, 1}, {2, 2}};
  const std::vector<SweepGroup> groups = groups_along(sweep, 0);
  ASSERT_EQ(groups.size(), 1u);
  EXPECT_EQ(groups[0].points.size(), 3u);
  EXPECT_TRUE(groups[0].context.empty());
  EXPECT_EQ(groups[0].where, "");
}

}  // namespace
}  // namespace drey::scenarios
