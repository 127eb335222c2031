#pragma once
// A scenario printed back: merged, defaults filled in, units normalised. It reads back to the same
// Scenario.
//   print_scenario: strict JSON, canonical; its digest is the scenario's id.
//   explain: the same with the origin of each value as a comment: "// minimal.json:9" or "//
//   default".
#include <string>

#include "scenarios/json_tree.h"
#include "scenarios/read_scenario.h"
#include "scenarios/scenario.h"

namespace drey::scenarios {

JsonNode scenario_to_json(const Scenario& scenario);
std::string print_scenario(const Scenario& scenario);
std::string explain(const ReadScenario& read);      // read.scenario must be there
std::string scenario_id(const Scenario& scenario);  // 32 hex digits

}  // namespace drey::scenarios
