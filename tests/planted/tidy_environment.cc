// guard: word-environment
// as: scenarios/planted.cc
bool planted() { return std::getenv("DREY_FAST") != nullptr; }
