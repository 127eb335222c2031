// guard: symbols. A clock of <chrono> through an alias.
#include <chrono>
using Clock = std::chrono::high_resolution_clock;
long planted() { return Clock::now().time_since_epoch().count(); }
