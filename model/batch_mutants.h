#pragma once
// The mutants of batch jobs: stored results, their release, the scheduling of stages; beside those
// of mutants.h and region_mutants.h, with numbers from 128 on.
#include <array>

#include "model/mutants.h"

namespace drey::model {

inline constexpr Mutant kUnreadableResultIsPlainError{128};
inline constexpr Mutant kTaskManagerForgetsResults{129};
inline constexpr Mutant kBulkWriteDropsBuffers{130};
inline constexpr Mutant kResultGoesWithFirstConsumer{131};
inline constexpr Mutant kResultsLeftBehind{132};
inline constexpr Mutant kPendingRestartsSurvive{134};
inline constexpr Mutant kNoCancellationWatchdog{135};
inline constexpr Mutant kFirstProducerStartsConsumers{136};
inline constexpr Mutant kFinishedConsumersKept{137};

inline constexpr std::array kBatchMutants{
    MutantInfo{kUnreadableResultIsPlainError, "unreadable-result-is-plain-error", "FLINK-21788",
               "expectation",
               "A lost file of a result is a plain I/O error: its producer never runs again."},
    MutantInfo{kTaskManagerForgetsResults, "task-manager-forgets-results", "FLINK-10941",
               "expectation", "A TaskManager without slots of a job drops what it keeps for it."},
    MutantInfo{kBulkWriteDropsBuffers, "bulk-write-drops-buffers", "FLINK-21951", "batch_ledger",
               "The last buffer of a bulk write to a result's file is not written."},
    MutantInfo{kResultGoesWithFirstConsumer, "result-goes-with-first-consumer", "FLINK-20547",
               "restart_set", "A result is released when the first of its consumers has finished."},
    MutantInfo{kResultsLeftBehind, "results-left-behind", "FLINK-13476", "result_release",
               "A TaskManager does not remove the results that it is told to release."},
    MutantInfo{kPendingRestartsSurvive, "pending-restarts-survive", "FLINK-15320", "restart_set",
               "A job that fails does not take back the restarts that wait for their delay."},
    MutantInfo{kNoCancellationWatchdog, "no-cancellation-watchdog", "FLINK-37024", "expectation",
               "Nobody ends a TaskManager whose task does not react to its cancellation."},
    MutantInfo{kFirstProducerStartsConsumers, "first-producer-starts-consumers", "FLINK-12131",
               "blocking_inputs",
               "The count of open producers is wrong: the first one to finish starts the readers."},
    MutantInfo{kFinishedConsumersKept, "finished-consumers-kept", "FLINK-12068", "restart_set",
               "Readers of a result that is made anew stay as they are if they have finished."},
};

}  // namespace drey::model
