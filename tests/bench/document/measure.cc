#include "tests/bench/document/measure.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <vector>

#include "sim/check.h"

namespace drey::bench {

namespace {

double seconds_of(int who) {
  rusage usage{};
  CHECK(::getrusage(who, &usage) == 0, "processor time");
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::vector<double> sorted_of(int times, const std::function<double()>& work) {
  std::vector<double> all;
  for (int i = 0; i < times; ++i) all.push_back(in_child(work));
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace

double cpu_seconds() { return seconds_of(RUSAGE_SELF) + seconds_of(RUSAGE_CHILDREN); }

uint64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  uint64_t size = 0;
  uint64_t resident = 0;
  file >> size >> resident;
  CHECK(resident > 0, "/proc/self/statm");
  return resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

double in_child(const std::function<double()>& work) {
  std::array<int, 2> ends{};
  CHECK(::pipe(ends.data()) == 0, "no pipe");
  std::fflush(nullptr);
  const pid_t process = ::fork();
  CHECK(process >= 0, "no process");
  if (process == 0) {
    const double result = work();
    const bool written = ::write(ends[1], &result, sizeof result) == sizeof result;
    ::_exit(written ? 0 : 1);
  }
  ::close(ends[1]);
  double result = 0;
  const bool read = ::read(ends[0], &result, sizeof result) == sizeof result;
  ::close(ends[0]);
  int status = 0;
  ::waitpid(process, &status, 0);
  CHECK(read && status == 0, "a measurement failed");
  return result;
}

double best_of(int times, const std::function<double()>& work) {
  return sorted_of(times, work).back();
}

double median_of(int times, const std::function<double()>& work) {
  const std::vector<double> all = sorted_of(times, work);
  return all[all.size() / 2];
}

}  // namespace drey::bench
