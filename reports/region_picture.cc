#include "reports/region_picture.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "model/graph/result_partition_type.h"
#include "reports/oracles/region_rule.h"

namespace drey::reports {

namespace {

using model::DistributionPattern;
using model::EdgeIndex;
using model::IndexRange;
using model::JobVertexIndex;
using model::SubtaskIndex;

// Above either a picture by subtasks is a black square.
constexpr uint32_t kMostSubtasks = 400;
constexpr uint64_t kMostChannels = 4000;

constexpr int32_t kWidth = 150, kHeight = 36, kGapX = 90, kGapY = 14, kMargin = 20;

class Painter {
 public:
  Painter(const model::JobGraph& job, const std::vector<FailoverResult>& failovers)
      : topology_(job), rule_(topology_), failovers_(failovers) {}

  RegionPicture run() {
    picture_.job = job().name;
    picture_.subtasks = topology_.subtasks();
    for (EdgeIndex e = 0; e < job().edges.size(); ++e) picture_.channels += channels(e);
    picture_.by_subtask = picture_.subtasks <= kMostSubtasks && picture_.channels <= kMostChannels;
    number_regions();
    list_regions();
    add_nodes();
    add_edges();
    mark_restarts();
    return std::move(picture_);
  }

 private:
  const model::JobGraph& job() const { return topology_.job(); }

  uint64_t channels(EdgeIndex edge) const {
    const model::EdgeShape shape = topology_.shape_of(edge);
    if (shape.pattern == DistributionPattern::all_to_all)
      return uint64_t{shape.producers} * shape.consumers;
    return std::max(shape.producers, shape.consumers);
  }

  // From 1, in topological order of their first subtask.
  void number_regions() {
    number_.assign(topology_.subtasks(), 0);
    for (const JobVertexIndex v : topology_.order()) {
      const IndexRange range = topology_.subtasks_of(v);
      for (SubtaskIndex s = range.first; s <= range.last; ++s) {
        uint32_t& number = number_[rule_.region_of(s)];
        if (number != 0) continue;
        number = static_cast<uint32_t>(picture_.regions.size()) + 1;
        picture_.regions.push_back({.number = number});
      }
    }
  }
  uint32_t region_of(SubtaskIndex subtask) const { return number_[rule_.region_of(subtask)]; }

  void list_regions() {
    for (const JobVertexIndex v : topology_.order()) {
      const IndexRange range = topology_.subtasks_of(v);
      SubtaskIndex first = range.first;
      for (SubtaskIndex s = range.first; s <= range.last; ++s) {
        if (s < range.last && region_of(s + 1) == region_of(s)) continue;
        RegionPicture::Region& region = picture_.regions[region_of(s) - 1];
        const std::string from = topology_.name_of(first);
        region.subtasks.push_back(first == s ? from
                                             : fmt::format("{}..{}", from, topology_.index_of(s)));
        region.size += s - first + 1;
        region.likeness += fmt::format("{}*{} ", v, s - first + 1);
        first = s + 1;
      }
    }
  }

  // How far from the sources: the column.
  std::vector<int32_t> depths() const {
    std::vector<int32_t> depth(job().vertices.size(), 0);
    for (const JobVertexIndex v : topology_.order())
      for (const EdgeIndex e : job().vertices[v].inputs)
        depth[v] = std::max(depth[v], depth[job().producer_of(e)] + 1);
    return depth;
  }

