#pragma once
// The points of a sweep that one sentence of an answer is about: those that differ in nothing but
// the axis that is chosen from, and the axes that go in lockstep with it.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scenarios/sweep_plan.h"

namespace drey::scenarios {

struct SweepGroup {
  std::vector<size_t> points;                           // in the order of the plan, never empty
  std::vector<std::pair<size_t, std::string>> context;  // the other axes and their labels
  std::string where;  // the same in words, "load = backlog: "; empty without other axes
};

// The axis of that name; 0 when there is none (the reader has seen to it).
size_t axis_named(const SweepPlan& plan, std::string_view name);
// In the order of their first points.
std::vector<SweepGroup> groups_along(const SweepPlan& plan, size_t axis);

}  // namespace drey::scenarios
