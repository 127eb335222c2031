#pragma once
// rule "file-length": at most 500 lines (tests 800); rule "function-length": at most 70 lines from
// the opening brace to the closing one; rule "line-length": at most 120 columns (clang-format
// breaks code at 100, comments may be longer). Functions are found by their shape (a brace after a
// parenthesis at namespace or class level), which is a heuristic.
#include "tests/tidy/source_file.h"

namespace drey::tidy {

std::vector<Finding> check_lengths(const SourceFile& file);

}  // namespace drey::tidy
