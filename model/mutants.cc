#include "model/mutants.h"

#include "model/mutant_table.h"

namespace drey::model {

std::span<const MutantInfo> mutants() { return kMutants; }

const MutantInfo* info_of(Mutant mutant) {
  for (const MutantInfo& info : kMutants)
    if (info.mutant == mutant) return &info;
  return nullptr;
}

std::string_view name_of(Mutant mutant) {
  const MutantInfo* const info = info_of(mutant);
  return info == nullptr ? std::string_view() : info->name;
}

std::optional<Mutant> mutant_named(std::string_view name) {
  for (const MutantInfo& info : kMutants)
    if (info.name == name) return info.mutant;
  return std::nullopt;
}

}  // namespace drey::model
