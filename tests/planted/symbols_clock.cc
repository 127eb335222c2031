// guard: symbols. A wall clock, spelt so that no word list sees it.
#include <ctime>
long planted() {
  struct timespec now;
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_nsec;
}
