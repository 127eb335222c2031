#pragma once
// CHECK(condition, "what"): an invariant of ours. On in every build; a failure prints what, where,
// the simulated time, the seed and the command that reproduces the run, and exits with code 3
// (design.md section 8). Never for bad input and never for simulated failures: those are values.
#include <string>
#include <string_view>

namespace drey::sim {

// Called once by check_failed with the text, before the process exits; the run installs one that
// adds time, seed and the reproduce command. Process-wide, as the process is the unit of a run
// (design.md 2.17).
using CheckReporter = void (*)(std::string_view text);
void set_check_reporter(CheckReporter reporter);

[[noreturn]] void check_failed(std::string_view condition, std::string_view what, const char* file,
                               int line);

}  // namespace drey::sim

#define CHECK(condition, what)                                           \
  do {                                                                   \
    if (!(condition)) [[unlikely]]                                       \
      ::drey::sim::check_failed(#condition, (what), __FILE__, __LINE__); \
  } while (false)
