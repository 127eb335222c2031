// guard: compiler
// because: no match for .operator[+]
// Two points in time have no sum.
#include "sim/time.h"
#ifdef CONTROL
drey::sim::Duration planted(drey::sim::Time a, drey::sim::Time b) { return a - b; }
#else
drey::sim::Time planted(drey::sim::Time a, drey::sim::Time b) { return a + b; }
#endif
