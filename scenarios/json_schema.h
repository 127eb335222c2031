#pragma once
// The JSON Schema (Draft 7) of a scenario file, from the same descriptions that the reader uses;
// for editors. It is weaker than the reader where a schema must be: names across the file, units of
// rates, options' values, what "extends" brings.
#include <string>

#include "scenarios/json_tree.h"

namespace drey::scenarios {

JsonNode scenario_schema();
std::string schema_text();

}  // namespace drey::scenarios
