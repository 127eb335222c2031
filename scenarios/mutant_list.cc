#include "scenarios/mutant_list.h"

#include <array>

#include "model/region_mutants.h"

namespace drey::scenarios {

namespace {

// Where a mutant is killed. One of model::kMutants that is not here has no recorded scenario: only
// the conformance vectors of its class notice it.
struct Killing {
  model::Mutant mutant;
  std::string_view scenario;
  int64_t seed;
  // That sees it first there, where that is not the oracle of the mutant's table: another claim may
  // notice earlier what ends as lost or doubled records.
  std::string_view oracle{};
};

using model::Mutant;
constexpr std::array kKillings{
    Killing{Mutant::restored_offset_read_again, "task_manager/crash-heap.json", 1,
            "checkpoint_cut"},
    Killing{Mutant::restored_committables_forgotten, "checkpoint/crash-at-notified.json", 1,
            "slot_ownership"},
    Killing{Mutant::producer_identity_reused, "sink/commit-while-writing.json", 1},
    Killing{Mutant::stale_transaction_flag, "task_manager/crash-heap.json", 1},
    Killing{Mutant::committables_lost_at_end_of_input, "bounded/tail.json", 1, "slot_ownership"},
    Killing{Mutant::consume_past_barrier, "checkpoint/slow-alignment-crash.json", 1},
    Killing{Mutant::timers_lost_on_restore, "window/tumbling-crash.json", 2},
    Killing{Mutant::first_split_moves_watermark, "window/two-splits-catch-up.json", 1,
            "watermarks_timers"},
    Killing{Mutant::notify_before_durable, "storage/metadata-not-stored.json", 1, "checkpoint_cut"},
    Killing{Mutant::recover_from_older_checkpoint, "task_manager/crash-two-retained.json", 1,
            "recovery_newest"},
    Killing{Mutant::expiry_not_counted, "checkpoint/expires.json", 1},
    Killing{Mutant::restart_starts_empty, "restart/two-failures.json", 1, "recovery_newest"},
    Killing{Mutant::periodic_checkpoints_stay_off, "task_manager/checkpoints-go-on.json", 1,
            "progress"},
    Killing{Mutant::region_without_backtrack, "restart/batch-result-lost.json", 1, "restart_set"},
    Killing{Mutant::failure_rate_off_by_one, "restart/failure-rate.json", 1, "restart_budget"},
    Killing{Mutant::commit_ahead_of_checkpoint, "sink/two-checkpoints-in-flight.json", 1},
    Killing{Mutant::stale_barrier_accepted, "checkpoint/late-barrier.json", 1},
    Killing{Mutant::suspend_discards_checkpoints, "job_manager/session-expires.json", 4},
    Killing{Mutant::shared_file_deleted_in_use, "task_manager/crash-rocksdb.json", 1},
    Killing{Mutant::discard_on_unknown_outcome, "job_manager/pointer-outcome-unknown.json", 1},
    Killing{Mutant::no_job_result_store, "job_manager/leader-dies-at-the-end.json", 1},
    // regions
    Killing{Mutant::region_without_consumers, "regions/finished-producers.json", 1},
    Killing{Mutant::created_tasks_restarted, "regions/first-stage-fails.json", 1},
    Killing{model::kLostManagerKeepsResults, "regions/two-results-lost.json", 1},
    Killing{model::kNamedPartitionForgotten, "regions/lost-before-known.json", 1},
    Killing{model::kBacktrackOneStep, "regions/four-stages.json", 1},
    Killing{model::kConsumersOneStep, "regions/four-stages.json", 1},
    Killing{model::kProducersAlwaysRestarted, "regions/middle-stage-fails.json", 1},
    Killing{model::kFinishedTasksLeftOut, "regions/finished-producers.json", 1},
    Killing{model::kResetKeepsCounter, "regions/consumers-wait.json", 1},
    Killing{model::kNoWaitForCancellation, "regions/pipes.json", 1},
    Killing{model::kEachRegionCounts, "regions/pipes-manager-lost.json", 1},
    Killing{model::kGlobalFailureStaysRegional, "regions/checkpoint-expires.json", 1},
    Killing{model::kResultsGoWithTheSlot, "regions/results-outlive-slots.json", 1},
    // batch
    Killing{model::kUnreadableResultIsPlainError, "batch/result-file-removed.json", 1},
    Killing{model::kTaskManagerForgetsResults, "batch/slots-given-back.json", 1},
    Killing{model::kBulkWriteDropsBuffers, "batch/several-regions-of-a-file.json", 1},
    Killing{model::kResultGoesWithFirstConsumer, "batch/pointwise-consumers.json", 1},
    Killing{model::kResultsLeftBehind, "batch/one-slot.json", 1},
    Killing{model::kPendingRestartsSurvive, "batch/restart-dropped-on-failure.json", 1},
    Killing{model::kNoCancellationWatchdog, "batch/stuck-task.json", 1},
    Killing{model::kFirstProducerStartsConsumers, "batch/uneven-producers.json", 1},
    Killing{model::kFinishedConsumersKept, "batch/rebalance-nondeterministic.json", 1},
};

constexpr auto make_list() {
  std::array<MutantEntry, kKillings.size()> list{};
  for (size_t i = 0; i < list.size(); ++i) {
    const Killing& killing = kKillings[i];
    const model::MutantInfo& info = *model::info_of(killing.mutant);
    list[i] = {info.name, info.origin, killing.oracle.empty() ? info.oracle : killing.oracle,
               killing.scenario, killing.seed};
  }
  return list;
}
constexpr auto kList = make_list();

}  // namespace

std::span<const MutantEntry> mutant_list() { return kList; }

const MutantEntry* find_mutant(std::string_view name) {
  for (const MutantEntry& mutant : mutant_list())
    if (mutant.name == name) return &mutant;
  return nullptr;
}

}  // namespace drey::scenarios
