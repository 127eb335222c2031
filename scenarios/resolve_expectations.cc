#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "reports/suggest.h"
#include "scenarios/describe.h"
#include "scenarios/read_scenario.h"

namespace drey::scenarios {
namespace {

constexpr std::string_view kKindNames[] = {"check", "always", "eventually", "never", "sometimes"};

void resolve(ExpectSpec& spec, size_t index, const reports::ExpectationNames& names,
             const JsonNode& tree, Messages& messages) {
  const std::string element = fmt::format("/expect/{}", index);
  const bool plain = !spec.line.empty();
  const std::string pointer =
      plain ? element : fmt::format("{}/{}", element, kKindNames[static_cast<size_t>(spec.kind)]);
  reports::Expectation& parsed = spec.parsed;
  parsed.id = spec.id.empty() ? fmt::format("e{}", index) : spec.id;
  parsed.text = plain ? spec.line : spec.check;
  parsed.kind = spec.kind;
  parsed.severity = spec.severity;
  parsed.within = spec.within;
  parsed.after = spec.after;
  parsed.because = spec.because;
  reports::TextProblem problem;
  if (auto comparison = reports::parse_comparison(parsed.text, names, problem)) {
    parsed.comparison = std::move(*comparison);
  } else {
    messages.error(place_inside(tree, pointer, problem.offset, problem.length), problem.message,
                   problem.suggestion);
  }
  const bool known =
      std::find(names.faults.begin(), names.faults.end(), spec.after) != names.faults.end();
  if (!spec.after.empty() && !known)
    messages.error(
        place_of(tree, element + "/after"),
        fmt::format("expectation names fault \"{}\"; known: {}", spec.after,
                    names.faults.empty() ? "none" : reports::name_list(names.faults, 12)),
        reports::nearest_name(spec.after, names.faults));
}

}  // namespace

void resolve_expectations(Scenario& scenario, const JsonNode& tree, Messages& messages) {
  reports::ExpectationNames names;
  for (const VertexSpec& vertex : scenario.job.vertices) names.vertices.push_back(vertex.id);
  for (const FaultSpec& fault : scenario.faults) names.faults.push_back(fault.id);
  std::set<std::string> seen;
  for (size_t i = 0; i < scenario.expect.size(); ++i) {
    resolve(scenario.expect[i], i, names, tree, messages);
    if (!seen.insert(scenario.expect[i].parsed.id).second)
      messages.error(
          place_of(tree, fmt::format("/expect/{}/id", i)),
          fmt::format("a second expectation has the id \"{}\"", scenario.expect[i].parsed.id));
  }
}

}  // namespace drey::scenarios
