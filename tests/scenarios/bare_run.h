#pragma once
// Runs for the tests of laws: a library scenario with changes, assembled and run without reports
// (only the hash is looked at), or as `drey run` runs it.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "model/trace_events.h"
#include "scenarios/assembly.h"
#include "scenarios/fault_injector.h"
#include "scenarios/read_scenario.h"
#include "scenarios/run.h"

namespace drey::scenarios {

inline std::string in_library(const std::string& name) {
  return DREY_SOURCE_DIR "/scenarios/catalogue/" + name;
}

// The library scenario with what `changes` says on top (RFC 7396, "faults+").
inline Scenario scenario_with(const std::string& name,
                              nlohmann::json changes = nlohmann::json::object()) {
  static int made = 0;
  const std::filesystem::path folder = std::filesystem::canonical(::testing::TempDir());
  const std::filesystem::path file =
      folder / ("drey-law-" + std::to_string(getpid()) + "-" + std::to_string(++made) + ".json");
  changes["extends"] =
      std::filesystem::relative(std::filesystem::canonical(in_library(name)), folder).string();
  std::ofstream(file) << changes.dump();
  ReadScenario read = read_scenario_file(file.string());
  std::filesystem::remove(file);
  if (!read.scenario.has_value()) throw std::runtime_error(read.errors());
  return std::move(*read.scenario);
}

inline Scenario scenario_with_fault(const std::string& name, const nlohmann::json& fault) {
  return scenario_with(name, {{"faults+", nlohmann::json::array({fault})}});
}

// Without any reports.
class BareRun : public sim::TraceSink {
 public:
  BareRun(const Scenario& scenario, const AssemblyOptions& options)
      : scenario_(scenario), assembly_(scenario, options), faults_(scenario, assembly_) {
    kernel().add_sink(this);
  }

  void add_sink(sim::TraceSink& sink) { kernel().add_sink(&sink); }
  void go() {
    assembly_.start();
    faults_.start();
    const sim::Time limit = sim::Time{} + scenario_.limits.time;
    kernel().run(limit);
    if (known_) kernel().run(std::min(limit, kernel().now() + aftermath_of(scenario_, faults_)));
  }

  std::string hash() { return to_hex(kernel().hash()); }
  sim::Kernel& kernel() { return assembly_.world().kernel(); }
  Assembly& assembly() { return assembly_; }
  const FaultInjector& faults() const { return faults_; }
  bool job_ended() const { return known_; }

  uint64_t interests() const override { return interest(sim::FactGroup::control); }
  void on(const sim::Fact& fact, sim::FactNumber) override {
    if (known_ || fact.kind != model::fact_kind(model::ControlFact::job_result)) return;
    known_ = true;
    kernel().stop();
  }

 private:
  const Scenario& scenario_;
  Assembly assembly_;
  FaultInjector faults_;
  bool known_ = false;
};

inline std::string hash_of(const Scenario& scenario, const AssemblyOptions& options = {}) {
  BareRun run(scenario, options);
  run.go();
  return run.hash();
}

// As `drey run --json`.
inline nlohmann::json result_of(const Scenario& scenario, uint64_t seed = 1) {
  const RunOutcome outcome =
      run_once({.scenario = &scenario, .file = "law.json", .seed = seed, .mutant = {}});
  return nlohmann::json::parse(outcome.json);
}

}  // namespace drey::scenarios
