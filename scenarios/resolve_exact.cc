// What the exact grain does not run (yet): sources of several logs, and chains that branch.
#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "scenarios/assembly.h"
#include "scenarios/read_scenario.h"

namespace drey::scenarios {
namespace {

// All sources of a job read one external log, each of them the whole of it; so they have to
// describe the same one.
void check_sources(const Scenario& scenario, const JsonNode& tree, Messages& messages) {
  const VertexSpec* first = nullptr;
  for (const VertexSpec& v : scenario.job.vertices) {
    if (v.kind != VertexKind::source) continue;
    if (first == nullptr) {
      first = &v;
      continue;
    }
    const bool same =
        v.data == first->data && log_spec_of(scenario, v, 0) == log_spec_of(scenario, *first, 0);
    if (same) continue;
    messages.error(place_of(tree, fmt::format("/job/vertices/{}", v.id)),
                   fmt::format("all sources of a job read the same log, but \"{}\" describes "
                               "another one than \"{}\": rate, records, splits (unset: the "
                               "parallelism), keys and event times have to be equal",
                               v.id, first->id));
  }
}

// A task runs its operators one after the other, and only the last one has results.
void check_chains(const Scenario& scenario, const JsonNode& tree, Messages& messages) {
  const model::JobSpec spec = job_spec_of(scenario);
  std::map<std::string, size_t> outputs;
  for (const model::EdgeSpec& edge : spec.edges) ++outputs[edge.from];
  const bool branches = std::any_of(outputs.begin(), outputs.end(),
                                    [](const auto& entry) { return entry.second > 1; });
  if (!branches) return;
  const model::JobGraph graph = model::build_job_graph(spec);
  std::map<std::string, size_t> vertex_of;
  for (size_t v = 0; v < graph.vertices.size(); ++v)
    for (const uint32_t op : graph.vertices[v].operators) vertex_of[spec.operators[op].id] = v;
  for (size_t i = 0; i < spec.edges.size(); ++i) {
    const model::EdgeSpec& edge = spec.edges[i];
    if (outputs[edge.from] < 2 || vertex_of[edge.from] != vertex_of[edge.to]) continue;
    messages.error(
        place_of(tree, fmt::format("/job/vertices/{}", edge.to)),
        fmt::format("\"{0}\" is chained to \"{1}\", which has other outputs: chains that "
                    "branch are not modelled; give \"{0}\" \"chaining\": \"head\", so that "
                    "it is a task of its own",
                    edge.to, edge.from));
  }
}

}  // namespace

void resolve_exact(const Scenario& scenario, const JsonNode& tree, Messages& messages) {
  if (scenario.grain == Grain::null) return;  // its tasks move no records
  check_sources(scenario, tree, messages);
  check_chains(scenario, tree, messages);
}

}  // namespace drey::scenarios
