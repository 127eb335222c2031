#pragma once
// The mutants: named switches in the protocol code, each of which brings one real, historical bug
// back (design.md 2.16). They prove that the oracles can fail. A run has at most one; it is carried
// by value, in FlinkOptions and TaskOptions and from there in the options of the class that it
// changes, and is asked only at decision points of the protocol, never per record.
//
// To add one: an enumerator and a row here, the switch in the class, a scenario whose `killed_by`
// names it with a seed, and a row in scenarios/mutant_list.cc.
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace drey::model {

enum class Mutant : uint8_t {
  none,
  // sources and sinks
  restored_offset_read_again,
  restored_committables_forgotten,
  producer_identity_reused,
  stale_transaction_flag,
  commit_ahead_of_checkpoint,
  committables_lost_at_end_of_input,
  // tasks
  consume_past_barrier,
  stale_barrier_accepted,
  timers_lost_on_restore,
  first_split_moves_watermark,
  // checkpoints on the JobMaster
  notify_before_durable,
  discard_on_unknown_outcome,
  recover_from_older_checkpoint,
  suspend_discards_checkpoints,
  shared_file_deleted_in_use,
  expiry_not_counted,
  restart_starts_empty,
  periodic_checkpoints_stay_off,
  // failover
  region_without_backtrack,
  region_without_consumers,
  created_tasks_restarted,
  failure_rate_off_by_one,
  // cluster
  no_job_result_store,
};

struct MutantInfo {
  Mutant mutant = Mutant::none;
  std::string_view name;    // as `--mutant` takes it
  std::string_view origin;  // the ticket
  std::string_view oracle;  // that must kill it, as in violations[].oracle
  std::string_view what;    // one sentence
};

inline constexpr std::array kMutants{
    MutantInfo{Mutant::restored_offset_read_again, "restored-offset-read-again", "FLINK-4618",
               "ledger",
               "A restored reader starts at the last record that it had emitted, not at the next."},
    MutantInfo{
        Mutant::restored_committables_forgotten, "restored-committables-forgotten",
        "apache/hudi#13530", "ledger",
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
               "FLINK-26403", "ledger",
               "At the end of input the writer does not hand over what it has pending."},
    MutantInfo{Mutant::consume_past_barrier, "consume-past-barrier", "FLINK-17568", "ledger",
               "A channel is read past its barrier before the snapshot is taken."},
    MutantInfo{Mutant::stale_barrier_accepted, "stale-barrier-accepted", "FLINK-17994", "ledger",
               "A barrier of an older checkpoint counts for the one that is being aligned."},
    MutantInfo{Mutant::timers_lost_on_restore, "timers-lost-on-restore", "FLINK-19300", "ledger",
               "Heap timers are gone after a restore: their windows never fire."},
    MutantInfo{Mutant::first_split_moves_watermark, "first-split-moves-watermark", "FLINK-26018",
               "ledger", "Splits that have not emitted yet do not hold the watermark back."},
    MutantInfo{Mutant::notify_before_durable, "notify-before-durable", "FLINK-31077", "ledger",
               "Tasks hear of a completed checkpoint before its metadata are stored."},
    MutantInfo{
        Mutant::discard_on_unknown_outcome, "discard-on-unknown-outcome", "FLINK-22494",
        "checkpoint_cut",
        "The files go when the answer to the pointer's write is lost, though it may be there."},
    MutantInfo{Mutant::recover_from_older_checkpoint, "recover-from-older-checkpoint",
               "FLINK-14145", "ledger", "Recovery takes the newest checkpoint but one."},
    MutantInfo{Mutant::suspend_discards_checkpoints, "suspend-discards-checkpoints", "FLINK-4201",
               "checkpoint_cut",
               "A JobMaster that loses its leadership removes the job's checkpoints."},
    MutantInfo{Mutant::shared_file_deleted_in_use, "shared-file-deleted-in-use", "FLINK-7268",
               "checkpoint_cut",
               "A subsumed checkpoint takes shared files along that later ones still use."},
    MutantInfo{Mutant::expiry_not_counted, "expiry-not-counted", "FLINK-17351", "expectation",
               "A checkpoint that expires is no failed checkpoint."},
    MutantInfo{Mutant::restart_starts_empty, "restart-starts-empty", "FLINK-8487", "ledger",
               "From the second restart on tasks start without state."},
    MutantInfo{Mutant::periodic_checkpoints_stay_off, "periodic-checkpoints-stay-off",
               "FLINK-13256", "expectation",
               "No periodic checkpoint is triggered after a failover."},
    MutantInfo{Mutant::region_without_backtrack, "region-without-backtrack", "FLINK-12068",
               "expectation", "The producers of lost inputs are not restarted."},
    MutantInfo{Mutant::region_without_consumers, "region-without-consumers", "FLINK-12068",
               "restart_set", "The consumers of a restarted region are not restarted."},
    MutantInfo{Mutant::created_tasks_restarted, "created-tasks-restarted", "FLINK-19712",
               "restart_set", "Tasks that were never scheduled are restarted too."},
    MutantInfo{Mutant::failure_rate_off_by_one, "failure-rate-off-by-one", "FLINK-20752",
               "expectation", "The failure rate allows one failure less than configured."},
    MutantInfo{Mutant::no_job_result_store, "no-job-result-store", "FLINK-11813", "state_machine",
               "The result of a job is not kept: the next leader runs a finished job again."},
};

constexpr std::string_view name_of(Mutant mutant) {
  for (const MutantInfo& info : kMutants)
    if (info.mutant == mutant) return info.name;
  return "";
}

constexpr std::optional<Mutant> mutant_named(std::string_view name) {
  for (const MutantInfo& info : kMutants)
    if (info.name == name) return info.mutant;
  return std::nullopt;
}

}  // namespace drey::model
