#pragma once
// A twin file (tests/conformance/twins/README.md) as a drey scenario: made from the file's own
// fields job, cluster, flink, load and faults, by rules that know nothing of any one twin.
//
// Ids of vertices may not hold dots in drey: "a.src" becomes "a_src", and back in the facts.
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace drey::conformance {

using Json = nlohmann::ordered_json;

struct TwinScenario {
  Json scenario;                     // as a scenario file
  std::vector<std::string> missing;  // features without which it cannot be run; empty: it can
  // The fault from which times are measured ("f0", ...); empty: the twin's faults have no time.
  std::string timed_fault;
  // What the twin says of the job of each submission: job-1, job-2, ...
  std::vector<Json> jobs;
  std::vector<uint64_t> job_numbers{
      1};  // of these: submissions that the twin saw rejected are none
  uint64_t submissions = 1;
  std::string lost_vertex;  // "agg/0": its TaskManager is the one that the fault hits
};

TwinScenario scenario_of_twin(const Json& twin);

// "a.src" <-> "a_src": the id of a vertex or operator in drey.
std::string drey_id(const std::string& twin_id);
// The chain of drey operators behind each vertex of the twin, by the drey id of its head.
std::vector<std::pair<std::string, std::string>> vertex_names(const Json& twin);

}  // namespace drey::conformance
