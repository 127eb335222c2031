#pragma once
// One run of a library scenario, with a mutant or without, in this process.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
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

// Of the first violation by time, without the expectation's own id ("expectation:e2").
inline std::string oracle_that_saw_first(const RunOutcome& outcome) {
  const auto result = nlohmann::json::parse(outcome.json);
  const auto& violations = result.at("violations");
  if (violations.empty()) return "none";
  const auto oracle = violations.at(0).at("oracle").get<std::string>();
  return oracle.substr(0, oracle.find(':'));
}

}  // namespace drey::scenarios
