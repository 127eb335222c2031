// guard: unfinished
// as: sim/planted.cc
int planted();  // TODO: later
