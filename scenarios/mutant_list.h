#pragma once
// The mutants as `drey mutants` lists them and `--mutant` takes them. The switches themselves live
// in model/; this list adds which oracle, scenario and seed catch each.
#include <cstdint>
#include <span>
#include <string_view>

namespace drey::scenarios {

struct MutantEntry {
  std::string_view name;
  std::string_view origin;    // "FLINK-12345"
  std::string_view oracle;    // that catches it, as in violations[].oracle
  std::string_view scenario;  // path below scenarios/catalogue/
  int64_t seed = 1;           // that catches it
};

std::span<const MutantEntry> mutant_list();
const MutantEntry* find_mutant(std::string_view name);

}  // namespace drey::scenarios
