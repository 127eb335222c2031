// guard: word-chance
// as: model/cluster/planted.cc
void planted(std::vector<int>& order, Generator& generator) {
  std::shuffle(order.begin(), order.end(), generator);
}
