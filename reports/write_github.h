#pragma once
// What GitHub's runner shows of a run: annotations (workflow commands on standard output) at the
// lines of the scenario, and a step summary in Markdown. GitHub drops what is beyond its limits
// without a word, so they are kept here: 10 annotations of a kind per step, 1 MiB of summary.
#include <span>
#include <string>
#include <vector>

#include "reports/run_result.h"

namespace drey::reports {

inline constexpr size_t kAnnotationsMax = 10;  // of errors, and of warnings, per step
inline constexpr size_t kSummaryBytesMax = size_t{1} << 20;

// One line each, "::error ..." or "::warning ...", of one run.
std::string github_annotations(const RunResult& result);
// A row of the summary's table, of one run.
std::string github_row(const RunResult& result);

// Those of many runs within the limits: the last one of a kind says how many more there are.
std::string limited_annotations(std::span<const std::string> runs);
std::string github_summary(std::span<const std::string> rows, const std::string& verdict);

}  // namespace drey::reports
