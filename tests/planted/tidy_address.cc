// guard: word-address
// as: sim/planted.cc
void planted(const void* who) { std::printf("%p\n", who); }
