// guard: fence
// as: scenarios/planted.cc
#include <nlohmann/json.hpp>
