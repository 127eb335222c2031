// guard: word-math
// as: reports/planted.cc
long planted(long n) { return static_cast<long>(std::log(n)); }
