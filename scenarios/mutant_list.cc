#include "scenarios/mutant_list.h"

#include <array>

#include "model/mutant_table.h"

namespace drey::scenarios {

namespace {

// Where a mutant is killed, and by the oracle of its row in model/mutant_table.h. One that is not
// here has no recorded scenario: only the conformance vectors of its class notice it.
struct Killing {
  model::Mutant mutant;
  std::string_view scenario;
  int64_t seed;
};

using model::Mutant;
constexpr std::array kKillings{
    Killing{Mutant::restored_offset_read_again, "task_manager/crash-heap.json", 1},
    Killing{Mutant::positions_found_by_split_number, "logs/two-logs-one-sum.json", 1},
    Killing{Mutant::restored_committables_forgotten, "checkpoint/crash-at-notified.json", 1},
    Killing{Mutant::producer_identity_reused, "sink/commit-while-writing.json", 1},
    Killing{Mutant::stale_transaction_flag, "task_manager/crash-heap.json", 1},
    Killing{Mutant::committables_lost_at_end_of_input, "bounded/tail.json", 1},
    Killing{Mutant::consume_past_barrier, "checkpoint/slow-alignment-crash.json", 1},
    Killing{Mutant::timers_lost_on_restore, "window/tumbling-crash.json", 2},
    Killing{Mutant::first_split_moves_watermark, "window/two-splits-catch-up.json", 1},
    Killing{Mutant::notify_before_durable, "storage/metadata-not-stored.json", 1},
    Killing{Mutant::recover_from_older_checkpoint, "task_manager/crash-two-retained.json", 1},
    Killing{Mutant::expiry_not_counted, "checkpoint/expires.json", 1},
    Killing{Mutant::restart_starts_empty, "restart/two-failures.json", 1},
    Killing{Mutant::periodic_checkpoints_stay_off, "task_manager/checkpoints-go-on.json", 1},
    Killing{Mutant::given_state_is_forgotten, "savepoint/again.json", 1},
    Killing{Mutant::rescaled_state_stays, "savepoint/rescaled.json", 1},
    Killing{Mutant::claimed_files_stay, "savepoint/claimed.json", 1},
    Killing{Mutant::not_claimed_is_owned, "savepoint/not-claimed.json", 1},
    Killing{Mutant::missing_state_is_skipped, "savepoint/missing-state.json", 1},
    Killing{Mutant::state_found_by_place, "savepoint/operator-removed.json", 1},
    Killing{Mutant::stop_goes_back_behind_its_savepoint, "savepoint/stop-fails-late.json", 1},
    Killing{Mutant::region_without_backtrack, "restart/batch-result-lost.json", 1},
    Killing{Mutant::failure_rate_off_by_one, "restart/failure-rate.json", 1},
    Killing{Mutant::commit_ahead_of_checkpoint, "sink/two-checkpoints-in-flight.json", 1},
    Killing{Mutant::emits_while_sink_waits, "sink/chained-to-its-source.json", 1},
    Killing{Mutant::stale_barrier_accepted, "checkpoint/late-barrier.json", 1},
    Killing{Mutant::suspend_discards_checkpoints, "job_manager/session-expires.json", 4},
    Killing{Mutant::shared_file_deleted_in_use, "task_manager/crash-rocksdb.json", 1},
    Killing{Mutant::discard_on_unknown_outcome, "job_manager/pointer-outcome-unknown.json", 1},
    Killing{Mutant::no_job_result_store, "job_manager/leader-dies-at-the-end.json", 1},
    // chains that branch
    Killing{Mutant::branches_share_their_records, "chains/two-sinks-of-a-source.json", 1},
    Killing{Mutant::snapshot_of_first_branch, "chains/two-sinks-of-a-source.json", 1},
    Killing{Mutant::end_of_input_in_one_branch, "chains/batch-two-sinks.json", 1},
    // slots
    Killing{Mutant::lost_slots_still_count, "slots/manager-replaced.json", 1},
    Killing{Mutant::slot_report_of_before, "regions/pipes-manager-lost.json", 1},
    Killing{Mutant::refused_request_still_counts, "slots/request-lost.json", 1},
    Killing{Mutant::returned_manager_is_refused, "slots/manager-returns.json", 1},
    // regions
    Killing{Mutant::region_without_consumers, "regions/finished-producers.json", 1},
    Killing{Mutant::created_tasks_restarted, "regions/first-stage-fails.json", 1},
    Killing{Mutant::lost_manager_keeps_results, "regions/two-results-lost.json", 1},
    Killing{Mutant::named_partition_forgotten, "regions/lost-before-known.json", 1},
    Killing{Mutant::backtrack_one_step, "regions/four-stages.json", 1},
    Killing{Mutant::consumers_one_step, "regions/four-stages.json", 1},
    Killing{Mutant::producers_always_restarted, "regions/middle-stage-fails.json", 1},
    Killing{Mutant::finished_tasks_left_out, "regions/finished-producers.json", 1},
    Killing{Mutant::reset_keeps_counter, "regions/consumers-wait.json", 1},
    Killing{Mutant::no_wait_for_cancellation, "regions/pipes.json", 1},
    Killing{Mutant::each_region_counts, "regions/pipes-manager-lost.json", 1},
    Killing{Mutant::global_failure_stays_regional, "regions/checkpoint-expires.json", 1},
    Killing{Mutant::results_go_with_the_slot, "regions/results-outlive-slots.json", 1},
    // batch
    Killing{Mutant::unreadable_result_is_plain_error, "batch/result-file-removed.json", 1},
    Killing{Mutant::task_manager_forgets_results, "batch/slots-given-back.json", 1},
    Killing{Mutant::bulk_write_drops_buffers, "batch/several-regions-of-a-file.json", 1},
    Killing{Mutant::result_goes_with_first_consumer, "batch/pointwise-consumers.json", 1},
    Killing{Mutant::results_left_behind, "batch/one-slot.json", 1},
    Killing{Mutant::pending_restarts_survive, "batch/restart-dropped-on-failure.json", 1},
    Killing{Mutant::no_cancellation_watchdog, "batch/stuck-task.json", 1},
    Killing{Mutant::first_producer_starts_consumers, "batch/uneven-producers.json", 1},
    Killing{Mutant::finished_consumers_kept, "batch/rebalance-nondeterministic.json", 1},
};

constexpr auto make_list() {
  std::array<MutantEntry, kKillings.size()> list{};
  for (size_t i = 0; i < list.size(); ++i)
    for (const model::MutantInfo& info : model::kMutants)
      if (info.mutant == kKillings[i].mutant)
        list[i] = {info.name, info.origin, info.oracle, kKillings[i].scenario, kKillings[i].seed};
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
