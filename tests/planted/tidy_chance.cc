// guard: word-chance
// as: sim/planted.cc
int planted() { return rand() % 6; }
