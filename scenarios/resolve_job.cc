#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "reports/suggest.h"
#include "scenarios/describe.h"
#include "scenarios/read_scenario.h"

namespace drey::scenarios {
namespace {

constexpr std::string_view kParallelism = "parallelism.default";

class Resolver {
 public:
  Resolver(JobSpec& job, const JsonNode& tree, Messages& messages)
      : job_(job), tree_(tree), messages_(messages) {
    for (const VertexSpec& vertex : job.vertices) ids_.push_back(vertex.id);
  }

  void run(const ClusterSpec& cluster) {
    expand_edges();
    if (!messages_.empty()) return;
    check_edges();
    check_degrees();
    check_cycle();
    check_vertices();
    check_slots(cluster);
    if (messages_.empty()) resolve_sources();
  }

 private:
  struct Word {
    std::string text;
    size_t offset = 0;
  };

  static std::vector<Word> words(const std::string& chain) {
    std::vector<Word> out;
    size_t start = 0;
    for (;;) {
      const size_t arrow = chain.find("->", start);
      size_t from = start;
      size_t until = arrow == std::string::npos ? chain.size() : arrow;
      while (from < until && chain[from] == ' ') ++from;
      while (until > from && chain[until - 1] == ' ') --until;
      out.push_back({chain.substr(from, until - from), from});
      if (arrow == std::string::npos) return out;
      start = arrow + 2;
    }
  }

  void expand_edges() {
    std::vector<EdgeSpec> all;
    for (size_t i = 0; i < job_.edges.size(); ++i) {
      EdgeSpec& edge = job_.edges[i];
      const std::string pointer = fmt::format("/job/edges/{}", i);
      if (edge.chain.empty()) {
        known_vertex(edge.from, place_of(tree_, pointer + "/from"));
        known_vertex(edge.to, place_of(tree_, pointer + "/to"));
        places_.push_back(place_of(tree_, pointer));
        all.push_back(edge);
        continue;
      }
      expand_chain(edge.chain, pointer, all);
    }
    job_.edges = std::move(all);
  }

  void expand_chain(const std::string& chain, const std::string& pointer,
                    std::vector<EdgeSpec>& all) {
    const std::vector<Word> parts = words(chain);
    if (parts.size() < 3 || parts.size() % 2 == 0) {
      messages_.error(place_of(tree_, pointer),
                      "an edge is vertex -> ship -> vertex, e.g. \"src -> hash -> agg\" (ship: " +
                          ships() + ")");
      return;
    }
    for (size_t i = 0; i < parts.size(); i += 2)
      known_vertex(parts[i].text,
                   place_inside(tree_, pointer, parts[i].offset, parts[i].text.size()));
    for (size_t i = 1; i < parts.size(); i += 2) {
      const auto* end = std::end(kShipNames);
      const auto* found = std::find(std::begin(kShipNames), end, parts[i].text);
      const Place place = place_inside(tree_, pointer, parts[i].offset, parts[i].text.size());
      if (found == end) {
        const std::vector<std::string> legal(std::begin(kShipNames), std::end(kShipNames));
        messages_.error(place,
                        fmt::format("unknown ship \"{}\"; known: {}", parts[i].text, ships()),
                        reports::nearest_name(parts[i].text, legal));
        continue;
      }
      EdgeSpec edge;
      edge.from = parts[i - 1].text;
      edge.to = parts[i + 1].text;
      edge.ship = static_cast<Ship>(found - std::begin(kShipNames));
      places_.push_back(place);
      all.push_back(std::move(edge));
    }
  }

  static std::string ships() {
    const std::vector<std::string> legal(std::begin(kShipNames), std::end(kShipNames));
    return reports::name_list(legal, 10);
  }

  void known_vertex(const std::string& id, Place place) {
    if (std::find(ids_.begin(), ids_.end(), id) != ids_.end()) return;
    messages_.error(
        place, fmt::format("edge names vertex \"{}\"; known: {}", id, reports::name_list(ids_, 12)),
        reports::nearest_name(id, ids_));
  }

  const VertexSpec& vertex(const std::string& id) const {
    return *std::find_if(job_.vertices.begin(), job_.vertices.end(),
                         [&](const VertexSpec& v) { return v.id == id; });
  }

