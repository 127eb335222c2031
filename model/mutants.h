#pragma once
// The mutants: named switches in the protocol code, each of which brings one real, historical bug
// back (design.md 2.16). They prove that the oracles can fail. A run has at most one; it is carried
// by value, in FlinkOptions and TaskOptions and from there in the options of the class that it
// changes, and is asked only at decision points of the protocol, never per record.
//
// To add one: an enumerator here, a row in mutant_table.h, the switch in the class, a scenario
// whose `killed_by` names it with a seed, and a row in scenarios/mutant_list.cc.
#include <cstdint>
#include <optional>
#include <span>
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
  emits_while_sink_waits,
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
  // starts from a savepoint or a retained checkpoint
  not_claimed_is_owned,
  given_state_is_forgotten,
  rescaled_state_stays,
  missing_state_is_skipped,
  claimed_files_stay,
  state_found_by_place,
  stop_goes_back_behind_its_savepoint,
  // chains that branch
  branches_share_their_records,
  snapshot_of_first_branch,
  end_of_input_in_one_branch,
  // failover
  region_without_backtrack,
  region_without_consumers,
  created_tasks_restarted,
  failure_rate_off_by_one,
  // cluster
  no_job_result_store,
  // slots
  lost_slots_still_count,
  refused_request_still_counts,
  slot_report_of_before,
  returned_manager_is_refused,
  // regions and restarts
  lost_manager_keeps_results,
  named_partition_forgotten,
  backtrack_one_step,
  consumers_one_step,
  producers_always_restarted,
  finished_tasks_left_out,
  reset_keeps_counter,
  no_wait_for_cancellation,
  each_region_counts,
  global_failure_stays_regional,
  results_go_with_the_slot,
  // stored results and the scheduling of stages
  unreadable_result_is_plain_error,
  task_manager_forgets_results,
  bulk_write_drops_buffers,
  result_goes_with_first_consumer,
  results_left_behind,
  pending_restarts_survive,
  no_cancellation_watchdog,
  first_producer_starts_consumers,
  finished_consumers_kept,
  // several external logs
  positions_found_by_split_number,
};

struct MutantInfo {
  Mutant mutant = Mutant::none;
  std::string_view name;    // as `--mutant` takes it
  std::string_view origin;  // the ticket
  std::string_view
      oracle;             // that sees it first in its recorded scenario, as in violations[].oracle
  std::string_view what;  // one sentence
};

std::span<const MutantInfo> mutants();
const MutantInfo* info_of(Mutant mutant);  // null for none
std::string_view name_of(Mutant mutant);   // "" for none
std::optional<Mutant> mutant_named(std::string_view name);

}  // namespace drey::model
