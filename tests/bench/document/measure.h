#pragma once
// How drey_bench measures: processor time, never the clock on the wall, and each figure in a forked
// process of its own, so that no figure hangs on what was measured before it.
#include <cstdint>
#include <functional>

namespace drey::bench {

// Seconds of processor time, user and system, of this process and of its children that ended.
double cpu_seconds();
// Resident memory of this process.
uint64_t resident_bytes();
// Runs `work` in a child and returns what it returned; a child that dies ends the benchmark.
double in_child(const std::function<double()>& work);
// The largest (and the median) of `times` measurements, each in a child.
double best_of(int times, const std::function<double()>& work);
double median_of(int times, const std::function<double()>& work);

}  // namespace drey::bench