  void check_edges() {
    for (size_t i = 0; i < job_.edges.size(); ++i) {
      const EdgeSpec& edge = job_.edges[i];
      const VertexSpec& from = vertex(edge.from);
      const VertexSpec& to = vertex(edge.to);
      for (size_t k = 0; k < i; ++k)
        if (job_.edges[k].from == edge.from && job_.edges[k].to == edge.to)
          messages_.error(places_[i],
                          fmt::format("a second edge from \"{}\" to \"{}\"", edge.from, edge.to));
      if (edge.from == edge.to)
        messages_.error(places_[i], fmt::format("\"{}\" feeds itself", edge.from));
      if (edge.ship == Ship::forward && from.parallelism != to.parallelism)
        messages_.error(
            places_[i],
            fmt::format("forward needs equal parallelism, but \"{}\" has {} and \"{}\" has {}",
                        from.id, from.parallelism, to.id, to.parallelism));
      const bool keyed = to.kind == VertexKind::keyed || to.kind == VertexKind::window;
      if (keyed && edge.ship != Ship::hash)
        messages_.error(
            places_[i],
            fmt::format("\"{}\" keeps state per key, so its input must be shipped by hash", to.id));
      const bool not_pipelined = edge.exchange.has_value() && edge.exchange != Exchange::pipelined;
      if (job_.effective_mode() == JobMode::streaming && not_pipelined)
        messages_.error(places_[i],
                        fmt::format("a {} exchange needs \"mode\": \"batch\"",
                                    edge.exchange == Exchange::blocking ? "blocking" : "hybrid"));
    }
  }

  void check_degrees() {
    for (const VertexSpec& v : job_.vertices) {
      const auto counts = [&](auto end) {
        return std::count_if(job_.edges.begin(), job_.edges.end(),
                             [&](const EdgeSpec& e) { return e.*end == v.id; });
      };
      const auto inputs = counts(&EdgeSpec::to);
      const auto outputs = counts(&EdgeSpec::from);
      const Place place = place_of(tree_, "/job/vertices/" + v.id);
      if (v.kind == VertexKind::source && inputs > 0)
        messages_.error(place, fmt::format("source \"{}\" has an input", v.id));
      if (v.kind == VertexKind::sink && outputs > 0)
        messages_.error(place, fmt::format("sink \"{}\" has an output", v.id));
      if (v.kind != VertexKind::source && inputs == 0)
        messages_.error(place, fmt::format("\"{}\" has no input", v.id));
      if (v.kind != VertexKind::sink && outputs == 0)
        messages_.error(place, fmt::format("\"{}\" has no output", v.id));
    }
  }

  // Removes vertices without open inputs until none is left; what stays lies on or behind a cycle.
  void check_cycle() {
    std::map<std::string, int> open;
    for (const std::string& id : ids_) open[id] = 0;
    for (const EdgeSpec& edge : job_.edges)
      if (edge.from != edge.to) ++open[edge.to];
    std::vector<std::string> ready;
    for (const std::string& id : ids_)
      if (open[id] == 0) ready.push_back(id);
    size_t done = 0;
    for (; done < ready.size(); ++done) {
      const std::string now = ready[done];
      for (const EdgeSpec& edge : job_.edges)
        if (edge.from == now && edge.from != edge.to && --open[edge.to] == 0)
          ready.push_back(edge.to);
    }
    if (done == ids_.size()) return;
    std::vector<std::string> left;
    for (const std::string& id : ids_)
      if (open[id] > 0) left.push_back(id);
    drop_dead_ends(left);
    const auto in_cycle = [&](const std::string& id) {
      return std::find(left.begin(), left.end(), id) != left.end();
    };
    for (size_t i = 0; i < job_.edges.size(); ++i) {
      const bool inside = in_cycle(job_.edges[i].from) && in_cycle(job_.edges[i].to);
      if (!inside || job_.edges[i].from == job_.edges[i].to) continue;
      messages_.error(places_[i], "the edges form a cycle through " + reports::name_list(left, 12));
      return;
    }
  }

  // What lies behind a cycle but leads nowhere back into it.
  void drop_dead_ends(std::vector<std::string>& left) const {
    const auto leads_on = [&](const std::string& id) {
      return std::any_of(job_.edges.begin(), job_.edges.end(), [&](const EdgeSpec& edge) {
        return edge.from == id && edge.to != id &&
               std::find(left.begin(), left.end(), edge.to) != left.end();
      });
    };
    for (;;) {
      const auto dead = std::find_if_not(left.begin(), left.end(), leads_on);
      if (dead == left.end()) return;
      left.erase(dead);
    }
  }

