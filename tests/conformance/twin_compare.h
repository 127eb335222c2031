#pragma once
// Compares the facts of a run with those of a twin, by the rules of
// tests/conformance/twins/README.md, "Tolerance": logic exactly, times by bounds, facts that varied
// by range, what depends on the recording machine not at all.
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

namespace drey::conformance {

using Json = nlohmann::ordered_json;

struct Difference {
  std::string fact;
  std::string expected;
  std::string got;
};

struct Comparison {
  std::vector<Difference> differences;
  std::set<std::string> compared;
  std::set<std::string> not_compared;  // facts of the twin that no run can be asked for yet
};

Comparison compare_with_twin(const Json& twin, const Json& facts);

}  // namespace drey::conformance
