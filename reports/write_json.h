#pragma once
// result.json: stable, versioned, every name fixed (README). Keys are always there, in the same
// order; the same run gives the same bytes except for `build`.
#include <string>

#include "reports/run_result.h"

namespace drey::reports {

std::string to_json(const RunResult& result);  // pretty, ends with a newline

}  // namespace drey::reports
