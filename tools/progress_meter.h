#pragma once
// Progress on standard error, by the wall clock: on a terminal one line, at most five times a
// second, erased at the end; else a plain line every 30 s, so that long work is never mute. The
// estimate of what is left goes by the runs done so far.
#include <cstddef>
#include <cstdint>
#include <string>

namespace drey::tools {

class ProgressMeter {
 public:
  ProgressMeter(size_t total, bool quiet);
  ~ProgressMeter();
  ProgressMeter(const ProgressMeter&) = delete;
  ProgressMeter& operator=(const ProgressMeter&) = delete;

  // `note` is appended, e.g. "3 failed".
  void step(const std::string& note);
  double seconds() const;  // since the start

 private:
  size_t total_;
  size_t done_ = 0;
  bool quiet_;
  bool terminal_;
  bool shown_ = false;
  int64_t start_ns_ = 0;
  int64_t last_ns_ = 0;
};

}  // namespace drey::tools
