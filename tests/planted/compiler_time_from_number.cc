// guard: compiler
// because: could not convert
// A number without a unit is no duration.
#include "sim/time.h"
#ifdef CONTROL
drey::sim::Duration planted() { return drey::sim::seconds(5); }
#else
drey::sim::Duration planted() { return 5; }
#endif
