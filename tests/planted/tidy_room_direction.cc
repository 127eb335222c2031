// guard: room-direction
// as: sim/planted.cc
#include "model/trace_events.h"
