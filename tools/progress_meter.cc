#include "tools/progress_meter.h"

#include <fmt/core.h>
#include <unistd.h>

#include <chrono>

#include "tools/command.h"

namespace drey::tools {
namespace {

int64_t wall_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::string time_left(double seconds) {
  const auto whole = static_cast<int64_t>(seconds + 0.5);
  if (whole >= 3600) return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
  if (whole >= 60) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} s", whole);
}

}  // namespace

ProgressMeter::ProgressMeter(size_t total, bool quiet)
    : total_(total),
      quiet_(quiet),
      terminal_(isatty(STDERR_FILENO) != 0),
      start_ns_(wall_ns()),
      last_ns_(terminal_ ? 0 : wall_ns()) {}

ProgressMeter::~ProgressMeter() {
  if (shown_ && terminal_) print_error("\r\x1b[K");
}

double ProgressMeter::seconds() const { return static_cast<double>(wall_ns() - start_ns_) / 1e9; }

void ProgressMeter::step(const std::string& note) {
  ++done_;
  const int64_t now = wall_ns();
  const int64_t pause = terminal_ ? 200'000'000 : 30'000'000'000;
  if (quiet_ || now - last_ns_ < pause) return;
  last_ns_ = now;
  shown_ = true;
  const double left = seconds() / static_cast<double>(done_) * static_cast<double>(total_ - done_);
  const std::string text =
      fmt::format("{}/{} runs{}, {} left", done_, total_, note, time_left(left));
  print_error(terminal_ ? fmt::format("\r{}\x1b[K", text) : text + "\n");
}

}  // namespace drey::tools
