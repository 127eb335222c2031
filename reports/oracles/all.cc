#include "reports/oracles/all.h"

#include <algorithm>
#include <map>

#include "model/graph/result_partition_type.h"
#include "reports/oracles/blocking_inputs.h"
#include "reports/oracles/checkpoint_cut.h"
#include "reports/oracles/checkpoint_tolerance.h"
#include "reports/oracles/fencing.h"
#include "reports/oracles/given_snapshot.h"
#include "reports/oracles/progress.h"
#include "reports/oracles/recovery_newest.h"
#include "reports/oracles/restart_budget.h"
#include "reports/oracles/restart_set.h"
#include "reports/oracles/result_release.h"
#include "reports/oracles/slot_ownership.h"
#include "reports/oracles/state_machine.h"
#include "reports/oracles/watermarks_timers.h"

namespace drey::reports {

namespace {

// A slot sharing group needs as many slots as its widest vertex; in batch mode regions, each a
// group of its own, run one after the other.
uint32_t slots_needed(const model::JobGraph& job) {
  std::map<std::string, uint32_t> widest;
  for (const model::JobVertex& vertex : job.vertices) {
    uint32_t& slots = widest[vertex.slot_sharing_group];
    slots = std::max(slots, vertex.parallelism);
  }
  uint32_t needed = 0;
  for (const auto& [group, slots] : widest)
    needed = job.mode == model::RuntimeMode::batch ? std::max(needed, slots) : needed + slots;
  return needed;
}

// Jobs with blocking results make no checkpoints.
bool makes_checkpoints(const OracleSetup& setup, const model::JobGraph& job) {
  if (!setup.checkpoint_interval.has_value()) return false;
  return std::none_of(job.data_sets.begin(), job.data_sets.end(),
                      [](const auto& set) { return model::is_blocking_or_persistent(set.type); });
}

Progress::Options progress_of(const OracleSetup& setup, const JobView& view) {
  const model::JobGraph& job = view.topology().job();
  return {.bound = setup.progress_bound.ns > 0 ? setup.progress_bound : progress_bound_of(setup),
          .high_availability = setup.high_availability,
          .checkpoints = makes_checkpoints(setup, job),
          .slots_each = setup.slots_each,
          .slots_needed = slots_needed(job),
          .lasting_faults = setup.lasting_faults};
}

}  // namespace

std::vector<std::unique_ptr<Oracle>> make_oracles(const OracleSetup& setup, TraceNames names) {
  const auto view = std::make_shared<const JobView>(setup, names);
  const bool checkpointing = setup.checkpoint_interval.has_value();
  std::vector<std::unique_ptr<Oracle>> oracles;
  oracles.push_back(
      std::make_unique<RestartSet>(RestartSet::Options{.full_failover = setup.full_failover,
                                                       .releases_results = setup.releases_results,
                                                       .external_results = setup.external_results},
                                   view));
  oracles.push_back(std::make_unique<CheckpointCut>(
      CheckpointCut::Options{.high_availability = setup.high_availability,
                             .checkpointing = checkpointing,
                             .retained = setup.retained,
                             .directory = setup.checkpoint_directory},
      view));
  oracles.push_back(std::make_unique<RecoveryNewest>(
      RecoveryNewest::Options{.high_availability = setup.high_availability,
                              .checkpointing = checkpointing},
      view));
  if (checkpointing)
    oracles.push_back(std::make_unique<CheckpointTolerance>(setup.tolerable_failures, view));
  oracles.push_back(std::make_unique<StateMachine>(setup.cancellation_timeout, view));
  if (BlockingInputs::concerns(view->topology().job()))
    oracles.push_back(std::make_unique<BlockingInputs>(view));
  oracles.push_back(std::make_unique<SlotOwnership>(
      SlotOwnership::Options{.high_availability = setup.high_availability,
                             .keep_when_finished = setup.keep_when_finished,
                             .keep_when_canceled = setup.keep_when_canceled,
                             .keep_when_failed = setup.keep_when_failed,
                             .directory = setup.checkpoint_directory},
      view));
  oracles.push_back(std::make_unique<Fencing>(view));
  oracles.push_back(std::make_unique<WatermarksTimers>(
      WatermarksTimers::Options{.late_data = setup.late_data}, view));
  oracles.push_back(std::make_unique<ResultRelease>(setup.releases_results, view));
  if (setup.starts_from_snapshot)
    oracles.push_back(std::make_unique<GivenSnapshot>(
        GivenSnapshot::Options{
            .job = setup.job, .claims = setup.claims, .retained = setup.retained},
        view));
  oracles.push_back(std::make_unique<RestartBudget>(setup.restart, view));
  oracles.push_back(std::make_unique<Progress>(progress_of(setup, *view), view));
  return oracles;
}

}  // namespace drey::reports
