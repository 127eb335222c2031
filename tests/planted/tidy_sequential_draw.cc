// guard: word-chance
// as: sim/planted.cc
// A generator with a state: who draws first changes what everybody else draws.
struct Planted {
  unsigned long draw() { return engine(); }
  std::mt19937_64 engine;
};
