#include "sim/check.h"

#include <cstdio>
#include <cstdlib>

namespace drey::sim {

namespace {
// The one mutable process-wide value: where a broken invariant is reported before the process ends.
// It never influences a run.
constinit CheckReporter installed_reporter = nullptr;
}  // namespace

void set_check_reporter(CheckReporter reporter) { installed_reporter = reporter; }

void check_failed(std::string_view condition, std::string_view what, const char* file, int line) {
  std::string text = "drey: internal error: ";
  text += what;
  text += " [";
  text += condition;
  text += "] at ";
  text += file;
  text += ':';
  text += std::to_string(line);
  std::fputs(text.c_str(), stderr);
  std::fputc('\n', stderr);
  if (installed_reporter != nullptr) installed_reporter(text);
  std::fflush(stderr);
  std::_Exit(3);
}

}  // namespace drey::sim