  void add_nodes() {
    const std::vector<int32_t> depth = depths();
    std::map<int32_t, int32_t> rows;  // used in each column
    first_node_.resize(job().vertices.size());
    for (const JobVertexIndex v : topology_.order()) {
      const model::JobVertex& vertex = job().vertices[v];
      first_node_[v] = static_cast<uint32_t>(picture_.nodes.size());
      const uint32_t count = picture_.by_subtask ? vertex.parallelism : 1;
      for (uint32_t i = 0; i < count; ++i) {
        const SubtaskIndex subtask = topology_.subtask(v, i);
        RegionPicture::Node node;
        node.id = picture_.by_subtask ? topology_.name_of(subtask) : vertex.id;
        node.vertex = vertex.id;
        node.label = vertex.name;
        node.first = i;
        node.subtasks = picture_.by_subtask ? 1 : vertex.parallelism;
        const bool one =
            picture_.by_subtask || region_of(subtask) == region_of(topology_.subtasks_of(v).last);
        node.region = one ? region_of(subtask) : 0;
        node.width = kWidth;
        node.height = kHeight;
        node.x = kMargin + depth[v] * (kWidth + kGapX);
        node.y = kMargin + rows[depth[v]]++ * (kHeight + kGapY);
        picture_.width = std::max(picture_.width, node.x + kWidth + kMargin);
        picture_.height = std::max(picture_.height, node.y + kHeight + kMargin);
        picture_.nodes.push_back(std::move(node));
      }
    }
  }

  void add_edge(EdgeIndex e, uint32_t from, uint32_t to, uint64_t count) {
    const model::IntermediateDataSet& data_set = job().data_set_of(e);
    picture_.edges.push_back(
        {.from = from,
         .to = to,
         .type = std::string(model::name_of(data_set.type)),
         .pattern = data_set.pattern == DistributionPattern::pointwise ? "pointwise" : "all-to-all",
         .ship = std::string(model::name_of(data_set.ship)),
         .channels = count,
         .tied = model::must_be_pipelined(data_set.type)});
  }

  void add_edges() {
    for (EdgeIndex e = 0; e < job().edges.size(); ++e) {
      const uint32_t producers = first_node_[job().producer_of(e)];
      const JobVertexIndex consumer = job().edges[e].consumer;
      if (!picture_.by_subtask) {
        add_edge(e, producers, first_node_[consumer], channels(e));
        continue;
      }
      for (uint32_t i = 0; i < job().vertices[consumer].parallelism; ++i) {
        const IndexRange read = model::consumed_partitions(topology_.shape_of(e), i);
        for (uint32_t p = read.first; p <= read.last; ++p)
          add_edge(e, producers + p, first_node_[consumer] + i, 1);
      }
    }
  }

  // By node, failover and rule, in the order of the failovers.
  void mark_restarts() {
    std::map<std::string, uint32_t> node_of;
    for (uint32_t n = 0; n < picture_.nodes.size(); ++n) node_of[picture_.nodes[n].id] = n;
    for (const FailoverResult& failover : failovers_) {
      for (const auto& [subtask, rule] : failover.restarted) {
        const auto found =
            node_of.find(picture_.by_subtask ? subtask : subtask.substr(0, subtask.rfind('/')));
        if (found == node_of.end()) continue;
        std::vector<RegionPicture::Mark>& marks = picture_.nodes[found->second].marks;
        const auto same =
            std::find_if(marks.begin(), marks.end(), [&, rule = rule](const auto& mark) {
              return mark.failover == failover.number && mark.rule == rule;
            });
        if (same != marks.end()) {
          ++same->tasks;
        } else {
          marks.push_back({.failover = failover.number, .rule = rule});
        }
      }
    }
  }

