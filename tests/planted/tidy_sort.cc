// guard: word-sort
// as: model/cluster/planted.cc
// Equal loads: gcc and clang leave them in different orders.
void planted(std::vector<Host>& hosts) {
  std::sort(hosts.begin(), hosts.end(), [](const Host& a, const Host& b) { return a.load < b.load; });
}
