#pragma once
// The mutants of regions and restarts (control-plane page, sections 3 and 4), beside those of
// mutants.h: same type, numbers from 64 on, their own table. They are switched in model/failover
// and in the JobScheduler.
#include <array>
#include <optional>
#include <string_view>

#include "model/batch_mutants.h"
#include "model/mutants.h"

namespace drey::model {

inline constexpr Mutant kLostManagerKeepsResults{65};
inline constexpr Mutant kNamedPartitionForgotten{66};
inline constexpr Mutant kBacktrackOneStep{67};
inline constexpr Mutant kConsumersOneStep{68};
inline constexpr Mutant kProducersAlwaysRestarted{69};
inline constexpr Mutant kFinishedTasksLeftOut{70};
inline constexpr Mutant kResetKeepsCounter{71};
inline constexpr Mutant kNoWaitForCancellation{72};
inline constexpr Mutant kEachRegionCounts{73};
inline constexpr Mutant kGlobalFailureStaysRegional{75};
inline constexpr Mutant kResultsGoWithTheSlot{76};

inline constexpr std::array kRegionMutants{
    MutantInfo{kLostManagerKeepsResults, "lost-manager-keeps-results", "FLINK-14439", "restart_set",
               "The results of a TaskManager that is gone still count as there."},
    MutantInfo{kNamedPartitionForgotten, "named-partition-forgotten", "FLINK-21788", "restart_set",
               "A failure that names a lost partition is taken as a plain error."},
    MutantInfo{kBacktrackOneStep, "backtrack-one-step", "FLINK-12068", "restart_set",
               "Lost inputs of the failed region restart their producers, but not theirs in turn."},
    MutantInfo{kConsumersOneStep, "consumers-one-step", "FLINK-12068", "restart_set",
               "The consumers of the failed region restart, but not the consumers of these."},
    MutantInfo{kProducersAlwaysRestarted, "producers-always-restarted", "FLINK-12068",
               "restart_set", "Producers restart although their results are there."},
    MutantInfo{kFinishedTasksLeftOut, "finished-tasks-left-out", "FLINK-12131", "restart_set",
               "A task that has finished does not restart."},
    MutantInfo{kResetKeepsCounter, "reset-keeps-counter", "FLINK-12131", "blocking_inputs",
               "A result whose producer starts over still counts as finished for its consumers."},
    MutantInfo{kNoWaitForCancellation, "no-wait-for-cancellation", "FLINK-9788", "state_machine",
               "A restart does not wait until the old attempts have ended."},
    MutantInfo{kEachRegionCounts, "each-region-counts", "FLINK-33565", "restart_budget",
               "Failures during a back-off are attempts of their own."},
    MutantInfo{kGlobalFailureStaysRegional, "global-failure-stays-regional", "FLINK-21030",
               "restart_set", "A global failure restarts one region only."},
    MutantInfo{kResultsGoWithTheSlot, "results-go-with-the-slot", "FLINK-10941", "expectation",
               "Finished results are dropped with their task, unread."},
};

// Of any table.
constexpr std::optional<Mutant> find_mutant_named(std::string_view name) {
  for (const MutantInfo& info : kBatchMutants)
    if (info.name == name) return info.mutant;
  for (const MutantInfo& info : kRegionMutants)
    if (info.name == name) return info.mutant;
  return mutant_named(name);
}

constexpr const MutantInfo* info_of(Mutant mutant) {
  for (const MutantInfo& info : kBatchMutants)
    if (info.mutant == mutant) return &info;
  for (const MutantInfo& info : kRegionMutants)
    if (info.mutant == mutant) return &info;
  for (const MutantInfo& info : kMutants)
    if (info.mutant == mutant) return &info;
  return nullptr;
}

}  // namespace drey::model
