#pragma once
// The run as a trace in Chrome's JSON format, which Perfetto (ui.perfetto.dev) opens. ts in us of
// simulated time, with three decimals.
//
//   process 1           the job: its states, failovers, faults, checkpoints as asynchronous slices
//   process 10 + n      a TaskManager: one thread per subtask, a slice per attempt with its states
//                       inside, the phases of checkpoints as asynchronous slices, down times
//   process 2           counters: records per second of each vertex, lag, messages
//
// At most kTraceBytes; a longer trace ends with an instant event "trace cut at ..." and is valid.
// Upstream of the format: Trace Event Format; spec formats.md section 5.
#include <cstddef>
#include <string>

#include "reports/report_data.h"
#include "reports/run_result.h"

namespace drey::reports {

inline constexpr size_t kTraceBytes = 100'000'000;

std::string trace_json(const ReportCollector& collector, const RunResult& result,
                       size_t at_most = kTraceBytes);

}  // namespace drey::reports
