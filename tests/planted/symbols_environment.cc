// guard: symbols. A decision taken from the environment.
#include <cstdlib>
bool planted() { return std::getenv("DREY_FAST") != nullptr; }
