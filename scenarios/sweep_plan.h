#pragma once
// The `sweep` block -> points: the values of every axis, crosswise or in lockstep, without the
// excluded ones, in a fixed order (the first axis slowest). A point is the scenario's tree with a
// value put at the path of each axis, read like any scenario; a mistake at a point is reported at
// the place of the axis' value.
//
// Ranges are made with integers; equal factors with + - * / on double, which is the same on every
// machine.
#include <optional>
#include <string>
#include <vector>

#include "scenarios/read_scenario.h"

namespace drey::scenarios {

struct AxisValue {
  std::string label;
  JsonNode value;
};
struct Axis {
  std::string name;
  std::string path;
  Place path_place;
  std::vector<AxisValue> values;
};
struct SweepPlan {
  std::vector<Axis> axes;
  std::vector<std::vector<size_t>> points;  // the index of a value, per axis
  std::vector<size_t> zipped;               // axes in lockstep

  const std::string& label(size_t point, size_t axis) const {
    return axes[axis].values[points[point][axis]].label;
  }
};

// Empty, with messages, when the block cannot be resolved.
std::optional<SweepPlan> plan_sweep(const SweepSpec& sweep, const JsonNode& tree,
                                    Messages& messages);

// The scenario's tree at a point. A path that leads nowhere is a message.
JsonNode tree_at(const JsonNode& tree, const SweepPlan& plan, size_t point, Messages& messages);

// Every point as a scenario, in the order of the plan; empty, with messages, when one is bad.
std::vector<Scenario> scenarios_of(const ReadScenario& read, const SweepPlan& plan,
                                   Messages& messages);

// Puts "POINTER=VALUE" texts of a command line into a scenario that was read; a value that is no
// JSON is a text. The scenario is read again; mistakes become messages that point into the text.
void put_values(ReadScenario& read, const std::vector<std::string>& sets);

// Values of a range as JSON. Empty, with `why`, when the ends do not fit each other.
std::vector<JsonNode> range_values(const JsonNode& from, const JsonNode& to, int64_t count,
                                   AxisScale scale, std::string& why);

// A label as a number in the base unit of what it is: "s", "b", "/s", "b/s", or "" for a bare
// number; empty when it is none.
std::optional<double> number_of(const JsonNode& value, std::string& unit);

// Names in the block, its plots and its answers: part of reading a scenario.
void resolve_sweep(Scenario& scenario, const JsonNode& tree, Messages& messages);

// How many runs it is.
size_t runs_of(const SweepPlan& plan, const Scenario& scenario);
Seeds seeds_of(const Scenario& scenario);

}  // namespace drey::scenarios
