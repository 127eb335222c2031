#pragma once
// A scenario of the library with values put in, as `drey run --set` does.
#include <gtest/gtest.h>

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

}  // namespace drey::scenarios
