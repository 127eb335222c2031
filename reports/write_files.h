#pragma once
// Result files, written so that a reader never sees half of one: to a temporary name beside it,
// then renamed.
#include <string>
#include <string_view>

namespace drey::reports {

// Makes the directory and its parents where they are missing. False, with `problem` set, when the
// file could not be written; what was there before is then still whole.
bool write_file(const std::string& directory, std::string_view name, std::string_view content,
                std::string& problem);

}  // namespace drey::reports
