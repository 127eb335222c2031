#include "scenarios/mutant_list.h"

namespace drey::scenarios {

// Filled from model's table of mutants when that is linked.
std::span<const MutantEntry> mutant_list() { return {}; }

const MutantEntry* find_mutant(std::string_view name) {
  for (const MutantEntry& mutant : mutant_list())
    if (mutant.name == name) return &mutant;
  return nullptr;
}

}  // namespace drey::scenarios
