#include "scenarios/sweep_groups.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

namespace drey::scenarios {
namespace {

bool in_lockstep(const SweepPlan& plan, size_t a, size_t b) {
  const auto zipped = [&](size_t axis) {
    return std::find(plan.zipped.begin(), plan.zipped.end(), axis) != plan.zipped.end();
  };
  return a == b || (zipped(a) && zipped(b));
}

}  // namespace

size_t axis_named(const SweepPlan& plan, std::string_view name) {
  for (size_t i = 0; i < plan.axes.size(); ++i)
    if (plan.axes[i].name == name) return i;
  return 0;
}

std::vector<SweepGroup> groups_along(const SweepPlan& plan, size_t axis) {
  std::vector<SweepGroup> groups;
  std::map<std::vector<size_t>, size_t> known;  // the other axes' values: its group
  for (size_t point = 0; point < plan.points.size(); ++point) {
    std::vector<size_t> others = plan.points[point];
    for (size_t i = 0; i < others.size(); ++i)
      if (in_lockstep(plan, i, axis)) others[i] = 0;
    const auto [at, is_new] = known.try_emplace(std::move(others), groups.size());
    if (is_new) {
      SweepGroup& group = groups.emplace_back();
      for (size_t i = 0; i < plan.axes.size(); ++i) {
        if (in_lockstep(plan, i, axis)) continue;
        group.context.emplace_back(i, plan.label(point, i));
        group.where += fmt::format("{}{} = {}", group.where.empty() ? "" : ", ", plan.axes[i].name,
                                   plan.label(point, i));
      }
      if (!group.where.empty()) group.where += ": ";
    }
    groups[at->second].points.push_back(point);
  }
  return groups;
}

}  // namespace drey::scenarios
