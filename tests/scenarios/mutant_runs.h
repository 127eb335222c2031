#pragma once
// One run of a library scenario, with a mutant or without, in this process.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "scenarios/mutant_list.h"
#include "scenarios/read_scenario.h"
#include "scenarios/run.h"

namespace drey::scenarios {

inline ReadScenario read_library(std::string_view name) {
  return read_scenario_file(std::string(DREY_SOURCE_DIR) + "/scenarios/catalogue/" +
                            std::string(name));
}

inline RunOutcome run_library(const ReadScenario& read, const MutantEntry& mutant, int64_t seed,
                              bool with_mutant) {
  return run_once({.scenario = &*read.scenario,
                   .file = std::string(mutant.scenario),
                   .seed = static_cast<uint64_t>(seed),
                   .mutant = with_mutant ? std::string(mutant.name) : std::string()});
}

// Without the expectation's own id ("expectation:e2").
inline std::set<std::string> oracles_that_saw(const RunOutcome& outcome) {
  std::set<std::string> seen;
  const auto result = nlohmann::json::parse(outcome.json);
  for (const auto& violation : result.at("violations")) {
    const auto oracle = violation.at("oracle").get<std::string>();
    seen.insert(oracle.substr(0, oracle.find(':')));
  }
  return seen;
}

}  // namespace drey::scenarios
