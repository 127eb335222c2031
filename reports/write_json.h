#pragma once
// result.json: stable, versioned, every name fixed (README). Keys are always there, in the same
// order; the same run gives the same bytes except for `build`.
#include <string>

#include "reports/region_picture.h"
#include "reports/run_result.h"

namespace drey::reports {

std::string to_json(const RunResult& result);  // pretty, ends with a newline

// graph.json: the regions as boxes and lines with coordinates, ready to be drawn as SVG. "detail"
// says whether a node is a subtask or a whole vertex; "marks" of a node name the failover, the rule
// and how many of its tasks it restarted.
std::string to_json(const RegionPicture& picture);

}  // namespace drey::reports
