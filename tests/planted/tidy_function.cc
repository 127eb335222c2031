// guard: word-function
// as: sim/planted.cc
struct Planted {
  std::function<void()> then;
};
