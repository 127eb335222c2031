// guard: word-unordered
// as: model/cluster/planted.cc
// Iteration in hash order decides who is asked first.
void planted(const std::unordered_map<int, int>& slots) {
  for (const auto& [slot, task] : slots) ask(slot, task);
}
