#include <algorithm>

#include "tests/bench/document/figures.h"
#include "tests/bench/document/measure.h"
#include "tests/bench/kernel_load.h"

namespace drey::bench {

namespace {

constexpr uint64_t kRound = 1'000'000;

// Least seconds of some rounds: what another process on the same core disturbs only makes it more.
template <class Load>
double seconds_per_round(Load& load) {
  const double before = cpu_seconds();
  load.run(kRound);
  return cpu_seconds() - before;
}

}  // namespace

double queue_ratio(uint64_t pending) {
  const Delays delays;
  Hold<sim::EventQueue> ours(delays, pending);
  Hold<PriorityQueue> theirs(delays, pending);
  double our_time = 1e9;
  double their_time = 1e9;
  for (int i = 0; i < 5; ++i) {
    our_time = std::min(our_time, seconds_per_round(ours));
    their_time = std::min(their_time, seconds_per_round(theirs));
  }
  return their_time / our_time;
}

double kernel_events_per_s(uint64_t pending) {
  const Delays delays;
  KernelHold load(delays, pending, true);
  double time = 1e9;
  for (int i = 0; i < 5; ++i) time = std::min(time, seconds_per_round(load));
  return static_cast<double>(kRound) / time;
}

double hash_cost_fraction() {
  const Delays delays;
  KernelHold with(delays, 10'000, true);
  KernelHold without(delays, 10'000, false);
  double with_time = 1e9;
  double without_time = 1e9;
  for (int i = 0; i < 9; ++i) {
    with_time = std::min(with_time, seconds_per_round(with));
    without_time = std::min(without_time, seconds_per_round(without));
  }
  return with_time / without_time - 1;
}

}  // namespace drey::bench
