#include "reports/metric_names.h"

namespace drey::reports {
namespace {

using D = Dimension;
constexpr MetricShape kValue = MetricShape::value;
constexpr MetricShape kSeries = MetricShape::series;

constexpr MetricName kMetrics[] = {
    {"job", "state", D::word, kValue, "Flink's JobStatus, e.g. FINISHED"},
    {"job", "restarts", D::count, kValue,
     "failovers that restarted at least one task (numRestarts)"},
    {"job", "failures", D::count, kValue,
     "failures handled, also those merged into a pending restart"},
    {"job", "restarted_tasks", D::count, kValue, "subtasks restarted, over all failovers"},
    {"job", "downtime", D::duration, kSeries,
     "from a failure to all tasks RUNNING again, per failover"},
    {"job", "recovery", D::duration, kSeries,
     "from a fault to the first record after it, per failover"},
    {"job", "duration", D::duration, kValue,
     "from submission to the terminal state, or to the end of the run"},
    {"job", "replayed_records", D::count, kValue, "source records read again after a restore"},
    {"job", "emitted_records", D::count, kValue, "distinct source records"},
    {"job", "committed_records", D::count, kValue,
     "records in committed transactions of all sinks"},
    {"checkpoint", "completed", D::count, kValue, "completed checkpoints"},
    {"checkpoint", "failed", D::count, kValue, "failed checkpoints"},
    {"checkpoint", "restored", D::count, kValue, "recoveries that restored a checkpoint"},
    {"checkpoint", "restored_id", D::count, kValue, "id of the checkpoint restored last; 0 = none"},
    {"checkpoint", "last_id", D::count, kValue, "id of the last completed checkpoint; 0 = none"},
    {"checkpoint", "in_progress", D::count, kValue, "pending checkpoints"},
    {"checkpoint", "duration", D::duration, kSeries, "trigger to completion"},
    {"checkpoint", "size", D::bytes, kSeries, "bytes uploaded for it"},
    {"checkpoint", "full_size", D::bytes, kSeries, "bytes that it refers to"},
    {"checkpoint", "start_delay", D::duration, kSeries, "trigger to first barrier, per subtask"},
    {"checkpoint", "alignment", D::duration, kSeries, "first to last barrier, per subtask"},
    {"checkpoint", "sync", D::duration, kSeries, "synchronous part, per subtask"},
    {"checkpoint", "async", D::duration, kSeries, "asynchronous part, per subtask"},
    {"latency", "min", D::duration, kValue, "event emitted to result committed"},
    {"latency", "mean", D::duration, kValue, "event emitted to result committed"},
    {"latency", "p50", D::duration, kValue, "event emitted to result committed"},
    {"latency", "p95", D::duration, kValue, "event emitted to result committed"},
    {"latency", "p99", D::duration, kValue, "event emitted to result committed"},
    {"latency", "max", D::duration, kValue, "event emitted to result committed"},
    {"ledger", "compared", D::count, kValue, "records compared with the reference"},
    {"ledger", "lost", D::count, kValue, "records that should be committed and are not"},
    {"ledger", "doubled", D::count, kValue, "records committed more than once"},
    {"ledger", "reordered", D::count, kValue, "records whose order per key and split is broken"},
    {"broker", "commits", D::count, kValue, "transactions committed"},
    {"broker", "aborts", D::count, kValue, "transactions aborted, by the sink or by time-out"},
    {"broker", "fenced", D::count, kValue, "requests refused because of an old epoch"},
    {"broker", "open_transactions", D::count, kValue, "transactions neither committed nor aborted"},
    {"storage", "bytes_written", D::bytes, kValue, "bytes put to the object store"},
    {"storage", "bytes_read", D::bytes, kValue, "bytes read from the object store"},
    {"storage", "objects", D::count, kValue, "objects that exist"},
    {"storage", "errors", D::count, kValue, "requests answered with an error"},
    {"network", "messages", D::count, kValue, "messages sent between processes"},
    {"network", "lost", D::count, kValue, "messages lost by faults, resets and dead processes"},
    {"cluster", "task_managers", D::count, kValue, "TaskManagers registered at the leader"},
    {"cluster", "free_slots", D::count, kValue, "slots of registered TaskManagers without a job"},
    {"cluster", "leader_changes", D::count, kValue,
     "times that leadership was granted after the first"},
    {"cluster", "gc_pauses", D::count, kValue, "garbage collections of TaskManagers"},
    {"cluster", "gc_time", D::duration, kValue, "how long they stopped them, together"},
    {"cluster", "out_of_memory", D::count, kValue, "TaskManagers that died of a full heap"},
    {"rocksdb", "flushes", D::count, kValue, "memtable flushes"},
    {"rocksdb", "compactions", D::count, kValue, "compactions"},
    {"rocksdb", "checkpoint_sst_bytes", D::bytes, kValue, "SST bytes uploaded by checkpoints"},
    {"rocksdb", "reused_sst_bytes", D::bytes, kValue,
     "SST bytes that later checkpoints did not upload again"},
    {"vertex", "state", D::word, kValue, "Flink's ExecutionState, of all its subtasks"},
    {"vertex", "records_in", D::count, kValue, "records received, replays included (numRecordsIn)"},
    {"vertex", "records_out", D::count, kValue, "records sent, replays included (numRecordsOut)"},
    {"vertex", "emitted_records", D::count, kValue,
     "distinct records sent (a source: read from its log)"},
    {"vertex", "committed_records", D::count, kValue, "records in committed transactions (sinks)"},
    {"vertex", "late_records", D::count, kValue, "records dropped as late (numLateRecordsDropped)"},
    {"vertex", "restarts", D::count, kValue, "attempts beyond the first, over its subtasks"},
    {"vertex", "windows_fired", D::count, kValue, "windows fired"},
    {"vertex", "keys", D::count, kValue, "keys that have state at the end"},
    {"vertex", "state_size", D::bytes, kValue, "bytes of keyed state at the end"},
    {"vertex", "busy", D::count, kSeries,
     "busy share, 0 to 1, over the last minute (busyTimeMsPerSecond / 1000)"},
    {"vertex", "back_pressured", D::count, kSeries,
     "share without room to write, 0 to 1 (backPressuredTimeMsPerSecond / 1000)"},
    {"vertex", "idle", D::count, kSeries,
     "share without input, 0 to 1 (idleTimeMsPerSecond / 1000)"},
};

constexpr FunctionName kFunctions[] = {
    {"restarted_tasks", FunctionName::Argument::vertex, D::count,
     "subtasks of the vertex that restarted"},
    {"partitions_lost", FunctionName::Argument::fault, D::count,
     "result partitions that the fault destroyed"},
    {"landed", FunctionName::Argument::fault, D::count, "times that the fault landed"},
    {"recovery_time", FunctionName::Argument::fault, D::duration,
     "from the fault to all tasks RUNNING again; the longest"},
};

}  // namespace

std::span<const MetricName> metric_names() { return kMetrics; }
std::span<const FunctionName> function_names() { return kFunctions; }

}  // namespace drey::reports
