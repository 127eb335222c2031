#include "model/mutants.h"

#include <array>

namespace drey::model {

namespace {
constexpr std::array kMutants{
    MutantInfo{Mutant::restored_offset_read_again, "restored-offset-read-again", "FLINK-4618",
               "checkpoint_cut",
               "A restored reader starts at the last record that it had emitted, not at the next."},
    MutantInfo{
        Mutant::restored_committables_forgotten, "restored-committables-forgotten",
        "apache/hudi#13530", "slot_ownership",
        "A crash between snapshot and notification: nobody commits what the checkpoint holds."},
    MutantInfo{Mutant::producer_identity_reused, "producer-identity-reused", "FLINK-8132", "ledger",
               "The next transaction takes the transactional id of one that waits for its commit."},
    MutantInfo{Mutant::stale_transaction_flag, "stale-transaction-flag", "apache/seatunnel#11534",
               "ledger",
               "The first write after a restore goes out without a transaction and is lost."},
    MutantInfo{Mutant::commit_ahead_of_checkpoint, "commit-ahead-of-checkpoint", "FLINK-8132",
               "ledger",
               "A completion commits every transaction at hand, also of checkpoints in flight."},
    MutantInfo{Mutant::committables_lost_at_end_of_input, "committables-lost-at-end-of-input",
               "FLINK-26403", "slot_ownership",
               "At the end of input the writer does not hand over what it has pending."},
    MutantInfo{
        Mutant::emits_while_sink_waits, "emits-while-sink-waits", "drey Q10", "ledger",
        "Records go into the next transaction while the sink flushes for a snapshot that keeps "
        "their positions."},
    MutantInfo{Mutant::consume_past_barrier, "consume-past-barrier", "FLINK-17568", "ledger",
               "A channel is read past its barrier before the snapshot is taken."},
    MutantInfo{Mutant::stale_barrier_accepted, "stale-barrier-accepted", "FLINK-17994", "ledger",
               "A barrier of an older checkpoint counts for the one that is being aligned."},
    MutantInfo{Mutant::timers_lost_on_restore, "timers-lost-on-restore", "FLINK-19300", "ledger",
               "Heap timers are gone after a restore: their windows never fire."},
    MutantInfo{Mutant::first_split_moves_watermark, "first-split-moves-watermark", "FLINK-26018",
               "watermarks_timers",
               "Splits that have not emitted yet do not hold the watermark back."},
    MutantInfo{Mutant::notify_before_durable, "notify-before-durable", "FLINK-31077",
               "checkpoint_cut",
               "Tasks hear of a completed checkpoint before its metadata are stored."},
    MutantInfo{
        Mutant::discard_on_unknown_outcome, "discard-on-unknown-outcome", "FLINK-22494",
        "checkpoint_cut",
        "The files go when the answer to the pointer's write is lost, though it may be there."},
    MutantInfo{Mutant::recover_from_older_checkpoint, "recover-from-older-checkpoint",
               "FLINK-14145", "recovery_newest", "Recovery takes the newest checkpoint but one."},
    MutantInfo{Mutant::suspend_discards_checkpoints, "suspend-discards-checkpoints", "FLINK-4201",
               "checkpoint_cut",
               "A JobMaster that loses its leadership removes the job's checkpoints."},
    MutantInfo{Mutant::shared_file_deleted_in_use, "shared-file-deleted-in-use", "FLINK-7268",
               "checkpoint_cut",
               "A subsumed checkpoint takes shared files along that later ones still use."},
    MutantInfo{Mutant::expiry_not_counted, "expiry-not-counted", "FLINK-17351", "expectation",
               "A checkpoint that expires is no failed checkpoint."},
    MutantInfo{Mutant::restart_starts_empty, "restart-starts-empty", "FLINK-8487",
               "recovery_newest", "From the second restart on tasks start without state."},
    MutantInfo{Mutant::periodic_checkpoints_stay_off, "periodic-checkpoints-stay-off",
               "FLINK-13256", "progress", "No periodic checkpoint is triggered after a failover."},
    MutantInfo{Mutant::region_without_backtrack, "region-without-backtrack", "FLINK-12068",
               "restart_set", "The producers of lost inputs are not restarted."},
    MutantInfo{Mutant::region_without_consumers, "region-without-consumers", "FLINK-12068",
               "restart_set", "The consumers of a restarted region are not restarted."},
    MutantInfo{Mutant::created_tasks_restarted, "created-tasks-restarted", "FLINK-19712",
               "restart_set", "Tasks that were never scheduled are restarted too."},
    MutantInfo{Mutant::failure_rate_off_by_one, "failure-rate-off-by-one", "FLINK-20752",
               "restart_budget", "The failure rate allows one failure less than configured."},
    MutantInfo{Mutant::no_job_result_store, "no-job-result-store", "FLINK-11813", "state_machine",
               "The result of a job is not kept: the next leader runs a finished job again."},
    MutantInfo{Mutant::lost_manager_keeps_results, "lost-manager-keeps-results", "FLINK-14439",
               "restart_set", "The results of a TaskManager that is gone still count as there."},
    MutantInfo{Mutant::named_partition_forgotten, "named-partition-forgotten", "FLINK-21788",
               "restart_set", "A failure that names a lost partition is taken as a plain error."},
    MutantInfo{Mutant::backtrack_one_step, "backtrack-one-step", "FLINK-12068", "restart_set",
               "Lost inputs of the failed region restart their producers, but not theirs in turn."},
    MutantInfo{Mutant::consumers_one_step, "consumers-one-step", "FLINK-12068", "restart_set",
               "The consumers of the failed region restart, but not the consumers of these."},
    MutantInfo{Mutant::producers_always_restarted, "producers-always-restarted", "FLINK-12068",
               "restart_set", "Producers restart although their results are there."},
    MutantInfo{Mutant::finished_tasks_left_out, "finished-tasks-left-out", "FLINK-12131",
               "restart_set", "A task that has finished does not restart."},
    MutantInfo{Mutant::reset_keeps_counter, "reset-keeps-counter", "FLINK-12131", "blocking_inputs",
               "A result whose producer starts over still counts as finished for its consumers."},
    MutantInfo{Mutant::no_wait_for_cancellation, "no-wait-for-cancellation", "FLINK-9788",
               "state_machine", "A restart does not wait until the old attempts have ended."},
    MutantInfo{Mutant::each_region_counts, "each-region-counts", "FLINK-33565", "restart_budget",
               "Failures during a back-off are attempts of their own."},
    MutantInfo{Mutant::global_failure_stays_regional, "global-failure-stays-regional",
               "FLINK-21030", "restart_set", "A global failure restarts one region only."},
    MutantInfo{Mutant::results_go_with_the_slot, "results-go-with-the-slot", "FLINK-10941",
               "expectation", "Finished results are dropped with their task, unread."},
    MutantInfo{Mutant::unreadable_result_is_plain_error, "unreadable-result-is-plain-error",
               "FLINK-21788", "expectation",
               "A lost file of a result is a plain I/O error: its producer never runs again."},
    MutantInfo{Mutant::task_manager_forgets_results, "task-manager-forgets-results", "FLINK-10941",
               "expectation", "A TaskManager without slots of a job drops what it keeps for it."},
    MutantInfo{Mutant::bulk_write_drops_buffers, "bulk-write-drops-buffers", "FLINK-21951",
               "batch_ledger",
               "The last buffer of a bulk write to a result's file is not written."},
    MutantInfo{Mutant::result_goes_with_first_consumer, "result-goes-with-first-consumer",
               "FLINK-20547", "restart_set",
               "A result is released when the first of its consumers has finished."},
    MutantInfo{Mutant::results_left_behind, "results-left-behind", "FLINK-13476", "result_release",
               "A TaskManager does not remove the results that it is told to release."},
    MutantInfo{Mutant::pending_restarts_survive, "pending-restarts-survive", "FLINK-15320",
               "restart_set",
               "A job that fails does not take back the restarts that wait for their delay."},
    MutantInfo{Mutant::no_cancellation_watchdog, "no-cancellation-watchdog", "FLINK-37024",
               "expectation",
               "Nobody ends a TaskManager whose task does not react to its cancellation."},
    MutantInfo{Mutant::first_producer_starts_consumers, "first-producer-starts-consumers",
               "FLINK-12131", "blocking_inputs",
               "The count of open producers is wrong: the first one to finish starts the readers."},
    MutantInfo{Mutant::finished_consumers_kept, "finished-consumers-kept", "FLINK-12068",
               "restart_set",
               "Readers of a result that is made anew stay as they are if they have finished."},
};
}  // namespace

std::span<const MutantInfo> mutants() { return kMutants; }

const MutantInfo* info_of(Mutant mutant) {
  for (const MutantInfo& info : kMutants)
    if (info.mutant == mutant) return &info;
  return nullptr;
}

std::string_view name_of(Mutant mutant) {
  const MutantInfo* const info = info_of(mutant);
  return info == nullptr ? std::string_view() : info->name;
}

std::optional<Mutant> mutant_named(std::string_view name) {
  for (const MutantInfo& info : kMutants)
    if (info.name == name) return info.mutant;
  return std::nullopt;
}

}  // namespace drey::model
