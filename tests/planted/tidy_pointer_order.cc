// guard: word-pointer-order
// as: model/cluster/planted.cc
bool planted(const Task* a, const Task* b) {
  return reinterpret_cast<uintptr_t>(a) < reinterpret_cast<uintptr_t>(b);
}
