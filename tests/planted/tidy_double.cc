// guard: word-double
// as: model/task/planted.cc
bool planted(int used, int all) { return static_cast<double>(used) / all > 0.8; }
