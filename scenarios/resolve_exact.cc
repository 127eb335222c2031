// What the exact grain does not run: sources of several logs.
#include <fmt/core.h>

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

}  // namespace

void resolve_exact(const Scenario& scenario, const JsonNode& tree, Messages& messages) {
  if (scenario.grain == Grain::null) return;  // its tasks move no records
  check_sources(scenario, tree, messages);
}

}  // namespace drey::scenarios
