// What Flink refuses when it translates a job because of its regions, slots and results:
// co-location across regions, slot sharing groups of one's own with hybrid results, pipelined
// results under the adaptive batch scheduler.
#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "model/graph/pipelined_region.h"
#include "scenarios/assembly.h"
#include "scenarios/read_scenario.h"

namespace drey::scenarios {
namespace {

Place place_of_group(const Scenario& scenario, const JsonNode& tree, const std::string& group) {
  std::string last;
  for (const VertexSpec& v : scenario.job.vertices)
    if (v.co_location_group == group) last = v.id;
  return place_of(tree, fmt::format("/job/vertices/{}/co_location_group", last));
}

void check_members(const Scenario& scenario, const JsonNode& tree, Messages& messages) {
  std::map<std::string, const VertexSpec*> first_of;
  for (const VertexSpec& v : scenario.job.vertices) {
    if (v.co_location_group.empty()) continue;
    const VertexSpec& first = *first_of.emplace(v.co_location_group, &v).first->second;
    const Place place = place_of(tree, fmt::format("/job/vertices/{}/co_location_group", v.id));
    if (first.parallelism != v.parallelism)
      messages.error(place,
                     fmt::format("co-located vertices have equal parallelism, but \"{}\" has "
                                 "{} and \"{}\" has {}",
                                 first.id, first.parallelism, v.id, v.parallelism));
    else if (first.slot_sharing_group != v.slot_sharing_group)
      messages.error(place,
                     fmt::format("co-located vertices share slots, but \"{}\" is in the slot "
                                 "sharing group \"{}\" and \"{}\" in \"{}\"",
                                 first.id, first.slot_sharing_group, v.id, v.slot_sharing_group));
  }
}

void check_regions(const Scenario& scenario, const JsonNode& tree, Messages& messages) {
  const auto has_group = [](const VertexSpec& v) { return !v.co_location_group.empty(); };
  if (std::none_of(scenario.job.vertices.begin(), scenario.job.vertices.end(), has_group)) return;
  const model::ExecutionTopology topology(model::build_job_graph(job_spec_of(scenario)));
  const std::string problem =
      model::co_location_problem(topology, model::pipelined_regions(topology));
  if (problem.empty()) return;
  // The later task of the two is the last word.
  const std::string task = problem.substr(problem.rfind(' ') + 1);
  const model::JobGraph& graph = topology.job();
  const model::JobVertex& vertex = graph.vertices[graph.find(task.substr(0, task.rfind('/')))];
  messages.error(place_of_group(scenario, tree, vertex.co_location_group), problem);
}

void check_hybrid(const Scenario& scenario, const JsonNode& tree, Messages& messages) {
  const model::JobSpec job = job_spec_of(scenario);
  const bool hybrid =
      std::any_of(job.edges.begin(), job.edges.end(), [&](const model::EdgeSpec& edge) {
        return model::is_hybrid(model::result_type_of(job, edge));
      });
  if (!hybrid) return;
  for (const VertexSpec& v : scenario.job.vertices)
    if (v.slot_sharing_group != "default")
      messages.error(place_of(tree, fmt::format("/job/vertices/{}/slot_sharing_group", v.id)),
                     "hybrid results do not go with slot sharing groups of one's own");
}

// Upstream: AdaptiveBatchSchedulerFactory.checkAllExchangesAreSupported.
void check_adaptive(const Scenario& scenario, const JsonNode& tree, Messages& messages) {
  if (scenario.job.effective_mode() != JobMode::batch) return;
  if (flink_options_of(scenario).batch_scheduler != model::SchedulerKind::adaptive_batch) return;
  const model::JobGraph graph = model::build_job_graph(job_spec_of(scenario));
  for (model::EdgeIndex edge = 0; edge < graph.edges.size(); ++edge) {
    if (!model::must_be_pipelined(graph.data_set_of(edge).type)) continue;
    const std::vector<EdgeSpec>& edges = scenario.job.edges;
    const auto declared = std::find_if(edges.begin(), edges.end(), [](const EdgeSpec& e) {
      return e.exchange == Exchange::pipelined;
    });
    const Place place =
        declared == edges.end()
            ? place_of(tree, "/flink/execution.batch-shuffle-mode")
            : place_of(tree, fmt::format("/job/edges/{}", declared - edges.begin()));
    messages.error(place,
                   fmt::format("the adaptive batch scheduler runs blocking and hybrid exchanges "
                               "only, and \"{}\" to \"{}\" is pipelined; pipelined ones need "
                               "\"jobmanager.scheduler\": \"Default\"",
                               graph.vertices[graph.producer_of(edge)].id,
                               graph.vertices[graph.edges[edge].consumer].id));
    return;
  }
}

}  // namespace

void resolve_regions(const Scenario& scenario, const JsonNode& tree, Messages& messages) {
  if (scenario.grain == Grain::exact && tree.find("null_task") != nullptr)
    messages.error(place_of(tree, "/null_task"), "\"null_task\" needs \"grain\": \"null\"");
  check_members(scenario, tree, messages);
  if (!messages.empty()) return;
  check_regions(scenario, tree, messages);
  check_hybrid(scenario, tree, messages);
  check_adaptive(scenario, tree, messages);
}

}  // namespace drey::scenarios
