// guard: word-clock
// as: model/cluster/planted.cc
long planted() { return std::chrono::steady_clock::now().time_since_epoch().count(); }
