#pragma once
// JUnit XML as CI servers read it: one <testsuite> per run, one <testcase> per oracle and per
// expectation; what could not be checked is skipped with its reason, never passed.
#include <span>
#include <string>

#include "reports/run_result.h"

namespace drey::reports {

std::string to_junit_suite(const RunResult& result);
// The document around the suites of all runs.
std::string junit_document(std::span<const std::string> suites);

}  // namespace drey::reports
