#pragma once
// Runs with one step changed by the least amount (sim::Perturbation), each in a process of its own:
// a changed message field may well break an invariant of ours, which ends the process.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "scenarios/run_pool.h"
#include "tests/scenarios/bare_run.h"

namespace drey::scenarios {

struct PerturbedRuns {
  uint64_t steps = 0;               // of this kind in the run
  uint64_t changed = 0;             // runs with another hash
  uint64_t broken = 0;              // runs that stopped at an invariant
  std::vector<uint64_t> unchanged;  // the step of each run with the same hash
};

// `wanted` steps drawn from the first nine tenths of the run: what happens to a message on its way
// at the end is not seen.
inline PerturbedRuns perturb(const Scenario& scenario, sim::Perturbation kind, uint64_t wanted) {
  PerturbedRuns out;
  BareRun clean(scenario, {.perturb = kind, .perturb_at = UINT64_MAX});
  clean.go();
  out.steps = clean.kernel().perturbations_seen();
  EXPECT_GT(out.steps, 10u);
  if (out.steps <= 10) return out;
  std::vector<RunRequest> requests;
  for (uint64_t i = 1; i <= wanted; ++i) {
    const uint64_t draw = sim::draw_value(
        1, {sim::name_hash("perturb"), sim::name_hash("step"), static_cast<uint64_t>(kind), i});
    requests.push_back({.scenario = &scenario,
                        .file = "perturbed",
                        .seed = 1 + draw % (out.steps * 9 / 10),  // the step, not a seed
                        .mutant = {}});
  }
  run_pool(
      requests, 1,
      [&](const RunRequest& request) {
        RunOutcome outcome;
        outcome.verdict = "pass";
        outcome.exit_code = 0;
        outcome.json = hash_of(*request.scenario, {.perturb = kind, .perturb_at = request.seed});
        return outcome;
      },
      [&](const RunRequest& request, const RunOutcome& outcome) {
        if (outcome.verdict != "pass")
          ++out.broken;
        else if (outcome.json != clean.hash())
          ++out.changed;
        else
          out.unchanged.push_back(request.seed);
        return true;
      });
  return out;
}

}  // namespace drey::scenarios