  model::ExecutionTopology topology_;
  RegionRule rule_;
  const std::vector<FailoverResult>& failovers_;
  RegionPicture picture_;
  std::vector<uint32_t> number_;      // by the rule's own number of a region
  std::vector<uint32_t> first_node_;  // by vertex
};

std::string_view colour_of(const std::vector<RegionPicture::Mark>& marks) {
  if (marks.empty()) return "white";
  const std::string& rule = marks.back().rule;
  if (rule == "failed-region") return "#f4b6b6";
  if (rule == "lost-input") return "#f7dca0";
  if (rule == "consumer") return "#bcd7f2";
  return "#d9d9d9";
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string node_label(const RegionPicture::Node& node) {
  std::string label = node.id;
  if (node.subtasks > 1) label += fmt::format(" x {}", node.subtasks);
  for (const RegionPicture::Mark& mark : node.marks) {
    label += fmt::format("\\n{}: {}", mark.failover, mark.rule);
    if (node.subtasks > 1) label += fmt::format(" ({})", mark.tasks);
  }
  return label;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

}  // namespace

RegionPicture make_region_picture(const model::JobGraph& job,
                                  const std::vector<FailoverResult>& failovers) {
  return Painter(job, failovers).run();
}

std::vector<std::string> region_lines(const RegionPicture& picture, size_t most) {
  constexpr size_t kRun = 4;  // so many like regions in a row are named once
  const auto& regions = picture.regions;
  std::vector<std::string> lines;
  for (size_t i = 0; i < regions.size();) {
    size_t end = i + 1;
    while (end < regions.size() && regions[end].likeness == regions[i].likeness) ++end;
    if (end - i < kRun) end = i + 1;
    if (lines.size() == most) {
      lines.push_back(fmt::format("and {} more", regions.size() - i));
      return lines;
    }
    const char* plural = regions[i].size == 1 ? "" : "s";
    if (end == i + 1) {
      lines.push_back(fmt::format("region {} ({} subtask{}): {}", regions[i].number,
                                  regions[i].size, plural, joined(regions[i].subtasks)));
    } else {
      lines.push_back(fmt::format("regions {} to {} ({} subtask{} each): {}, ... {}",
                                  regions[i].number, regions[end - 1].number, regions[i].size,
                                  plural, joined(regions[i].subtasks),
                                  joined(regions[end - 1].subtasks)));
    }
    i = end;
  }
  return lines;
}

std::string region_text(const RegionPicture& picture) {
  constexpr size_t kMostLines = 100;
  std::string text = fmt::format("job \"{}\": {} subtasks, {} channels, {} region{}\n", picture.job,
                                 picture.subtasks, picture.channels, picture.regions.size(),
                                 picture.regions.size() == 1 ? "" : "s");
  text += "vertices\n";
  std::map<std::string, uint32_t> parallelism;
  for (const RegionPicture::Node& node : picture.nodes) parallelism[node.vertex] += node.subtasks;
  std::string last;
  for (const RegionPicture::Node& node : picture.nodes) {
    if (node.vertex == last) continue;
    last = node.vertex;
    text += fmt::format("  {} x {}  ({})\n", node.vertex, parallelism[node.vertex], node.label);
  }
  text += "edges\n";
  std::map<std::string, uint64_t> edges;
  for (const RegionPicture::Edge& edge : picture.edges)
    edges[fmt::format("{} -> {}  {}, {}, {}", picture.nodes[edge.from].vertex,
                      picture.nodes[edge.to].vertex, edge.ship, edge.pattern, edge.type)] +=
        edge.channels;
  for (const auto& [edge, channels] : edges)
    text += fmt::format("  {}, {} channels\n", edge, channels);
  text += "regions\n";
  for (const std::string& line : region_lines(picture, kMostLines))
    text += fmt::format("  {}\n", line);
  return text;
}

std::string to_dot(const RegionPicture& picture) {
  std::string text = fmt::format(
      "digraph {} {{\n  rankdir=LR;\n  node [shape=box, style=filled, "
      "fillcolor=white, fontname=sans];\n",
      quoted(picture.job));
  std::map<uint32_t, std::vector<const RegionPicture::Node*>> by_region;
  for (const RegionPicture::Node& node : picture.nodes) by_region[node.region].push_back(&node);
  for (const auto& [region, nodes] : by_region) {
    if (region != 0)
      text += fmt::format("  subgraph cluster_{} {{\n    label=\"region {}\";\n", region, region);
    for (const RegionPicture::Node* node : nodes)
      text += fmt::format("    {} [label=\"{}\", fillcolor=\"{}\"];\n", quoted(node->id),
                          node_label(*node), colour_of(node->marks));
    if (region != 0) text += "  }\n";
  }
  for (const RegionPicture::Edge& edge : picture.edges) {
    text += fmt::format("  {} -> {} [style={}", quoted(picture.nodes[edge.from].id),
                        quoted(picture.nodes[edge.to].id), edge.tied ? "solid" : "dashed");
    if (!picture.by_subtask)
      text += fmt::format(", label=\"{}, {}\\n{} channels\"", edge.ship, edge.type, edge.channels);
    text += "];\n";
  }
  return text + "}\n";
}

}  // namespace drey::reports
