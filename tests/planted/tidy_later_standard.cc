// guard: word-later-standard
// as: reports/planted.cc
std::string planted(int n) { return std::format("{}", n); }
