#pragma once
// A fact as one stable line of text, for violations, histories and the log:
//   "job-1/agg/0 execution_state RUNNING (was INITIALIZING) attempt 1"
// Numbers of states, reasons and causes are printed by the names that Flink gives them. A kind that
// this file does not know prints as "group.kind a b c".
#include <cstdint>
#include <string>
#include <string_view>

#include "reports/oracle.h"
#include "sim/trace.h"

namespace drey::reports {

// Without the time. Announcer first where it is not the subject.
std::string fact_text(const sim::Fact& fact, const TraceNames& names);

// "execution_state", or empty for an unknown kind.
std::string_view fact_name(uint16_t kind);

// Seconds with nine decimals: "12.000000001".
std::string time_text(sim::Time at);

// "split 2 offset 4711", with "copy 1" where a flat map made it.
std::string provenance_text(uint64_t provenance, const TraceNames& names);

std::string_view restart_reason_name(uint64_t reason);  // "failed-region", "lost-input", ...
std::string_view cause_name(uint64_t kind);             // "task-manager-lost", ...
std::string_view execution_state_name(uint64_t state);  // "RUNNING"
std::string_view job_status_name(uint64_t status);      // "FAILING"

}  // namespace drey::reports
