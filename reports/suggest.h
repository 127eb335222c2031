#pragma once
// "did you mean": the nearest of the names that are legal here, by Damerau-Levenshtein distance
// (optimal string alignment), if it is at most max(1, length / 3). Ties go to the name that comes
// first. Case is ignored.
#include <span>
#include <string>
#include <string_view>

namespace drey::reports {

// Empty when nothing is near enough.
std::string nearest_name(std::string_view wrong, std::span<const std::string> legal);

// "a, b, c", at most `most` of them, then "and N more".
std::string name_list(std::span<const std::string> names, size_t most);

}  // namespace drey::reports
