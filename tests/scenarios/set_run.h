#pragma once
// What both effect tests need: a scenario of the library with values put in, as `drey run --set`
// does, and that a table of effects is complete.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "scenarios/read_scenario.h"
#include "scenarios/run.h"
#include "scenarios/sweep_plan.h"

namespace drey::scenarios {

// The hash of its run; empty, with a failure, where the values make no scenario.
inline std::string hash_with(const std::string& file, const std::vector<std::string>& set) {
  ReadScenario read = read_scenario_file(DREY_SOURCE_DIR "/scenarios/catalogue/" + file);
  put_values(read, set);
  if (!read.scenario) {
    ADD_FAILURE() << file << ": " << read.messages.render(read.sources);
    return {};
  }
  RunRequest request;
  request.scenario = &*read.scenario;
  request.file = file;
  request.seed = read.scenario->seed.value_or(1);
  return result_of(request).hash;
}

// The table's "effects" and "labels" name each of `known` once and nothing else.
inline void expect_complete(const nlohmann::json& table, const std::set<std::string>& known,
                            const std::string& what) {
  std::set<std::string> listed;
  for (const auto& [name, entry] : table.at("effects").items()) listed.insert(name);
  for (const auto& [name, why] : table.at("labels").items()) {
    EXPECT_FALSE(why.get<std::string>().empty());
    EXPECT_TRUE(listed.insert(name).second) << name << " is both";
  }
  for (const std::string& name : known)
    EXPECT_EQ(listed.count(name), 1u) << name << " has no effect that a test sees";
  for (const std::string& name : listed)
    EXPECT_EQ(known.count(name), 1u) << name << " is no " << what;
}

}  // namespace drey::scenarios
