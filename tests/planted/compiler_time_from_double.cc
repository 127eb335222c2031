// guard: compiler
// because: =float-conversion|narrowing
// A time computed in floating point.
#include "sim/time.h"
#ifdef CONTROL
drey::sim::Duration planted(long bytes) { return drey::sim::nanoseconds(bytes); }
#else
drey::sim::Duration planted(double bytes) { return drey::sim::nanoseconds(bytes * 0.8); }
#endif
