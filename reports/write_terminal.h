#pragma once
// The summary on the terminal: the verdict, what was verified and how much of it, what went wrong
// first and its history, what could not be checked, and the command that reproduces the run.
#include <string>

#include "reports/run_result.h"

namespace drey::reports {

std::string to_terminal(const RunResult& result);

}  // namespace drey::reports
