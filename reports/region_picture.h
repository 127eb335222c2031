#pragma once
// A job's pipelined regions as a picture: which subtasks form which region, what connects them, and
// which of them each failover restarted by which rule. Text for the terminal, Graphviz DOT, and
// (write_json.h) JSON with coordinates that can be drawn as SVG as it is.
//
// Regions are those of the region rule (oracles/region_rule.h), numbered from 1 in topological
// order of their first subtask. A graph with many subtasks or channels is drawn by vertices instead
// of subtasks, and its text names runs of like regions once. Coordinates are in pixels: x grows
// with the depth in the graph, y with the subtask's index.
#include <cstdint>
#include <string>
#include <vector>

#include "model/graph/execution_topology.h"
#include "reports/run_result.h"

namespace drey::reports {

struct RegionPicture {
  struct Mark {  // of a node that a failover restarted
    uint64_t failover = 0;
    std::string rule;    // "failed-region", "lost-input", "consumer", "global"
    uint32_t tasks = 1;  // of the node's subtasks
  };
  struct Node {
    std::string id;      // "agg/0", or "agg" of a whole vertex
    std::string vertex;  // "agg"
    std::string label;   // its chain, "agg -> sink"
    uint32_t first = 0;  // index of its first subtask
    uint32_t subtasks = 1;
    uint32_t region = 0;  // from 1; 0 = a vertex in several regions
    int32_t x = 0, y = 0, width = 0, height = 0;
    std::vector<Mark> marks;
  };
  struct Edge {
    uint32_t from = 0, to = 0;  // nodes
    std::string type;           // "PIPELINED_BOUNDED"
    std::string pattern;        // "all-to-all", "pointwise"
    std::string ship;           // "hash"
    uint64_t channels = 1;
    bool tied = false;  // producer and consumer belong to one region by it
  };
  struct Region {
    uint32_t number = 0;
    std::vector<std::string> subtasks;  // "src/0..3"
    uint32_t size = 0;
    std::string likeness;  // equal: as many subtasks of the same vertices
  };
  std::string job;
  uint32_t subtasks = 0;
  uint64_t channels = 0;
  bool by_subtask = true;
  std::vector<Node> nodes;
  std::vector<Edge> edges;
  std::vector<Region> regions;
  int32_t width = 0, height = 0;
};

RegionPicture make_region_picture(const model::JobGraph& job,
                                  const std::vector<FailoverResult>& failovers);

// "region 2 (4 subtasks): agg/0..3"; at most `most` lines.
std::vector<std::string> region_lines(const RegionPicture& picture, size_t most);
// The same with vertices and edges, for `drey explain --regions`.
std::string region_text(const RegionPicture& picture);
std::string to_dot(const RegionPicture& picture);

}  // namespace drey::reports