  void check_vertices() {
    for (const VertexSpec& v : job_.vertices) {
      const std::string pointer = "/job/vertices/" + v.id;
      const int64_t most = v.max_parallelism.value_or(job_.max_parallelism.value_or(32'768));
      if (v.parallelism > most)
        messages_.error(place_of(tree_, pointer + "/parallelism"),
                        fmt::format("parallelism {} of \"{}\" exceeds its max_parallelism {}",
                                    v.parallelism, v.id, most));
      if (v.kind == VertexKind::source) check_source(v, pointer);
    }
  }

  void check_source(const VertexSpec& v, const std::string& pointer) {
    if (v.data) {
      const std::pair<std::string_view, bool> given[] = {
          {"records", v.records != 0},
          {"keys", v.keys != 0},
          {"key_distribution", v.key_distribution != KeyDistribution::uniform},
          {"disorder", v.disorder.ns != 0}};
      for (const auto& [key, is_given] : given)
        if (is_given)
          messages_.error(place_of(tree_, fmt::format("{}/{}", pointer, key)),
                          fmt::format("\"{}\" comes from the CSV file of \"{}\"", key, v.id));
      return;
    }
    if (job_.effective_mode() == JobMode::batch && v.records == 0)
      messages_.error(place_of(tree_, pointer),
                      fmt::format("source \"{}\" of a batch job needs \"records\"", v.id));
    if (v.pace == Pace::generator && v.records == 0)
      messages_.error(place_of(tree_, pointer + "/pace"),
                      fmt::format("the generator of source \"{}\" needs \"records\"", v.id));
    if (v.hot_keys > v.keys && v.keys > 0 && v.key_distribution == KeyDistribution::hot)
      messages_.error(place_of(tree_, pointer + "/hot_keys"),
                      fmt::format("more hot keys than the {} keys", v.keys));
  }

  void check_slots(const ClusterSpec& cluster) {
    std::map<std::string, const VertexSpec*> widest;
    for (const VertexSpec& v : job_.vertices) {
      const VertexSpec*& top = widest[v.slot_sharing_group];
      if (top == nullptr || v.parallelism > top->parallelism) top = &v;
    }
    int64_t needed = 0;
    const VertexSpec* last = nullptr;
    for (const auto& [group, top] : widest) {
      needed += top->parallelism;
      if (last == nullptr || top->parallelism > last->parallelism) last = top;
    }
    const int64_t slots = cluster.slots_total();
    if (last == nullptr || needed <= slots || cluster.too_few_slots) return;
    if (job_.mode == JobMode::batch && slots > 0) return;  // its regions take turns
    messages_.error(place_of(tree_, fmt::format("/job/vertices/{}/parallelism", last->id)),
                    fmt::format("the job needs {} slots, the cluster has {}", needed, slots));
  }

  void resolve_sources() {
    int64_t keys = 0;  // of the source before: what one makes that no keyed vertex follows
    for (VertexSpec& v : job_.vertices) {
      if (v.kind != VertexKind::source) continue;
      const VertexSpec* const other = other_of_topic(v);
      if (v.splits == 0) v.splits = other != nullptr ? other->splits : v.parallelism;
      if (v.data) continue;
      if (v.keys == 0 && other != nullptr) v.keys = other->keys;
      if (v.keys == 0) v.keys = keys_behind(v.id);
      if (v.keys == 0) v.keys = keys;
      if (v.keys == 0) v.keys = 1000;
      keys = v.keys;
    }
  }

  // An earlier source that names the same topic: what this one leaves out is as there.
  const VertexSpec* other_of_topic(const VertexSpec& source) const {
    for (const VertexSpec& v : job_.vertices) {
      if (&v == &source) break;
      if (v.kind == VertexKind::source && !v.topic.empty() && v.topic == source.topic) return &v;
    }
    return nullptr;
  }

  // What the first keyed vertex behind says.
  int64_t keys_behind(const std::string& id) const {
    std::vector<std::string> open{id};
    for (size_t i = 0; i < open.size(); ++i) {
      for (const EdgeSpec& edge : job_.edges) {
        if (edge.from != open[i]) continue;
        const VertexSpec& next = vertex(edge.to);
        if (next.keys > 0) return next.keys;
        if (std::find(open.begin(), open.end(), next.id) == open.end()) open.push_back(next.id);
      }
    }
    return 0;
  }

  JobSpec& job_;
  const JsonNode& tree_;
  Messages& messages_;
  std::vector<std::string> ids_;
  std::vector<Place> places_;  // of each expanded edge
};

// Vertices that say nothing themselves.
void default_parallelism(Scenario& scenario, const JsonNode& tree) {
  if (!scenario.flink.is_set(kParallelism)) return;
  for (VertexSpec& vertex : scenario.job.vertices)
    if (tree.at(fmt::format("/job/vertices/{}/parallelism", vertex.id)) == nullptr)
      vertex.parallelism = scenario.flink.integer(kParallelism);
}

}  // namespace

void resolve_job(Scenario& scenario, const JsonNode& tree, Messages& messages) {
  default_parallelism(scenario, tree);
  Resolver(scenario.job, tree, messages).run(scenario.cluster);
}

}  // namespace drey::scenarios
